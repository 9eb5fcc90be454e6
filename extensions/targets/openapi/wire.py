"""Parameters and headers as the contract shows them and the service reads them, in `platform/http/parameters.py`.

Templates see them beside the patterns and bounds of the types, which `platform/http/fields.py` reads.
"""

from __future__ import annotations

from typing import Any, Final

from ...types import LONGEST_INDEXED, wire

MOST_ITEMS: Final = 200
PAGE_ITEMS: Final = 50
"""Items of a page at most, and where the client does not say how many."""

MOST_VALUES: Final = 50
"""Values of a parameter that may be repeated."""

MOST_TAKEN_ALONG: Final = 10_000
"""Resources that one deletion may take along and change."""

MOST_ERRORS: Final = 100
LONGEST_POINTER: Final = 200
"""Of a problem: its errors, and the characters of the pointer of each."""

KEY_HOURS: Final = 24
"""For how long an Idempotency-Key is remembered by default."""
LONGEST_KEY: Final = 255
PLAIN_KEY: Final = rf"[!-~]{{1,{LONGEST_KEY}}}"
QUOTED_KEY: Final = rf'"(?:[ !#-\[\]-~]|\\["\\]){{1,{LONGEST_KEY}}}"'
LONGEST_KEY_HEADER: Final = 2 * LONGEST_KEY + 2
"""Every character escaped, in quotes."""

LONGEST_ETAGS: Final = 1000
OWN_ETAG: Final = '"[0-9]{1,18}"'
ETAG: Final = '(?:W/)?"[!#-~]*"'
ETAGS: Final = rf"(?:,[ \t]*)*{ETAG}(?:[ \t]*,(?:[ \t]*{ETAG})?)*"
"""A list of RFC 9110, which may have empty members."""

_AROUND_KEY = len('["","",""]') + 12 + 36
LONGEST_CURSOR: Final = -(-4 * (_AROUND_KEY + 4 * LONGEST_INDEXED) // 3)
"""`platform/postgres/paging.py` writes fingerprint, sort key and id as JSON in base 64; a character is 1 to 4 bytes."""

GLOBALS: dict[str, Any] = {
    "wire": {name: value for name, value in {**vars(wire), **globals()}.items() if name.isupper()}
}
FILTERS: dict[str, Any] = {}
