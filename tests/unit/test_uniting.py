"""What both sides inserted in one place is united where that is certain, and a conflict where it is not."""

import random
from collections.abc import Callable

import pytest
from harness.insertions import PLACES, Case, Place, cases

from castrum.merge.text import merge_text


@pytest.mark.parametrize("case", [case for seed in range(3) for case in cases(seed)], ids=lambda case: case.name)
def test_insertions_of_whole_units_are_united(case: Case) -> None:
    merged = merge_text(case.mine.encode(), case.old.encode(), case.new.encode(), case.path)
    assert merged.conflicts == 0, merged.content.decode()
    assert merged.content.decode() in case.expected


CODE = "app = make()\n\n\nclass Thing:\n    size: int = 1\n"
STEPS = "jobs:\n  test:\n    steps:\n      - uses: actions/checkout@v5\n      - run: make test\n"
CHAIN = "if a:\n    first()\nelif b:\n    second()\n"
RECIPE = "all: a\n\t@one \\\n\t\ttwo\n\t@cat <<END\\\n\tend: 1\\\n\tEND\n"
OPERATION = '\n\n@app.{}("{}")\ndef {}() -> None: ...\n'


def added(text: str, *units: str, before: str = "") -> tuple[str, str, str]:
    """The text, and what each of two sides make of it by inserting theirs."""
    at = text.index(before) if before else len(text)
    return (text, *(text[:at] + unit + text[at:] for unit in units))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("path", "sides"),
    [
        # Two things of one name.
        ("a.yaml", added("a: 1\n", "b: 1\n", "b: 2\n")),
        ("a.yaml", added("a: 1\n", "b: 1\nc: 1\n", "c: 2\nd: 1\n")),
        ("a.yaml", added("a: 1\n", "'b': 1\n", "b: 2\n")),
        ("a.yaml", added("a:\n  - name: x\n    v: 1\n", "  - name: y\n    v: 1\n", "  - v: 2\n    name: y\n")),
        ("a.py", added(CODE, "\n\ndef f() -> None:\n    pass\n", "\n\ndef f() -> int:\n    return 1\n")),
        ("a.py", added("X = 1\n", "Y = 1\n", "Y = 2\n")),
        ("a.py", added("import a\n", "from b import c\n", "from d import c\n")),
        ("a.py", added("import a\n", "import b as c\n", "import d as c\n")),
        ("a.py", added("class A:\n    pass\n", "    def f(self) -> None: ...\n", "    f = 1\n")),
        ("Makefile", added("a:\n\t@a\n", "\nb: # mine\n\t@b\n", "\nb:\n\t@c\n")),
        ("Makefile", added("a:\n\t@a\n", "\nb c:\n\t@b\n", "\nc:\n\t@c\n")),
        ("own.mk", added("A = 1\n", "B = 1\n", "B ?= 2\n")),
        ("a.toml", added("[a]\nx = 1\n", "[b]\nx = 1\n", "[b]\nx = 2\n")),
        ("a.toml", added("[a]\nx = 1\n", "y.z = 1\n", "y = {z = 2}\n")),
        ("a.json", ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "b": 1\n}\n', '{\n  "a": 1,\n  "b": 2\n}\n')),
        ("a.md", added("# A\n\n## B\n", "\n## C\n\nMine.\n", "\n## C\n\nNew.\n")),
        ("a.md", added("| a | b |\n|---|---|\n| c | d |\n", "| e | 1 |\n", "| e | 2 |\n")),
        ("a.md", added("- a\n", "- `b`: mine\n", "- `b`: new\n")),
        ("CODEOWNERS", added("* @a\n", "/x/ @b\n", "/x/ @c\n")),
        (".env.example", added("A=1\n", "B=1\n", "B=2\n")),
        ("main.tf", added('variable "a" {\n}\n', 'variable "b" {\n}\n', 'variable "b" {\n  type = string\n}\n')),
        # One requirement in two versions, also where one side changed it.
        ("a.toml", added('d = [\n  "a>=1",\n]\n', '  "b>=1",\n', '  "b>=2",\n', before="]\n")),
        ("a.toml", ('d = [\n  "a>=1",\n]\n', 'd = [\n  "a>=1,<2",\n]\n', 'd = [\n  "a>=2",\n]\n')),
        ("a.toml", ('d = [\n  "a>=1",\n]\n', 'd = [\n  "a>=1,<2",\n  "b",\n]\n', 'd = [\n  "a>=2",\n  "c",\n]\n')),
        # Places where the order means something.
        ("ci.yml", added(STEPS, "      - run: make mine\n", "      - run: make new\n")),
        ("ci.yml", added(STEPS, "      - name: A\n        run: a\n", "      - name: B\n        run: b\n")),
        (".gitlab-ci.yml", added("a:\n  script:\n    - one\n", "    - mine\n", "    - new\n")),
        (".gitlab-ci.yml", added("stages:\n  - one\n", "  - mine\n", "  - new\n")),
        (".gitlab-ci.yml", added("a:\n  rules:\n    - if: x\n", "    - if: mine\n", "    - if: new\n")),
        ("a.yaml", added("args:\n  - one\n", "  - mine\n", "  - new\n")),
        ("a.yaml", added("flags:\n  - --one\n", "  - --mine\n", "  - --new\n")),
        ("a.yaml", added("initContainers:\n  - name: a\n", "  - name: b\n", "  - name: c\n")),
        ("a.yaml", added("env:\n  - name: a\n    value: x\n", "  - name: b\n    value: $(a)\n", "  - name: c\n")),
        ("a.py", added("def f() -> None:\n    one()\n", "    mine()\n", "    new()\n")),
        ("a.py", added("def f() -> None:\n    one()\n", "    mine = 1\n", "    new = 1\n")),
        ("a.py", added(CODE, "    mine: int = 1\n", "    new: int = 1\n")),
        ("a.py", added("class A(Enum):\n    ONE = 1\n", "    MINE = 2\n", "    NEW = 3\n")),
        ("a.py", added("app = make()\n", "app.mine()\n", "app.new()\n")),
        ("a.py", added("app = make()\n", "mine = make()\n", "new = make()\n")),
        ("a.py", added("MIDDLEWARE = [\n    A,\n]\n", "    Mine,\n", "    New,\n", before="]\n")),
        ("a.py", added('MIDDLEWARE = [\n    "a",\n]\n', '    "mine",\n', '    "new",\n', before="]\n")),
        ("a.py", added('COMMAND = [\n    "a",\n]\n', '    "mine",\n', '    "new",\n', before="]\n")),
        ("a.py", added('CALL = [\n    "a",\n]\n', '    "--mine",\n', '    "--new",\n', before="]\n")),
        ("a.py", added("run(\n    a,\n)\n", "    mine,\n", "    new,\n", before=")\n")),
        ("a.py", added("run(\n    a,\n)\n", "    *mine,\n", "    b=1,\n", before=")\n")),
        ("a.py", added("def f(\n    a: int,\n) -> None: ...\n", "    mine: int,\n", "    new: int,\n", before=") ->")),
        ("a.py", added(CHAIN, "elif mine:\n    pass\n", "elif new:\n    pass\n")),
        ("a.py", added(CHAIN, "else:\n    pass\n", "elif new:\n    pass\n")),
        ("a.py", added(CHAIN, "    mine()\n", "    new()\n")),
        (
            "a.py",
            added(
                CODE, *(f'\n\n@app.get("/a/{each}")\ndef {each.strip("{}")}() -> None: ...\n' for each in ("{b}", "c"))
            ),
        ),
        ("a.py", added(CODE, "\n\n@app.on('x')\ndef f() -> None: ...\n", "\n\n@app.on('y')\ndef g() -> None: ...\n")),
        ("a.py", added('"""A."""\n', "from __future__ import annotations\n", "import b\n")),
        ("a.py", added("import a\n", "def f() -> int: ...\n", "X = f()\n")),
        ("Makefile", added(RECIPE, "\t@mine\n", "\t@new\n")),
        ("Makefile", added("A = 1\n", "\nmine:\n\t@a\n", "\nnew:\n\t@a\n")),
        ("Makefile", added("a:\n\t@a\n", "A += mine\n", "A += new\n")),
        ("Makefile", added("a:\n\t@a\n", "B := 1\n", "C := $(B)\n")),
        ("Makefile", added("a:\n\t@a\n", "ifeq (a,b)\nX = 1\nendif\n", "ifeq (a,c)\nX = 2\nendif\n")),
        ("a.md", added("1. a\n", "2. mine\n", "2. new\n")),
        ("a.md", added("# A\n\n## 1. B\n", "\n## 2. Mine\n", "\n## 2. New\n")),
        ("a.md", added("# A\n\nText.\n", "\nMine.\n", "\nNew.\n")),
        ("a.md", added("```\na\n", "- mine\n", "- new\n")),
        ("a.md", added("```yaml\n- a\n```\n", "- mine\n", "- new\n", before="```\n")),
        (".gitignore", added("a\n", "!/mine\n", "/new\n")),
        ("CODEOWNERS", added("* @a\n", "*.py @b\n", "/x/ @c\n")),
        ("CODEOWNERS", added("* @a\n", "/x/ @b\n", "/x/y/ @c\n")),
        # Texts that look like something else.
        ("a.yaml", added("a: |\n  b: 1\n", "  mine: 1\n", "  new: 1\n")),
        ("a.yaml", added("a: >-\n  - b\n", "  - mine\n", "  - new\n")),
        ("a.py", added('A = """\nb = 1\n', "mine = 1\n", "new = 1\n")),
        ("a.py", added('A = """\nb = 1\n"""\n', "mine = 1\n", "new = 1\n", before='"""\n')),
        ("a.toml", added('a = """\nb = 1\n"""\n', "mine = 1\n", "new = 1\n", before='"""\n')),
        # Names by which other places mean a thing.
        ("a.yaml", added("a: 1\n", "b: &x 1\n", "c: &x 2\n")),
        ("a.yaml", added("a: &x\n  b: 1\n", "c:\n  <<: *x\n", "<<: {d: 1}\n")),
        # Two items of which one has no comma, and comments that head more than one item.
        ("a.py", added("import a\n\n# Ours.\nimport b\n", "# Mine.\n", "# New.\n", before="import b")),
        ("a.txt", added("a\n", "mine\n", "new\n")),
    ],
)
def test_what_is_not_certain_stays_a_conflict(path: str, sides: tuple[str, str, str]) -> None:
    for old, mine, new in (sides, (sides[0], sides[2], sides[1])):
        merged = merge_text(mine.encode(), old.encode(), new.encode(), path)
        assert merged.conflicts, merged.content.decode()
        assert not merged.united


