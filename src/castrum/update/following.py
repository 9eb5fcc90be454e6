"""The merge of an update under the new names, where the domain or the service got other ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from castrum.copying import Copy
from castrum.errors import FAILURE, Refusal
from castrum.merge.tree import KEPT, Plan, plan
from castrum.rename.carrying import Carrier
from castrum.rename.leftovers import left, lines, old_words
from castrum.rename.renaming import declared, folders, gone, place_of, places, service
from castrum.rename.rewording import Rewording
from castrum.rename.spelling import Rename
from castrum.repository.project import ANSWERS, DOMAIN, FROZEN
from castrum.repository.stamps import FOLDER
from castrum.repository.trees import File, Tree, WorkingTree
from castrum.template import language

from .moving import Moves

TOLD: Final = (*FROZEN, ANSWERS, f"{FOLDER}/", f"{KEPT}/", "uv.lock")
"""Where old names stand on purpose."""
Render = Callable[[dict[str, Any]], Copy]
"""A copy of the template's last version for other answers than the recorded ones."""


@dataclass(slots=True)
class Renaming:
    """What was renamed, the person's files that have the new names now, those that moved, and what is left.

    ``places`` are those of generated files, old and new; ``relocated`` those that a release has put elsewhere.
    """

    renames: list[Rename] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    relocated: dict[str, str] = field(default_factory=dict)


def merged(base: Copy, theirs: Copy, ours: Tree, render: Render | None = None) -> tuple[Renaming, Plan]:
    """What was renamed or is elsewhere, and the plan of the update in which the person's files have followed."""
    ignored = ours.ignored if isinstance(ours, WorkingTree) else frozenset[str]()
    moves = Moves(base, theirs)
    if not moves.passed:
        return _merged(base, theirs, ours, render, ignored)
    old, mine, moved = moves.applied(base.tree, ours, ignored)
    again = (lambda answers: moves.copied(render(answers))) if render else None
    told, both = _merged(replace(base, tree=old), theirs, mine, again, ignored)
    _take_over(both, ours, mine)
    told.relocated = moved.places
    told.places = {old: told.places.get(new, new) for old, new in moved.places.items()} | told.places
    told.moved |= {path: told.places.get(place, place) for path, place in moved.own.items()}
    told.followed = sorted({*told.followed, *moved.followed})
    after = {path: file for path, file in (mine | both.changes).items() if file is not None and path not in ignored}
    told.left += moves.left(base.tree, after, theirs.tree, TOLD)
    return told, both


def _merged(
    base: Copy, theirs: Copy, ours: Tree, render: Render | None, ignored: frozenset[str]
) -> tuple[Renaming, Plan]:
    """The same, where everything is in its place."""
    renames = [*service(base.answers, theirs.answers), *_renames(base.answers, theirs.answers, theirs.tree.get(DOMAIN))]

    def seed(path: str) -> bool:
        return path in theirs.seeds

    both_models = models(base.answers, theirs.answers)
    no_more: frozenset[str] = gone(*both_models, renames) if both_models else frozenset()
    if not renames:
        both = plan(base.tree, theirs.tree, ours, seed=seed, frozen=_is_frozen, ignored=ignored, gone=no_more)
        return Renaming(), both
    told = Renaming(renames)
    following = _Following(base.tree, _renamed(base, theirs, render, renames), ours, told, ignored)
    old, mine = following.under_new_names()
    both = plan(old, theirs.tree, mine, seed=seed, frozen=_is_frozen, ignored=ignored, gone=no_more)
    _take_over(both, ours, mine)
    after = {path: file for path, file in (mine | both.changes).items() if file is not None and path not in ignored}
    told.left = lines(following.words, after, theirs.tree, TOLD)
    return told, both


def _take_over(both: Plan, ours: Tree, mine: Tree) -> None:
    """Let the plan, which was made for ``mine``, bring ``ours`` to the same."""
    for path, file in mine.items():
        if path not in both.changes and ours.get(path) != file:
            both.changes[path] = file
    both.changes |= dict.fromkeys(path for path in ours if path not in mine and path not in both.changes)
    both.changes = {
        path: file for path, file in both.changes.items() if ours.get(path) != file and (file or path in ours)
    }


def _is_frozen(path: str) -> bool:
    return path.startswith(FROZEN)


def _is_recorded(path: str) -> bool:
    """Whether it tells what the tree is made from."""
    return path == ANSWERS or path.startswith(f"{FOLDER}/")


def _renamed(base: Copy, theirs: Copy, render: Render | None, renames: list[Rename]) -> Tree:
    """The copy of the last update as it would be with the new names."""
    answers: dict[str, Any] = {}
    if theirs.answers.get("service_name") != base.answers.get("service_name"):
        answers["service_name"] = theirs.answers["service_name"]
    try:
        if _models(base.answers, theirs.answers):
            answers["domain"] = language.under_new_names(base.answers["domain"], theirs.answers["domain"])
            language.model(answers["domain"])
        tree = dict(render(answers).tree) if render else None
    except Refusal:  # the names mean something else to the last version
        tree = None
    if tree is None:
        words = Rewording(renames, base.tree, theirs.tree)
        place = places(base.tree, theirs.tree, renames)
        tree = {place[path]: words.file(file) for path, file in base.tree.items()}
    for path in [*tree]:
        if _is_recorded(path) or _is_frozen(path):
            del tree[path]
    return tree | {path: file for path, file in base.tree.items() if _is_recorded(path) or _is_frozen(path)}


