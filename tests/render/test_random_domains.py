"""Domains that nobody thought of: each renders, compiles, is formatted, and has a valid contract."""

import ast
import functools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import rendering
from harness.examples import check_examples
from harness.paths import DOMAINS
from harness.projects import set_up
from harness.repository import commit_all
from harness.services import make_run
from harness.tools import BIN, run
from strategies import invent, invent_one
from words import every_word, words_of

from extensions.language.yaml_reader import load_yaml
from extensions.targets.python import names as python_names
from extensions.text import naming

BATCHES = 5
QUICK = 2
PER_BATCH = 30
MOST_DRAWN = 40
"""Batches among which every word has to be."""
ANYWHERE = "0.0.0.0"  # noqa: S104 - an example
SCRATCH = "/tmp/x"  # noqa: S108 - an example
REFERENCE = re.compile(r"#/([\w./~-]+)")


@functools.cache
def constant_files() -> tuple[str, ...]:
    """What is the same for every domain is looked at with the examples, not three hundred times."""
    return tuple(rendering.constant_files())


@pytest.mark.parametrize(
    "batch", [pytest.param(batch, marks=[pytest.mark.slow] * (batch >= QUICK)) for batch in range(BATCHES)]
)
def test_random_domains_render(batch: int, tmp_path: Path) -> None:
    invented = invent(batch, PER_BATCH)
    assert len(invented) == PER_BATCH
    for number, domain in enumerate(invented):
        tree = rendering.copy_domain(domain, tmp_path / f"domain-{number}", exclude=constant_files())
        stand_in(tree)
        for path in tree.rglob("*.py"):
            compile(path.read_text(encoding="utf-8"), str(path), "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
        check_contract(tree / "contract" / "openapi.yaml")
        for module in check_examples(tree):
            assert all(map(may_be_fixed, fields_of(domain, module))), (domain, module)
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tmp_path)
    run(BIN / "ruff", "format", "--no-cache", "--quiet", "--check", "--diff", tmp_path)


@pytest.mark.slow
def test_random_domains_use_every_word() -> None:
    """A word of the language that nobody draws is one that these tests, and the campaign of gates, never try."""
    missing = every_word()
    for batch in range(MOST_DRAWN):
        missing = missing.difference(*map(words_of, invent(batch, PER_BATCH)))
        if not missing:
            break
    assert not missing


def test_aggregates_that_can_hardly_change_have_examples(tmp_path: Path) -> None:
    domain = load_yaml((DOMAINS / "narrow.yaml").read_bytes())
    tree = rendering.copy_domain(domain, tmp_path / "narrow", exclude=constant_files())
    assert check_examples(tree) == {"single", "seven", "fixed", "fixed_lists", "constant", "self_parts"}


def fields_of(domain: dict[str, Any], module: str) -> list[str]:
    """The lines of the aggregate's own fields; a part can always be emptied."""
    for name, body in domain["aggregates"].items():
        if python_names.module_name(naming.snake(name)) == module:
            fields = body["fields"] if isinstance(body.get("fields"), dict) else body
            return [line_of(value) for value in fields.values()]
    raise LookupError(module)


def line_of(value: str | dict[str, Any]) -> str:
    """A field as one line, however it is written."""
    if isinstance(value, str):
        return value
    least = f" min {value['min']}" if "min" in value else ""
    return f"{value['type']}{'?' * value.get('optional', False)}{' readonly' * value.get('readonly', False)}{least}"


def may_be_fixed(line: str) -> bool:
    """Whether a field of this type may have one value only."""
    may = line.startswith(("enum", "int", "bigint", "string", "list(enum", "ref")) and "?" not in line
    least = re.search(r"^list.* min (\d+)", line)
    # The examples of a list differ in their length, from nothing to three values.
    return may or "readonly" in line or (least is not None and int(least[1]) >= 3)


