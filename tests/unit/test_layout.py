"""Texts of every length and script, laid out as the formatter does it."""

import ast
import random
from pathlib import Path

import pytest
from harness.tools import BIN, run

from extensions.targets.python.import_block import imports
from extensions.targets.python.layout import fit
from extensions.targets.python.literals import argument, docstring, sql_expression, string

WORDS = {"latin": "ab ", "wide": "日本 ", "quotes": "a'\" ", "one word": "x", "emoji": "é🏥 ", "one wide word": "日"}
LENGTHS = [*range(50, 64), *range(84, 125), 300, 1000]

TABLE = """t = Table(
    Column(
        "a",
        comment={column},
    ),
    Check(
        {check},
        name="x",
    ),
    comment={table},
    default=text{argument},
)


def f() -> None:
    {docstring}
"""


@pytest.mark.parametrize("letters", WORDS.values(), ids=WORDS)
def test_the_formatter_leaves_texts_as_they_are(letters: str, tmp_path: Path) -> None:
    choices = random.Random(letters)
    texts = [" ".join("".join(choices.choices(letters, k=length)).split()) for length in LENGTHS]
    places = [
        TABLE.format(
            column=string(text, 8, 8),
            check=string(text, 8),
            table=string(text, 4, 8),
            argument=argument(text, 4, 12),
            docstring=docstring(text, 4),
        )
        for text in texts
    ]
    (tmp_path / "texts.py").write_text("\n\n".join(places), encoding="utf-8")
    run(BIN / "ruff", "format", "--line-length=120", "--isolated", "--no-cache", "--diff", tmp_path)
    run(BIN / "ruff", "check", "--line-length=120", "--isolated", "--no-cache", "--select=E501", tmp_path)


STATEMENTS = """class Lists(Body):
    {name}: Annotated[list[Annotated[str, Line(5)]], Field(max_length=100)] = Field(default_factory=lambda: {texts})
    {name}: list[str] = field(default_factory=lambda: {texts})

    def apply(self) -> None:
        for name in changes.keys() & {{"{name}", "other"}}:
            change(name)
        return {{
            "{name}": selection.{name},
            "{name}_some": selection.{name}_some or None,
            "other": selection.other,
        }}
"""


@pytest.mark.parametrize(
    "texts",
    [
        r"""['"', "'", "\\", " if ", "a, b", "(", "}}"]""",
        r"""["日本日本日本日本日本 日本日本"]""",
        """["é", " for ", "x and y"]""",
    ],
)
def test_the_formatter_leaves_statements_as_they_are(texts: str, tmp_path: Path) -> None:
    names = ["n" * length for length in range(1, 120, 3)]
    (tmp_path / "statements.py").write_text(
        "\n\n".join(fit(STATEMENTS.format(name=name, texts=texts)) for name in names), encoding="utf-8"
    )
    run(BIN / "ruff", "format", "--line-length=120", "--isolated", "--no-cache", "--diff", tmp_path)


def test_a_long_text_of_its_own_is_broken_between_words() -> None:
    words = " ".join(["word"] * 50)
    lines = fit(f'    name(1, "{words}"),').split("\n")
    assert lines[0] == "    name("
    assert max(map(len, lines)) <= 120
    assert ast.literal_eval("".join(lines[2:-1]).rstrip(",")) == words


def test_renamed_imports_stand_alone() -> None:
    lines = ["from .model import Record, Claim as ClaimModel, ClaimKind", "from .a2 import b", "from .a.c import d"]
    assert imports(lines).splitlines() == [
        "from .a.c import d",
        "from .a2 import b",
        "from .model import Claim as ClaimModel",
        "from .model import ClaimKind, Record",
    ]


@pytest.mark.parametrize(
    ("sql", "call"),
    [
        ("'12:30'", "sa.text"),
        ("'x'::text", "sa.text"),
        ("':8080'", "sa.literal_column"),
        ("'a\\:'", "sa.literal_column"),
    ],
)
def test_sql_without_parameters(sql: str, call: str) -> None:
    assert sql_expression(sql).startswith(f"{call}(")