class _Following:
    """The last copy and the person's files, both under the new names."""

    def __init__(self, base: Tree, renamed: Tree, ours: Tree, told: Renaming, ignored: frozenset[str]) -> None:
        self._base = base
        self._renamed = renamed
        self._ours = ours
        self._told = told
        self._ignored = ignored
        self.words = old_words(told.renames, base, renamed)
        self._place = places(base, renamed, told.renames)
        told.places = {old: new for old, new in self._place.items() if old != new}
        self.place = self._places()
        self._carrier = Carrier(told.renames)
        self._rewording = Rewording(told.renames, base, renamed)

    def _places(self) -> dict[str, str]:
        """Where each file of the person's goes; what would take the place of another one of theirs stays."""
        moved = folders(self._place)
        place = {path: path if self._stays(path) else place_of(path, self._place, moved) for path in self._ours}
        taken = {path for path, new in place.items() if path == new}
        for path, new in place.items():
            if path != new:
                place[path] = path if new in taken else new
                taken.add(new)
        return place

    def _stays(self, path: str) -> bool:
        return _is_frozen(path) or path in self._ignored or self._ours[path].is_folder

    def under_new_names(self) -> tuple[dict[str, File], dict[str, File]]:
        """The last copy, and the person's files."""
        # Slow to load, and of no use but here.
        from castrum.rename.pythoncode import Modules  # noqa: PLC0415
        from castrum.rename.rewriting import Rewriter  # noqa: PLC0415
        from castrum.rename.symbols import Symbols  # noqa: PLC0415

        symbols = Symbols.between(self._base, self._renamed, self._place, self._told.renames)
        rewriter = Rewriter(Modules(self._ours), symbols)
        old = {self.place.get(path, self._place[path]): self._new(path) for path in self._base}
        mine: dict[str, File] = {}
        for path in self._ours:
            file, target = self._ours[path], self.place[path]
            if path in self._base and file == self._base[path] and not self._stays(path):
                mine[target] = self._new(path)
                continue
            mine[target] = file
            if not file.is_text or self._stays(path) or _is_recorded(path):
                continue
            changed = None
            if path.endswith(".py") and any(left(self.words, file, self._base.get(path))):
                changed = rewriter.rewritten(path)
            words = changed if changed is not None else file.content
            if path in self._base:
                old[target], mine[target] = self._edited(path, words)
                generated = set(self._base[path].content.splitlines())
                both = zip(file.content.splitlines(), words.splitlines(), strict=False)
                is_followed = any(one != two and one not in generated for one, two in both)
            else:
                mine[target] = File(words, file.executable)
                is_followed = words != file.content
                if target != path:
                    self._told.moved[path] = target
            if is_followed:
                self._told.followed.append(target)
        return old, mine

    def _new(self, path: str) -> File:
        return self._renamed.get(self._place[path], self._base[path])

    def _edited(self, path: str, words: bytes) -> tuple[File, File]:
        """A generated file that the person changed: as it was last made, and as they have it."""
        file, before, after = self._ours[path], self._base[path], self._new(path)
        try:
            mine, rewritten, one, two = (each.decode() for each in (file.content, words, before.content, after.content))
        except UnicodeDecodeError:
            return before, file
        windows = "\r\n" in mine and mine.count("\r\n") == mine.count("\n")
        if windows:
            mine, rewritten = mine.replace("\r\n", "\n"), rewritten.replace("\r\n", "\n")
        text = self._carrier.carried(mine, rewritten, one, two)
        if text is None:  # lines of the person's stand in what was put in another order
            two = self._rewording.text(one)
            after = File(two.encode(), before.executable)
            text = self._carrier.carried(mine, rewritten, one, two)
        text = rewritten if text is None else text
        return after, File((text.replace("\n", "\r\n") if windows else text).encode(), file.executable)


def _renames(old: Mapping[str, Any], new: Mapping[str, Any], file: File | None) -> list[Rename]:
    both = _models(old, new)
    if both is None:
        return []
    if refused := language.renames(old["domain"], new["domain"], file.content if file else b""):
        raise Refusal(*refused, code=FAILURE)
    return declared(*both)


def _models(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The models, where the new domain has words about renames."""
    return models(old, new) if "renamed_from" in str(new.get("domain")) else None


def models(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The models of two domains that differ."""
    if old.get("domain") == new.get("domain"):
        return None
    try:
        return language.model(old["domain"]), language.model(new["domain"])
    except Refusal:  # a domain of a time when the language was another one
        return None
