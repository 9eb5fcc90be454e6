"""Where old names are left: what can mean nothing else comes first, and a common word does not bury it."""

from castrum.rename import leftovers
from castrum.repository.trees import File

THEIRS = {"src/shop/customer/model.py": File(b"label: str\nname = SERVICE\n")}
WORDS = frozenset({"name", "customer_name"})


def told(**texts: str) -> list[str]:
    tree = {path.replace("_py", ".py"): File(text.encode()) for path, text in texts.items()}
    return leftovers.lines(WORDS, THEIRS | tree, THEIRS, ("skipped",))


def test_a_word_of_other_things_is_told_once_for_a_file() -> None:
    said = told(a_py="name\n\nname, customer_name\nthe name\n", b_py="x = customer_name\n", skipped_py="name\n")
    assert said == ["a.py:3: name, customer_name", "b.py:1: customer_name", "a.py:1,4: name"]


def test_lines_that_follow_each_other_are_told_by_the_first_and_the_last() -> None:
    said = told(a_py="name\n" * 57 + "\nname\n\nname\nname\n")
    assert said == ["a.py:1-57,59,61-62: name"]
