"""`castrum check --json`: the report follows its schema, pointers and ranges fit the file, and edits mend it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import ROOT
from jsonschema import Draft202012Validator

from castrum.check import document
from castrum.cli import main
from castrum.template import language

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_domains.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "docs/problems.schema.json").read_text(encoding="utf-8"))
WRONG = "context: shop\naggregates:\n  Order:\n    fields:\n      total: mony\n      note: {type: text, maxLength: 9}\n"


def report(path: Path, text: str) -> dict[str, Any]:
    path.write_bytes(text.encode())
    found = document(path, language.findings(path))
    Draft202012Validator(SCHEMA).validate(found)
    return found


def index(text: str, position: dict[str, int]) -> int:
    """Where the position is, counted anew."""
    lines = text.replace("\r\n", "\0\n").replace("\r", "\n").replace("\0\n", "\r\n").split("\n")
    return sum(len(line) + 1 for line in lines[: position["line"] - 1]) + position["column"] - 1


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after the edits, the last one first so that none moves another."""
    for edit in sorted(edits, key=lambda each: index(text, each["range"]["start"]), reverse=True):
        start, end = (index(text, edit["range"][name]) for name in ("start", "end"))
        text = text[:start] + edit["text"] + text[end:]
    return text


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_report(tmp_path: Path) -> None:
    path = tmp_path / "domain.yaml"
    assert report(path, WRONG) == {
        "file": str(path),
        "valid": False,
        "problems": [
            {
                "path": "aggregates.Order.fields.total",
                "pointer": "/aggregates/Order/fields/total",
                "range": {"start": {"line": 5, "column": 14}, "end": {"line": 5, "column": 18}},
                "message": "unknown type 'mony'; did you mean 'money'?",
                "remedy": "did you mean 'money'?",
                "edits": [
                    {
                        "range": {"start": {"line": 5, "column": 14}, "end": {"line": 5, "column": 18}},
                        "text": "money",
                    }
                ],
            },
            {
                "path": "aggregates.Order.fields.note.maxLength",
                "pointer": "/aggregates/Order/fields/note/maxLength",
                "range": {"start": {"line": 6, "column": 26}, "end": {"line": 6, "column": 35}},
                "message": "unknown key 'maxLength'; write 'max'",
                "remedy": "write 'max'",
                "edits": [
                    {"range": {"start": {"line": 6, "column": 26}, "end": {"line": 6, "column": 35}}, "text": "max"}
                ],
            },
        ],
        "notes": [],
    }


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "domain.yaml"
    path.write_text(WRONG, encoding="utf-8")
    assert main(["check", "--json", str(path)]) == 1
    said = capsys.readouterr()
    assert len(json.loads(said.out)["problems"]) == 2
    assert said.err == ""
    path.write_text("context: shop\naggregates: {Order: {total: money}}\n", encoding="utf-8")
    assert main(["check", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(path), "valid": True, "problems": [], "notes": []}


def test_a_file_that_is_not_there_is_a_problem_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(tmp_path / "none.yaml")]) == 1
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(found)
    assert [(each["message"], each["range"]) for each in found["problems"]] == [("no such file", None)]


