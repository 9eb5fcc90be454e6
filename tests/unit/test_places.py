"""Line and column of a problem, however the file is written: as an editor counts them."""

from pathlib import Path

import pytest
from copier.errors import UserMessageError
from hypothesis import given
from hypothesis import strategies as st

from castrum.template import language
from extensions.language.yaml_reader import read_yaml
from extensions.pipeline import build_model, project_domain
from extensions.pipeline.reading import findings_in
from extensions.text.problems import Problem, below, steps

# Each text has one problem, and a '§' before the character at which it has to be said to be.
MARKED = {
    "block": "context: shop\naggregates:\n  Order:\n    fields:\n      total: §mony\n",
    "flow": "context: shop\naggregates: {Order: {fields: {number: string(20), total: §mony}}}\n",
    "JSON": '{"context": "shop",\n "aggregates": {"Order": {"fields": {"total": "§mony"}}}}\n',
    "JSON with tabs": '{\n\t"context": "shop",\n\t"aggregates": {\n\t\t"Order": {"total": "§mony"}\n\t}\n}\n',
    "word of a quoted line": 'context: shop\naggregates:\n  Order:\n    total: "int §uniqe"\n',
    "word of a line in single quotes": "context: shop\naggregates:\n  Order:\n    total: 'int §uniqe = 1'\n",
    "word behind an escape": 'context: shop\naggregates:\n  Order:\n    total: "string(9)\\x20§uniqe"\n',
    "quoted key": 'context: shop\naggregates:\n  "Order":\n    fields:\n      "total": §mony\n',
    "key with a dot": "context: shop\naggregates:\n  Order:\n    fields:\n      §a.b: int\n      a: int\n",
    "key with dots beside the same path": (
        "context: shop\naggregates:\n  Order:\n    fields:\n      a: {type: int, §b: 1}\n      c: int\n"
    ),
    "key with quotes": "context: shop\naggregates:\n  Order:\n    fields:\n      §'\"a\".b': int\n      a: int\n",
    "empty key": "context: shop\naggregates:\n  Order:\n    fields:\n      §'': int\n      a: int\n",
    "block scalar": "context: shop\naggregates:\n  Order:\n    fields:\n      total: |-\n        §mony\n",
    "word of a folded line": "context: shop\naggregates:\n  Order:\n    total: >-\n      int\n      §uniqe\n",
    "CRLF": "context: shop\r\naggregates:\r\n  Order:\r\n    fields:\r\n      total: §mony\r\n",
    "CR": "context: shop\raggregates:\r  Order:\r    total: §mony\r",
    "BOM": "\ufeffcontext: shop\naggregates: {Order: {total: §mony}}\n",
    "BOM on the line": "\ufeff§contekst: shop\ncontext: shop\naggregates: {Order: {total: int}}\n",
    "tab before a value": "context: shop\naggregates:\n  Order:\n    total:\t§mony\n",
    "umlauts before it": "context: shop\naggregates: {Order: {x: {description: äöü€, §typ: int, type: int}}}\n",
    "beyond 16 bits before it": "context: shop\naggregates: {Order: {x: {description: 🙂🙂, §typ: int, type: int}}}\n",
    "characters that YAML 1.1 ends a line with": (
        'context: shop\ndescription: "a\u2028b\x85c"\naggregates: {Order: {total: §mony}}\n'
    ),
    "comments": "# one\ncontext: shop  # two\n\naggregates:  # three\n  # four\n  Order:\n    total: §mony  # five\n",
    "anchor": "context: shop\naggregates:\n  Order: &order\n    total: §mony\n",
    "behind an alias": (
        "context: shop\naggregates:\n  Order:\n    fields: &fields {a: int, b: §mony}\n  Sale:\n    fields: {a: int}\n"
    ),
    "merged": (
        "context: shop\naggregates:\n  Order:\n    fields:\n      a: {<<: &x {type: int, §uniq: true}, index: true}\n"
    ),
    "list item": "context: shop\naggregates:\n  Order:\n    fields: {number: int}\n    filter: [number, §nummer]\n",
    "list item on its line": (
        "context: shop\naggregates:\n  Order:\n    fields: {number: int}\n    sort:\n      - number\n      - §nummer\n"
    ),
    "second of the same": "context: shop\naggregates:\n  Order:\n    fields: {a: int}\n    filter: [a, §a]\n",
    "one name as a list": "context: shop\naggregates:\n  Order:\n    fields: {number: int}\n    filter: §nummer\n",
    "missing": "context: shop\naggregates:\n  Order:\n    fields: {a: int}\n    parts: {§lines: {fields: {b: int}}}\n",
    "missing at the top": "# a file\n§aggregates: {Order: {a: int}}\n",
    "nothing there": "context: shop\naggregates:\n  Order:\n    fields:\n      §total:\n      a: int\n",
    "flag as a key": "context: shop\naggregates:\n  Order:\n    fields:\n      a: {type: text, §index: true}\n",
    "bound": "context: shop\naggregates:\n  Order:\n    fields:\n      a: {type: string(9), min: 1, §max: 10}\n",
    "default": "context: shop\naggregates:\n  Order:\n    a: int(1..9)  =  §many\n",
    "twice": "context: shop\naggregates:\n  Order:\n    a: int\n    §a: int\n",
    "not closed": "context: shop\naggregates: {Order: {a: int}\n§",
    "tab as indent": "context: shop\naggregates:\n§\tOrder:\n",
    "unprintable": "context: shop\ndescription: ü§\x07\n",
}


