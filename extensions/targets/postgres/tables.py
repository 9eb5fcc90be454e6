"""The tables of a domain: columns, constraints and indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text import english, naming
from . import names as sql_names
from .constraints import TableBuilder
from .links import link_of
from .objects import alone, by_member, present, together
from .relation import Column
from .rules import rule_check
from .search import document, searched_columns
from .types import column_types, sql_literals, sql_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...model.domain import Aggregate, Domain, Filter, Key, Part
    from ...model.fields import Field
    from ...types import Spec
    from .objects import MemberColumns
    from .relation import Link, Table


def column_names(wire: str, spec: Spec) -> tuple[str, ...]:
    """The columns of a field of that type, by its name in JSON."""
    return tuple(sql_names.sql_name(f"{wire}{form.suffix}") for form in column_types(spec))


def table_name(plural: str) -> str:
    """The table of an aggregate or a part, by its plural in snake_case."""
    return sql_names.sql_name(plural)


def part_table_name(part: Part) -> str:
    """The table of a part."""
    return table_name(english.plural(part.singular))


def tables(domain: Domain) -> dict[str, Table]:
    """Aggregate, or entity of a part → its table; constraints and indexes have names that are unique in all of them."""
    relations: set[str] = set(sql_names.RESERVED_TABLES)
    found: dict[str, Table] = {}
    for aggregate in domain.aggregates:
        found[aggregate.name] = _aggregate(aggregate, domain, relations)
        for part in aggregate.parts:
            found[part.entity] = _part(part, aggregate, domain, relations)
        if any(field.computed for field in aggregate.all_fields()):
            _compute(aggregate, found)
    return found


def _compute(aggregate: Aggregate, found: dict[str, Table]) -> None:
    """Give the columns of computed fields their expressions."""
    from .computed import with_formulas  # noqa: PLC0415 - only who computes pays for it

    parts = {part.name: (part.fields, found[part.entity]) for part in aggregate.parts}
    for part in aggregate.parts:
        inner = found[part.entity]
        found[part.entity] = inner._replace(own=tuple(with_formulas(inner.own, part.fields, inner.name, {})))
    table = found[aggregate.name]
    found[aggregate.name] = table._replace(own=tuple(with_formulas(table.own, aggregate.fields, table.name, parts)))


def _aggregate(aggregate: Aggregate, domain: Domain, relations: set[str]) -> Table:
    builder = TableBuilder(table_name(aggregate.plural), relations)
    builder.primary(["id"])
    own = list(_columns(builder, aggregate.name, [each for each in aggregate.fields if not each.is_many], domain))
    if aggregate.lifecycle:
        states = ", ".join(sql_text(state.name) for state in aggregate.lifecycle.states)
        check = builder.check("status", f"status IN ({states})", "/status")
        own.append(
            Column(
                name="status",
                sql=f"varchar({naming.LONGEST_NAME})",
                sa=f"sa.String({naming.LONGEST_NAME})",
                cast="text",
                checks=(check,),
                comment="State of the lifecycle.",
            )
        )
    _keys(builder, aggregate.keys)
    _rules(builder, aggregate)
    for sort in aggregate.sorts:
        builder.index([_searched(sort.field, sort.name), "id"])
    for order in aggregate.orders:
        keys = [(_searched(key.sort.field, key.sort.name), key.descending) for key in order.keys]
        builder.order([*keys, ("id", keys[-1][1])])
    for filter_ in aggregate.filters:
        if not (filter_.field and filter_.field.is_many):
            _filter(builder, filter_)
    builder.references()
    bookkeeping = (
        _integer("version", "Counts the changes, from 1; the ETag."),
        _moment("created_at", "When it was created."),
        _moment("modified_at", "When it last changed."),
    )
    identity = _uuid("id", "Identity, in the order of creation.")
    table = builder.table(_former_table(aggregate), (identity,), own, bookkeeping)
    return table._replace(links=tuple(_links(aggregate, table, domain, relations)))


def _links(aggregate: Aggregate, table: Table, domain: Domain, relations: set[str]) -> Iterator[Link]:
    """The lists of references of the aggregate, which has this table."""
    for field in aggregate.fields:
        if field.is_many and field.refers_to:
            target = domain.aggregate(field.refers_to)
            both = (table.name, table_name(target.plural))
            use_alter = _is_circular(target.name, aggregate.name, domain.by_dependency)
            yield link_of(field, columns(field)[0], aggregate, both, relations, use_alter=use_alter)


def _part(part: Part, aggregate: Aggregate, domain: Domain, relations: set[str]) -> Table:
    parent = f"{aggregate.singular}_id"
    former = f"{naming.snake(aggregate.renamed_from)}_id" if aggregate.renamed_from else None
    builder = TableBuilder(part_table_name(part), relations, prefix=(parent,), pointer=f"/{part.name}")
    builder.primary([parent, "position"])
    builder.foreign(parent, "", table_name(aggregate.plural), "CASCADE", use_alter=False)
    own = list(_columns(builder, aggregate.name, part.fields, domain))
    _keys(builder, part.keys)
    _rules(builder, part)
    builder.references()
    keys = (
        _uuid(parent, f"The {aggregate.title} it belongs to.", former),
        _integer("position", "Its place in the list, from 0."),
    )
    return builder.table(None, keys, own, ())


def _uuid(name: str, comment: str, renamed_from: str | None = None) -> Column:
    return Column(name=name, sql="uuid", sa="sa.Uuid()", cast="uuid", comment=comment, renamed_from=renamed_from)


def _integer(name: str, comment: str) -> Column:
    return Column(name=name, sql="integer", sa="sa.Integer()", cast="integer", comment=comment)


def _moment(name: str, comment: str) -> Column:
    return Column(name=name, sql="timestamptz", sa="sa.DateTime(timezone=True)", cast="timestamptz", comment=comment)


def _searched(field: Field | None, name: str) -> str:
    """The column that a list goes by."""
    return column_names(field.wire, field.type)[0] if field else name


def _filter(builder: TableBuilder, asked: Filter) -> None:
    """The index by which a list is narrowed: by a value in the order of creation, by a span in its own."""
    if asked.search:
        builder.search(searched_columns(asked.search), document(asked.search), asked.search.language)
        return
    column = _searched(asked.field, asked.name)
    if asked.asked[0].word in {"", "any"}:
        builder.index([column, "created_at", "id"], ignorecase=asked.ignorecase, by_bytes="prefix" in asked.words)
    else:
        builder.index([column, "id"])


def _former_table(aggregate: Aggregate) -> str | None:
    """The table's name before the rename, as far as it was not given by `plural:`; none when it is the same."""
    if aggregate.renamed_from is None:
        return None
    former = table_name(english.plural(naming.snake(aggregate.renamed_from)))
    return None if former == table_name(aggregate.plural) else former


