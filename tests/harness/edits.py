"""Edits such as people make in a generated repository, and what must be true of them after an update."""

import random
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Tree = Mapping[str, bytes]

KEPT_APART = (".copier-answers.yml", "domain.yaml", "migrations/versions/")
COMMENTS = {".py": "#", ".yaml": "#", ".yml": "#", ".toml": "#", ".tf": "#", ".hcl": "#", ".md": ">", ".json": "//"}


@dataclass(slots=True)
class Edit:
    """One file after somebody worked on it; ``marks`` are lines that have to survive, ``gone`` those that must not."""

    kind: str
    path: str
    place: str
    marks: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


class Person:
    """Works on a project, reproducibly."""

    def __init__(self, seed: int, project: Path, base: Tree, interesting: list[str]) -> None:
        self.random = random.Random(seed)
        self.project = project
        self.base = base
        self.edits: list[Edit] = []
        self._interesting = interesting
        self._tag = f"mine-{seed}"

    def work(self, times: int) -> None:
        """Make so many edits, each in a file of its own."""
        kinds = {
            self.insert: 8, self.change: 5, self.delete: 2, self.append: 3, self.add: 3, self.move: 1, self.remove: 1,
            self.windows: 1, self.rewrite: 1,
        }  # fmt: skip
        for _ in range(times):
            (kind,) = self.random.choices(list(kinds), list(kinds.values()))
            kind()

    def _file(self) -> str:
        taken = {edit.path for edit in self.edits}
        names = self._interesting if self._interesting and self.random.random() < 0.6 else sorted(self.base)
        free = [name for name in names if name not in taken and not name.startswith(KEPT_APART)]
        texts = [name for name in free if b"\0" not in self.base[name] and self.base[name].count(b"\n") > 3]
        return self.random.choice(texts)

    def _mark(self, name: str) -> str:
        comment = COMMENTS.get(Path(name).suffix, "#")
        return f"{comment} {self._tag}-{len(self.edits)}-{self.random.randrange(10**6)}"

    def _lines(self, name: str) -> list[str]:
        return self.base[name].decode().split("\n")

    def _write(self, name: str, lines: list[str], end: str = "\n") -> None:
        (self.project / name).write_bytes(end.join(lines).encode())

    def insert(self) -> None:
        """Some lines between two others, indented like the one below."""
        name = self._file()
        lines, at = self._lines(name), 0
        at = self.random.randrange(len(lines))
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        marks = [f"{indent}{self._mark(name)}" for _ in range(self.random.randint(1, 3))]
        self._write(name, lines[:at] + marks + lines[at:])
        self.edits.append(Edit("insert", name, name, marks))

    def change(self) -> None:
        """A line says something else."""
        name = self._file()
        lines = self._lines(name)
        at = self.random.choice([number for number, line in enumerate(lines) if line.strip()])
        lines[at] = f"{lines[at]}  {self._mark(name)}"
        self._write(name, lines)
        self.edits.append(Edit("change", name, name, [lines[at]]))

    def delete(self) -> None:
        """A line that occurs once is taken out."""
        name = self._file()
        lines = self._lines(name)
        once = [line for line, count in Counter(lines).items() if count == 1 and line.strip()]
        line = self.random.choice(once)
        self._write(name, [each for each in lines if each != line])
        self.edits.append(Edit("delete", name, name, gone=[line]))

    def append(self) -> None:
        """A paragraph at the end."""
        name = self._file()
        mark = self._mark(name)
        self._write(name, [*self._lines(name), mark, ""])
        self.edits.append(Edit("append", name, name, [mark]))

    def add(self) -> None:
        """A file of one's own beside a generated one."""
        beside = Path(self._file())
        name = (beside.parent / f"own_{self.random.randrange(10**6)}{beside.suffix}").as_posix()
        mark = self._mark(name)
        (self.project / name).write_text(f"{mark}\n", encoding="utf-8")
        self.edits.append(Edit("add", name, name, [mark]))

    def move(self) -> None:
        """A generated file gets another name, and a line."""
        name = self._file()
        place = Path(name).with_name(f"moved_{Path(name).name}").as_posix()
        mark = self._mark(name)
        (self.project / name).rename(self.project / place)
        self._write(place, [*self._lines(name), mark, ""])
        self.edits.append(Edit("move", name, place, [mark]))

    def remove(self) -> None:
        """A generated file is not wanted."""
        name = self._file()
        (self.project / name).unlink()
        self.edits.append(Edit("remove", name, name))

    def windows(self) -> None:
        """An editor writes other ends of lines."""
        name = self._file()
        lines = self._lines(name)
        mark = self._mark(name)
        self._write(name, [mark, *lines], "\r\n")
        self.edits.append(Edit("windows", name, name, [mark]))

    def rewrite(self) -> None:
        """Nothing stays of the generated file."""
        name = self._file()
        marks = [self._mark(name) for _ in range(3)]
        self._write(name, [*marks, ""])
        self.edits.append(Edit("rewrite", name, name, marks))


def misplaced(mark: str, before: list[str], base: list[str], theirs: list[str], after: list[str]) -> str | None:
    """Why the line is not where it was put: between its nearest neighbours that all versions of the file have once."""
    counts = [Counter(each) for each in (before, base, theirs, after)]
    fixed = {line for line in before if line.strip() and all(count[line] == 1 for count in counts)}
    at = before.index(mark)
    above = next((line for line in reversed(before[:at]) if line in fixed), None)
    below = next((line for line in before[at + 1 :] if line in fixed), None)
    place = after.index(mark)
    if above is not None and below is not None and theirs.index(above) > theirs.index(below):
        return None  # the template itself has turned them round
    if above is not None and after.index(above) > place:
        return f"stands above {above!r}"
    if below is not None and after.index(below) < place:
        return f"stands below {below!r}"
    return None


def touching(base: Path, ours: Path, theirs: Path) -> bool:
    """Whether both sides changed the same lines, or lines that have nothing in between."""
    mine, other = _hunks(base, ours), _hunks(base, theirs)
    return any(one[0] <= two[1] and two[0] <= one[1] for one in mine for two in other)


def _hunks(old: Path, new: Path) -> list[tuple[int, int]]:
    """The ranges of lines of the old file, first and after the last, that differ."""
    done = subprocess.run(
        ["git", "diff", "--no-index", "--unified=0", "--no-color", str(old), str(new)],
        capture_output=True, text=True, check=False, errors="replace",
    )  # fmt: skip
    found = []
    for line in done.stdout.splitlines():
        if line.startswith("@@ "):
            start, _, count = line.split()[1].removeprefix("-").partition(",")
            first, length = int(start), int(count or 1)
            found.append((first, first + length) if length else (first + 1, first + 1))
    return found
