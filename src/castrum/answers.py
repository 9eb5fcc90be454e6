"""Answers as people give them: one by one, as one text from make, or in a file."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from .errors import Refusal

# The beginning of an answer in a text of several.
NAME: Final = re.compile(r"(?:^|(?<=\s))([a-z_][a-z0-9_]*)=")


def pairs(given: Sequence[str]) -> dict[str, str]:
    """The answers of `--data NAME=VALUE`, each with its value as it is. Refuses what is no such pair."""
    answers = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Refusal(f"--data {pair}: expected NAME=VALUE")
        answers[name] = value
    return answers


def words(text: str, known: Collection[str]) -> dict[str, str]:
    """The answers of one text, as `make regen ANSWERS="cloud=gcp description='Takes orders'"` gives them.

    A value goes on to the next ``NAME=`` or to the end, so it may have blanks; in quotes it is taken as it is. Refuses
    a text in which a value with blanks has something like ``NAME=`` in it, since nobody can tell what is meant.
    """
    answers: dict[str, str] = {}
    doubtful = ""
    text = text.strip()
    place = 0
    while place < len(text):
        begin = NAME.match(text, place)
        if begin is None:
            raise Refusal(f"{text[place:]}: expected NAME=VALUE")
        value, place = _value(text, begin.end())
        answers[begin[1]] = value
        if begin[1] not in known:
            doubtful = begin[1]
    if doubtful and any(re.search(r"\s", value) for value in answers.values()):
        raise Refusal(
            f"{text}: '{doubtful}=' is no answer of this service; where it belongs to a value, put that in quotes, "
            "as in description='To be is a=b'"
        )
    return answers


def _value(text: str, place: int) -> tuple[str, int]:
    """The value that begins there, and where the next answer begins."""
    quoted = re.compile(r"(['\"])((?:(?!\1).)*)\1(?:\s+(?=[a-z_][a-z0-9_]*=)|\Z)", re.DOTALL).match(text, place)
    if quoted:
        return quoted[2], quoted.end()
    following = NAME.search(text, place)
    end = following.start() if following else len(text)
    return text[place:end].rstrip(), end


def of_file(path: Path) -> dict[str, Any]:
    """The answers of a YAML file; a single word is the text that stands there, so 0123 and yes are no number or truth.

    Refuses what cannot be read, and what holds no answers.
    """
    try:
        text = path.read_text(encoding="utf-8")
        answers = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - makes nothing but text
        if isinstance(answers, dict) and "domain" in answers:
            answers["domain"] = yaml.safe_load(text)["domain"]
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path}: {getattr(error, 'strerror', None) or 'not a text file in UTF-8'}") from None
    except (yaml.YAMLError, ValueError) as error:  # a ValueError is a date that is none
        raise Refusal(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(answers, dict):
        raise Refusal(f"{path}: expected a mapping of answers")
    return answers
