import json
import re
from pathlib import Path

import pytest
import yaml
from ordering.platform.http.about import FOLDER, Contract, docs_router, joined, read
from ordering.platform.problems import CATALOGUE
from web import Web, problem

DOCUMENT = """
openapi: 3.1.0
info: {title: Things & more, version: 1.2.3, description: "All `things`.\\n\\nAnd more.\\n\\n- **One**\\n- Two"}
tags: [{name: Things, description: What there is.}]
paths:
  /things/{thing_id}:
    parameters: [{$ref: '#/components/parameters/ThingId'}]
    post:
      tags: [Things]
      summary: Change <a> thing
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
            examples:
              one: {value: {name: "<b>", made_on: '2026-01-02'}}
              two: {$ref: '#/components/examples/a~1b'}
      responses:
        200: {description: Done., content: {application/json: {schema: {type: object}}}}
        default: {$ref: '#/components/responses/Problem'}
    get:
      tags: [Others]
components:
  parameters:
    ThingId: {name: thing_id, in: path, required: true, description: Which.}
  responses:
    Problem: {description: It went wrong.}
  examples:
    a/b: {value: {name: referenced}}
  schemas:
    Thing: {type: object}
"""
OWN = """
tags: [{name: Others}]
paths:
  /things/{thing_id}: {delete: {tags: [Others]}}
  /others: {get: {tags: [Others], summary: List others}}
components:
  schemas: {Other: {type: string}}
  securitySchemes: {key: {type: http, scheme: bearer}}
"""
NOTHING = "# Nothing yet.\ntags:\npaths: {}\ncomponents: {schemas: }\n"


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """An application with a contract."""
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "own.yaml").write_text(OWN)
    return Web(routers=[docs_router(Contract(tmp_path))])


async def test_the_contract_is_served_as_it_is(web: Web) -> None:
    response = await web.get("/openapi.json", token=None)
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    assert document["info"]["version"] == "1.2.3"
    example = document["paths"]["/things/{thing_id}"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert example["one"]["value"]["made_on"] == "2026-01-02"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_what_the_client_has_is_not_sent_again(web: Web, path: str) -> None:
    etag = (await web.get(path, token=None)).headers["etag"]
    response = await web.get(path, token=None, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")


async def test_the_page_shows_the_contract_without_help(web: Web) -> None:
    response = await web.get("/docs", token=None)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    page = response.text
    for expected in (
        "Things &amp; more",
        "<p>All <code>things</code>.</p><p>And more.</p>",
        "<ul><li><b>One</b><li>Two</ul>",
        "Change &lt;a&gt; thing",
        "thing_id",
        "&lt;b&gt;",
        "referenced",
        '<a href="#Thing">Thing</a>',
        "It went wrong.",
    ):
        assert expected in page
    for foreign in "<script", "http://", "https://", "<a>":
        assert foreign not in page


async def test_what_is_added_is_served_with_the_rest(web: Web) -> None:
    document = (await web.get("/openapi.json", token=None)).json()
    assert [tag["name"] for tag in document["tags"]] == ["Things", "Others"]
    assert list(document["paths"]["/things/{thing_id}"]) == ["parameters", "post", "get", "delete"]
    assert list(document["paths"]) == ["/things/{thing_id}", "/others"]
    assert list(document["components"]["schemas"]) == ["Thing", "Other"]
    assert "key" in document["components"]["securitySchemes"]
    assert "List others" in (await web.get("/docs", token=None)).text


@pytest.mark.parametrize("own", ["", NOTHING])
def test_nothing_added_changes_nothing(own: str, tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT.replace(" 200:", " '200':"))
    (tmp_path / "own.yaml").write_text(own)
    alone = yaml.safe_load((tmp_path / "openapi.yaml").read_text())
    assert Contract(tmp_path).json == json.dumps(alone, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ("info: {title: Mine}", "info: only paths, components and tags"),
        ("tags: [{name: Things}]", "tags → Things is in"),
        ("paths: {'/things/{thing_id}': {get: {}}}", "paths → /things/{thing_id} → get is in"),
        ("components: {schemas: {Thing: {}}}", "components → schemas → Thing is in"),
        ("[paths]", "the file: a mapping is expected"),
        ("paths: [/others]", "paths: a mapping is expected"),
        ("paths: {/others: get}", "paths → /others: a mapping is expected"),
        ("tags: {name: Others}", "tags: a list is expected"),
        ("paths: {", "while parsing a flow"),
    ],
)
def test_what_cannot_be_added_is_told_with_its_place(own: str, place: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"contract/own.yaml: {place}")):
        joined(DOCUMENT, own)


def test_the_file_for_additions_stays(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not there"):
        read(tmp_path)


async def test_every_problem_has_a_page(web: Web) -> None:
    for code, meaning in CATALOGUE.items():
        assert meaning.title in (await web.get(f"/problems/{code}", token=None)).text
    assert problem(await web.get("/problems/none", token=None)) == (404, "not-found")


async def test_the_contract_of_the_service_can_be_shown() -> None:
    contract = Contract()
    assert FOLDER.is_dir()
    assert json.loads(contract.json) == contract.document
    assert contract.document["info"]["title"].encode() in contract.page
