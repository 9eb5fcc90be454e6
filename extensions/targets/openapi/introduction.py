"""What the contract says of all its operations before it describes them one by one."""

from __future__ import annotations

from ...types.wire import FIRST_YEAR, LAST_YEAR
from .wire import KEY_HOURS

DESCRIPTION = """\
{description}

Every request carries an access token (`Authorization: Bearer …`) with the scope that the operation names, and may carry
`traceparent` (W3C Trace Context) and `Request-Id` (a UUID); every answer carries both. HEAD is answered as GET is,
without the body.

- **Errors** are problem details (RFC 9457). `type` leads to a page that explains the problem; `errors` lists every
  invalid member of the request by its JSON pointer.
- **Creating and acting** (POST) needs an `Idempotency-Key` of the client's choice. The same key with the same
  request returns the first answer again for {hours} hours, or 410 once what that showed has been deleted; with another
  request it is refused with 422. `outcome-open` (503) says that a request may have been carried out: send it again.
- **Changing and deleting** needs `If-Match` with the `ETag` of the version that was read: 428 without it, 412 if the
  resource has changed since. Acting heeds it where it is sent.
- **Bodies** belong to the operations that describe one. The others take none, or an empty JSON object from clients that
  must send something. They have at most {max_body_bytes} bytes unless the deployment says otherwise: 413 for more.
- **Lists** are pages: follow `next` as `cursor` until it is absent. A cursor holds for its order and filters only.
- **Members** that are empty are absent. In a request those that may be empty take `null`, too, which means the same as
  absent when something is created, and empties the member in a merge patch. Values of `x-extensible-enum` may become
  more: expect unknown ones. A member that is sent twice is refused.
- **Numbers** are stored as they are sent, or refused. JavaScript reads those of `format: int64` as others beyond 2^53.
- **Moments** lie in the years {first} to {last} of UTC, may have more digits of a second than six and are cut to
  microseconds; a leap second is the first one of the next day."""


def introduction(description: str, max_body_bytes: int) -> str:
    """The description of the whole contract, which begins with the service's own."""
    return DESCRIPTION.format(
        description=description,
        max_body_bytes=max_body_bytes,
        hours=KEY_HOURS,
        first=FIRST_YEAR,
        last=LAST_YEAR,
    )
