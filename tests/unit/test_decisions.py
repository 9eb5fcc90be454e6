"""What a person decided in a merge, brought to the same merge after its sides were made anew."""

import pytest

from castrum.resolve import decisions

GIT = b"top\n<<<<<<< ours\na = 12\n=======\nb = 12\n>>>>>>> theirs\nend\n"
ANEW = b"top\na = 12\nb = 13\nend\n"
BOTH = b"top\n<<<<<<< ours\nmine\n=======\nyours\n>>>>>>> theirs\nend\n"


@pytest.mark.parametrize(
    ("yours", "anew", "expected"),
    [
        (b"top\na = 12\nend\n", ANEW, ANEW),
        (b"top\nb = 12\nend\n", ANEW, ANEW),
        (b"top\na = 12\nb = 12\nend\n", ANEW, ANEW),
        (GIT, ANEW, ANEW),
        (b"top\nsomething else\nend\n", BOTH, b"top\nsomething else\nend\n"),
        (b"first\ntop\nb = 12\nend\nlast\n", ANEW, b"first\n" + ANEW + b"last\n"),
    ],
)
def test_sides_that_were_taken_and_decisions(yours: bytes, anew: bytes, expected: bytes) -> None:
    assert decisions.bring(yours, GIT, anew) == expected


def test_what_nobody_can_tell_is_a_conflict() -> None:
    merged = decisions.bring(b"top\nc = 1\nend\n", GIT, ANEW)
    assert merged == b"top\n<<<<<<< yours\nc = 1\n=======\na = 12\nb = 13\n>>>>>>> made anew\nend\n"


def test_a_file_without_a_last_line_end() -> None:
    assert decisions.bring(b"a\nb", b"a\n", b"a\n") == b"a\nb"
