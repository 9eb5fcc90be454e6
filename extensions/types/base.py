"""What a field type is: a row of the table, its arguments, and its form in every artefact."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from ..text.problems import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..text.patterns import Pattern


EXAMPLES_TRIED = 100


class FieldTypeError(ValueError):
    """A type, bound, default or example is wrong; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a field. `suffix` is added to the field's name; `{c}` stands for the column in `checks`."""

    suffix: str
    sql: str
    sa: str
    cast: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forms:
    """A field's type in every artefact.

    `python` is the annotation in the domain model, `input` in the pydantic body, `query` in the query string, `view` in
    the msgspec answer; the imports beside them are whole lines. `schema` is the JSON Schema of answers, `input_schema`
    that of requests.
    """

    columns: tuple[Column, ...]
    python: str
    input: str
    view: str
    schema: dict[str, Any]
    mermaid: str
    query: str = ""
    input_schema: dict[str, Any] | None = None
    python_imports: tuple[str, ...] = ()
    input_imports: tuple[str, ...] = ()
    view_imports: tuple[str, ...] = ()
    query_imports: tuple[str, ...] = ()
    alias: str = ""
    """The input annotation when it deserves a name of its own; `input` is then that name."""


@dataclass(slots=True, eq=False)
class Spec:
    """A field's type with its arguments and bounds, as declared."""

    type: FieldType
    name: str = ""
    length: int = 0
    low: int | None = None
    high: int | None = None
    precision: int = 0
    scale: int = 0
    members: list[str] = field(default_factory=list)
    inner: Spec | None = None
    target: str = ""
    context: str = ""
    pattern: Pattern | None = None
    enum_class: str = ""
    alias_name: str = ""

    @property
    def item(self) -> Spec:
        """The type of a list's values."""
        if self.inner is None:
            raise TypeError(f"{self.type.kind} holds no values")
        return self.inner


class FieldType(ABC):
    """One row of the type table."""

    kind: ClassVar[str]
    syntax: ClassVar[str]
    meaning: ClassVar[str]
    sample: ClassVar[str]
    """An example of the syntax."""
    shape: ClassVar[str]
    """The syntax as a regular expression, for editors."""
    arguments: ClassVar[bool] = False
    unique: ClassVar[bool] = True
    indexable: ClassVar[bool] = True
    filterable: ClassVar[bool] = True
    sortable: ClassVar[bool] = False
    listable: ClassVar[bool] = True
    defaultable: ClassVar[bool] = True
    nullable: ClassVar[str] = ""
    """Why the type cannot be optional, or nothing."""
    bounds: ClassVar[str] = ""
    """What `min` and `max` limit: length, number, sign, items, or nothing."""
    patterned: ClassVar[bool] = False
    cased: ClassVar[bool] = False
    """Whether its values may differ in the case of their letters only."""
    longest_indexed: ClassVar[int | None] = None
    """The most characters that an index can hold, where the type allows for more."""
    structured: ClassVar[bool] = False
    """Whether a default in a line is read as JSON or YAML."""
    refers: ClassVar[bool] = False
    """Whether it holds the identity of an aggregate."""
    local: ClassVar[bool] = False
    """Whether that aggregate is one of this context."""

    def spec(self, arguments: str) -> Spec:
        """The type with the text between its parentheses; raises FieldTypeError."""
        return Spec(self)

    def bound(self, spec: Spec, low: object, high: object) -> None:
        """Apply `min` and `max` of the mapping form; raises FieldTypeError."""
        raise FieldTypeError(f"min and max have no meaning for {self.kind}")

    @abstractmethod
    def forms(self, spec: Spec) -> Forms: ...

    @abstractmethod
    def value(self, spec: Spec, raw: object) -> Any:
        """A default or example as it goes over the wire; raises FieldTypeError when it is not valid for the field."""

    def span(self, spec: Spec) -> list[int] | None:
        """Shortest and longest text, or least and greatest number, where the type has such bounds."""
        return None

    @abstractmethod
    def examples(self, spec: Spec) -> Iterator[Any]: ...

    def distinct_examples(self, spec: Spec, given: list[Any], wanted: int) -> list[Any]:
        """The given values and further ones, all different: `wanted` of them, or as many as the type makes up."""
        found = list(given)
        for value in islice(self.examples(spec), EXAMPLES_TRIED):
            if len(found) >= wanted:
                break
            if value not in found:
                found.append(value)
        return found

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        """A wire value as a Python expression of the domain type, with the imports that it needs."""
        return python_text(value), ()

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        """A wire value as SQL, one expression per column."""
        return (sql_text(value) if isinstance(value, str) else str(value),)


def python_text(value: object) -> str:
    """A JSON value as a Python literal in the formatter's style."""
    if isinstance(value, str):
        escaped = "".join(letter if letter in "'\"" else repr(letter)[1:-1] for letter in value)
        if value.count('"') > value.count("'"):
            return "'" + escaped.replace("'", "\\'") + "'"
        return '"' + escaped.replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{python_text(key)}: {python_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(python_text(item) for item in value) + "]"
    return repr(value)


def raw_text(value: str) -> str:
    """A regular expression as a Python string, raw if possible."""
    return f'r"{value}"' if '"' not in value else python_text(value)


def sql_text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def whole_number(raw: object, what: str) -> int:
    """The number that was written; raises FieldTypeError, which calls it `what`."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)) or not re.fullmatch(r"[+-]?[0-9_]{1,25}", str(raw)):
        raise FieldTypeError(f"{what} must be a whole number, not {show(raw)}")
    try:
        return int(raw)
    except ValueError:
        raise FieldTypeError(f"{what} must be a whole number, not {show(raw)}") from None


def check_order(low: int | None, high: int | None) -> None:
    """Raise FieldTypeError when the bounds are upside down."""
    if low is not None and high is not None and low > high:
        raise FieldTypeError(f"min {low} is greater than max {high}")