PROPERTY = """class A:
    def f(self): ...

    def h(self): ...

    @property
    def g(self): ...

    @g.setter
    def g(self, v): ...
"""
TABLE = "| name | size |\n|---|---|\n| a | 1 |\n| b | 2 |\n"
JOBS = "jobs:\n  a:\n    steps:\n      - uses: one@v1\n      - name: Two\n        run: two\n"
METHODS = "class A:\n    def f(self) -> None:\n        one()\n\n    def g(self) -> None:\n        two()\n"


@pytest.mark.parametrize(
    ("path", "sides", "expected"),
    [
        # One side changes a unit beside which the other one inserts.
        ("a.yaml", ("a: 1\nb: 1\n", "a: 1\nb: 1\nmine: 1\n", "a: 1\nb: 2\n"), "a: 1\nb: 2\nmine: 1\n"),
        ("a.yaml", ("a: 1\nb: 1\n", "a: 1\nb: 2\n", "a: 1\nnew: 1\nb: 1\n"), "a: 1\nnew: 1\nb: 2\n"),
        ("a.md", (TABLE, TABLE + "| c | 3 |\n", TABLE.replace("| 2 |", "| 4 |")),
         TABLE.replace("| 2 |", "| 4 |") + "| c | 3 |\n"),
        ("ci.yml", (JOBS, JOBS + "      - run: mine\n", JOBS.replace("run: two", "run: new")),
         JOBS.replace("run: two", "run: new") + "      - run: mine\n"),
        ("ci.yml", (JOBS, JOBS.replace("      - name", "      - run: mine\n      - name"), JOBS.replace("@v1", "@v2")),
         JOBS.replace("@v1", "@v2").replace("      - name", "      - run: mine\n      - name")),
        # What both inserted is there once.
        ("a.yaml", added("a: 1\n", "b: 1\nc: 1\n", "c: 1\nd: 1\n"), "a: 1\nb: 1\nc: 1\nd: 1\n"),
        # Lists on one line, and lists that were empty.
        ("a.yaml", ("needs: [a]\n", "needs: [a, mine]\n", "needs: [a, new]\n"), "needs: [a, mine, new]\n"),
        ("Makefile", (".PHONY: b a\n", ".PHONY: b a mine\n", ".PHONY: b a new\n"), ".PHONY: b a mine new\n"),
        ("a.py", ("from a import b\n", "from a import b, m\n", "from a import b, c\n"), "from a import b, c, m\n"),
        ("a.py", ("from a import b\n", "from a import b, c as m\n", "from a import b, d as m\n"), None),
        ("a.toml", ('a = ["x"]\n', 'a = ["x", "y>1"]\n', 'a = ["x", "y>2"]\n'), None),
        ("a.toml", ('command = ["x"]\n', 'command = ["x", "y"]\n', 'command = ["x", "z"]\n'), None),
        ("a.py", ("a = f(x)\n", "a = f(x, y)\n", "a = f(x, z)\n"), None),
        ("a.py", ('a = "[x]"\n', 'a = "[x, y]"\n', 'a = "[x, z]"\n'), None),
        ("a.py", ("X = [\n]\n", 'X = [\n    "m",\n]\n', 'X = [\n    "c",\n]\n'), 'X = [\n    "c",\n    "m",\n]\n'),
        ("a.md", ("- a\n  - b\n- c\n", "- a\n  - b\n  - m\n- c\n", "- a\n  - b\n  - x\n- c\n"),
         "- a\n  - b\n  - m\n  - x\n- c\n"),
        ("a.yaml", ("a: 1\n---\nb: 1\n", "a: 1\n---\nb: 1\nm: 1\n", "a: 1\n---\nb: 1\nc: 1\n"),
         "a: 1\n---\nb: 1\nc: 1\nm: 1\n"),
        # A property with its setter, and a comment at the end of a list.
        ("a.py", added("class A:\n    def f(self): ...\n",
                       "\n    @property\n    def g(self): ...\n\n    @g.setter\n    def g(self, v): ...\n",
                       "\n    def h(self): ...\n"),
         PROPERTY),
        ("a.py", added('X = [\n    "a",  # A.\n    # "b",\n]\n', '    "m",\n', '    "c"  # C.\n', before="]\n"),
         'X = [\n    "a",  # A.\n    # "b",\n    "c",  # C.\n    "m"\n]\n'),
        # Comments and decorators stay with what they are about.
        ("a.py", added(METHODS, "\n    # Mine.\n    @property\n    def h(self) -> None: ...\n",
                       "\n    # New.\n    @staticmethod\n    def i() -> None: ...\n"),
         METHODS + "\n    # New.\n    @staticmethod\n    def i() -> None: ...\n"
                   "\n    # Mine.\n    @property\n    def h(self) -> None: ...\n"),
        ("a.yaml", added("a: 1\n", "# Mine.\n\n# Why.\nb: 1\n", "# New.\nc: 1\n"), None),
        # One side takes a unit out beside which the other one inserts.
        ("Makefile", ("a:\n\t@a\n\nb:\n\t@b\n", "a:\n\t@a\n\nb:\n\t@b\n\nmine:\n\t@m\n", "a:\n\t@a\n"),
         "a:\n\t@a\n\nmine:\n\t@m\n"),
        # Operations of which no request is for both.
        ("a.py", added(CODE, OPERATION.format("get", "/a/{b}", "f"), OPERATION.format("put", "/a/{b}", "g")),
         CODE + OPERATION.format("put", "/a/{b}", "g") + OPERATION.format("get", "/a/{b}", "f")),
        # Definitions in a function.
        ("a.py", added("def f() -> None:\n    one()\n", "\n    def g() -> None: ...\n", "\n    def h() -> None: ...\n"),
         "def f() -> None:\n    one()\n\n    def h() -> None: ...\n\n    def g() -> None: ...\n"),
        # A statement of one side, and a definition of the other one's that it does not use.
        ("a.py", added("app = make()\n", "\napp.mine()\n", "\n\ndef new() -> None: ...\n"),
         "app = make()\n\n\ndef new() -> None: ...\n\napp.mine()\n"),
        # Blocks that the template puts in another order: edits follow.
        ("a.md", (TABLE, TABLE.replace("| a |", "| a (ours) |"), "| name | size |\n|---|---|\n| b | 2 |\n| a | 1 |\n"),
         "| name | size |\n|---|---|\n| b | 2 |\n| a (ours) | 1 |\n"),
        ("a.py", ("def f() -> None:\n    one()\n    two()\n", "def f() -> None:\n    # Mine.\n    one()\n    two()\n",
                  "def f() -> None:\n    two()\n    one()\n"), "def f() -> None:\n    two()\n    # Mine.\n    one()\n"),
        ("a.py", ("class A:\n    a: int\n    b: int\n", "class A:\n    a: int  # Mine.\n    b: int\n",
                  "class A:\n    b: int\n    a: int\n"), "class A:\n    b: int\n    a: int  # Mine.\n"),
        ("a.yaml", ("a:\n  x: 1\nb:\n  x: 1\n", "a:\n  x: 2\nb:\n  x: 1\n", "b:\n  x: 1\na:\n  x: 1\n"),
         "b:\n  x: 1\na:\n  x: 2\n"),
    ],
)  # fmt: skip
def test_edits_stay_with_what_they_are_about(path: str, sides: tuple[str, str, str], expected: str | None) -> None:
    old, mine, new = sides
    merged = merge_text(mine.encode(), old.encode(), new.encode(), path)
    if expected is None:
        assert merged.conflicts
    else:
        assert (merged.content.decode(), merged.conflicts) == (expected, 0)