MANY = {
    "Parts": {
        "fields": {"n": "int"},
        "parts": {f"things_{number}": {"entity": f"Thing{number}", "fields": {"n": "int"}} for number in range(11)},
    },
    "Objects": {f"object_{number}": "json?" for number in range(11)},
}
SUSPECT = {
    "Token": {
        "fields": {
            "tmp_dir": {"type": "string(60)", "default": SCRATCH, "description": f"{SCRATCH} or another."},
            "bind_address": {"type": "string(40)", "example": ANYWHERE},
            "password_hint": {"type": "string(60)", "readonly": True, "default": " ".join(["abcd efgh"] * 6)},
            "token_bind": "string(20) = 0.0.0.0",
            "hosts": {"type": "list(string(20))", "default": [ANYWHERE, SCRATCH, "x"]},
            "more": {"type": "json", "default": {"at": ANYWHERE}},
            "host": "string(20)? readonly",
        },
        "lifecycle": {
            "states": ["a"],
            "actions": {"move": {"from": "a", "to": "a", "sets": {"host": ANYWHERE, "password_hint": "Like no other"}}},
        },
        "parts": {
            "token_uses": {"entity": "TokenUse", "fields": {"at": "datetime"}},
            "secrets": {"entity": f"Secret{'Abcdefg' * 4}Stamp", "fields": {"at": "datetime"}},
        },
        "filter": ["tmp_dir"],
    }
}
CLASHING = {
    "Batch": {
        "fields": {"kind": "enum(a, b)", "kind_input": "enum(c, d)", "status_input": "enum(a)", "input": "enum(a)"},
        "parts": {
            "pieces": {
                "entity": "Piece",
                "fields": {"input": "enum(red, blue)", "view": "enum(a)", "create": "enum(a)"},
            }
        },
        "lifecycle": {"states": ["open", "done"], "actions": {"close": {"from": "open", "to": "done"}}},
        "filter": ["kind", "kind_input", "input"],
    },
    "BatchInput": {"kind": "enum(a, b)"},
    "PieceInput2": {"name": "string(5)"},
}
LONG = {
    f"{first}{'bcdefgh' * 5}Abcd": {
        "fields": {
            f"{'abcdefg_' * 4}words": f"enum({'word_' * 7}a, b) = {'word_' * 7}a",
            f"{'abcdefg_' * 4}kept": f"enum({'word_' * 7}a, b)? readonly",
            "n": "int",
        },
        "parts": {
            f"{first.lower()}{'bcdefg_' * 5}abcd": {
                "entity": f"{first}{'bcdefgh' * 5}Part",
                "fields": {
                    f"{'abcdefg_' * 4}words": f"enum({'word_' * 7}a, b) = {'word_' * 7}a",
                    f"{'abcdefg_' * 4}lists": f"list(enum({'word_' * 7}a)) = []",
                    **{f"{'abcdefgh' * 3}{'n' * count}": "list(enum(a)) = []" for count in range(1, 17)},
                },
            }
        },
        "lifecycle": {
            "states": ["a"],
            "actions": {"age": {"from": "a", "to": "a", "sets": {f"{'abcdefg_' * 4}kept": f"{'word_' * 7}a"}}},
        },
    }
    for first in "ABC"
}


@pytest.mark.parametrize("aggregates", [MANY, SUSPECT, LONG], ids=["many", "suspect", "long"])
def test_the_linter_finds_nothing(aggregates: dict[str, Any], tmp_path: Path) -> None:
    answers = {"service_name": "a-service-with-the-longest-name-allowed4" if aggregates is LONG else "odd"}
    tree = rendering.copy_domain({"context": "odd", "aggregates": aggregates}, tmp_path / "odd", answers)
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tree)
    run(BIN / "ruff", "format", "--no-cache", "--quiet", "--check", "--diff", tree)


LONG_TYPE = f"A{'bcdefgh' * 5}Abcd"
LONG_OBJECTS = {
    "types": {
        LONG_TYPE: {
            "description": "one " * 60,
            "fields": {
                "n": "int",
                f"{'abcdefg_' * 3}word": f"enum({'word_' * 7}a, b) = {'word_' * 7}a",
                f"{'abcdefg_' * 3}list": f"list(enum({'word_' * 7}a)) = []",
                f"{'abcdefg_' * 3}code": {"type": "string(40)", "pattern": "[A-Z]{3}-[0-9]{4,8}"},
                f"{'abcdefg_' * 3}cash": "money",
                f"{'abcdefg_' * 3}coin": "money?",
                f"{'abcdefg_' * 3}sort": f"enum({'word_' * 7}a, b)?",
            },
        },
        "Short": {"x": "int"},
    },
    "aggregates": {
        f"B{'bcdefgh' * 5}Abcd": {
            "n": "int",
            **{
                f"abcdefg_abcd_{end}": f"{LONG_TYPE}{said}"
                for end, said in zip("abc", ("", "?", "? secret"), strict=True)
            },
            f"{'abcdefg_' * 4}kept": "Short? readonly",
        },
        "C": {"only": "Short"},
        "D": {
            "fields": {"n": "int"},
            "parts": {
                f"d{'bcdefg_' * 5}abcd": {
                    "entity": f"D{'bcdefgh' * 5}Abcd",
                    "fields": {f"abcdefg_abcd_{end}": f"{LONG_TYPE}{said}" for end, said in (("a", ""), ("b", "?"))},
                },
                "briefs": {"entity": "DBrief", "fields": {"x": "Short? readonly", "y": "Short?"}},
            },
        },
    },
}


def test_the_linter_finds_nothing_in_value_objects(tmp_path: Path) -> None:
    tree = rendering.copy_domain({"context": "odd", **LONG_OBJECTS}, tmp_path / "odd")
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tree)
    run(BIN / "ruff", "format", "--no-cache", "--quiet", "--check", "--diff", tree)


WORDS = load_yaml((DOMAINS / "words.yaml").read_bytes())


