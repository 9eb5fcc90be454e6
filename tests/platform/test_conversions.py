"""A column may get another type: values that fit are converted, and the first that does not ends the revision."""

import asyncio
import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from dev import ROOT, alterations, migrate, postgres
from ordering.platform.postgres.tables import metadata
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

WORD, FLAG, DAY, ID = sa.String(40), sa.Boolean(), sa.Date(), sa.Uuid()
DOUBLE, OF_DAY = sa.Double(), sa.Time()
WHOLE, LARGE, MOMENT = sa.Integer(), sa.BigInteger(), sa.DateTime(timezone=True)
SOME_ID = "01900000-0000-7000-8000-000000000000"


class Pair(NamedTuple):
    old: TypeEngine
    new: TypeEngine
    fits: str
    becomes: str
    misfit: str | None = None
    defaults: tuple[str, str] | None = None


PAIRS = {
    "word_whole": Pair(WORD, WHOLE, "42", "42", "4x", ("'7'", "7")),
    "word_large": Pair(WORD, LARGE, "99999999999", "99999999999", ""),
    "word_shorter": Pair(WORD, sa.String(5), "abc", "abc", "abcdef"),
    "word_longer": Pair(WORD, sa.String(50), "abc", "abc"),
    "word_flag": Pair(WORD, FLAG, "true", "true", "maybe"),
    "word_id": Pair(WORD, ID, SOME_ID, SOME_ID, "0190"),
    "word_day": Pair(WORD, DAY, "2026-02-28", "2026-02-28", "2026-02-30"),
    "word_moment": Pair(WORD, MOMENT, "2026-02-28T10:00:00+02:00", "2026-02-28 08:00:00+00", "soon"),
    "word_unzoned": Pair(WORD, MOMENT, "2026-02-28T10:00:00", "2026-02-28 10:00:00+00"),
    "word_number": Pair(WORD, sa.Numeric(5, 2), "1.50", "1.50", "1.555"),
    "word_amount": Pair(WORD, sa.Numeric(), "1.555", "1.555", "much"),
    "word_json": Pair(WORD, JSONB(), '{"a":1}', '{"a": 1}', "[1]"),
    "word_double": Pair(WORD, DOUBLE, "1.5", "1.5", "much"),
    "word_of_day": Pair(WORD, OF_DAY, "09:30", "09:30:00", "24:01"),
    "of_day_word": Pair(OF_DAY, WORD, "09:30:00.5", "09:30:00.5"),
    "whole_double": Pair(WHOLE, DOUBLE, "7", "7"),
    "large_double": Pair(LARGE, DOUBLE, "9007199254740992", "9.007199254740992e+15", "9007199254740993"),
    "number_double": Pair(sa.Numeric(38, 6), DOUBLE, "0.1", "0.1", "12345678901234567890.123456"),
    "double_number": Pair(DOUBLE, sa.Numeric(5, 2), "1.5", "1.50", "1.125"),
    "double_whole": Pair(DOUBLE, WHOLE, "3", "3", "3.5"),
    "double_word": Pair(DOUBLE, WORD, "1e+300", "1e+300"),
    "whole_word": Pair(WHOLE, sa.String(3), "123", "123", "1234"),
    "whole_large": Pair(WHOLE, LARGE, "1", "1", defaults=("3", "4")),
    "large_whole": Pair(LARGE, WHOLE, "1", "1", "99999999999"),
    "whole_number": Pair(WHOLE, sa.Numeric(5, 2), "1", "1.00", "1000"),
    "whole_flag": Pair(WHOLE, FLAG, "1", "true", "2"),
    "flag_whole": Pair(FLAG, WHOLE, "true", "1", defaults=("false", "0")),
    "flag_large": Pair(FLAG, LARGE, "true", "1"),
    "flag_number": Pair(FLAG, sa.Numeric(3, 1), "true", "1.0"),
    "flag_word": Pair(FLAG, WORD, "true", "true"),
    "number_whole": Pair(sa.Numeric(8, 2), WHOLE, "3.00", "3", "3.50"),
    "number_word": Pair(sa.Numeric(8, 2), WORD, "3.00", "3.00"),
    "number_shorter": Pair(sa.Numeric(8, 4), sa.Numeric(8, 2), "3.1000", "3.10", "3.1415"),
    "number_smaller": Pair(sa.Numeric(8, 2), sa.Numeric(5, 2), "3.10", "3.10", "10000.00"),
    "number_flag": Pair(sa.Numeric(8, 2), FLAG, "1.00", "true", "1.5"),
    "day_moment": Pair(DAY, MOMENT, "2026-02-28", "2026-02-28 00:00:00+00"),
    "day_word": Pair(DAY, WORD, "2026-02-28", "2026-02-28"),
    "moment_day": Pair(MOMENT, DAY, "2026-02-28T00:00Z", "2026-02-28", "2026-02-28T01:00Z"),
    "moment_word": Pair(MOMENT, WORD, "2026-02-28T01:00Z", "2026-02-28T01:00:00.000000Z"),
    "id_word": Pair(ID, WORD, SOME_ID, SOME_ID),
    "json_word": Pair(JSONB(), sa.String(10), '{"a":1}', '{"a": 1}', '{"a": 1, "bcdef": 2}'),
    "words_wholes": Pair(ARRAY(WORD), ARRAY(WHOLE), "{1,2}", "{1,2}", "{x}", ("'{}'", "'{}'")),
    "words_flags": Pair(ARRAY(WORD), ARRAY(FLAG), "{true}", "{t}", "{x}"),
    "words_ids": Pair(ARRAY(WORD), ARRAY(ID), f"{{{SOME_ID}}}", f"{{{SOME_ID}}}", "{x}"),
    "wholes_words": Pair(ARRAY(WHOLE), ARRAY(sa.String(2)), "{1,2}", "{1,2}", "{100}"),
    "flags_words": Pair(ARRAY(FLAG), ARRAY(WORD), "{t}", "{true}"),
    "ids_words": Pair(ARRAY(ID), ARRAY(WORD), f"{{{SOME_ID}}}", f"{{{SOME_ID}}}"),
    "words_shorter": Pair(ARRAY(WORD), ARRAY(sa.String(3)), "{ab}", "{ab}", "{abcd}"),
}
SOME = (WORD, WHOLE, sa.Numeric(9, 2), FLAG, DAY, MOMENT, ID, JSONB(), *map(ARRAY, (WORD, WHOLE, FLAG, ID, DAY)))
Tables = Callable[..., None]