def _former_column(field: Field, suffix: str) -> str | None:
    """The column's name before the rename."""
    return None if field.former_wire is None else sql_names.sql_name(f"{field.former_wire}{suffix}")


def columns(field: Field) -> tuple[Column, ...]:
    """The columns of a field, without the checks that its table gives names to."""
    if field.members:
        return tuple(column for member in field.members for column in _of_member(field, member))
    literals = sql_literals(field.type, field.default.value) if field.default else ()
    return tuple(
        Column(
            name=sql_names.sql_name(f"{field.wire}{form.suffix}"),
            sql=form.sql,
            sa=form.sa,
            cast=form.cast,
            nullable=field.optional,
            server_default=literals[place] if literals else None,
            comment=field.description,
            secret=field.is_secret,
            field=field.wire,
            renamed_from=_former_column(field, form.suffix),
        )
        for place, form in enumerate(column_types(field.type))
    )


def _of_member(field: Field, member: Field) -> Iterator[Column]:
    """The columns of a field of a value object: its own, with the name of the object's field in front."""
    literals = sql_literals(member.type, member.default.value) if member.default and not field.optional else ()
    former = (field.renamed_from or field.wire, (member.renamed_from or member.name) + member.wire[len(member.name) :])
    for place, form in enumerate(column_types(member.type)):
        name = sql_names.sql_name(f"{field.wire}_{member.wire}{form.suffix}")
        before = sql_names.sql_name(f"{'_'.join(former)}{form.suffix}")
        yield Column(
            name=name,
            sql=form.sql,
            sa=form.sa,
            cast=form.cast,
            nullable=field.optional or member.optional,
            server_default=literals[place] if literals else None,
            comment=member.description,
            secret=field.is_secret or member.is_secret,
            field=field.wire,
            renamed_from=None if before == name else before,
        )


