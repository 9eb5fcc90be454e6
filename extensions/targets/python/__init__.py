"""Python: what the modules of a service, its tables and its tests say of a domain, in the formatter's style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layout import fit
from .lint import looks_secret
from .literals import argument, docstring, python_literal, sql_expression, string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GLOBALS: Mapping[str, Callable[..., Any]] = {}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "fit": fit,
    "docstring": docstring,
    "string": string,
    "argument": argument,
    "sql_expression": sql_expression,
    "python_literal": python_literal,
    "looks_secret": looks_secret,
}
