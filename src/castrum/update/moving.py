"""Files and names that a release of the template has put elsewhere: the last copy and the person's tree follow."""

import re
from collections.abc import Container
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from castrum.copying import Copy
from castrum.errors import FAILURE, Refusal
from castrum.repository.project import ANSWERS, FROZEN
from castrum.repository.trees import File, Tree
from castrum.template import language


@dataclass(slots=True)
class Moved:
    """What is elsewhere: of the template's files, of the person's own, and their files whose imports followed."""

    places: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    followed: list[str] = field(default_factory=list)


class Moves:
    """The moves of all releases that an update passes, in their order."""

    def __init__(self, base: Copy, theirs: Copy) -> None:
        self._releases = language.extension("moves.releases")
        self._theirs = theirs
        try:
            self.passed = self._releases.moving(theirs.releases, base.version, theirs.version)
        except self._releases.ReleaseError as error:
            raise Refusal(str(error), code=FAILURE) from None

    def applied(
        self, base: Tree, ours: Tree, ignored: Container[str]
    ) -> tuple[dict[str, File], dict[str, File], Moved]:
        """The last copy and the person's tree with everything in its place. Refuses what has no place there."""
        moved = Moved({path: path for path in base}, {path: path for path in ours if path not in base})
        old, mine = dict(base), dict(ours)
        for release in self.passed:
            step = self._releases.Step(release, old)
            self._refuse(step, mine)
            old = {step.place(path): _followed(step, path, file) for path, file in old.items()}
            mine = {
                path if path in ignored else step.place(path): _followed(step, path, file)
                for path, file in mine.items()
            }
            for places in (moved.places, moved.own):
                places.update({path: step.place(place) for path, place in places.items() if path not in ignored})
        self._tell(moved, base, ours, mine)
        return old, mine, moved

    def copied(self, copy: Copy) -> Copy:
        """A copy of the last version with everything in its place."""
        tree = copy.tree
        for release in self.passed:
            step = self._releases.Step(release, tree)
            tree = {step.place(path): _followed(step, path, file) for path, file in tree.items()}
        return replace(copy, tree=tree)

    def left(self, base: Tree, after: Tree, theirs: Tree, skipped: tuple[str, ...]) -> list[str]:
        """Where old places and names are left, as `path:line: names`, for the person to judge."""
        old = dict(base)
        names: list[str] = []
        for release in self.passed:
            step = self._releases.Step(release, old)
            names += step.old_names()
            old = {step.place(path): file for path, file in old.items()}
        pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\w)")
        found = []
        for path, file in sorted(after.items()):
            if not names or path.startswith(skipped) or file == theirs.get(path) or not file.is_text:
                continue
            made = set(theirs[path].content.decode(errors="replace").splitlines()) if path in theirs else set()
            for number, line in enumerate(file.content.decode(errors="replace").splitlines(), 1):
                if line not in made and (words := pattern.findall(line)):
                    found.append(f"{path}:{number}: {', '.join(dict.fromkeys(words))}")
        return found

    def _refuse(self, step: Any, ours: Tree) -> None:
        """Refuse a release that moves what belongs to the service, and a place in which the person has a file."""
        release = f"releases/{step.release.version}.yaml"
        refused = [
            f"{release} moves {path} to {place}, which belongs to the service: the template has to leave it there"
            for path, place in step.places.items()
            if any(each in self._theirs.seeds or each.startswith((*FROZEN, ANSWERS)) for each in (path, place))
        ]
        for path in ours:
            place = step.place(path)
            places = [place, *(folder.as_posix() for folder in PurePosixPath(place).parents)] if place != path else []
            taken = next((each for each in places if each in ours and step.place(each) == each), None)
            if taken is not None:
                refused.append(f"{taken}: {release} puts {path} to {place}, and a file is there: git mv it, and commit")
        if refused:
            raise Refusal(*refused, code=FAILURE)

    def _tell(self, moved: Moved, base: Tree, ours: Tree, mine: Tree) -> None:
        for path, file in ours.items():
            place = moved.places.get(path, moved.own.get(path, path))
            if file != mine[place] and file != base.get(path):
                moved.followed.append(place)
        moved.places, moved.own = (
            {path: place for path, place in places.items() if path != place} for places in (moved.places, moved.own)
        )


def _followed(step: Any, path: str, file: File) -> File:
    if not file.is_text:
        return file
    content: bytes = step.content(path, file.content)
    return replace(file, content=content) if content != file.content else file
