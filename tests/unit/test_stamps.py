"""The stamp that tells what a tree is made from: the template, the command and the generated gate agree about it."""

import random
from typing import Any

import pytest
import yaml
from harness.paths import TEMPLATE

from castrum.repository import stamps
from extensions.answers import ownership

PIECES = ["a", " ", "# no comment", "\n", "\n\n", "\t", "'", '"', ": ", "é", "\\", "_src_path: x", "word " * 20]

CONF = {"vcs_ref_hash": "0123abcd" * 5}


def texts(choose: random.Random) -> str:
    return "".join(choose.choices(PIECES, k=choose.randrange(6)))


@pytest.mark.parametrize("seed", range(40))
def test_template_and_command_agree(seed: int) -> None:
    choose = random.Random(seed)
    answers: dict[str, Any] = {name: texts(choose) for name in "cab"} | {"d": [texts(choose)], "e": {"f": {"g": 1}}}
    addresses = [texts(choose).replace("\n", "") for _ in range(2)]
    text = ownership.recorded({**answers, "_src_path": addresses[0]}, CONF)
    assert yaml.safe_load(text) == {**answers, "_src_path": addresses[0]}
    for address in addresses:
        made = f"{stamps.FOLDER}/{ownership.stamp({**answers, '_src_path': address}, CONF)}"
        assert stamps.state(f"# A comment.\n{text}", {made, "README.md"}) == "made"


@pytest.mark.parametrize(
    ("answers", "paths", "state"),
    [
        ("a: 1\n", [], "made"),
        ("a: 1\n", [".castrum/0123456789abcdef"], "edited"),
        ("a: 1\n", [".castrum/0123456789abcdef", ".castrum/0123456789abcdee"], "merged"),
        ("a: 1\n", [".castrum/notes.md"], "made"),
        ("# Digest: 0\na: 1\n", [], "edited"),
        ("# Digest: 16c3c6d78678d53d\na: 1\n", [], "made"),
    ],
)
def test_states(answers: str, paths: list[str], state: str) -> None:
    assert stamps.state(answers, paths) == state


def test_the_generated_gate_reads_the_answers_as_the_command_does() -> None:
    gate = (TEMPLATE / "dev" / "template.py.jinja").read_text(encoding="utf-8")
    assert stamps.ADDRESS.pattern in gate.replace("\\\\", "\\")
    assert f'STAMPS = "{stamps.FOLDER}"' in gate
