"""Answers as people type them, in `make regen ANSWERS="…"` and in files."""

import re
from pathlib import Path

import pytest

from castrum import answers
from castrum.errors import Refusal

KNOWN = ("cloud", "release", "description", "organisation", "environments")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("cloud=gcp", {"cloud": "gcp"}),
        ("cloud=gcp release=canary", {"cloud": "gcp", "release": "canary"}),
        ("  cloud=gcp\n release=canary ", {"cloud": "gcp", "release": "canary"}),
        ("description=Takes orders and more", {"description": "Takes orders and more"}),
        ("description='Takes orders and more'", {"description": "Takes orders and more"}),
        ('description="It\'s more" cloud=gcp', {"description": "It's more", "cloud": "gcp"}),
        ("organisation=Acme Corp cloud=gcp", {"organisation": "Acme Corp", "cloud": "gcp"}),
        ("environments=test, staging, production", {"environments": "test, staging, production"}),
        ("description='sets cloud=aws, a=b' cloud=gcp", {"description": "sets cloud=aws, a=b", "cloud": "gcp"}),
        ('description=He said "hi" twice', {"description": 'He said "hi" twice'}),
        ('description="Hi" and "no"', {"description": '"Hi" and "no"'}),
        ("organisation='s-Hertogenbosch", {"organisation": "'s-Hertogenbosch"}),
        ("organisation=\"'Acme'\"", {"organisation": "'Acme'"}),
        ("description=costs $5 #1 `x` \\ ü 100%", {"description": "costs $5 #1 `x` \\ ü 100%"}),
        ("description=https://x.example/?a=b", {"description": "https://x.example/?a=b"}),
        ("description='two\nlines'", {"description": "two\nlines"}),
        ("description='' cloud=gcp", {"description": "", "cloud": "gcp"}),
        ("cloud=gcp asked_later=yes", {"cloud": "gcp", "asked_later": "yes"}),
    ],
)
def test_answers_of_one_text(text: str, expected: dict[str, str]) -> None:
    assert answers.words(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gcp", "gcp: expected NAME=VALUE"),
        ("description=Solves x + y=z", "'y=' is no answer of this service; where it belongs to a value, put that in"),
        ("cloud=gcp descripton=Takes orders", "'descripton=' is no answer"),
    ],
)
def test_texts_that_may_mean_two_things(text: str, message: str) -> None:
    with pytest.raises(Refusal, match=re.escape(message)):
        answers.words(text, KNOWN)


def test_a_file_keeps_the_texts_that_stand_there(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(
        "service_name: 123\ndescription: 0123\norganisation: yes\nowner_team: null\npython_version: 3.10\n"
        "region: 1e3\nrelease: 2024-03-45x\nrepository: 1:30\n"
        "domain: {context: x, aggregates: {A: {fields: {b: {type: int, max: 5}}}}}\n",
        encoding="utf-8",
    )
    found = answers.of_file(file)
    assert found.pop("domain")["aggregates"]["A"]["fields"]["b"]["max"] == 5
    assert found == {
        "service_name": "123", "description": "0123", "organisation": "yes", "owner_team": "null",
        "python_version": "3.10", "region": "1e3", "release": "2024-03-45x", "repository": "1:30",
    }  # fmt: skip