def values(found: Any, pointer: str) -> Any:
    """What the pointer leads to; a key that is missing is nothing."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else (found or {}).get(key)
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_wrong_domain_is_told_and_its_edits_mend_it(case: dict[str, Any], tmp_path: Path) -> None:
    text = case["file"]
    found = report(tmp_path / "domain.yaml", text)
    assert [each["message"] for each in found["problems"] if not each["remedy"]] == []
    data = language.document(text.encode())
    for problem in found["problems"]:
        if data is not None:
            values(data, problem["pointer"])
        if problem["edits"]:
            after = report(tmp_path / "after.yaml", edited(text, problem["edits"]))
            left = [(each["path"], each["message"]) for each in after["problems"]]
            assert (problem["path"], problem["message"]) not in left
            assert len(left) <= len(found["problems"]), left


EDITS = {
    "plain": ("total: mony\n", "total: money\n"),
    "single quotes": ("total: 'mony' # x\n", "total: 'money' # x\n"),
    "double quotes": ('"total": "int uniqe"\n', '"total": "int unique"\n'),
    "CRLF": ("a: int\r\n    total: mony\r\n    b: int\r\n", "a: int\r\n    total: money\r\n    b: int\r\n"),
    "behind what counts twice elsewhere": ("a: {type: int, description: '🙂'}\n    total: mony\n",
                                           "a: {type: int, description: '🙂'}\n    total: money\n"),
    "comma in a line of its own": ("total: numeric(10,2)\n", "total: decimal(10, 2)\n"),
    "camel case": ("placedAt: date\n", "placed_at: date\n"),
    "key in quotes": ('"placedAt": date\n', '"placed_at": date\n'),
    "list": ("size: [small, large]\n", "size: enum(small, large)\n"),
    "two of them": ("a: {type: int, required: false}\n", "a: {type: int, optional: true}\n"),
    "state": (
        "fields: {a: int}\n    lifecycle: {states: [x, done], actions: {go: {from: [x], to: [dnoe]}}}\n",
        "fields: {a: int}\n    lifecycle: {states: [x, done], actions: {go: {from: [x], to: [done]}}}\n",
    ),
    "state alone": (
        "fields: {a: int}\n    lifecycle: {states: [x, done], actions: {go: {from: x, to: dnoe}}}\n",
        "fields: {a: int}\n    lifecycle: {states: [x, done], actions: {go: {from: x, to: done}}}\n",
    ),
    "filter": ("fields: {number: int}\n    filter: [numbr]\n", "fields: {number: int}\n    filter: [number]\n"),
    "direction": ("fields: {a: int}\n    sort:\n    - -a\n", "fields: {a: int}\n    sort:\n    - a\n"),
    "aggregate": ("next: ref Odrer?\n", "next: ref Order?\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_leaves_the_rest_as_it_is(name: str, tmp_path: Path) -> None:
    start = "context: shop\naggregates:\n  Order:\n    "
    before, wanted = (start + text for text in EDITS[name])
    (problem,) = report(tmp_path / "domain.yaml", before)["problems"]
    assert edited(before, problem["edits"]) == wanted
    assert report(tmp_path / "domain.yaml", wanted)["valid"]


def test_a_comma_between_braces_is_quoted(tmp_path: Path) -> None:
    before = 'context: shop\naggregates: {Order: {a: "int uniqe", b: BigDecimal?, c: tinyint(1)}}\n'
    found = report(tmp_path / "domain.yaml", before)["problems"]
    after = edited(before, [edit for problem in found for edit in problem["edits"]])
    assert after == 'context: shop\naggregates: {Order: {a: "int unique", b: BigDecimal?, c: bool}}\n'
    listed = "context: shop\naggregates: {Order: {a: int, size: [small, large]}}\n"
    (problem,) = report(tmp_path / "domain.yaml", listed)["problems"]
    assert edited(listed, problem["edits"]) == listed.replace("[small, large]", "'enum(small, large)'")
    assert report(tmp_path / "domain.yaml", edited(listed, problem["edits"]))["valid"]


@pytest.mark.parametrize("text", ["total: >-\n      mony\n", "total: |\n      mony\n", 'total: "mon\\x79"\n'])
def test_what_cannot_be_edited_safely_is_not(text: str, tmp_path: Path) -> None:
    found = report(tmp_path / "domain.yaml", f"context: shop\naggregates:\n  Order:\n    {text}")
    assert [each["edits"] for each in found["problems"]] == [[]]


def test_pointers_escape_what_they_have_to(tmp_path: Path) -> None:
    found = report(tmp_path / "domain.yaml", "context: shop\naggregates: {Order: {a: int, b/c~d.e: int}}\n")
    assert [each["pointer"] for each in found["problems"]] == ["/aggregates/Order/b~1c~0d.e"]
