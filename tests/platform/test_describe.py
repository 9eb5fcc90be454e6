"""What endpoints of one's own add to the contract is written from what FastAPI and the platform know of them."""

from datetime import date
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
import yaml
from dev import describe
from dev.contract import differences
from dev.schemas import ANY_TEXT
from fastapi import APIRouter, FastAPI, Path, Query
from ordering.platform.http import Integer, any_caller, public, requires
from ordering.platform.http.about import FOLDER, GIVEN, joined
from ordering.platform.http.route_table import endpoints
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

GIVEN_TEXT = (FOLDER / GIVEN).read_bytes()
PROBLEM = "{$ref: '#/components/responses/problem'}"
EMPTY = "# Ours.\ntags: []\npaths: {}\ncomponents: {}\n"


class Kind(Enum):
    GOOD = "GOOD"
    BAD = "BAD"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=20)
    kind: Kind
    note: str | None = Field(None, max_length=9)


class Order(BaseModel):
    """A report of the name of an aggregate."""

    id: UUID
    count: int
    level: int = Field(ge=0, lt=10)
    day: date
    ratio: float
    parts: list[Part]
    names: dict[str, str]
    parent: Part | None = None


async def answer(number: Annotated[int, Path(ge=1, le=9)], kind: Kind | None = None) -> Order:
    """Look at a report.

    With all of it.
    """
    raise NotImplementedError


async def make(body: Part) -> Part:
    return body


def app(*rights: Any, **routes: Any) -> FastAPI:
    made = FastAPI(openapi_url=None)
    router = APIRouter(prefix="/reports", dependencies=list(rights) or [requires("reports.read")])
    for path, endpoint in (routes or {"/{number}": answer}).items():
        router.add_api_route(path, endpoint, operation_id="get_report")
    made.include_router(router)
    return made


def written(app: FastAPI, before: str = EMPTY) -> str:
    text, missing = describe.described(app, joined(GIVEN_TEXT, ""), before)
    assert missing == []
    return text


def operation(text: str, path: str = "/reports/{number}", method: str = "get") -> Any:
    return yaml.safe_load(text)["paths"][path][method]


def test_an_entry_has_what_code_and_platform_know() -> None:
    text = written(app())
    entry = operation(text)
    document = joined(GIVEN_TEXT, text)
    assert text.startswith("# Ours.\n")
    assert entry["operationId"] == "get_report"
    assert entry["summary"] == "Get report"
    assert entry["description"] == "Look at a report.\n\nWith all of it."
    assert entry["security"] == [{"bearer": ["reports.read"]}]
    assert [(each["name"], each["in"], each["required"]) for each in entry["parameters"]] == [
        ("number", "path", True), ("kind", "query", False),
    ]  # fmt: skip
    assert entry["parameters"][0]["schema"] == {"type": "integer", "minimum": 1, "maximum": 9, "format": "int32"}
    assert list(entry["responses"]) == ["200", "400", "401", "403", "404", "429", "500", "503", "default"]
    assert set(entry["responses"]["200"]["headers"]) == set(describe.COMMON_HEADERS)
    assert "Customer" not in str(entry)
    assert {each["name"] for each in document["tags"]} >= set(entry["tags"])
    given = joined(GIVEN_TEXT, "")["paths"]
    own = {**document, "paths": {path: item for path, item in document["paths"].items() if path not in given}}
    assert differences(endpoints(app()), own) == []


def test_the_same_endpoints_change_nothing() -> None:
    text = written(app())
    assert written(app(), text) == text
    assert written(FastAPI(openapi_url=None), text) == text


def test_nothing_to_describe_leaves_the_file_as_it_is() -> None:
    hidden = FastAPI(openapi_url=None)
    hidden.add_api_route("/x", make, dependencies=[any_caller()], include_in_schema=False)
    assert written(hidden) == EMPTY
    assert written(hidden, "") == ""


def test_what_is_answered_has_the_widest_bounds_that_the_code_leaves() -> None:
    schemas = yaml.safe_load(written(app()))["components"]["schemas"]
    order = schemas["OwnOrder"]
    assert order["additionalProperties"] is False
    assert order["properties"]["count"]["maximum"] == 2**63 - 1
    assert order["properties"]["level"] == {
        "type": "integer", "description": "Level.", "minimum": 0, "maximum": 9, "format": "int32",
    }  # fmt: skip
    assert order["properties"]["parts"]["items"] == {"$ref": "#/components/schemas/Part"}
    assert order["properties"]["names"]["additionalProperties"]["maxLength"] == 1_048_576
    assert order["properties"]["parent"]["anyOf"] == [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]
    assert schemas["Part"]["properties"]["note"]["type"] == ["string", "null"]
    assert schemas["Kind"]["x-extensible-enum"] == ["GOOD", "BAD"]
    assert [each["const"] for each in schemas["KindInput"]["oneOf"]] == ["GOOD", "BAD"]


