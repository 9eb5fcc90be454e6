"""What a service was made from, and whether it is still there: the template's address, version and commit."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from castrum import copying
from castrum.copying import Copy
from castrum.errors import FAILURE, Refusal
from castrum.repository import stamps
from castrum.repository.project import ANSWERS, Project
from castrum.repository.trees import File, Tree
from castrum.template import source
from castrum.template.signing_in import signed_in

COMMIT: Final = "_template_commit"
"""In the answers file, beside `_commit`, which may be a tag; older services do not have it."""
# An address of git or of a shortcut such as gh:, which is the same wherever the command is called.
REMOTE: Final = re.compile(r"[\w.+-]+(@[\w.-]+)?:.*", re.DOTALL)


def address(project: Project, given: str | None) -> str:
    """The template's address: the given one, or the recorded one. Refuses a recorded one that leads nowhere."""
    if given is not None:
        try:
            return source.absolute(given)
        except source.NoTemplateError as error:
            raise Refusal(str(error), code=FAILURE) from None
    recorded = project.template
    if not REMOTE.fullmatch(recorded) and not Path(recorded).expanduser().is_absolute():
        raise Refusal(
            f"the recorded address of the template, {recorded}, leads from the folder in which the service was made",
            "name it once: castrum update --template ADDRESS",
            code=FAILURE,
        )
    return recorded


def base(project: Project, address: str, folder: Path, recorded: dict[str, Any], *, accept_moved: bool) -> Copy:
    """A fresh copy of what the last update made; refuses a tag that was moved since, unless that is accepted."""
    version, commit = str(project.recorded["_commit"]), project.recorded.get(COMMIT)
    if accept_moved and commit is not None:
        copy = copying.fresh(address, str(commit), folder, recorded)
        return replace(copy, commit=version, version=_version(version) or copy.version)
    copy = copying.fresh(address, version, folder, recorded)
    if commit is not None and copy.hash != commit:
        raise Refusal(
            f"the tag {version} of {address} was moved: it is commit {str(copy.hash)[:12]} now, and this service was "
            f"made from {str(commit)[:12]}",
            f"move it back in the template: git tag --force {version} {commit}",
            "or, if the move is meant, take what it brings: castrum update --accept-moved",
            code=FAILURE,
        )
    return copy


def newest(address: str) -> str | None:
    """The newest release of the template, without candidates; none if it has none."""
    with signed_in(address) as url:
        return copying.newest(url)


def as_recorded(made: Tree, ours: Tree) -> dict[str, File]:
    """The tree of the last update with the answers and the stamp that are there: nobody but the command writes them."""
    others = {path: file for path, file in made.items() if path not in stamps.of(made)}
    return others | {path: ours[path] for path in [ANSWERS, *stamps.of(ours)] if path in ours}


def _version(tag: str) -> Version | None:
    try:
        return Version(tag)
    except InvalidVersion:
        return None
