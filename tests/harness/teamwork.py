"""Two sides work at one place of a generated file: what each makes of it, and what both together have to be.

Nothing here knows units: places are found by what a line looks like, and what is right is known by how it was made.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

WORDS = ("almanac", "billing", "cover", "digest", "ledger", "metrics", "notice", "parcel", "quota", "report", "vault")


@dataclass(frozen=True)
class Place:
    """Where something is inserted: before a line like `before`, below one like `below`."""

    name: str
    path: str
    before: str
    text: str
    below: str = ""
    means_order: bool = False
    """Whether the order of two insertions means something, so that only people can tell it."""
    comment: str = "  # changed"


PLACES = [
    Place("target", r"Makefile$", r"[a-z-]+:.* ## ", "WORD: ## Makes it\n\t@echo WORD\n\n", below=r"$"),
    Place("function", r"src/.*\.py$", r"(async )?def |class ", "def WORD() -> int:\n    return 1\n\n\n", below=r"$"),
    Place("method", r"src/.*\.py$", r"    (async )?def ", "    def WORD(self) -> int:\n        pass\n\n", below=r"$"),
    Place("import", r"src/.*\.py$", r"from \.\w", "from .WORD import WORD\n", below=r"from \.|$"),
    Place("job", r"workflows/\w+\.yml$", r"  [a-z-]+:$", "  WORD:\n    steps:\n      - run: WORD\n\n", below=r"$"),
    Place("path", r"contract/openapi\.yaml$", r"  /", "  /WORD:\n    get:\n      responses: {}\n"),
    Place("value", r"values\.yaml$", r"\w+:", "WORD: 1\n", below=r"$|\w"),
    Place("section", r"\.md$", r"## ", "## WORD\n\nAbout WORD.\n\n", below=r"$", comment=", changed"),
    Place("item", r"\.md$", r"- ", "- WORD\n", below=r"$|- .*\.$", comment=", changed"),
    Place("rule", r"pyproject\.toml$", r'    "[A-Z]+",$', '    "WORD",\n', below=r'    "'),
    Place("table", r"pyproject\.toml$", r"\[tool\.", "[tool.WORD]\nsize = 1\n\n", below=r"$"),
    Place("ignored", r"\.(git|docker)ignore$", r"[\w/]", "/WORD/\n", comment="inner/"),
    Place("owner", r"CODEOWNERS$", r"\* ", "/WORD/ @acme/WORD\n", below=r"#"),
    Place("resource", r"\.tf$", r"(variable|output|resource) ", 'output "WORD" {\n  value = 1\n}\n\n', below=r"$"),
    Place("step", r"workflows/\w+\.yml$", r"      - ", "      - run: WORD\n", means_order=True),
    Place("statement", r"src/.*\.py$", r"    (await|return) ", "    WORD()\n", r"    .*[^(\[{,:]$", means_order=True),
    Place("field", r"src/.*/model\.py$", r"    \w+: ", "    WORD: int = 1\n", r"    \w+: ", means_order=True),
]  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One file three times, and what both sides together have to be; none if only a person can tell."""

    place: str
    way: str
    path: str
    old: str
    mine: str
    new: str
    expected: tuple[str, ...]

    def is_right(self, merged: str) -> bool:
        """Whether the merged text is what both sides asked for."""
        return merged in self.expected


def work(seed: int, tree: Mapping[str, bytes]) -> Work:
    """Two people at work, reproducibly; the kinds of places take turns."""
    choose = random.Random(seed)
    place = PLACES[seed % len(PLACES)]
    while True:
        names = [name for name in sorted(tree) if re.search(place.path, name)]
        path = choose.choice(names) if names else ""
        lines = tree[path].decode().splitlines(keepends=True) if path else []
        at = [
            number
            for number in range(1, len(lines))
            if re.match(place.before, lines[number]) and re.match(place.below, lines[number - 1].rstrip("\n"))
        ]
        if at:
            return _work(choose, place, path, lines, choose.choice(at))


def _work(choose: random.Random, place: Place, path: str, lines: list[str], at: int) -> Work:
    one, two = (place.text.replace("WORD", word) for word in choose.sample(WORDS, 2))
    top, low, old = "".join(lines[:at]), "".join(lines[at:]), "".join(lines)
    way = choose.choice(["both insert", "both insert", "mine beside", "template's beside"])
    if way == "both insert":
        expected = () if place.means_order else (f"{top}{one}{two}{low}", f"{top}{two}{one}{low}")
        return Work(place.name, way, path, old, f"{top}{two}{low}", f"{top}{one}{low}", expected)
    changed = f"{lines[at].rstrip()}{place.comment}\n{''.join(lines[at + 1 :])}"
    inserted, edited = f"{top}{one}{low}", f"{top}{changed}"
    mine, new = (inserted, edited) if way == "mine beside" else (edited, inserted)
    return Work(place.name, way, path, old, mine, new, (f"{top}{one}{changed}",))
