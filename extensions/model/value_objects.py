"""Value objects: what is wrong with a type of the domain, or with a field that is of one, that only both show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.grammar import MOST_COLUMNS
from ..text.problems import KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..language.declarations import AggregateDeclaration, Domain, FieldDeclaration, PartDeclaration, TypeDeclaration
    from ..text.problems import Problems
    from .reserved import Reserved


def check_types(domain: Domain, reserved: Reserved, problems: Problems) -> None:
    """Add what is wrong with types and their uses to `problems`."""
    for declared in domain.types:
        wires: dict[str, str] = {}
        for field in declared.fields:
            if field.spec.refers and field.name.endswith("_id"):
                name = field.name.removesuffix("_id")
                message = f"name the relation, not its id: {name!r}; on the wire it is {field.name!r}"
                problems.add(field.path, message, KEY)
            if field.wire in wires:
                other = wires[field.wire]
                problems.add(field.path, f"is {field.wire!r} on the wire, as {other!r} is; rename one of them", KEY)
            wires.setdefault(field.wire, field.name)
    for owner in _owners(domain):
        _check_uses(owner, reserved, problems)
    if not problems.found:
        for declared in _unused(domain):
            problems.add(
                declared.path,
                "no field is of it, so it has no meaning; drop it, or make it the type of a field",
                KEY,
            )


def _owners(domain: Domain) -> Iterator[AggregateDeclaration | PartDeclaration]:
    """What has fields that can be of a type."""
    for aggregate in domain.aggregates:
        yield aggregate
        yield from aggregate.parts


def _check_uses(owner: AggregateDeclaration | PartDeclaration, reserved: Reserved, problems: Problems) -> None:
    columns = 0
    for field in owner.fields:
        found = reserved.columns(field.wire, field.spec)
        columns += len(found)
        members = field.spec.members_of
        if not members:
            continue
        if field.optional and all(member.optional for member in members):
            problems.add(
                field.path,
                f"every field of {field.spec.target} may be absent, so nothing tells an empty one from none; "
                "drop the '?' here, or at a field there",
            )
        needed = [member for member in members if not member.optional]
        if field.optional and not field.secret and needed and all(member.secret for member in needed):
            problems.add(
                field.path,
                f"all that is always in {field.spec.target} is secret, so nothing tells readers whether it is there; "
                "drop the '?' here, or at a field there that is not secret",
            )
        if len(longest := max(found, key=len)) > reserved.longest_column:
            problems.add(
                field.path,
                f"has the column {longest!r} of {len(longest)} characters; at most {reserved.longest_column} are "
                "possible, so rename it or the field inside",
                KEY,
            )
    if columns > MOST_COLUMNS:
        problems.add(owner.path, f"has {columns} columns with those of its types; at most {MOST_COLUMNS} are possible")


def _unused(domain: Domain) -> Iterator[TypeDeclaration]:
    used = {field.spec.target for each in _owners(domain) for field in each.fields if field.spec.members_of}
    yield from (declared for declared in domain.types if declared.name not in used)


def inside(name: str, fields: Collection[FieldDeclaration]) -> str:
    """What to say of `shipping.city` where the name of a field is expected; nothing where it is none of a type."""
    first, _, rest = name.partition(".")
    field = next((field for field in fields if field.name == first and field.spec.members_of), None)
    if field is None or not rest:
        return ""
    return (
        f"{name!r} is inside of a value object, which nothing goes by; make it a field of the aggregate, "
        "or leave it out"
    )
