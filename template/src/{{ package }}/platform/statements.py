"""SQL with named parameters, as people read it; PostgreSQL takes them by number."""

import re

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


def numbered(text: str, *, first: int = 1) -> str:
    """The statement with a number for each `:name`, from `first` on, in the order in which the names appear first.

    UPDATE = numbered("UPDATE orders SET note = :note WHERE id = :id")
    await database.execute(UPDATE, order.note, order.id)

    It is called once, where the module is imported. The arguments are in the order of the text: one more of them is
    one more line in both, and changes no other.
    """
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1], len(numbers) + first)}"

    return _PARAMETER.sub(number, text)
