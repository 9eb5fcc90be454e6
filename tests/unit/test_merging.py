"""The merge of trees, without a repository."""

from collections.abc import Callable

import pytest

from castrum.merge.blocks import merge_lines, with_blocks, with_definitions, with_headings
from castrum.merge.tree import Plan, plan
from castrum.repository.trees import File

LINES = [f"line {number}" for number in range(12)]


def text(**changed: str) -> File:
    lines = [changed.get(f"_{number}", line) for number, line in enumerate(LINES)]
    return File("\n".join([*lines, ""]).encode())


def merge(
    base: File | None, theirs: File | None, ours: File | None, *, seed: bool = False, frozen: bool = False
) -> Plan:
    sides = [{"a": file} if file is not None else {} for file in (base, theirs, ours)]
    return plan(sides[0], sides[1], sides[2], seed=lambda _: seed, frozen=lambda _: frozen)


OLD, NEW, MINE = text(), text(_2="new"), text(_8="mine")


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "changes", "conflicts"),
    [
        (OLD, OLD, MINE, {}, []),
        (OLD, NEW, OLD, {"a": NEW}, []),
        (OLD, NEW, NEW, {}, []),
        (OLD, NEW, MINE, {"a": text(_2="new", _8="mine")}, []),
        (None, NEW, None, {"a": NEW}, []),
        (None, NEW, NEW, {}, []),
        (OLD, None, OLD, {"a": None}, []),
        (OLD, None, None, {}, []),
        (OLD, NEW, None, {}, []),
        (OLD, None, MINE, {"a": None, "kept/a.yours": MINE}, ["removed by the update"]),
        (OLD, File(b"\0new"), MINE, {"kept/a.template": File(b"\0new")}, ["not text"]),
        (OLD, File(OLD.content, executable=True), MINE, {"a": File(MINE.content, executable=True)}, []),
    ],
)
def test_sides(
    base: File | None, theirs: File | None, ours: File | None, changes: object, conflicts: list[str]
) -> None:
    merged = merge(base, theirs, ours)
    assert merged.changes == changes
    assert [conflict.kind for conflict in merged.conflicts] == conflicts


def test_both_changed_is_a_conflict_with_all_three_sides() -> None:
    mine, new = text(_5="mine"), text(_5="new")
    merged = plan({"a": OLD}, {"a": new}, {"a": mine}, seed=lambda _: False, frozen=lambda _: False)
    after = merged.changes["a"]
    assert after is not None
    assert b"<<<<<<< yours\nmine\n=======\nnew\n>>>>>>> template\n" in after.content
    assert merged.stages == {"a": (OLD, mine, new)}


def test_both_added_keeps_both() -> None:
    merged = plan({}, {"a": File(b"new\n")}, {"a": File(b"mine\n")}, seed=lambda _: False, frozen=lambda _: False)
    assert [conflict.kind for conflict in merged.conflicts] == ["both added"]
    after = merged.changes["a"]
    assert after is not None
    assert b"mine\n" in after.content
    assert b"new\n" in after.content


def test_seeds_and_history_are_left_alone() -> None:
    for options in ({"seed": True}, {"frozen": True}):
        assert merge(OLD, NEW, MINE, **options).changes == {}
    assert merge(OLD, NEW, OLD, seed=True).changes == {"a": NEW}
    assert merge(OLD, NEW, OLD, frozen=True).changes == {}


def test_moved_file_gets_the_change_where_it_is() -> None:
    merged = plan({"a": OLD}, {"a": NEW}, {"elsewhere/b": MINE}, seed=lambda _: False, frozen=lambda _: False)
    assert merged.changes == {"elsewhere/b": text(_2="new", _8="mine")}
    assert merged.conflicts == []


def test_line_ends_of_windows_stay() -> None:
    mine = File(MINE.content.replace(b"\n", b"\r\n"))
    merged = plan({"a": OLD}, {"a": NEW}, {"a": mine}, seed=lambda _: False, frozen=lambda _: False)
    assert merged.conflicts == []
    assert merged.changes == {"a": File(text(_2="new", _8="mine").content.replace(b"\n", b"\r\n"))}


def windows(file: File) -> File:
    return File(file.content.replace(b"\n", b"\r\n"))


