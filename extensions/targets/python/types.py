"""The type table of the generated Python: a field's annotations, and its values as expressions."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple

from ...types.choices import list_range
from ...types.numbers import has_whole_range, integer_range, is_non_negative, is_wide
from ...types.wire import LONGEST_SEARCH
from ..rows import row_of
from .literals import python_text, raw_text
from .names import member_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...types import Spec

ANNOTATED = "from typing import Annotated"
DATE = "from datetime import date"
DATETIME = "from datetime import datetime"
TIME = "from datetime import time"
DECIMAL = "from decimal import Decimal"
MONEY = "from ..kernel import Money"
UUID = "from uuid import UUID"


class Code(NamedTuple):
    """An annotation or an expression, with the lines that import what it needs."""

    text: str
    imports: tuple[str, ...] = ()


class PythonType(NamedTuple):
    """The annotations of a field: in the domain model, in bodies of requests, in answers, and in query strings."""

    model: Code
    body: Code
    answer: Code
    query: Code = Code("")
    alias: str = ""
    """The annotation of bodies when it deserves a name of its own; `body` and `query` are then that name."""


def python_type(spec: Spec) -> PythonType:
    """The annotations of a field of the type."""
    return row_of(TABLE, spec, __name__).annotations(spec)


def python_literal(spec: Spec, value: Any) -> Code:
    """A wire value as an expression of the domain model."""
    return row_of(TABLE, spec, __name__).literal(spec, value)


def beginning(spec: Spec) -> Code:
    """The annotation in query strings of what a text begins with, which need not match the pattern of the whole."""
    return _field("Line", f"Annotated[str, Line({spec.length})]", ANNOTATED)


class _Row(NamedTuple):
    annotations: Callable[[Spec], PythonType]
    literal: Callable[[Spec, Any], Code]


# Annotations ---------------------------------------------------------------------------------------------------------


def _field(name: str, text: str = "", *imports: str) -> Code:
    """A type of `platform/http/fields.py`, or an annotation that is made with it."""
    return Code(text or name, (*imports, f"from ..platform.http.fields import {name}"))


TRUE_OR_FALSE = _field("TrueFalse", "Annotated[bool, TrueFalse]", ANNOTATED)
MOMENT = _field("Timestamp")
WORDS = _field("Line", f"Annotated[str, Line({LONGEST_SEARCH})]", ANNOTATED)
"""Annotations in query strings of what every aggregate can be asked for."""


def _same(plain: Code, body: Code) -> PythonType:
    """A type that is the same in model and answers, and in bodies and query strings."""
    return PythonType(model=plain, answer=plain, body=body, query=body)


def _text(spec: Spec) -> PythonType:
    kind = "Text" if spec.type.multiline else "Line"
    arguments = [str(spec.length)]
    if spec.shortest != 1:
        arguments.append(f"min={spec.low}")
    if spec.pattern:
        arguments.append(f"pattern={raw_text(spec.pattern.text)}")
    annotation = f"Annotated[str, {kind}({', '.join(arguments)})]"
    alias = spec.alias_name if spec.pattern else ""
    body = _field(kind, alias or annotation, ANNOTATED)
    return PythonType(model=Code("str"), body=body, answer=Code("str"), query=body, alias=annotation if alias else "")


def _formatted(name: str) -> Callable[[Spec], PythonType]:
    """Text whose checks have a name of their own."""
    form = _same(Code("str"), _field(name))
    return lambda _spec: form


def _integer(spec: Spec) -> PythonType:
    low, high = integer_range(spec)
    whole = "Int64" if is_wide(spec) else "Int32"
    body = (
        _field(whole) if has_whole_range(spec) else _field("Whole", f"Annotated[int, Whole({low}, {high})]", ANNOTATED)
    )
    query = _field("Digits", f"Annotated[int, Digits({low}, {high})]", ANNOTATED)
    return PythonType(model=Code("int"), body=body, answer=Code("int"), query=query)


def _decimal(spec: Spec) -> PythonType:
    arguments = f"{spec.precision}, {spec.scale}{', min=0' if is_non_negative(spec) else ''}"
    annotation = f"Annotated[Decimal, DecimalText({arguments})]"
    return _same(Code("Decimal", (DECIMAL,)), _field("DecimalText", annotation, DECIMAL, ANNOTATED))


def _float(spec: Spec) -> PythonType:
    low, high = spec.range or (None, None)
    bounds = [f"{'gt' if low.excluded else 'ge'}={float(low.number)!r}"] if low else []
    bounds += [f"{'lt' if high.excluded else 'le'}={float(high.number)!r}"] if high else []
    body, query = (
        _field(name, f"Annotated[float, {name}({', '.join(bounds)})]", ANNOTATED) for name in ("Double", "DoubleText")
    )
    return PythonType(model=Code("float"), body=body, answer=Code("float"), query=query)


def _money(spec: Spec) -> PythonType:
    body = _field("NonNegativeMoneyIn" if is_non_negative(spec) else "MoneyIn")
    if spec.currencies:
        currencies = "|".join(spec.currencies)
        sign = ', sign=""' if is_non_negative(spec) else ""
        body = _field("MoneyObject", f'Annotated[Money, MoneyObject("{currencies}"{sign})]', MONEY, ANNOTATED)
    return PythonType(
        model=Code("Money", (MONEY,)),
        body=body,
        answer=Code("MoneyView", ("from ..platform import MoneyView",)),
    )


def _bool(_spec: Spec) -> PythonType:
    return PythonType(model=Code("bool"), body=Code("bool"), answer=Code("bool"), query=TRUE_OR_FALSE)


def _date(_spec: Spec) -> PythonType:
    return _same(Code("date", (DATE,)), _field("Day"))


def _time(_spec: Spec) -> PythonType:
    return _same(Code("time", (TIME,)), _field("TimeOfDay"))


def _datetime(_spec: Spec) -> PythonType:
    return _same(Code("datetime", (DATETIME,)), _field("Timestamp"))


def _uuid(_spec: Spec) -> PythonType:
    return _same(Code("UUID", (UUID,)), _field("Uuid"))


def _enum(spec: Spec) -> PythonType:
    body = _enum_class(spec)
    return PythonType(model=Code(spec.enum_class), body=body, answer=Code("str"), query=body)


def _enum_class(spec: Spec) -> Code:
    return Code(spec.enum_class, (f"from .model import {spec.enum_class}",))


def _json(_spec: Spec) -> PythonType:
    plain = Code("dict[str, Any]", ("from typing import Any",))
    return PythonType(model=plain, body=_field("JsonObject"), answer=plain)


def _list(spec: Spec) -> PythonType:
    item = python_type(spec.item)
    low, high = list_range(spec)
    size = f"min_length={low}, max_length={high}" if low else f"max_length={high}"
    imports = (*item.body.imports, ANNOTATED, "from pydantic import Field")
    return PythonType(
        model=Code(f"list[{item.model.text}]", item.model.imports),
        body=Code(f"Annotated[list[{item.body.text}], Field({size})]", imports),
        answer=Code(f"list[{item.answer.text}]", item.answer.imports),
    )


def _refs(spec: Spec) -> PythonType:
    one, (_, most) = python_type(spec.item), list_range(spec)
    body = f"Annotated[list[{one.body.text}], Field(max_length={most}), EachOnce]"
    return PythonType(
        model=Code(f"list[{one.model.text}]", one.model.imports),
        body=_field("EachOnce", body, *one.body.imports, ANNOTATED, "from pydantic import Field"),
        answer=Code(f"list[{one.answer.text}]", one.answer.imports),
        query=one.query,
    )


def _object(spec: Spec) -> PythonType:
    def of(module: str, suffix: str = "") -> Code:
        name = f"{spec.target}{suffix}"
        return Code(name, (f"from ..value_objects.{module} import {name}",))

    return PythonType(model=of("model"), body=of("schemas", "Input"), answer=of("views", "View"))


# Values --------------------------------------------------------------------------------------------------------------


def _plain_literal(_spec: Spec, value: Any) -> Code:
    return Code(python_text(value))


def _decimal_literal(_spec: Spec, value: Any) -> Code:
    return Code(f'Decimal("{value}")' if "." in value else f"Decimal({int(value)})", (DECIMAL,))


def _money_literal(spec: Spec, value: Any) -> Code:
    amount = _decimal_literal(spec, value["amount"])
    return Code(f'Money({amount.text}, "{value["currency"]}")', (*amount.imports, MONEY))


def _date_literal(_spec: Spec, value: Any) -> Code:
    day = date.fromisoformat(value)
    return Code(f"date({day.year}, {day.month}, {day.day})", (DATE,))


def _time_literal(_spec: Spec, value: Any) -> Code:
    of_day = time.fromisoformat(value)
    parts = [of_day.hour, of_day.minute]
    parts += [of_day.second, of_day.microsecond] if of_day.microsecond else [of_day.second] if of_day.second else []
    return Code(f"time({', '.join(map(str, parts))})", (TIME,))


def _datetime_literal(_spec: Spec, value: Any) -> Code:
    moment = datetime.fromisoformat(value)
    parts = [moment.year, moment.month, moment.day, moment.hour, moment.minute]
    parts += [moment.second, moment.microsecond] if moment.microsecond else [moment.second] if moment.second else []
    return Code(f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)", ("from datetime import UTC, datetime",))


def _uuid_literal(_spec: Spec, value: Any) -> Code:
    return Code(f'UUID("{value}")', (UUID,))


def _enum_literal(spec: Spec, value: Any) -> Code:
    enum = _enum_class(spec)
    return Code(f"{enum.text}.{member_names(spec.members)[spec.members.index(value)]}", enum.imports)


def _list_literal(spec: Spec, value: Any) -> Code:
    items = [python_literal(spec.item, item) for item in value]
    imports = tuple(dict.fromkeys(line for item in items for line in item.imports))
    return Code(f"[{', '.join(item.text for item in items)}]", imports)


def _no_literal(spec: Spec, _value: Any) -> Code:
    raise TypeError(spec.target)  # a value object has no default


_UUID = _Row(_uuid, _uuid_literal)

TABLE: Mapping[str, _Row] = {
    "string": _Row(_text, _plain_literal),
    "text": _Row(_text, _plain_literal),
    "int": _Row(_integer, _plain_literal),
    "bigint": _Row(_integer, _plain_literal),
    "decimal": _Row(_decimal, _decimal_literal),
    "float": _Row(_float, _plain_literal),
    "money": _Row(_money, _money_literal),
    "bool": _Row(_bool, _plain_literal),
    "date": _Row(_date, _date_literal),
    "time": _Row(_time, _time_literal),
    "datetime": _Row(_datetime, _datetime_literal),
    "uuid": _UUID,
    "email": _Row(_formatted("Email"), _plain_literal),
    "url": _Row(_formatted("Url"), _plain_literal),
    "phone": _Row(_formatted("E164"), _plain_literal),
    "enum": _Row(_enum, _enum_literal),
    "json": _Row(_json, _plain_literal),
    "list": _Row(_list, _list_literal),
    "ref": _UUID,
    "refs": _Row(_refs, _list_literal),
    "id": _UUID,
    "value object": _Row(_object, _no_literal),
}
