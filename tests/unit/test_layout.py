"""Texts of every length and script, laid out as the formatter does it."""

import random
from pathlib import Path

import pytest
from harness.tools import BIN, run

from extensions.layout import docstring, string

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
            column=string(text, 8, 8), check=string(text, 8), table=string(text, 4, 8), docstring=docstring(text, 4)
        )
        for text in texts
    ]
    (tmp_path / "texts.py").write_text("\n\n".join(places), encoding="utf-8")
    run(BIN / "ruff", "format", "--line-length=120", "--isolated", "--no-cache", "--diff", tmp_path)
    run(BIN / "ruff", "check", "--line-length=120", "--isolated", "--no-cache", "--select=E501", tmp_path)
