"""What Schemathesis cannot know from the contract; schemathesis.toml loads this file."""

from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext, Response

KEY = "Idempotency-Key"

_sent: dict[str, str] = {}
_next: dict[str, str] = {}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every valid request one of its own, with cursors that the service has made.

    Schemathesis sends one Idempotency-Key with many requests, which the service rightly refuses: those after the first
    get another one, unless they are the same again. A cursor that is made up fits the contract's pattern but belongs to
    no list: one that the service made for this list takes its place, if there is one. Requests that are meant to be
    refused stay as they are.
    """
    refusable = case.meta is None or case.meta.generation.mode.is_negative
    key = case.headers.get(KEY)
    if isinstance(key, str):
        request = f"{case.method} {case.path} {case.path_parameters!r} {case.body!r}"
        if not refusable and _sent.get(_canonical(key), request) != request:
            key = case.headers[KEY] = str(uuid4())
        _sent.setdefault(_canonical(key), request)
    if not refusable and case.query.pop("cursor", None) is not None and (made := _next.get(_list(case))):
        case.query["cursor"] = made


def _canonical(key: str) -> str:
    """The form in which two spellings of one key are equal: without quotes, escapes and capitals."""
    return key.replace("\\", "").strip('"').lower()


def _list(case: Case[Any]) -> str:
    """What a cursor belongs to: the path, its order and filters."""
    return f"{case.path} {sorted((k, str(v)) for k, v in case.query.items() if k not in {'cursor', 'limit'})}"


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember the cursors that the service makes."""
    if case.method == "GET" and response.status_code == 200 and "next" in (page := response.json()):
        _next[_list(case)] = page["next"]
