"""What people write who come from elsewhere is answered by what to write here, and that is taken."""

from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.language import grammar
from extensions.language.elsewhere import Known, Remedy, answer_key, answer_line, answer_list, embedded, relation
from extensions.language.elsewhere.keys import LEVELS
from extensions.language.elsewhere.remedies import table
from extensions.language.parser import parse
from extensions.language.yaml_reader import load_yaml
from extensions.pipeline.reading import problems_of
from extensions.text.problems import Problems, near
from extensions.types import TABLE

TIMES = {"starts_at": "datetime?", "ends_at": "datetime?"}
DOMAIN: dict[str, Any] = {
    "context": "shop",
    "description": "A shop.",
    "aggregates": {
        "Customer": {"name": "string(20)"},
        "Product": {"name": "string(20)"},
        "Order": {
            "description": "An order.",
            "plural": "orders",
            "fields": {"number": "string(20)", "x": {"type": "string(20)"}, "quantity": {"type": "int"}, **TIMES},
            "parts": {"lines": {"entity": "Line", "fields": {"sku": "string(20)", **TIMES}}},
            "lifecycle": {"states": ["draft", "placed"], "actions": {"place": {"from": "draft", "to": "placed"}}},
            "filter": ["number"],
            "sort": ["number"],
        },
    },
    "consumes": {"Paid": {"from": "payments", "fields": {"amount": "money"}, "triggers": "Order.place"}},
}
KNOWN = Known.of(DOMAIN)
FIELDS = ("aggregates", "Order", "fields")
PLACES: dict[str, tuple[str, ...]] = {
    "domain": (),
    "aggregate": ("aggregates", "Order"),
    "field": (*FIELDS, "x"),
    "part": ("aggregates", "Order", "parts", "lines"),
    "lifecycle": ("aggregates", "Order", "lifecycle"),
    "action": ("aggregates", "Order", "lifecycle", "actions", "place"),
    "event": ("consumes", "Paid"),
}
VALID = {level: keys for keys, level in LEVELS.items()}
# What a key stands for where the domain above does not say it.
VALUES: dict[str, Any] = {
    "max": 9, "min": 1, "pattern": "[a-z]+", "description": "Some words.", "unique": True, "index": True, "pii": True,
    "secret": True, "default": "a", "example": "a", "renamed_from": "former", "optional": True, "ignorecase": True,
    "emits": "OrderPlaced", "resource": "placements", "type": "string(20)", "readonly": True,
    "input": {"reason": "string(200)"}, "initial": ["draft", "placed"], "internal": True, "clears": "note",
    "on_delete": "cascade", "order": "number", "search": "number", "sets": {"note": "a"},
    "types": {"Address": {"street": "string(80)"}},
}  # fmt: skip


