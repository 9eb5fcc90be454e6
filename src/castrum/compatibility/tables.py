"""What an update means for rows in the tables."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from castrum.repository.trees import File, Tree

PLAIN_INDEX: Final = r"sa\.Index\((?!.*unique=True)"


@dataclass(slots=True)
class _Table:
    former: str | None = None
    columns: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """Name → definition without comment, and former name."""
    rest: set[str] = field(default_factory=set)


def between(base: Tree, theirs: Tree) -> tuple[list[str], list[str]]:
    """What changes in the tables, as one phrase each, and advice about what is dangerous in it."""
    before, after = _tables(base), _tables(theirs)
    changes, advice = [], []
    gone = before.keys() - after.keys()
    for name, table in after.items():
        source = before.get(name)
        if source is None and table.former in gone:
            source = before[str(table.former)]
            gone.discard(str(table.former))
            changes.append(f"rename {table.former} to {name}")
            advice.append(
                f"{name}: the release that is running knows the table as {table.former}; deploy without overlap"
            )
        if source is None:
            changes.append(f"create {name}")
            continue
        more, warnings = _columns(name, source, table)
        changes += more
        advice += warnings
        if (
            not more
            and source.rest != table.rest
            and table.former != name
            and source.columns.keys() == table.columns.keys()
        ):
            indexes = all(re.match(PLAIN_INDEX, rule) for rule in source.rest ^ table.rest)
            changes.append(f"{'index' if indexes else 'constrain'} {name}")
        if name in before:
            advice += _rules(name, source, table)
    for name in sorted(gone):
        changes.append(f"drop {name}")
        advice.append(f"{name}: drop the table only when no running release uses it, and its rows are kept elsewhere")
    return changes, advice


def _columns(name: str, old: _Table, new: _Table) -> tuple[list[str], list[str]]:
    changes, advice = [], []
    gone = old.columns.keys() - new.columns.keys()
    for column, (definition, former) in new.columns.items():
        if column in old.columns:
            if old.columns[column][0] != definition:
                changes.append(f"change {name}.{column}")
                if not _fits(old.columns[column][0], definition):
                    advice.append(
                        f"{name}.{column}: check that every row fits, and that no lock is held while they are rewritten"
                    )
        elif former in gone:
            gone.discard(former)
            changes.append(f"rename {name}.{former} to {column}")
            advice.append(f"{name}.{column}: the release that is running knows it as {former}; deploy without overlap")
        else:
            changes.append(f"add {name}.{column}")
            if "nullable=False" in definition and "server_default" not in definition:
                advice.append(
                    f"{name}.{column}: rows that exist need a value; add it nullable, fill it, then require it"
                )
    for column in sorted(gone):
        changes.append(f"drop {name}.{column}")
        advice.append(f"{name}.{column}: drop it one release after the last that uses it (expand, then contract)")
    return changes, advice


def _fits(old: str, new: str) -> bool:
    """Whether the rows of a column stay as they are with its new definition: a longer string, another default."""
    type_, _, others = old.partition(", nullable=")
    other, _, others_now = new.partition(", nullable=")
    lengths = [re.fullmatch(r"sa\.String\((\d+)\)", each) for each in (type_, other)]
    longer = lengths[0] and lengths[1] and int(lengths[0][1]) <= int(lengths[1][1])
    return bool(type_ == other or longer) and (others_now.startswith("True") or others.startswith("False"))


def _rules(name: str, old: _Table, new: _Table) -> Iterator[str]:
    """What the rows that exist have to keep from now on."""
    former = {_named(rule): rule for rule in old.rest}
    added = new.columns.keys() - old.columns.keys()
    for rule in sorted(new.rest - old.rest):
        if re.match(rf"sa\.PrimaryKey|{PLAIN_INDEX}", rule) or any(re.search(rf"\b{each}\b", rule) for each in added):
            continue
        if not _refuses_less(former.get(_named(rule), ""), rule):
            yield f"{name}: look for rows that {_named(rule)} refuses before the revision does, which fails on them"


def _named(rule: str) -> str:
    return next(iter(re.findall(r"(?:name=|sa\.Index\()'(\w+)'", rule)), "it")


def _refuses_less(old: str, new: str) -> bool:
    """Whether a check lists the same words and more, has the same range and more, or says more of absent money only."""
    if old and _of_what_is_there(old) == _of_what_is_there(new):
        return True
    words = [re.search(r" IN \(('.*?')\)", each) for each in (old, new)]
    if words[0] and words[1]:
        return {*words[0][1].split(", ")} <= {*words[1][1].split(", ")}
    ranges = [re.search(r" BETWEEN (-?\d+) AND (-?\d+)", each) for each in (old, new)]
    if ranges[0] and ranges[1]:
        (low, high), (lower, higher) = ([int(each) for each in found.groups()] for found in ranges if found)
        return lower <= low and high <= higher
    return False


def _of_what_is_there(rule: str) -> str:
    return re.sub(r" AND \(\w+ IS NULL\) = \(\w+ IS NULL\)", "", rule)


def _tables(tree: Tree) -> dict[str, _Table]:
    found: dict[str, _Table] = {}
    for path, file in sorted(tree.items()):
        if path.startswith("src/") and path.endswith("/table.py"):
            found |= dict(_tables_in(file))
    return found


def _tables_in(file: File) -> Iterator[tuple[str, _Table]]:
    for node in ast.walk(ast.parse(file.content)):
        if isinstance(node, ast.Call) and _called(node) == "Table" and isinstance(node.args[0], ast.Constant):
            table = _Table(_former(node))
            for argument in node.args[2:]:
                if isinstance(argument, ast.Call) and _called(argument) == "Column":
                    definition = ast.unparse(_bare(argument)).partition(", ")[2]
                    table.columns[str(ast.literal_eval(argument.args[0]))] = (definition, _former(argument))
                else:
                    table.rest.add(ast.unparse(argument))
            yield str(node.args[0].value), table


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _former(call: ast.Call) -> str | None:
    info = next((each.value for each in call.keywords if each.arg == "info"), None)
    return ast.literal_eval(info).get("renamed_from") if info is not None else None


def _bare(call: ast.Call) -> ast.Call:
    """The call without what neither rows nor queries notice."""
    keywords = [each for each in call.keywords if each.arg not in {"comment", "info"}]
    return ast.Call(func=call.func, args=call.args, keywords=keywords)
