"""Schedules of cron, as Kubernetes reads them: five fields, or a name such as `@daily`."""

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 6, DAYS),
)
"""Name, least and greatest number, and words for the numbers from the least on."""
MACROS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})

_RANGE = re.compile(r"(?:\*|(?P<first>[0-9A-Za-z]+)(?:-(?P<last>[0-9A-Za-z]+))?)(?:/(?P<step>[0-9]+))?")


def wrong_schedule(schedule: str) -> str:
    """What is wrong with a schedule; empty if nothing is."""
    if schedule in MACROS:
        return ""
    fields = schedule.split(" ")
    if len(fields) != len(FIELDS):
        return f"the schedule {schedule!r} needs 5 fields, such as '15 3 * * *', or is @daily, @hourly …"
    for text, (name, least, most, words) in zip(fields, FIELDS, strict=True):
        for part in text.split(","):
            if not _fits(part, least, most, words):
                return f"the schedule {schedule!r}: {part!r} is no {name} ({least} to {most})"
    return ""


def _fits(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    found = _RANGE.fullmatch(part)
    if found is None or (found["step"] is not None and int(found["step"]) < 1):
        return False
    numbers = []
    for bound in filter(None, found.group("first", "last")):
        if bound.lower() in words:
            numbers.append(least + words.index(bound.lower()))
        elif bound.isdecimal():
            numbers.append(int(bound))
        else:
            return False
    return numbers == sorted(numbers) and all(least <= number <= most for number in numbers)