@pytest.fixture
def things() -> Iterator[Tables]:
    """Says what the tables of the service have besides: `things`, as these items make it, and tables beside it."""
    put: list[sa.Table] = []

    def say(*items: sa.schema.SchemaItem, beside: str = "") -> None:
        while put:
            metadata.remove(put.pop())
        key = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
        put.append(sa.Table("things", metadata, key, *items))
        if beside:
            put.append(sa.Table(beside, metadata, sa.Column("id", sa.Uuid, primary_key=True)))

    yield say
    while put:
        metadata.remove(put.pop())


class Database:
    """A database, and revisions of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.alembic = Config(folder / "alembic.ini", stdout=io.StringIO())
        self.alembic.attributes["url"] = url
        self.do(f"ALTER DATABASE {url.rpartition('/')[2]} SET timezone TO 'Asia/Kolkata'")
        self.upgrade()

    def write(self, number: str) -> str:
        """A revision for what the tables have that the database has not; its text."""
        written = command.revision(
            self.alembic, number, autogenerate=True, rev_id=number, process_revision_directives=migrate.complete
        )
        assert written is not None
        assert not isinstance(written, list)
        return Path(written.path).read_text(encoding="utf-8")

    def upgrade(self) -> None:
        command.upgrade(self.alembic, "head")

    def refusal(self) -> str:
        """What the upgrade says when it cannot be done: a sentence, what PostgreSQL found, and the statement."""
        with pytest.raises(CommandError) as caught:
            self.upgrade()
        return str(caught.value)

    def do(self, *statements: str) -> asyncpg.Record | None:
        async def run() -> asyncpg.Record | None:
            connection = await asyncpg.connect(self.url, server_settings={"TimeZone": "UTC"})
            try:
                return [await connection.fetchrow(each) for each in statements][-1]
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture
def database(server: str, tmp_path: Path) -> Iterator[Database]:
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    url = asyncio.run(postgres.create_database(server))
    with contextlib.redirect_stdout(io.StringIO()):
        yield Database(url, tmp_path)
    asyncio.run(postgres.drop_database(server, url))


def columns(new: bool) -> list[sa.Column]:
    return [
        sa.Column(name, pair[new], server_default=sa.text(pair.defaults[new]) if pair.defaults else None)
        for name, pair in PAIRS.items()
    ]


def test_every_pair_takes_what_fits_and_tells_what_does_not(things: Tables, database: Database) -> None:
    things(*columns(new=False))
    database.write("0002")
    database.upgrade()
    values = ", ".join(f"'{pair.fits}'" for pair in PAIRS.values())
    database.do(f"INSERT INTO things VALUES (1, {values})")  # noqa: S608
    things(*columns(new=True))
    database.write("0003")
    for name, pair in PAIRS.items():
        if pair.misfit is not None:
            database.do(f"UPDATE things SET {name} = '{pair.misfit}'")  # noqa: S608
            said = database.refusal()
            assert f"Revision 0003: things.{name}: a value there does not fit" in said
            assert "Change such rows in a revision before this one, or write into its postgresql_using" in said
            sentence = said.partition("asyncpg")[0]
            assert len(pair.misfit) < 4 or pair.misfit not in sentence
            database.do(f"UPDATE things SET {name} = '{pair.fits}'")  # noqa: S608
    database.upgrade()
    found = database.do(f"SELECT {', '.join(f'{name}::text' for name in PAIRS)} FROM things")  # noqa: S608
    assert found is not None
    assert dict(found) == {name: pair.becomes for name, pair in PAIRS.items()}
    command.check(database.alembic)
    command.downgrade(database.alembic, "0002")
    database.upgrade()
    command.check(database.alembic)


def test_what_cannot_be_converted_is_refused_when_the_revision_is_written(things: Tables, database: Database) -> None:
    things(sa.Column("shape", JSONB()))
    database.write("0002")
    database.upgrade()
    things(sa.Column("shape", sa.Uuid()))
    with pytest.raises(CommandError, match=r"things\.shape: nothing tells what to make of jsonb as uuid") as caught:
        database.write("0003")
    assert "a name of its own in domain.yaml" in str(caught.value)


def test_each_pair_is_tried_or_refused_and_can_be_taken_back() -> None:
    def kind(type_: TypeEngine) -> tuple[type, type]:
        return type(type_), type(getattr(type_, "item_type", None))

    tried = {(kind(pair.old), kind(pair.new)) for pair in PAIRS.values()}
    for old, new in product(SOME, repeat=2):
        there, back = alterations.expression(old, new), alterations.expression(new, old)
        assert (there is None) == (back is None), (old, new)
        assert not there or (kind(old), kind(new)) in tried, (old, new)


def test_an_index_on_an_expression_goes_before_its_column_is_converted(things: Tables, database: Database) -> None:
    keys = {"old": sa.text("lower(normalize(code))"), "new": "code"}
    types = {"old": WORD, "new": WHOLE}
    for number, state in (("0002", "old"), ("0003", "new")):
        plain = sa.Index("ix_things_code", keys[state], "id")
        unique = sa.Index(f"uq_things_code{'_ignorecase' * (state == 'old')}", keys[state], unique=True)
        check = sa.CheckConstraint("code <> '0'" if state == "old" else "code > 0", name="ck_things_code")
        things(sa.Column("code", types[state]), check, plain, unique)
        database.write(number)
        if state == "old":
            database.upgrade()
            database.do("INSERT INTO things VALUES (1, '1'), (2, '01'), (3, 'x')")
    assert "things.code: a value there does not fit integer" in database.refusal()
    database.do("UPDATE things SET code = '3' WHERE id = 3")
    assert "uq_things_code allows a value once, and rows have it twice" in database.refusal()
    database.do("UPDATE things SET code = '-2' WHERE id = 2")
    assert "ck_things_code" in database.refusal()
    database.do("UPDATE things SET code = '2' WHERE id = 2")
    database.upgrade()
    command.downgrade(database.alembic, "0002")
    database.upgrade()
    command.check(database.alembic)


def test_a_reference_goes_before_its_column_is_converted(things: Tables, database: Database) -> None:
    reference = sa.ForeignKeyConstraint(["other_id"], ["others.id"], name="fk_things_other_id")
    things(sa.Column("other_id", ID), reference, beside="others")
    database.write("0002")
    database.upgrade()
    database.do(f"INSERT INTO others VALUES ('{SOME_ID}')")  # noqa: S608
    database.do(f"INSERT INTO things VALUES (1, '{SOME_ID}')")  # noqa: S608
    things(sa.Column("other_id", WORD), beside="others")
    database.write("0003")
    database.upgrade()
    command.downgrade(database.alembic, "0002")
    database.upgrade()
    command.check(database.alembic)


def test_rows_that_refuse_a_revision_leave_nothing_of_it(things: Tables, database: Database) -> None:
    things(*(sa.Column(name, WORD) for name in ("kind", "code", "name")), sa.Column("other_id", ID))
    database.write("0002")
    database.upgrade()
    database.do(f"INSERT INTO things VALUES (1, 'low', 'a', NULL, '{SOME_ID}'), (2, 'none', 'a', NULL, NULL)")  # noqa: S608
    things(
        sa.Column("kind", WORD),
        sa.Column("code", WORD),
        sa.Column("name", WORD, nullable=False),
        sa.Column("more", WORD),
        sa.Column("other_id", ID),
        sa.CheckConstraint("kind IN ('low', 'high')", name="ck_things_kind"),
        sa.UniqueConstraint("code", name="uq_things_code"),
        sa.ForeignKeyConstraint(["other_id"], ["others.id"], name="fk_things_other_id"),
        beside="others",
    )
    text = database.write("0003")
    assert text.index("DO $$") < text.index("op.create_table")
    for said, mended in (
        ("things: uq_things_code allows a value once, and rows have it twice", "code = id"),
        ("things: ck_things_kind refuses rows that are there", "kind = 'high'"),
        ("things: fk_things_other_id refuses rows that are there", "other_id = NULL"),
        ("things.name: rows have no value there, and need one from now on", "name = 'x'"),
    ):
        told = database.refusal()
        assert f"Revision 0003: {said}" in told
        assert "in a revision before this one" in told
        left = database.do("SELECT FROM information_schema.columns WHERE table_name = 'others' OR column_name = 'more'")
        assert left is None
        database.do(f"UPDATE things SET {mended}")  # noqa: S608
    database.upgrade()
    command.check(database.alembic)
    command.downgrade(database.alembic, "0002")
    database.upgrade()


def test_rows_that_have_the_same_values_in_a_key(things: Tables, database: Database) -> None:
    """A new column has its default in all rows; one without a default is absent, and so like no other."""
    things(sa.Column("code", WORD), sa.Column("name", WORD))
    database.write("0002")
    database.upgrade()
    database.do(
        "INSERT INTO things VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, NULL, 'x'), (4, NULL, 'x'), (5, 'b', NULL)"
    )
    things(
        sa.Column("code", WORD),
        sa.Column("name", WORD),
        sa.Column("more", WORD),
        sa.Column("kind", WORD, server_default=sa.text("'k'"), nullable=False),
        sa.UniqueConstraint("code", "name", name="uq_things_code_name"),
        sa.UniqueConstraint("kind", "code", name="uq_things_kind_code"),
        sa.UniqueConstraint("code", "more", name="uq_things_code_more"),
    )
    text = database.write("0003")
    assert text.count("RAISE") == 2
    assert text.rindex("DO $$") < text.index("op.add_column")
    assert "uq_things_kind_code allows a value once, and rows have it twice" in database.refusal()
    database.do("UPDATE things SET code = 'c', name = NULL WHERE id = 2")
    database.do("UPDATE things SET code = 'b', name = 'x' WHERE id = 1")
    assert "uq_things_kind_code" in database.refusal()
    database.do("UPDATE things SET code = 'd' WHERE id = 1")
    database.upgrade()
    command.check(database.alembic)
    command.downgrade(database.alembic, "0002")
    database.do("UPDATE things SET code = 'b', name = 'x' WHERE id IN (1, 5)")
    assert "uq_things_code_name allows a value once, and rows have it twice" in database.refusal()


def test_rows_that_break_a_rule_over_several_columns(things: Tables, database: Database) -> None:
    """A new column is absent in all rows, or has its default; what is compared with what is absent breaks nothing."""
    things(sa.Column("low", WHOLE), sa.Column("kind", WORD))
    database.write("0002")
    database.upgrade()
    database.do("INSERT INTO things VALUES (1, 5, 'a'), (2, NULL, NULL), (3, 3, 'b')")
    things(
        sa.Column("low", WHOLE),
        sa.Column("kind", WORD),
        sa.Column("high", WHOLE),
        sa.Column("most", WHOLE, server_default=sa.text("4"), nullable=False),
        sa.Column("name", sa.String(5)),
        sa.CheckConstraint("low < high", name="ck_things_low_high"),
        sa.CheckConstraint("low <= most", name="ck_things_low_most"),
        sa.CheckConstraint("kind <> 'b' OR name IS NOT NULL", name="ck_things_name_kind"),
        sa.CheckConstraint("num_nonnulls(high, low) >= 1", name="ck_things_high_low"),
    )
    text = database.write("0003")
    assert text.count("RAISE") == 4
    assert text.rindex("DO $$") < text.index("op.add_column")
    for name, mended in (
        ("high_low", "low = 3 WHERE id = 2"),
        ("low_most", "low = 4 WHERE id = 1"),
        ("name_kind", "kind = 'c' WHERE id = 3"),
    ):
        assert f"things: ck_things_{name} refuses rows that are there" in database.refusal()
        database.do(f"UPDATE things SET {mended}")  # noqa: S608
    database.upgrade()
    command.check(database.alembic)
    database.do("UPDATE things SET high = 9, low = NULL WHERE id = 1")
    for wrong in (
        "high = low WHERE id = 2",
        "low = 5 WHERE id = 2",
        "kind = 'b' WHERE id = 2",
        "low = NULL WHERE id = 2",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            database.do(f"UPDATE things SET {wrong}")  # noqa: S608


def test_the_linter_asks_for_a_reason(things: Tables, database: Database) -> None:
    rules = sa.UniqueConstraint("code", name="uq_things_code"), sa.CheckConstraint("code > 0", name="ck_things_code")
    things(sa.Column("code", WORD, server_default=sa.text("'1'")))
    database.write("0002")
    database.upgrade()
    things(sa.Column("code", WHOLE, server_default=sa.text("1")), *rules)
    database.write("0003")
    written = database.alembic.output_buffer = io.StringIO()
    command.upgrade(database.alembic, "0002:0003", sql=True)
    found = {each["rule_name"] for each in migrate.squawk(written.getvalue())}
    assert found == {"changing-column-type", "ban-drop-default"}
    assert migrate.only_converted(written.getvalue())
    more = f"{written.getvalue()}\nALTER TABLE things ALTER COLUMN kind DROP DEFAULT;"
    assert not migrate.only_converted(more)


def test_what_is_searched_is_found_again_under_the_new_name_of_a_field() -> None:
    """PostgreSQL writes an expression with more parentheses, and with types."""
    stored = (
        "to_tsvector('english'::regconfig, (((COALESCE(title, ''::character varying))::text || ' '::text)"
        " || (COALESCE(note, ''::character varying))::text))"
    )
    written = "to_tsvector('english', coalesce({}, '') || ' ' || coalesce(note, ''))"
    assert alterations._term(stored, {"title": "heading"}) == alterations._term(written.format("heading"), {})
    assert alterations._term(stored, {}) != alterations._term(written.format("heading"), {})