def _columns(builder: TableBuilder, owner: str, fields: Iterable[Field], domain: Domain) -> Iterator[Column]:
    """The fields' columns, with their constraints registered on the table."""
    for field in fields:
        pointer = f"/{field.wire}"
        found = columns(field)
        first = found[0].name
        if field.members:
            yield from _object(builder, field, found)
        else:
            for column, conditions in zip(found, _conditions(field, found), strict=True):
                checks = (builder.check(column.name, " AND ".join(conditions), pointer),) if conditions else ()
                yield column._replace(checks=checks)
        if field.unique:
            builder.unique([first], pointer, ignorecase=[first] if field.ignorecase else [])
        for name, column, place in _leading(field, found):
            target = domain.aggregate(name)
            use_alter = _is_circular(target.name, owner, domain.by_dependency)
            builder.foreign(column.name, place, table_name(target.plural), "RESTRICT", use_alter=use_alter)
        if field.indexed:
            builder.index([first], ignorecase=field.ignorecase)


def _leading(field: Field, found: Sequence[Column]) -> Iterator[tuple[str, Column, str]]:
    """The aggregates that it refers to, itself or inside of it, each with its column and the pointer to its id."""
    if field.target:
        yield field.target, found[0], f"/{field.wire}"
    for member, own in members_of(field, found):
        if member.target:
            yield member.target, own[0], f"/{field.wire}/{member.wire}"


def members_of(field: Field, found: Sequence[Column]) -> list[MemberColumns]:
    """The columns of a value object, by its fields."""
    return by_member(field, found, [len(column_types(member.type)) for member in field.members])


def _object(builder: TableBuilder, field: Field, found: Sequence[Column]) -> Iterator[Column]:
    """The columns of a value object, with their constraints registered on the table."""
    members = members_of(field, found)
    absent = dict(alone(field, members))
    for member, own in members:
        pointer = f"/{field.wire}/{member.wire}"
        stored = member._replace(optional=field.optional or member.optional)
        for column, conditions in zip(own, _conditions(stored, own), strict=True):
            if (rule := absent.get(column.name)) is not None:
                conditions.append(f"({rule})" if conditions else rule)
            checks = (builder.check(column.name, " AND ".join(conditions), pointer),) if conditions else ()
            yield column._replace(checks=checks)
    if (whole := together(field, members)) is not None:
        builder.rule(*whole, f"/{field.wire}")


def _keys(builder: TableBuilder, keys: Iterable[Key]) -> None:
    for key in keys:
        found = {column_names(field.wire, field.type)[0]: field for field in key.fields}
        ignorecase = [column for column, field in found.items() if field.ignorecase]
        builder.unique([*found], " ".join(f"/{wire}" for wire in key.wires), ignorecase=ignorecase)


def _rules(builder: TableBuilder, owner: Aggregate | Part) -> None:
    stored = {field.wire: _by_presence(field) for field in owner.fields}
    for rule in owner.rules:
        check = rule_check(rule, stored)
        builder.rule(check.columns, check.sql, check.pointer)


def _by_presence(field: Field) -> tuple[Column, ...]:
    """The columns of a field, one first that tells whether it is there."""
    found = columns(field)
    first = present(members_of(field, found)) if field.members else None
    return (first,) if first else found


def _conditions(field: Field, found: Sequence[Column]) -> Iterator[list[str]]:
    """What every value keeps, for each column of the field."""
    for column, form in zip(found, column_types(field.type), strict=True):
        conditions = [check.format(c=column.name) for check in _braced(form.checks)]
        if field.optional and column is found[0] and len(found) > 1:
            conditions.append(f"({column.name} IS NULL) = ({found[1].name} IS NULL)")
        yield conditions


def _braced(checks: Iterable[str]) -> Iterator[str]:
    """Checks ready for `format`: only `{c}` is a placeholder."""
    for check in checks:
        yield check.replace("{c}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{c}")


def _is_circular(target: str, owner: str, order: Sequence[str]) -> bool:
    """Whether the target's table comes later than the owner's, so that the key is added afterwards."""
    return target != owner and order.index(target) > order.index(owner)
