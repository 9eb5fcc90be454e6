"""HTTP: one middleware, operations with typed parameters, problems, documents. Routes import from here."""

from ..postgres.idempotency import Once
from .endpoints import any_caller, guarded, public, requires
from .handlers import Integer, Operations, provided
from .parameters import Body, IfMatch, IfNoneMatch, PageParameters, Patch, Query
from .reply import Reply

__all__ = [
    "Body",
    "IfMatch",
    "IfNoneMatch",
    "Integer",
    "Once",
    "Operations",
    "PageParameters",
    "Patch",
    "Query",
    "Reply",
    "any_caller",
    "guarded",
    "provided",
    "public",
    "requires",
]
