"""What Schemathesis cannot know from the contract; schemathesis.toml loads this file."""

from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext, Response

KEY = "Idempotency-Key"

_sent: set[str] = set()
_made: set[str | None] = set()


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every valid request one of its own, with cursors that the service has made.

    Schemathesis sends one Idempotency-Key with many bodies, which the service rightly refuses: from the second time on
    it gets another one. A cursor that is made up fits the contract's pattern but belongs to no list. Requests that are
    meant to be refused stay as they are.
    """
    refusable = case.meta is None or case.meta.generation.mode.is_negative
    key = case.headers.get(KEY)
    if isinstance(key, str):
        if not refusable and _canonical(key) in _sent:
            key = case.headers[KEY] = str(uuid4())
        _sent.add(_canonical(key))
    if not refusable and case.query.get("cursor") not in _made:
        case.query.pop("cursor", None)


def _canonical(key: str) -> str:
    """The form in which two spellings of one key are equal: without quotes, escapes and capitals."""
    return key.replace("\\", "").strip('"').lower()


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember the cursors that the service makes."""
    if case.method == "GET" and response.status_code == 200 and isinstance(page := response.json(), dict):
        _made.add(page.get("next"))
