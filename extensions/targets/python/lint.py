"""What ruff and bandit have to be told about texts of a domain that they take for passwords, addresses or folders."""

from __future__ import annotations

import re

from .literals import STRING

NOTE = "  # noqa: "
"""What begins a word to the linter; neither the formatter nor the linter counts its columns."""

DEFAULT_NOTE = f"{NOTE}S105 - a default of the domain"

_SUSPECT = {"0.0.0.0": "S104", "/tmp": "S108", "/var/tmp": "S108", "/dev/shm": "S108"}  # noqa: S104, S108
"""Beginning of a text → the rule of the linter that takes it for an address or a folder of the code."""

_SECRET = re.compile(r"(?:^|_)(?:pas+wo?r?d|pass(?:phrase)?|pwd|token|secrete?)(?:$|_)", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whether ruff's S105 takes a text that is assigned to this name for a password."""
    return _SECRET.search(name) is not None


def looks_like_password(name: str, python: str) -> bool:
    """Whether ruff takes the expression for a password, when it is assigned to this name."""
    return python[:1] in "\"'" and looks_secret(name)


def has_suspects(source: str) -> bool:
    """Whether some text in the source begins as one that the linter objects to."""
    return any(f'"{text}' in source for text in _SUSPECT)


def noted(line: str) -> str:
    """The line with a word to both linters, where a text of the domain looks like an address or a folder in code."""
    code, _, note = line.partition(NOTE)
    if code.lstrip()[:1] in {'"', "'"} and not code.endswith(","):
        return line  # a piece of a longer text
    texts = [found[0][1:-1] for found in STRING.finditer(code)]
    rules = {
        rule
        for beginning, rule in _SUSPECT.items()
        if any(text == beginning or (rule == "S108" and text.startswith(beginning)) for text in texts)
    }
    if not rules:
        return line
    weaknesses = ", ".join(f"B{rule[1:]}" for rule in sorted(rules))  # as bandit calls them
    reason = f", {note}" if note else " - a text of the domain"
    return f"{code}{NOTE}{', '.join(sorted(rules))}{reason}  # nosec {weaknesses}"
