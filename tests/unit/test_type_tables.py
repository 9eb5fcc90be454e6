"""Each target has a row for each type of the language, and says so where it has none."""

import ast
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import extensions
from extensions.targets.docs.types import mermaid_type
from extensions.targets.openapi.types import field_schemas
from extensions.targets.postgres.types import column_types, sql_literals
from extensions.targets.python.types import python_literal, python_type
from extensions.targets.rows import MissingRowError
from extensions.types import OBJECT, TABLE, FieldType, Spec

TARGETS = Path(extensions.__path__[0]) / "targets"
MODULES = sorted(path.parent.name for path in TARGETS.glob("*/types.py"))


class Colour(FieldType):
    """A type that no target knows."""

    kind = "colour"

    def value(self, spec: Spec, raw: object) -> str:  # noqa: ARG002
        return str(raw)

    def examples(self, spec: Spec) -> Iterator[str]:  # noqa: ARG002
        yield "#ff0000"


FORMS: dict[str, list[Callable[[Spec], Any]]] = {
    "docs": [mermaid_type],
    "openapi": [field_schemas],
    "postgres": [column_types, lambda spec: sql_literals(spec, "#ff0000")],
    "python": [python_type, lambda spec: python_literal(spec, "#ff0000")],
}


def test_every_table_is_known_here() -> None:
    assert sorted(FORMS) == MODULES


@pytest.mark.parametrize("target", MODULES)
def test_each_type_has_a_row(target: str) -> None:
    assert list(importlib.import_module(f"extensions.targets.{target}.types").TABLE) == [*TABLE, OBJECT.kind]


@pytest.mark.parametrize("target", MODULES)
def test_a_type_without_a_row_is_named_with_the_table(target: str) -> None:
    for form in FORMS[target]:
        with pytest.raises(MissingRowError, match=f"the type 'colour' has no row in targets/{target}/types.py"):
            form(Spec(Colour()))


def comparisons(folder: Path) -> list[str]:
    """Where the word of a type is compared, outside the types and the targets that have a table of them."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        if place.startswith(("types/", "targets/")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                words = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
                if words & set(TABLE) and "kind" in ast.unparse(node.left):
                    found.append(f"{place}: {ast.unparse(node)}")
    return found


def test_no_one_else_asks_for_the_word_of_a_type() -> None:
    """But the sizes of bodies, which are a table of their own."""
    assert {found.partition(":")[0] for found in comparisons(TARGETS.parent)} == {"capacity/bodies.py"}


def test_who_asks_is_found(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text('if field.kind == "ref" or field["kind"] in {"enum", "x"}:\n    pass\n')
    assert comparisons(tmp_path) == ["model.py: field.kind == 'ref'", "model.py: field['kind'] in {'enum', 'x'}"]