def test_what_is_sent_and_answered_are_two() -> None:
    made = FastAPI(openapi_url=None)
    made.post("/parts", operation_id="make_part", dependencies=[any_caller()], status_code=201)(make)
    text = written(made)
    entry = operation(text, "/parts", "post")
    assert entry["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/PartInput"}
    assert entry["responses"]["201"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Part"}
    assert entry["security"] == [{"bearer": []}]
    assert "413" in entry["responses"]
    assert "403" not in entry["responses"]


def test_the_public_have_no_token_and_no_quota() -> None:
    entry = operation(written(app(public())))
    assert entry["security"] == []
    assert not entry["responses"].keys() & {"401", "403", "429"}
    assert "RateLimit" not in entry["responses"]["200"]["headers"]


def test_what_people_wrote_stays() -> None:
    text = written(app())
    changed = (
        text.replace("description: Count.", "description: How many there were.\n          example: 7 # of last week")
        .replace("summary: Get report", "summary: See a report # in our words")
        .replace("maxLength: 1048576", "maxLength: 77")
        .replace("      responses:\n", f"      x-ours: yes\n      responses:\n        '409': {PROBLEM}\n")
    )  # fmt: skip
    assert len(set(changed.splitlines()) - set(text.splitlines())) == 6
    assert written(app(), changed) == changed


def test_what_the_code_says_is_brought_up_to_date() -> None:
    text = written(app())

    class Less(BaseModel):
        """Less."""

        count: str = Field(max_length=5)

    Less.__name__ = "OwnOrder"

    async def other(number: Annotated[int, Path(ge=1, le=5)], day: Annotated[int, Query(ge=1, le=2)]) -> Less:
        raise NotImplementedError

    after = written(app(any_caller(), **{"/{number}": other}), text)
    entry = operation(after)
    assert entry["security"] == [{"bearer": []}]
    assert "403" not in entry["responses"]
    assert [each["name"] for each in entry["parameters"]] == ["number", "day"]
    assert entry["parameters"][0]["schema"]["maximum"] == 5
    schemas = yaml.safe_load(after)["components"]["schemas"]
    assert list(schemas) == ["Less"]
    assert schemas["Less"]["properties"]["count"] == {
        "type": "string", "maxLength": 5, "description": "Count.", "pattern": ANY_TEXT,
    }  # fmt: skip


def test_what_is_sent_is_bounded_in_the_code() -> None:
    class Loose(BaseModel):
        name: str
        size: int
        tags: list[str]
        counts: list[int] = Field(max_length=2)
        ok: bool
        ratio: float | None = None
        inner: "Loose | None" = None
        good: Annotated[Integer, Field(ge=0, le=1)] = 0

    async def loose(body: Loose, limit: int = 1) -> list[str]:
        raise NotImplementedError

    made = FastAPI(openapi_url=None)
    made.post("/loose", operation_id="loose", dependencies=[any_caller()])(loose)
    _, missing = describe.described(made, joined(GIVEN_TEXT, ""), EMPTY)
    for place in (
        "POST /loose.limit: ", "Loose.name: ", "Loose.size: ", "Loose.tags: ", "Loose: ", "POST /loose: let the body",
        "Loose.size: let", "Loose.counts: let", "Loose.ok: let", "Loose.ratio: let",
    ):  # fmt: skip
        assert any(line.startswith(place) for line in missing), (place, missing)
    assert not any("good" in line for line in missing)


@pytest.mark.parametrize(
    ("sent", "kept"), [(10, 10), (10.0, 10), ("10", None), (True, None), (1.5, None), (None, None)]
)
def test_an_integer_is_one_of_json(sent: Any, kept: int | None) -> None:
    checks = TypeAdapter(Integer)
    if kept is None:
        with pytest.raises(ValidationError):
            checks.validate_python(sent)
    else:
        assert checks.validate_python(sent) == kept


def test_the_command_writes_only_what_it_can_write_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    (tmp_path / GIVEN).write_bytes(GIVEN_TEXT)
    own = tmp_path / "own.yaml"
    own.write_text(EMPTY)
    monkeypatch.setattr(describe, "FOLDER", tmp_path)

    async def loose(limit: int) -> Part:
        raise NotImplementedError

    monkeypatch.setattr(describe, "application", lambda: app(**{"/{number}": loose}))
    assert describe.write_contract() == 1
    assert "nothing was written" in capsys.readouterr().out
    assert own.read_text() == EMPTY
    monkeypatch.setattr(describe, "application", app)
    assert describe.write_contract() == 0
    assert "/reports/{number}" in own.read_text()
    closed = FastAPI(openapi_url=None)
    closed.get("/open")(make)
    monkeypatch.setattr(describe, "application", lambda: closed)
    assert describe.write_contract() == 1
    assert "GET /open" in capsys.readouterr().out