@pytest.mark.parametrize("domain", [{"context": "odd", "aggregates": SUSPECT}, WORDS], ids=["suspect", "words"])
def test_bandit_finds_nothing(domain: dict[str, Any], tmp_path: Path) -> None:
    """As `make sast` does in a service's pipeline, which its gate does without."""
    tree = rendering.copy_domain(domain, tmp_path / "odd")
    command = re.search(r"^sast:.*\n\t\$\(UVX\) (.+)$", (tree / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert command
    bandit = shlex.split(command[1])
    done = run(BIN / "uvx", "--quiet", "--python", BIN / "python", *bandit, cwd=tree, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_left_of_what_nobody_uses(tmp_path: Path) -> None:
    """Value objects that nobody sends have no schemas, and tests without cases do without pytest."""
    stay = {"fields": {"guests": "int", "period": "Period? readonly"}, "order": "created_at"}
    domain = {"context": "odd", "types": {"Period": {"starts_on": "date"}}, "aggregates": {"Stay": stay}}
    tree = rendering.copy_domain(domain, tmp_path / "odd")
    assert value_objects(tree) == {"__init__.py", "mappers.py", "model.py", "views.py"}
    assert 'layers = ["mappers", "views", "model"]' in (tree / "pyproject.toml").read_text(encoding="utf-8")
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tree)
    run(BIN / "ruff", "format", "--no-cache", "--quiet", "--check", "--diff", tree)


@pytest.mark.parametrize(
    ("said", "modules", "layers"), [("?", {"schemas.py"}, '"schemas", "views"'), ("? readonly", set(), '"views"')]
)
def test_value_objects_of_parts_alone_have_no_mapper_and_no_patch(
    said: str, modules: set[str], layers: str, tmp_path: Path
) -> None:
    part = {"entity": "StayNight", "fields": {"guests": "int", "period": f"Period{said}"}}
    stay = {"fields": {"guests": "int"}, "parts": {"nights": part}}
    types = {"Period": {"starts_on": "date", "kind": "enum(a, b)?"}}
    tree = rendering.copy_domain({"context": "odd", "types": types, "aggregates": {"Stay": stay}}, tmp_path / "odd")
    assert value_objects(tree) == {"__init__.py", "model.py", "views.py"} | modules
    assert f'layers = [{layers}, "model"]' in (tree / "pyproject.toml").read_text(encoding="utf-8")
    assert "PeriodPatch" not in "".join(
        path.read_text(encoding="utf-8") for path in tree.rglob("*.*") if path.is_file()
    )
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tree)
    run(BIN / "ruff", "format", "--no-cache", "--quiet", "--check", "--diff", tree)


def value_objects(tree: Path) -> set[str]:
    """The names of the modules."""
    return {path.name for path in (tree / "src" / "odd" / "value_objects").iterdir()}


def test_what_is_generated_has_names_of_its_own(tmp_path: Path) -> None:
    tree = rendering.copy_domain({"context": "odd", "aggregates": CLASHING}, tmp_path / "odd")
    run(BIN / "ruff", "check", "--no-cache", "--quiet", tree)
    check_contract(tree / "contract" / "openapi.yaml")
    check_examples(tree)


def stand_in(tree: Path) -> None:
    """Empty files for the constant ones: Ruff asks whether a module exists to know where its import belongs."""
    (package,) = (tree / "src").iterdir()
    for name in constant_files():
        path = tree / name.replace("*", package.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def check_contract(path: Path) -> None:
    """The document against the OpenAPI 3.1 schema, its references, and its operation ids."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    error = next(openapi().iter_errors(document), None)
    assert error is None, f"{path}: {error}"
    for reference in references(document):
        target: Any = document
        match = REFERENCE.fullmatch(reference)
        assert match, reference
        for part in match[1].split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
    ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in {"get", "put", "post", "patch", "delete"}
    ]
    assert len(set(ids)) == len(ids)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@functools.cache
def openapi() -> Any:
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - slow to import

    return OpenAPIV31SpecValidator.schema_validator


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_random_domain_boots_and_passes_its_contract_tests(number: int, tmp_path: Path) -> None:
    tree = rendering.copy_domain(invent_one(number), tmp_path / "service")
    commit_all(tree, "Start")
    set_up(tree)
    with make_run(tree, tmp_path / "run.log") as service:
        assert service.request("GET", "/readyz").status == 200
        document = json.loads(service.request("GET", "/openapi.json").body)
        collections = [path for path, item in document["paths"].items() if "{" not in path and "post" in item]
        assert collections
        for path in collections:
            assert service.request("GET", path).status == 200
    run(tree / ".venv/bin/python", "-m", "pytest", "tests/test_contract.py", "-q", cwd=tree, timeout=1200)
    run(tree / ".venv/bin/python", "-m", "dev.migrate", "check", cwd=tree)
    run(tree / ".venv/bin/python", "-m", "mypy", cwd=tree)