def test_what_is_called_after_a_name_that_went_is_no_like_one() -> None:
    """A section goes, and one of another aggregate comes that is much like it: what a person wrote stays a conflict."""
    rows = "".join(f"| field {number} | text |\n" for number in range(12))
    old, new = (f"# All\n\n### {name}\n\n| a | b |\n|---|---|\n{rows}" for name in ("Customer", "Client"))
    mine = old.replace("### Customer\n", "### Customer\n\nMine.\n")
    merged = merge_text(mine.encode(), old.encode(), new.encode(), "a.md", gone=frozenset({"Customer"}))
    assert merged.conflicts
    # Without that knowledge it would end below the other heading.
    assert merge_text(mine.encode(), old.encode(), new.encode(), "a.md").conflicts == 0


def test_what_a_person_took_out_does_not_come_back_in_another_place() -> None:
    old, new = ("class A:\n" + "".join(f"    {name}: int\n" for name in names) for names in ("abcdefgh", "bcdefgha"))
    mine = old.replace("    a: int\n", "")
    assert merge_text(mine.encode(), old.encode(), new.encode(), "a.py").content == mine.encode()


def responses(*names: str, remark: str = "") -> str:
    """A part of a contract, deep in it, whose entries are much alike."""
    entries = "".join(
        f"    {name}:\n      content:\n        text:\n          examples:\n{remark if name == names[0] else ''}"
        f"            one:\n              status: 400\n              title: No {name}\n      headers: 1\n\n"
        for name in names
    )
    return f"info: 1\n\ncomponents:\n  responses:\n{entries}  schemas: 1\n"