def at(domain: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        domain = domain[key]
    return domain


def mended(field: str, remedy: Remedy, domain: Any = None) -> Any:
    """The domain with what the remedy says in place of the field."""
    domain = deepcopy(DOMAIN if domain is None else domain)
    fields = at(domain, FIELDS)
    fields.pop(field, None)
    if remedy.write and remedy.place == "line":
        fields[field] = remedy.write
    elif remedy.write and remedy.place == "type":
        domain["types"] = load_yaml(remedy.write.encode())
        fields[field] = next(iter(domain["types"]))
    elif remedy.write:
        asked = load_yaml(remedy.write.encode())
        (at(domain, FIELDS[:-1])["parts"] if remedy.place == "part" else fields).update(asked)
    return domain


def with_aggregate(domain: Any, names: str) -> Any:
    """The domain with the aggregates that are spoken of as if they were there."""
    for name in names.split():
        domain["aggregates"].setdefault(name, {"name": "string(20)"})
    return domain


WORDS = sorted({word for row in table("types") for word in row["called"] if word not in TABLE})


@pytest.mark.parametrize("word", WORDS)
def test_a_type_of_others_is_answered(word: str) -> None:
    for written in {word, word.title(), word.upper()} - set(TABLE):
        wrong = deepcopy(DOMAIN)
        at(wrong, FIELDS)["x0"] = written
        remedy = answer_line("x0", written, KNOWN)
        assert remedy is not None, written
        said = problems_of(wrong)
        assert len(said) == 1, said
        assert str(remedy) in said[0] or "did you mean" in said[0]
        assert problems_of(mended("x0", remedy)) == []


LINES: dict[str, str] = load_yaml(b"""
varchar(20): string(20)
varchar(20) not null: string(20)
VARCHAR(255) NOT NULL UNIQUE: string(255) unique
character varying(30): string(30)
nvarchar2(10 char) null: string(10)?
numeric(10,2): decimal(10, 2)
numeric(10): decimal(10, 0)
"numeric(20, 8)": decimal(20, 6)
int(11): int
int unsigned not null: int(0..4294967295)
tinyint(1) default 0: bool = false
boolean default false: bool = false
double precision: float
"time without time zone not null": time
text -- the note: text
string(20) // the b: string(20)
integer references customer(id): ref Customer
integer not null references customers: ref Customer
uuid primary key: uuid unique
uuid default gen_random_uuid(): uuid unique
int not null auto_increment: int unique
bigint generated always as identity: bigint unique
timestamp default now(): datetime readonly = now
timestamp with time zone not null: datetime
timestamptz default current_timestamp: datetime readonly = now
date = today: date readonly = now
datetime = now(): datetime readonly = now
string(20) default 'x': string(20) = x
json default {}: json = {}
"ENUM('a','b') NOT NULL": 'enum("a", "b")'
string(20) check (x > 1): string(20)
"decimal(10,2) unsigned": decimal(10,2)
"@NotNull": string(200)
"@NotNull String": string(200)
"@Column(length=20) String": string(20)
"@Size(max = 20) String": string(20)
"@Id Long": bigint unique
private String: string(200)
Optional<String>: string(200)?
List<String>: list(string(200))
Set<Integer>: list(int)
Map<String, Object>: json
String?: string(200)?
String @unique: string(200) unique
String @db.VarChar(20): string(20)
String @unique @db.VarChar(20): string(20) unique
Int @id @default(autoincrement()): int unique
Int @default(0): int = 0
DateTime @default(now()): datetime readonly = now
DateTime @updatedAt: datetime? readonly
Boolean @default(true): bool = true
"Customer @relation(fields: [customerId], references: [id])": ref Customer
Customer?: ref Customer?
String[]: list(string(200))
String required maxlength(20): string(20)
Integer required min(0) max(41): int(0..41)
ZonedDateTime required: datetime
t.string null=false: string(200)
CharField(max_length=20): string(20)
"models.CharField(max_length=20, unique=True)": string(20) unique
"CharField(max_length=20, null=True)": string(20)?
"DecimalField(max_digits=10, decimal_places=2)": decimal(10, 2)
DateTimeField(auto_now_add=True): datetime readonly = now
BooleanField(default=False): bool = false
ForeignKey(Customer): ref Customer
"ForeignKey(Customer, on_delete=models.CASCADE)": ref Customer on_delete=cascade
"ForeignKey('Customer', on_delete=CASCADE, null=True)": ref Customer? on_delete=cascade
"ForeignKey(Customer, on_delete=models.SET_NULL, null=True)": ref Customer? on_delete=clear
"ForeignKey(Customer, on_delete=models.PROTECT)": ref Customer
"Customer? @relation(fields: [customerId], references: [id], onDelete: SetNull)": ref Customer? on_delete=clear
"Customer @relation(fields: [customerId], references: [id], onDelete: Cascade)": ref Customer on_delete=cascade
integer references customers(id) on delete cascade: ref Customer on_delete=cascade
integer references customers on delete set null: ref Customer? on_delete=clear
ref Customer on delete cascade: ref Customer on_delete=cascade
ref Customer on_delete=cascade not null: ref Customer on_delete=cascade
Customer on_delete=cascade: ref Customer on_delete=cascade
"@ManyToOne(cascade = CascadeType.ALL) Customer": ref Customer
"@ManyToOne @OnDelete(action = OnDeleteAction.CASCADE) Customer": ref Customer on_delete=cascade
"belongs_to Customer, dependent: :destroy": ref Customer on_delete=cascade
String!: string(200)
"[String!]!": list(string(200))
string | null: string(200)?
"number | undefined": decimal(12, 2)?
"'low' | 'high'": 'enum("low", "high")'
string[]: list(string(200))
Array<number>: "list(decimal(12, 2))"
Record<string, any>: json
repeated string: list(string(200))
repeated int32: list(int)
optional string name: ""
list(string): list(string(200))
list(Product): refs Product
list(ref Product): refs Product
"Product[]": refs Product
ref Product[]: refs Product
"[Product!]!": refs Product
Set<Product>: refs Product
ManyToManyField(Product): refs Product
"ManyToManyField(Product, related_name='orders')": refs Product
has_many Product: refs Product
customer: ref Customer
Customer: ref Customer
ref Customer not null: ref Customer
string(20) UNIQUE: string(20) unique
string(20) nullable: string(20)?
string(20) required: string(20)
bool nullable: bool?
String(20): string(20)
""")


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_others_is_answered(line: str) -> None:
    remedy = answer_line("x0", line, KNOWN)
    if not LINES[line]:
        assert remedy is None or not remedy.exact
        return
    assert remedy is not None
    assert remedy.write == LINES[line]
    wrong = deepcopy(DOMAIN)
    at(wrong, FIELDS)["x0"] = line
    said = problems_of(wrong)
    assert len(said) == 1, said
    assert str(remedy) in said[0]
    assert problems_of(mended("x0", remedy)) == []


@pytest.mark.parametrize(
    ("name", "line", "more"),
    [
        ("lines", "list(Line)", ""),
        ("line", "Line", ""),
        ("id", "serial primary key", ""),
    ],
)
def test_what_is_no_field_is_answered(name: str, line: str, more: str) -> None:
    remedy = answer_line(name, line, KNOWN)
    assert remedy is not None
    assert remedy.place in {"part", "field"}
    assert problems_of(with_aggregate(mended(name, remedy), more)) == []


@pytest.mark.parametrize("values", [["String"], ["String!"], ["Product"], ["ref Product"], ["small", "large"]])
def test_a_list_for_a_type_is_answered(values: list[str]) -> None:
    remedy = answer_list("x0", values, KNOWN)
    assert remedy is not None
    assert problems_of(mended("x0", remedy)) == []


@pytest.mark.parametrize(
    "body", [{"street": "string(80)", "city": "String"}, {"lat": "varchar(9)", "point": {"x": "int"}}]
)
def test_an_object_is_answered(body: dict[str, Any]) -> None:
    remedy = embedded("address", body)
    assert remedy is not None
    assert problems_of(mended("address", remedy)) == []


RELATIONS = [key for row in table("keys")["relation"] for key in row["keys"]]


@pytest.mark.parametrize(
    ("name", "target"), list(product(RELATIONS, ["customer", ":customer", "Product", ["products"], ["Line"], ["Tag"]]))
)
def test_a_relation_of_others_is_answered(name: str, target: Any) -> None:
    remedy = relation(name, target, KNOWN)
    assert remedy is not None
    asked = with_aggregate(mended(name, remedy), "Tag" if "ref Tag" in remedy.write else "")
    assert problems_of(asked) == []


KEYS = [(level, key, row) for level in PLACES for row in table("keys")[level] for key in row["keys"]]


def value_of(level: str, key: str, row: dict[str, Any]) -> Any:
    if "when" in row:
        return row["when"]
    instead = row.get("instead")
    found = at(DOMAIN, PLACES[level]).get(instead) if instead else None
    return found or VALUES.get(instead or "") or ("date-time" if key == "format" else True)


@pytest.mark.parametrize(("level", "key", "row"), KEYS, ids=[f"{level}-{key}" for level, key, _ in KEYS])
def test_a_key_of_others_is_answered(level: str, key: str, row: dict[str, Any]) -> None:
    if row.get("instead", "") not in {"", *VALID[level]} or key in VALID[level]:
        pytest.skip("the language has no such word yet, or has this one by now")
    value = value_of(level, key, row)
    place = PLACES[level]
    if level == "field" and row.get("instead") in {"min", "max"}:
        place = (*FIELDS, "quantity")
    wrong = deepcopy(DOMAIN)
    body = at(wrong, place)
    body.pop(row.get("instead"), None)
    body[key] = value
    remedy = answer_key(VALID[level], key, value, KNOWN)
    assert remedy is not None
    problems = Problems()
    parse(wrong, problems)
    path = ".".join([*place, key])
    said = [problem for problem in problems if problem.path == path]
    assert len(said) == 1, problems.messages
    assert str(remedy) in said[0].message
    del body[key]
    if remedy.write:
        asked = load_yaml((remedy.write if ": " in remedy.write else f"{remedy.write}: null").encode())
        name = next(iter(asked))
        body.update(asked if ": " in remedy.write else {name: value})
        if "lifecycle" in asked:
            wrong["consumes"] = {}
        if level == "aggregate" and asked.get("fields"):
            asked["fields"] |= {"number": "string(20)"}
        if level == "aggregate" and "x" in str(asked.get("filter", "")):
            body["fields"]["x"] = "string(20)"
        if body.get("clears") or body.get("sets"):
            at(wrong, FIELDS)["note"] = "text? readonly"
        if body.get("on_delete"):
            body["type"] = "ref Customer"
        if body.get("ignorecase"):
            body["unique"] = True
        if body.get("readonly") or body.get("default"):
            body["optional"] = not body.get("default") and "?" not in body["type"]
        if body.get("secret") or body.get("renamed_from") == "former":
            body.pop("default", None)
    if body.get("types"):
        at(wrong, FIELDS)["address"] = "Address"
    if level == "aggregate" and body.get("renamed_from") == "former":
        body["renamed_from"] = "Former"
    assert problems_of(wrong) == []


# Words that were pointed at nonsense, or might be.
APART = [
    *[
        "phone",
        "point",
        "serial",
        "time",
        "blob",
        "file",
        "image",
        "duration",
        "interval",
        "percent",
        "country",
        "state",
    ],
    *[
        "smallint",
        "real",
        "inet",
        "year",
        "month",
        "day",
        "address",
        "name",
        "title",
        "price",
        "amount",
        "total",
        "note",
    ],
    *[
        "set",
        "map",
        "array",
        "object",
        "binary",
        "char",
        "short",
        "long",
        "byte",
        "float",
        "double",
        "double",
        "number",
    ],
    *[
        "street",
        "required",
        "nullable",
        "length",
        "size",
        "format",
        "unit",
        "label",
        "owner",
        "parent",
        "child",
        "value",
    ],
    *["customer", "order", "line", "tag", "user", "role", "group", "account", "comment", "article", "photo", "color"],
    *["hint", "print", "mint", "mode", "nest", "rest", "text2speech", "wool", "pool", "bold", "late", "mate"],
]
NAMES = {
    "types": list(TABLE),
    "flags": list(grammar.FLAGS),
    "aggregate": list(grammar.AGGREGATE_KEYS),
    "field": list(grammar.FIELD_KEYS),
}


@pytest.mark.parametrize("word", APART)
@pytest.mark.parametrize("kind", NAMES)
def test_nothing_is_pointed_at_nonsense(kind: str, word: str) -> None:
    if word not in NAMES[kind]:
        assert near(word, NAMES[kind]) == ""


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *[
            ("mony", "money"),
            ("txt", "text"),
            ("sting", "string"),
            ("strign", "string"),
            ("Text", "text"),
            ("itn", "int"),
        ],
        *[("boool", "bool"), ("deciml", "decimal"), ("date_time", "datetime"), ("emial", "email"), ("enmu", "enum")],
        *[
            ("tring", "string"),
            ("bigit", "bigint"),
            ("uudi", "uuid"),
            ("lst", "list"),
            ("phnoe", "phone"),
            ("ulr", "url"),
            ("texts", "text"),
        ],
    ],
)
def test_slips_are_understood(word: str, meant: str) -> None:
    assert near(word, TABLE) == meant


@given(st.sampled_from(sorted(TABLE)), st.integers(0, 9), st.characters(codec="ascii", categories=["Ll"]))
def test_one_wrong_letter_behind_the_second_is_understood(word: str, at: int, letter: str) -> None:
    at = 2 + at % max(1, len(word) - 2)
    wrong = f"{word[:at]}{letter}{word[at + 1 :]}"
    if len(word) > 3 and wrong not in TABLE:
        assert near(wrong, [word]) == word


@given(st.text(max_size=12), st.lists(st.sampled_from(sorted(TABLE)), min_size=1))
def test_what_is_suggested_is_valid_and_begins_alike(word: str, valid: list[str]) -> None:
    found = near(word, valid)
    assert found in {"", *valid}
    assert not found or set(found[:2]) & set(word.lower())


@pytest.mark.parametrize("line", ["enum(now, later) = now", "string(20) = today", "text = now()", "string(20) = null"])
def test_words_of_others_that_are_ours_stay(line: str) -> None:
    domain = deepcopy(DOMAIN)
    at(domain, FIELDS)["x0"] = line
    assert problems_of(domain) == []
