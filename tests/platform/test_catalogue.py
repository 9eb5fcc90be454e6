"""The catalogue of problems agrees with itself."""

from ordering.platform import problems


def test_each_status_has_a_problem_of_that_status() -> None:
    for status, code in problems._OF_STATUS.items():
        assert problems.CATALOGUE[code].status == status
