"""The merge of an update under the new names, where the domain or the service got other ones."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from copier.errors import UserMessageError

from . import language
from .copies import Copy
from .merging import Plan, plan
from .project import DOMAIN
from .refusals import FAILURE, Refusal
from .renaming import Renaming, declared, service
from .trees import File, Tree, WorkingTree

# The history of the schema, and the person's own model: nothing but the person changes them, once they are there.
FROZEN: Final = (DOMAIN, "migrations/versions/")


def merged(base: Copy, theirs: Copy, ours: Tree) -> tuple[Renaming, Plan]:
    """What was renamed, and the plan of the update in which the person's files have the new names."""
    ignored = ours.ignored if isinstance(ours, WorkingTree) else frozenset()
    renames = service(base.answers, theirs.answers, base.tree, theirs.tree)
    renaming = Renaming([*renames, *_renames(base.answers, theirs.answers)], base.tree, theirs.tree)

    def seed(path: str) -> bool:
        return path in theirs.seeds

    def frozen(path: str) -> bool:
        return path.startswith(FROZEN)

    if not renaming.renames:
        return renaming, plan(base.tree, theirs.tree, ours, seed=seed, frozen=frozen, ignored=ignored)
    old = {path: file for path, file in base.tree.items() if frozen(path)}
    place = _places(renaming, ours, lambda path: frozen(path) or path in ignored)
    for path, file in base.tree.items():
        if not frozen(path):
            old[place.get(path) or renaming.path(path)] = renaming.file(path, file)
    mine = {
        place[path]: _followed(renaming, path, ours[path], base, frozen=frozen(path) or path in ignored)
        for path in ours
    }
    both = plan(old, theirs.tree, mine, seed=seed, frozen=frozen, ignored=ignored)
    for path, file in mine.items():
        if path not in both.changes and ours.get(path) != file:
            both.changes[path] = file
    for path in ours:
        if place[path] != path and path not in both.changes and path not in theirs.tree:
            both.changes[path] = None
    both.changes = {
        path: file for path, file in both.changes.items() if ours.get(path) != file and (file or path in ours)
    }
    both.remarks += [
        f"{line}: may still mean the old name" for path in mine for line in _leftovers(renaming, path, mine, old)
    ]
    return renaming, both


def _places(renaming: Renaming, ours: Tree, frozen: Callable[[str], bool]) -> dict[str, str]:
    """Where each file of the person's goes; what would take the place of another one of theirs stays."""
    place = {path: path if frozen(path) or ours[path].is_folder else renaming.path(path) for path in ours}
    taken: set[str] = {path for path, new in place.items() if path == new}
    for path, new in place.items():
        if path != new:
            place[path] = path if new in taken else new
            taken.add(new)
    return place


def _followed(renaming: Renaming, path: str, file: File, base: Copy, *, frozen: bool) -> File:
    """The person's file under the new names, where it is the template's or code."""
    return renaming.file(path, file) if not frozen and (path in base.tree or path.endswith(".py")) else file


def _leftovers(renaming: Renaming, path: str, mine: Mapping[str, File], base: Mapping[str, File]) -> list[str]:
    return renaming.leftovers(path, mine[path], base.get(path)) if mine[path] != base.get(path) else []


def _renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Any]:
    both = models(old, new) if "renamed_from" in str(new.get("domain")) else None
    if both is None:
        return []
    if refused := language.renames(*both):
        raise Refusal(*(f"{DOMAIN}: {line}" for line in refused), code=FAILURE)
    return declared(*both)


def models(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The models of two domains that differ."""
    if old.get("domain") == new.get("domain"):
        return None
    try:
        return language.model(old["domain"]), language.model(new["domain"])
    except UserMessageError:  # a domain of a time when the language was another one
        return None
