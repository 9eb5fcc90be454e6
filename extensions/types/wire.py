"""What values look like on the wire: patterns that the contract and the service share, and bounds."""

from __future__ import annotations

import re

from ..text.patterns import CONTROLS

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
LONGEST_STRING = 10_000
LONGEST_INDEXED = 500  # a PostgreSQL index entry holds 2 704 bytes, a character up to 4
LONGEST_SEARCH = 200
LONGEST_LIST = 100
LONGEST_PATTERN = 90
LONGEST_DEFAULT = 60
LARGEST_JSON_NUMBER = 2**53 - 1
LONGEST_MOMENT = 100
FIRST_YEAR, LAST_YEAR = 1000, 9899
MOST_MEMBERS = 100
LONGEST_MEMBER = 100
DEEPEST = 16
"""Of a JSON object of the caller's own shape: most members, characters of a name, levels."""

TEXT_CONTROLS = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F"
LINE_PATTERN = f"^[^{CONTROLS}]*$"
TEXT_PATTERN = f"^[^{TEXT_CONTROLS}]*$"
EMAIL_PARTS = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*",
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
)
EMAIL_PATTERN = "".join(EMAIL_PARTS)
URL_PATTERN = r"^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$"
"""Wider than RFC 3986: tools that make values from a pattern are slow with an exact one. `format: uri` and the service
are exact."""
PHONE_PATTERN = r"^\+[1-9][0-9]{6,14}$"
"""E.164: the country and the number, digits alone."""
TIME_PATTERN = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?$"
"""ISO 8601, without a zone: the hands of a clock on the wall."""
NUMBER_PATTERN = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
"""A number of JSON, as text in a query."""
LARGEST_DOUBLE = 1.7976931348623157e308
DATE_PATTERN = r"^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_DAY = r"^(?:[1-8][0-9]|9[0-8])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_OFFSET = r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]"
TIMESTAMP_PATTERN = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|{_OFFSET})$"
"""RFC 3339 in the years 1000 to 9899, so that no offset leads out of what Python and PostgreSQL can hold."""
MOMENT_PARTS = (
    rf"{_DAY}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]",
    rf"(?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?(?:[Zz]|{_OFFSET})$",
)
MOMENT_PATTERN = "".join(MOMENT_PARTS)
"""The same as libraries write it: any number of digits of a second, no second at all (Java), small letters, and leap
seconds."""
RFC3339_PATTERN = (
    rf"{_DAY}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]"
    rf":(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|{_OFFSET})$"
)
"""What the contract promises to take: the format `date-time` knows no moment without its second."""
MONEY_AMOUNT_PATTERN = r"^-?[0-9]{1,14}(?:\.[0-9]{1,4})?$"
CURRENCY_PATTERN = "^[A-Z]{3}$"
MOST_CURRENCIES = 20
UUID_PATTERN = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