def test_line_ends_alone_are_nobodys_change() -> None:
    """Git makes them, with `core.autocrlf` or by attributes."""
    removed = merge(OLD, None, windows(OLD))
    assert (removed.changes, removed.conflicts) == ({"a": None}, [])
    assert merge(OLD, NEW, windows(OLD), seed=True).changes == {"a": windows(NEW)}
    assert merge(OLD, NEW, windows(MINE), seed=True).changes == {}


def test_a_copy_of_ones_own_is_not_taken_for_a_moved_file() -> None:
    """Both aggregates have such a file; one was removed, and one was the model of the person's own."""
    base = {"order/a": text(_1="order", _2="order"), "customer/a": text(_1="customer", _2="customer")}
    theirs = {path: text(_1=path[:-2], _2=path[:-2], _9="new") for path in base}
    mine = {"order/a": base["order/a"], "own/a": text(_1="order", _2="order", _6="mine")}
    merged = plan(base, theirs, mine, seed=nothing, frozen=nothing)
    assert merged.changes == {"order/a": theirs["order/a"]}
    assert merged.remarks == ["customer/a: you removed it; the template's change of it is left out"]


def test_what_was_set_aside_before_stays() -> None:
    before = {"kept/a.yours": File(b"first\n")}
    merged = plan({"a": OLD}, {}, {"a": MINE, **before}, seed=nothing, frozen=nothing)
    assert merged.changes == {"a": None, "kept/a.yours.2": MINE}


def test_a_file_becomes_a_folder_and_back() -> None:
    for base, theirs in (({"a": OLD}, {"a/b": NEW}), ({"a/b": OLD}, {"a": NEW})):
        merged = plan(base, theirs, dict(base), seed=lambda _: False, frozen=lambda _: False)
        assert merged.conflicts == []
        assert {path for path, file in merged.changes.items() if file is None} == set(base)
        assert {path for path, file in merged.changes.items() if file is not None} == set(theirs)


def entry(name: str, more: str = "") -> str:
    lines = ["content:", "  schema: Problem", "  status: 403", *more.splitlines(), f"  detail: lacks {name}", "  id: 1"]
    return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines)


def yaml(*entries: str) -> dict[str, File]:
    return {"contract.yaml": File("responses:\n{}".format("".join(entries)).encode())}


def nothing(_: str) -> bool:
    return False


def test_an_edit_stays_in_its_entry_of_yaml() -> None:
    """The entry goes, and the next one differs from it in two lines only."""
    base, theirs = yaml(entry("articles"), entry("customers")), yaml(entry("customers"))
    mine = yaml(entry("articles", "  # mine"), entry("customers"))
    merged = plan(base, theirs, mine, seed=nothing, frozen=nothing)
    assert [conflict.kind for conflict in merged.conflicts] == ["both changed"]
    (changed,) = merged.changes.values()
    assert changed is not None
    kept, _, rest = changed.content.decode().partition("=======\n")
    assert entry("articles", "  # mine") in kept
    assert "mine" not in rest
    assert b"\x1f" not in changed.content


@pytest.mark.parametrize("ends", [File, lambda content: windows(File(content))])
def test_an_edit_of_another_entry_of_yaml_is_merged(ends: Callable[[bytes], File]) -> None:
    base, theirs = yaml(entry("articles"), entry("customers")), yaml(entry("customers"), entry("parcels"))
    mine = yaml(entry("articles"), entry("customers", "  # mine"))
    merged = plan(base, theirs, {path: ends(file.content) for path, file in mine.items()}, seed=nothing, frozen=nothing)
    assert merged.conflicts == []
    expected = yaml(entry("customers", "  # mine"), entry("parcels"))
    assert merged.changes == {path: ends(file.content) for path, file in expected.items()}


def test_a_block_that_the_person_gave_another_name_is_merged() -> None:
    base, theirs = yaml(entry("articles"), entry("customers")), yaml(entry("articles"), entry("customers", "  new: 1"))
    mine = {path: File(file.content.replace(b"  customers:", b"  clients:")) for path, file in base.items()}
    merged = plan(base, theirs, mine, seed=nothing, frozen=nothing)
    assert merged.conflicts == []
    expected = {path: File(file.content.replace(b"  customers:", b"  clients:")) for path, file in theirs.items()}
    assert merged.changes == expected