def sections(*names: str, remark: str = "") -> str:
    """A part of a document, whose sections are much alike."""
    return "# A\n\n## B\n\n" + "".join(
        f"### {name}\n\nIts fields are these.\n\n{remark if name == names[0] else ''}#### How\n\nAs any other one.\n\n"
        for name in names
    )


@pytest.mark.parametrize("new", [("b", "c", "d"), ("b", "d", "c"), ("b",)], ids=str)
@pytest.mark.parametrize(("path", "text", "remark"), [
    ("a.yaml", responses, "            # mine\n"),
    ("a.md", sections, "Mine.\n\n"),
])  # fmt: skip
def test_what_stood_in_a_part_that_is_gone_does_not_go_to_one_that_is_like_it(
    path: str, text: Callable[..., str], remark: str, new: tuple[str, ...]
) -> None:
    mine = text("a", "b", "c", remark=remark)
    merged = merge_text(mine.encode(), text("a", "b", "c").encode(), text(*new).encode(), path)
    assert merged.conflicts, merged.content.decode()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_text_is_merged(place: Place) -> None:
    """Also one that no parser takes: that is merged by lines."""
    choose = random.Random(0)
    lines = place.text(("alpha", "beta", "gamma")).splitlines(keepends=True)

    def torn() -> bytes:
        return "".join(line for line in lines if choose.random() < 0.6).encode()

    for sides in (
        (b"# a\n", b"# b\n", b"# c\n"),
        (b"\n", b"a", b"\n\n"),
        *((torn(), torn(), torn()) for _ in range(40)),
    ):
        merge_text(*sides, place.path)