def place_of(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the line and column of that."""
    before, _, after = text.partition("§")
    lines = before.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return before + after, len(lines), len(lines[-1]) + 1


@pytest.mark.parametrize("name", MARKED)
def test_place(name: str, tmp_path: Path) -> None:
    text, line, column = place_of(MARKED[name])
    path = tmp_path / "domain.yaml"
    path.write_bytes(text.encode())
    found = language.problems(path)
    assert [each.removeprefix(f"{path}:").split(": ")[0] for each in found] == [f"{line}:{column}"], found


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "domain.yaml"
    path.write_bytes("context: shop\ndescription: ü".encode() + b"\xff\n")
    assert language.problems(path) == [f"{path}:2:15: the file is not UTF-8: byte 30 is wrong; save it as UTF-8"]


def test_ranges_end_behind_the_last_character(tmp_path: Path) -> None:
    path = tmp_path / "domain.yaml"
    path.write_text("context: shop\naggregates:\n  Order:\n    a: int  uniqe  = 1 # x\n", encoding="utf-8")
    found = findings_in(path)
    assert [each.range for each in found] == [((4, 13), (4, 18))]


def test_plain_copier_says_the_place(tmp_path: Path) -> None:
    (tmp_path / "domain.yaml").write_text("context: shop\naggregates:\n  Order: {a: mony}\n", encoding="utf-8")
    domain = project_domain({"dst_path": tmp_path})
    with pytest.raises(UserMessageError, match=r"\n  - domain\.yaml:3:14: aggregates\.Order\.a: unknown type"):
        build_model(domain)


def test_a_domain_without_a_file_has_no_lines() -> None:
    with pytest.raises(UserMessageError, match=r"\n  - aggregates\.Order\.a: unknown type"):
        build_model({"context": "nowhere", "aggregates": {"Order": {"a": "mony"}}})


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_a_path_is_read_as_it_was_made(keys: list[str]) -> None:
    path = ""
    for key in keys:
        path = below(path, key)
    assert steps(path) == keys


words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"))


@given(st.lists(words, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]), words)
def test_what_stands_before_it_does_not_move_it(before: list[str], end: str, text: str) -> None:
    """The range of a key is where the key is, behind any comments and texts."""
    texts = (each.replace("'", "''") for each in before)
    quoted = "".join(f"k{number}: '{each}' # {text}{end}" for number, each in enumerate(texts))
    source = read_yaml(f"{quoted}wanted: 1{end}".encode())[1]
    start, stop = source.span_of(Problem("wanted", "", "key"))
    assert source.text[start:stop] == "wanted"
    assert source.position(start) == (len(before) + 1, 1)