def section(name: str, more: str = "") -> str:
    return f"## {name}\n\n{more}| field | type |\n|---|---|\n| {name.lower()} | text |\n\n"


def markdown(*sections: str) -> bytes:
    return "# All\n\n{}".format("".join(sections)).encode()


def test_an_edit_stays_below_its_heading() -> None:
    """Two sections change places; git would leave the edit where it is, now in the other one."""
    mine = markdown(section("Order", "Mine.\n"), section("Customer"))
    base, theirs = (markdown(*map(section, names)) for names in (("Order", "Customer"), ("Customer", "Order")))
    merged, conflicts = merge_lines(mine, base, theirs, kind=".md")
    assert conflicts == 1
    yours, _, rest = merged.decode().partition("=======\n")
    assert section("Order", "Mine.\n") in yours
    assert "Mine." not in rest


@pytest.mark.parametrize("person", ["## Orders", "## Order"])
def test_an_edit_follows_a_heading_that_changes(person: str) -> None:
    """Whoever changes it, the person or the template."""
    base = markdown(section("Order"), section("Customer"), "## End\n")
    template = base.replace(b"## End\n", b"## More\n\nMore.\n\n## The end\n")
    if person == "## Order":
        template = template.replace(b"## Customer", b"## Client")
    mine = base.replace(b"## Order", person.encode()).replace(b"| customer |", b"| client |")
    merged, conflicts = merge_lines(mine, base, template, kind=".md")
    assert conflicts == 0
    changes = {b"## Order": person.encode(), b"| customer |": b"| client |"}
    expected = template
    for one, two in changes.items():
        expected = expected.replace(one, two)
    assert merged == expected


def test_an_edit_does_not_go_to_what_takes_the_place_of_what_the_domain_has_no_more() -> None:
    """However alike they are: nobody said that the one became the other."""
    base, theirs = (
        f"# All\n\n### {name}\n\n{''.join(f'Line {number}.' + chr(10) for number in range(20))}".encode()
        for name in ("Customer", "Client")
    )
    mine = base.replace(b"Line 9.\n", b"Line 9.\nMine: credit control.\n")
    assert merge_lines(mine, base, theirs, kind=".md")[1] == 0
    merged, conflicts = merge_lines(mine, base, theirs, kind=".md", gone=frozenset({"customer"}))
    assert conflicts == 1
    assert b"Mine" not in merged.partition(b"=======\n")[2]
    body = "".join(f"    step({number})\n" for number in range(20))
    base, theirs = (f"def ship_{name}() -> None:\n{body}".encode() for name in ("order", "parcel"))
    mine = base.replace(b"step(9)", b"mine(9)")
    assert merge_lines(mine, base, theirs, kind=".py", gone=frozenset({"order"}))[1] == 1


def test_a_heading_that_the_person_took_away_is_no_conflict() -> None:
    base = b"## Handbook\n\nWritten for all.\n\nFirst.\n\nSecond.\n"
    mine, theirs = base.removeprefix(b"## Handbook\n\n"), base.replace(b"First.", b"First of all.")
    assert merge_lines(mine, base, theirs, kind=".md") == (mine.replace(b"First.", b"First of all."), 0)


def test_headings_are_not_sought_in_code() -> None:
    text = b"# A\n## B\n```\n# c\n```\n### D\ne\n## F\n\ng"
    assert with_headings(text).split(b"\n") == [
        b"# A\x1f", b"## B\x1f", b"```\x1fB", b"# c\x1fB", b"```\x1fB", b"### D\x1fB", b"e\x1fB/D", b"## F\x1f", b"",
        b"g\x1fF",
    ]  # fmt: skip


def test_comments_and_templates_leave_the_block_as_it_is() -> None:
    text = b"a:\n  b:\n# c\n{{ d }}\n    e: 1\n\n    - f: 2\nlast"
    assert with_blocks(text).split(b"\n") == [
        b"a:\x1f", b"  b:\x1fa", b"# c\x1f", b"{{ d }}\x1f", b"    e: 1\x1fa/b", b"", b"    - f: 2\x1fa/b", b"last\x1f",
    ]  # fmt: skip


def case(name: str) -> str:
    return f"@pytest.mark.slow\ndef test_{name}() -> None:\n    order.{name}()\n    assert ok\n\n\n"


