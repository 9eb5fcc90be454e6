"""What Schemathesis cannot know from the contract; schemathesis.toml loads this file."""

from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every valid request one of its own, with cursors that the service has made only.

    Schemathesis repeats one Idempotency-Key with many bodies, which the service rightly refuses; and a cursor that is
    made up fits the contract's pattern but belongs to no list. Requests that are meant to be refused stay as they are.
    """
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if KEY in case.headers:
        case.headers[KEY] = str(uuid4())
    case.query.pop("cursor", None)
