"""What a field type is: a row of the table, and its arguments and bounds."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from ..text.problems import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..text.patterns import Pattern
    from .bounds import Range
    from .objects import Member


EXAMPLES_TRIED = 100


class FieldTypeError(ValueError):
    """A type, bound, default or example is wrong; the message says what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """A field's type with its arguments and bounds, as declared."""

    type: FieldType
    name: str = ""
    length: int = 0
    low: int | None = None
    high: int | None = None
    precision: int = 0
    scale: int = 0
    range: Range | None = None
    currencies: tuple[str, ...] = ()
    """In which money may be; none where in each."""
    members: tuple[str, ...] = ()
    as_written: bool = False
    """Whether the words of an enum are those on the wire."""
    inner: Spec | None = None
    target: str = ""
    context: str = ""
    pattern: Pattern | None = None
    enum_class: str = ""
    alias_name: str = ""
    members_of: tuple[Member, ...] = ()
    """The fields of a value object; its name is the target."""

    @property
    def shortest(self) -> int:
        """The shortest length of a text."""
        return 1 if self.low is None else self.low

    @property
    def refers(self) -> bool:
        """Whether it holds the identity of an aggregate, here or elsewhere."""
        return self.type.refers or bool(self.context)

    @property
    def needs_another(self) -> bool:
        """Whether a value leads to another aggregate of this domain, itself or in what is always inside of it."""
        return self.type.local or any(each.spec.type.local and not each.optional for each in self.members_of)

    @property
    def written(self) -> str:
        """The type as a reader of the domain would write it."""
        said = self.type.written(self)
        return f"id {self.context}.{self.target} {said}" if self.context and not self.type.refers else said

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
    """Whether lists can be asked for a value of it."""
    asks: ClassVar[tuple[str, ...]] = ()
    """In which other ways they can be asked, beside whether there is a value."""
    sortable: ClassVar[bool] = False
    family: ClassVar[str] = ""
    """With what its values are compared by a rule: numbers, days, moments, amounts, identities; or nothing."""
    ordered: ClassVar[bool] = False
    """Whether one value of its family is less than another."""
    whole: ClassVar[bool] = False
    """Whether its values are numbers without a fraction."""
    truth: ClassVar[bool] = False
    """Whether a rule can ask if it is true."""
    listable: ClassVar[bool] = True
    defaultable: ClassVar[bool] = True
    nullable: ClassVar[str] = ""
    """Why the type cannot be optional, or nothing."""
    bounds: ClassVar[str] = ""
    """What `min` and `max` limit: length, number, sign, items, or nothing."""
    patterned: ClassVar[bool] = False
    cased: ClassVar[bool] = False
    """Whether its values may differ in the case of their letters only."""
    searched: ClassVar[bool] = False
    """Whether lists can be searched for the words of its values."""
    longest_indexed: ClassVar[int | None] = None
    """The most characters that an index can hold, where the type allows for more."""
    structured: ClassVar[bool] = False
    """Whether a default in a line is read as JSON or YAML."""
    shapeless: ClassVar[bool] = False
    """Whether its values are objects of which nothing is known."""
    multiline: ClassVar[bool] = False
    """Whether its texts may have line breaks."""
    instant: ClassVar[bool] = False
    """Whether its values are moments, which an action can set."""
    refers: ClassVar[bool] = False
    """Whether it holds the identity of an aggregate, always: others do where an `id` says so."""
    identity: ClassVar[bool] = False
    """Whether aggregates of other contexts may have such identities."""
    local: ClassVar[bool] = False
    """Whether that aggregate is one of this context."""
    many: ClassVar[bool] = False
    """Whether it holds those of any number of aggregates."""

    def spec(self, arguments: str) -> Spec:
        """The type with the text between its parentheses; raises FieldTypeError."""
        return Spec(self)

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        """The type with `min` and `max` of the mapping form; raises FieldTypeError."""
        raise FieldTypeError(f"min and max have no meaning for {self.kind}; drop them")

    def written(self, spec: Spec) -> str:
        """The type as a reader of the domain would write it."""
        return self.kind

    @abstractmethod
    def value(self, spec: Spec, raw: object) -> Any:
        """A default or example as it goes over the wire; raises FieldTypeError when it is not valid for the field."""

    def pattern(self, spec: Spec) -> str:
        """The regular expression that all its texts match, from `^` to `$`; empty when it has none."""
        return ""

    def span(self, spec: Spec) -> list[int] | None:
        """Shortest and longest text, or least and greatest number, where the type has such bounds."""
        return None

    def rank(self, value: Any) -> Any:
        """What a value as it goes over the wire is compared by with others of its family."""
        return value

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


def whole_number(raw: object, what: str) -> int:
    """The number that was written; raises FieldTypeError, which calls it `what`."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)) or not re.fullmatch(r"[+-]?[0-9_]{1,25}", str(raw)):
        raise FieldTypeError(f"{what} is {show(raw)}; expected a whole number")
    try:
        return int(raw)
    except ValueError:
        raise FieldTypeError(f"{what} is {show(raw)}; expected a whole number") from None


def check_order(low: int | None, high: int | None) -> None:
    """Raise FieldTypeError when the bounds are upside down."""
    if low is not None and high is not None and low > high:
        raise FieldTypeError(f"min {low} is greater than max {high}; swap them")
