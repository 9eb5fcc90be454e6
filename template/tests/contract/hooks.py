"""What Schemathesis cannot know from the contract; schemathesis.toml loads this file."""

from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext

KEY = "Idempotency-Key"
LONGEST = 255


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every valid request one of its own, with cursors that the service has made only.

    Schemathesis repeats one Idempotency-Key with many bodies, which the service rightly refuses, so each gets an end of
    its own; and a cursor that is made up fits the contract's pattern but belongs to no list. Requests that are meant to
    be refused stay as they are.
    """
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if KEY in case.headers:
        case.headers[KEY] = _unique(case.headers[KEY])
    case.query.pop("cursor", None)


def _unique(key: str) -> str:
    """The key with another end, in quotes if it was, and not longer than the contract allows."""
    end = uuid4().hex
    quoted = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else None
    if quoted is None:
        return key[: LONGEST - len(end)] + end
    escaped = quoted[: LONGEST - len(end)]
    return f'"{escaped}{end}"' if (len(escaped) - len(escaped.rstrip("\\"))) % 2 == 0 else f'"{escaped[:-1]}{end}"'
