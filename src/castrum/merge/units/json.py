"""The units of JSON: what is in objects and lists over several lines."""

import json

from .brackets import Brackets
from .model import Part, UnreadableError


def parts(lines: list[str]) -> Part:
    """The unit of the whole text."""
    try:
        json.loads("\n".join(lines))
    except (ValueError, RecursionError):
        raise UnreadableError from None
    code = [at for at, line in enumerate(lines) if line.strip()]
    if not code:
        raise UnreadableError
    inner = Brackets(lines, ('"',), comment="").part(code[0], code[-1] + 1, "all")
    return Part("", 0, len(lines), (0, len(lines)), [inner])