def column(name: str) -> str:
    return f'    sa.Column(\n        "{name}",\n        sa.Text(),\n    ),\n'


def test_a_comment_at_the_head_of_a_call_is_in_it() -> None:
    base, theirs = ("".join(map(column, names.split())) for names in ("note state", "note urgency state"))
    mine = base.replace('        "note"', '        # Mine.\n        "note"')
    expected = theirs.replace('        "note"', '        # Mine.\n        "note"')
    assert merge_lines(mine.encode(), base.encode(), theirs.encode(), kind=".py") == (expected.encode(), 0)


def variable(name: str) -> str:
    return f'variable "{name}" {{\n  type = string\n  nullable = false\n}}\n\n'


@pytest.mark.parametrize(("block", "mark"), [(case, "@skip\n"), (column, "    # Mine.\n")])
@pytest.mark.parametrize(("before", "after"), [("place ship", "ship"), ("ship", "place ship")])
def test_what_is_above_a_block_ends_above_no_other(
    block: Callable[[str], str], mark: str, before: str, after: str
) -> None:
    """Both blocks begin with the same line, so that git may take it from either."""
    base, theirs = ("".join(map(block, names.split())) for names in (before, after))
    merged, conflicts = merge_lines((mark + base).encode(), base.encode(), theirs.encode(), kind=".py")
    assert conflicts == 1
    yours = merged.decode().partition("<<<<<<< yours\n")[2].partition("=======\n")[0]
    if before == "ship":
        assert yours == mark
    else:
        assert yours.startswith(mark + block("place").rstrip())


def test_an_edit_of_a_variable_ends_in_no_other() -> None:
    """One goes, another comes in its place, and all but their names is the same."""
    base, theirs = (variable("size") + variable(name) for name in ("zone", "tier"))
    mine = variable("size") + variable("zone").replace("string\n", "string\n  # Mine.\n")
    merged, conflicts = merge_lines(mine.encode(), base.encode(), theirs.encode(), kind=".tf")
    assert conflicts == 1
    assert b"# Mine." not in merged.partition(b"=======\n")[2]


@pytest.mark.parametrize("renames", ["nobody", "the person", "the template"])
def test_an_edit_of_code_stays_in_a_function_that_gets_another_name(renames: str) -> None:
    body = "".join(f"    step({number})\n" for number in range(12))
    base = f"class Run:\n    def all(self) -> None:\n{body}\n    def more(self) -> None:\n{body}"
    mine, theirs = base.replace("step(9)", "mine(9)", 1), base.replace("step(3)", "new(3)", 1)
    expected = mine.replace("step(3)", "new(3)", 1)
    if renames != "nobody":
        expected = expected.replace("def all", "def each")
        mine, theirs = (
            side.replace("def all", "def each") if name == renames else side
            for side, name in ((mine, "the person"), (theirs, "the template"))
        )
    assert merge_lines(mine.encode(), base.encode(), theirs.encode(), kind=".py") == (expected.encode(), 0)


def test_definitions_constants_and_parentheses_are_blocks_of_code() -> None:
    text = '''A = """
SELECT
    (
        SELECT $1
    ) AS b,
"""
# c
@d(
    1,
)
@e
class F:
    g = h(
        "i",
    )

    @j
    async def k(
        l,
    ) -> None:
# m
        n()'''
    blocks = ["A", "A", *3 * ["A/() AS b"], "A", "", *5 * ["F"], *3 * ['F/g = h("i",'], None, *4 * ["F/k"], "", "F/k"]
    assert with_definitions(text.encode()).decode().split("\n") == [
        line if block is None else f"{line}\x1f{block}" for line, block in zip(text.split("\n"), blocks, strict=True)
    ]


def test_a_number_of_a_parameter_is_no_part_of_a_block() -> None:
    base = 'A = """\nFROM rows($7::jsonb) AS part (\n    one,\n    two,\n    three,\n    four\n)\n"""\n'
    mine, theirs = base.replace("four", "FOUR"), base.replace("$7", "$8")
    expected = mine.replace("$7", "$8")
    assert merge_lines(mine.encode(), base.encode(), theirs.encode(), kind=".py") == (expected.encode(), 0)
