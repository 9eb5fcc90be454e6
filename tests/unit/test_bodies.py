"""What the service takes is what the contract allows, as far as there is memory for it."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from harness.paths import DOMAINS, EXAMPLES, domain_file
from hypothesis import given, settings
from strategies import domains

from castrum import cli
from extensions.capacity import bodies
from extensions.language.yaml_reader import load_yaml
from extensions.pipeline.reading import build_model
from extensions.targets.openapi.document import contract

ARTICLE = """
context: blog
aggregates:
  Article:
    fields: {title: string(20)}
    parts: {comments: {entity: Comment, max: 1000, fields: {body: text}}}
"""
SERVICE = {
    "service_name": "blog",
    "description": "Keeps articles.",
    "organisation": "Acme",
    "owner_team": "Team Blog",
    "owner_email": "blog@acme.example",
    "api_url": "https://blog.acme.example",
    "licence": "proprietary",
    "max_body_bytes": 1_048_576,
}
MEMORY_MIB, REQUESTS = 256, 30
WIDEST = "\N{GRINNING FACE}"


def largest(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """The largest value of a schema of the contract that clients are likely to send."""
    if "$ref" in schema:
        return largest(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema or "oneOf" in schema:
        return max((largest(each, schemas) for each in schema.get("anyOf") or schema["oneOf"]), key=size)
    if "const" in schema:
        return schema["const"]
    kinds = schema.get("type", ())
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return {name: largest(each, schemas) for name, each in schema["properties"].items()}
    if kind == "array":
        return [largest(schema["items"], schemas)] * schema["maxItems"]
    if kind == "integer":
        return max(schema["minimum"], schema["maximum"], key=size)
    if kind == "string":
        widest = WIDEST * schema["maxLength"]
        is_ascii = "format" in schema or not re.search(schema.get("pattern", ""), widest)
        return "x" * len(widest) if is_ascii else widest
    if kind == "number":
        return schema.get("minimum", -sys.float_info.max)
    return {"boolean": False}.get(kind)


def size(value: Any) -> int:
    """Bytes of a value as a careful client sends it: indented, and in ASCII."""
    return len(json.dumps(value, indent=1))


def check(domain: Any) -> None:
    """Fail if a body that fits the contract has more bytes than were reckoned."""
    model = build_model(domain)
    schemas = contract(model, SERVICE)["components"]["schemas"]
    schemas["JsonObject"] = {"type": "boolean"}
    names = [f"{each['schema']}Create" for each in model["aggregates"]]
    actions = [action for each in model["aggregates"] for action in (each["lifecycle"] or {"actions": []})["actions"]]
    names += [each["command"]["schema"] for each in actions if each["command"] and not each["internal"]]
    bodies_of = [largest(schemas[name], schemas) for name in names]
    assert max(map(size, bodies_of)) <= bodies.largest_body(model)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_largest_bodies_of_the_examples(name: str) -> None:
    check(load_yaml(domain_file(name).read_bytes()))


@settings(max_examples=40, deadline=None)
@given(domains(most=2))
def test_the_largest_body_of_any_domain(domain: Any) -> None:
    check(domain)


def test_what_is_sent_with_an_action_may_be_the_largest() -> None:
    action = "{from: a, to: b, input: {reason: text, log: text}}"
    lifecycle = f"lifecycle: {{states: [a, b], actions: {{close: {action}}}}}"
    domain = load_yaml(f"context: x\naggregates:\n  Case:\n    fields: {{n: int}}\n    {lifecycle}\n".encode())
    check(domain)
    (note,) = bodies.too_large(build_model(domain), 200_000)
    assert note.startswith("aggregates.Case.lifecycle.actions.close.input.reason: ")


def limit(model: Any) -> int:
    return bodies.body_limit(bodies.largest_body(model), MEMORY_MIB, REQUESTS)


def test_the_limit_is_what_the_contract_allows() -> None:
    model = build_model(load_yaml(ARTICLE.replace("max: 1000", "max: 12").encode()))
    assert bodies.largest_body(model) <= limit(model) < bodies.largest_body(model) + bodies.STEP
    assert bodies.too_large(model, limit(model)) == []


def test_the_limit_is_what_a_pod_has_memory_for() -> None:
    model = build_model(load_yaml(ARTICLE.encode()))
    room = bodies.room_bytes(MEMORY_MIB, REQUESTS)
    assert room == (256 - 128) * 2**20 // (30 * 2)
    assert room - bodies.STEP < limit(model) <= room
    assert bodies.room_bytes(384, REQUESTS) == 2 * (256 - 128) * 2**20 // (30 * 2)


@pytest.mark.parametrize("name", ["ordering", "minimal"])
def test_the_limit_is_never_less_than_it_was(name: str) -> None:
    model = build_model(load_yaml(domain_file(name).read_bytes()))
    assert limit(model) == 1_048_576


def test_check_names_what_is_too_large(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "domain.yaml"
    path.write_text(ARTICLE, encoding="utf-8")
    assert cli.main(["check", str(path)]) == 0
    said = capsys.readouterr()
    assert "no problems" in said.out
    assert said.err.startswith("note: aggregates.Article.parts.comments: ")
    fitting = int(said.err.partition("Write max: ")[2].partition(",")[0])
    path.write_text(ARTICLE.replace("max: 1000", f"max: {fitting}"), encoding="utf-8")
    assert cli.main(["check", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_check_reckons_with_the_answers_beside_the_domain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "domain.yaml"
    path.write_text(ARTICLE.replace("max: 1000", "max: 12"), encoding="utf-8")
    cli.main(["check", str(path)])
    assert "answers 413" in capsys.readouterr().err
    (tmp_path / ".copier-answers.yml").write_text("peak_rps: '10'\n", encoding="utf-8")
    cli.main(["check", str(path)])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", sorted(DOMAINS.glob("*.yaml")), ids=lambda path: path.stem)
def test_notes_are_for_people(path: Path) -> None:
    model = build_model(load_yaml(path.read_bytes()))
    for note in bodies.too_large(model, 1_048_576):
        assert note.startswith("aggregates.")
        assert "Write " in note
