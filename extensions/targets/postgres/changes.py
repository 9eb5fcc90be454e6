"""What a change of the domain means for the tables, and for the rows that are in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...model.diff import diff, match
from .relation import Constraint
from .tables import column_names, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...model.diff import Changes, DomainDiff
    from ...model.domain import Domain
    from .relation import Column, Index, Table

ORDER = ("ck", "fk", "uq", "pk")
"""In which advice is given."""


def between(old: Domain, new: Domain) -> tuple[list[str], list[str]]:
    """What changes in the tables, as one phrase each, and advice about what is dangerous in it."""
    changes, advice = compare(_in_order(old), _in_order(new))
    return changes, [*advice, *_policies(diff(old, new), tables(new))]


POLICIES = {
    "restrict": "what it refers to cannot be deleted any more",
    "cascade": "rows go with what they refer to, as soon as one instance of the new release runs",
    "clear": "it is emptied with the deletion of what it refers to, as soon as one instance of the new release runs",
}

OF_LISTS = POLICIES | {"clear": POLICIES["cascade"]}
"""The same of lists of references, of which a row goes."""


def _policies(changed: DomainDiff, found: Mapping[str, Table]) -> Iterator[str]:
    """What deletions do to rows that they did not do before."""
    for aggregate in changed.in_aggregates:
        owners = [
            (aggregate.new.name, aggregate.fields),
            *((part.new.entity, part.fields) for part in aggregate.in_parts),
        ]
        for name, fields in owners:
            for both in fields.kept:
                before, after = both.old.reference, both.new.reference
                if before and after and before.on_delete != after.on_delete:
                    if both.new.is_many:
                        link = found[name].link_of(both.new)
                        yield f"{link.table.name}.{link.target}: {OF_LISTS[after.on_delete]}"
                        continue
                    column = column_names(both.new.wire, both.new.type)[0]
                    yield f"{found[name].name}.{column}: {POLICIES[after.on_delete]}"


def _in_order(domain: Domain) -> list[Table]:
    """The tables by aggregate; those of its lists of references and of its parts behind its own."""
    found = tables(domain)
    aggregates = sorted(domain.aggregates, key=lambda each: each.singular)
    return [
        table
        for each in aggregates
        for name in (each.name, *(part.entity for part in each.parts))
        for table in (found[name], *(link.table for link in found[name].links))
    ]


def compare(old: list[Table], new: list[Table]) -> tuple[list[str], list[str]]:
    """The same of the tables themselves."""
    found = match(old, new, former=lambda table: table.renamed_from)
    sources = {both.new.name: both.old for both in found.kept}
    changes, advice = [], []
    for table in new:
        source = sources.get(table.name)
        if source is None:
            changes.append(f"create {table.name}")
            continue
        if source.name != table.name:
            changes.append(f"rename {source.name} to {table.name}")
            advice.append(
                f"{table.name}: the release that is running knows the table as {source.name}; deploy without overlap"
            )
        columns = match(source.columns, table.columns, former=lambda column: column.renamed_from, differs=_differ)
        phrases = list(_phrases(table, columns))
        changes += phrases
        advice += _advice(table, columns)
        before, after = _rules(source), _rules(table)
        if before != after and not phrases:
            changes.append(f"{'constrain' if _constrains(before ^ after) else 'index'} {table.name}")
        if source.name == table.name:
            advice += _refused(source, table, columns)
    for name in sorted(table.name for table in found.removed):
        changes.append(f"drop {name}")
        advice.append(f"{name}: drop the table only when no running release uses it, and its rows are kept elsewhere")
    return changes, advice


# Columns -------------------------------------------------------------------------------------------------------------


def _differ(old: Column, new: Column) -> bool:
    """Whether rows or queries notice that a column is another one."""
    before, after = ((each.sa, each.nullable, each.server_default, each.computed) for each in (old, new))
    return before != after


def _phrases(table: Table, columns: Changes[Column]) -> Iterator[str]:
    former = {both.new.name: both.old.name for both in columns.renamed}
    changed = {both.new.name for both in columns.changed} - former.keys()
    added = {column.name for column in columns.added}
    for column in table.columns:
        if column.name in changed:
            yield f"change {table.name}.{column.name}"
        elif column.name in former:
            yield f"rename {table.name}.{former[column.name]} to {column.name}"
        elif column.name in added:
            yield f"add {table.name}.{column.name}"
    yield from (f"drop {table.name}.{name}" for name in sorted(column.name for column in columns.removed))


def _advice(table: Table, columns: Changes[Column]) -> Iterator[str]:
    sources = {both.new.name: both.old for both in columns.kept}
    for column in table.columns:
        what, source = f"{table.name}.{column.name}", sources.get(column.name)
        if source is None:
            if column.computed:
                yield f"{what}: the revision fills it; the release that is running does not, so deploy without overlap"
            elif not column.nullable and column.server_default is None:
                yield f"{what}: rows that exist need a value; add it nullable, fill it, then require it"
        elif source.name != column.name:
            yield f"{what}: the release that is running knows it as {source.name}; deploy without overlap"
        elif column.computed and column.computed != source.computed:
            yield f"{what}: the revision fills it anew; the release that is running does not, so deploy without overlap"
        elif not _fits(source, column):
            yield f"{what}: check that every row fits, and that no lock is held while they are rewritten"
    for name in sorted(column.name for column in columns.removed):
        yield f"{table.name}.{name}: drop it one release after the last that uses it (expand, then contract)"


def _fits(old: Column, new: Column) -> bool:
    """Whether the rows of a column stay as they are with its new definition: a longer string, another default."""
    lengths = [re.fullmatch(r"varchar\((\d+)\)", each.sql) for each in (old, new)]
    longer = lengths[0] and lengths[1] and int(lengths[0][1]) <= int(lengths[1][1])
    return bool(old.sa == new.sa or longer) and (new.nullable or not old.nullable)


# Constraints and indexes ---------------------------------------------------------------------------------------------


def _rules(table: Table) -> set[Constraint | Index]:
    """What rows keep and how they are found, whichever member of a request breaks it."""
    return {*(constraint._replace(pointer="") for constraint in table.constraints), *table.indexes}


def _constrains(rules: set[Constraint | Index]) -> bool:
    return any(isinstance(rule, Constraint) for rule in rules)


def _refused(old: Table, new: Table, columns: Changes[Column]) -> Iterator[str]:
    """What the rows that exist have to keep from now on, beside what is said of new columns."""
    before = _rules(old)
    former = {constraint.name: constraint for constraint in old.constraints}
    news = {column.name for column in (*columns.added, *(both.new for both in columns.renamed))}
    for rule in sorted(
        (rule for rule in _rules(new) - before if isinstance(rule, Constraint) and rule.kind != "pk"),
        key=lambda rule: (ORDER.index(rule.kind), rule.name),
    ):
        is_of_new = not news.isdisjoint(re.findall(r"\w+", " ".join((*rule.columns, *rule.keys, rule.sql or ""))))
        if rule.kind == "uq":
            is_of_new = _is_unique(rule, old, columns)
        elif rule.kind == "ck" and len(rule.columns) > 1:
            is_of_new = _is_kept(rule, old, columns)
        elif there := re.fullmatch(r"\w+ IS NULL OR (\w+) IS NOT NULL", rule.sql or ""):
            is_of_new = is_of_new or there[1] in _always(columns)
        if not is_of_new and not _refuses_less(former.get(rule.name), rule):
            yield f"{new.name}: look for rows that {rule.name} refuses before the revision does, which fails on them"


def _is_kept(rule: Constraint, old: Table, columns: Changes[Column]) -> bool:
    """Whether no row breaks a rule of several columns: it compares with what is absent so far, or is only renamed."""
    empty = {column.name for column in columns.added if column.server_default is None}
    compares = not re.search(r"IS NOT NULL|num_nonnulls", rule.sql or "")
    before = [_renamed(each.sql or "", columns) for each in old.constraints]
    is_of_object = re.search(r" IN \(0, \d+\)$", rule.sql or "") is not None
    if is_of_object and any(each.issuperset(rule.columns) for each in (empty, _always(columns))):
        return True  # as a whole it is new, and so absent, or was always there
    return rule.sql in before or (compares and not empty.isdisjoint(rule.columns))


def _always(columns: Changes[Column]) -> set[str]:
    """The columns that have had a value in every row."""
    return {both.new.name for both in columns.kept if not both.old.nullable}


def _renamed(sql: str, columns: Changes[Column]) -> str:
    """A condition with the new names of its columns."""
    names = {both.old.name: both.new.name for both in columns.kept}
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), sql)


def _is_unique(rule: Constraint, old: Table, columns: Changes[Column]) -> bool:
    """Whether rows cannot be alike: by what was unique before, or as they have no value yet in one of the columns."""
    empty = {column.name for column in columns.added if column.server_default is None}
    return not empty.isdisjoint(rule.columns) or any(
        {_renamed(key, columns) for key in each.keys} <= {*rule.keys} for each in old.constraints if each.kind == "uq"
    )


def _refuses_less(old: Constraint | None, new: Constraint) -> bool:
    """Whether a check lists the same words and more, has the same range and more, or says more of absent money only."""
    if old is None or old.sql is None or new.sql is None:
        return False
    if _of_what_is_there(old.sql) == _of_what_is_there(new.sql):
        return True
    words = [re.search(r" IN \(('.*?')\)", each) for each in (old.sql, new.sql)]
    if words[0] and words[1]:
        return {*words[0][1].split(", ")} <= {*words[1][1].split(", ")}
    ranges = [re.search(r" BETWEEN (-?\d+) AND (-?\d+)", each) for each in (old.sql, new.sql)]
    if ranges[0] and ranges[1]:
        (low, high), (lower, higher) = ([int(each) for each in found.groups()] for found in ranges if found)
        return lower <= low and high <= higher
    return False


def _of_what_is_there(sql: str) -> str:
    return re.sub(r" AND \(\w+ IS NULL(?:\) = \(\w+ IS NULL| OR \w+ IS NOT NULL)\)", "", sql)
