from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, routing
from ordering.platform.http import Operations, Reply, any_caller, guarded, route_table
from ordering.platform.http.route_table import Table, Target, build
from starlette.applications import Starlette
from starlette.routing import Mount
from web import THING_ID, Thing, Web, errors, problem, things_router


async def nothing() -> Reply:
    return Reply(204)


def test_fixed_segments_come_before_parameters_and_both_are_found() -> None:
    router = Operations("things", tag="Things")
    paths = ["/a/{x}", "/a/b", "/a/{x}/c", "/a/b/d", "/{y}/b/e", "/", "/a/b/{z}/f"]
    for number, path in enumerate(paths):
        router.get(path, operation_id=f"get_{number}")(_handler(path))
    router.post("/a/{x}", operation_id="post_a")(_handler("/a/{x}"))
    table = _table(router)

    def found(path: str) -> dict[str, str]:
        methods = table.find(path.split("/")) or {}
        assert methods.get("HEAD") == methods.get("GET")
        return {method: target.path for method, target in methods.items() if method != "HEAD"}

    assert found("/a/1") == {"GET": "/a/{x}", "POST": "/a/{x}"}
    assert found("/a/b") == {"GET": "/a/b", "POST": "/a/{x}"}
    assert found("/a/b/c") == {"GET": "/a/{x}/c"}
    assert found("/a/b/d") == {"GET": "/a/b/d"}
    assert found("/a/b/e") == {"GET": "/{y}/b/e"}
    assert found("/a/b/1/f") == {"GET": "/a/b/{z}/f"}
    assert found("/") == {"GET": "/"}
    for path in "", "/a", "/a/", "/a/1/x", "/a//c", "//b/e":
        assert found(path) == {}


def test_the_table_knows_ordinary_endpoints_by_name_only() -> None:
    router = APIRouter(prefix="/plain")
    router.get("/{path}")(_path)
    app = FastAPI()
    app.include_router(router, prefix="/more")
    table = build(app)
    assert table is not None
    assert table.complete
    methods = table.find(["", "more", "plain", "1"])
    assert methods is not None
    assert methods["GET"].operation is None


def test_operations_are_included_without_a_prefix() -> None:
    app = FastAPI()
    app.include_router(things_router(), prefix="/v1")
    with pytest.raises(ValueError, match="prefix"):
        build(app)


async def test_what_the_table_does_not_know_is_left_to_fastapi() -> None:
    router = APIRouter(dependencies=[any_caller()])
    router.add_api_route("/files/{path:path}", _path)
    web = Web(routers=[router, things_router()])
    web.app.router.routes.append(Mount("/mounted", guarded(Starlette(), any_caller())))
    assert (await web.get("/files/a/b")).json() == "a/b"
    assert (await web.get(f"/things/{THING_ID}")).status_code == 200
    assert problem(await web.get("/nothing")) == (404, "not-found")
    assert problem(await web.request("DELETE", "/things")) == (405, "method-not-allowed")


async def test_without_a_table_the_same_operations_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route_table, "_routes", None)
    web = Web()
    response = await web.get(f"/things/{THING_ID}")
    assert response.json() == {"id": str(THING_ID), "name": "one"}
    assert response.headers["etag"] == '"7"'
    assert response.headers["content-type"] == "application/json"
    assert (await web.get(f"/things/{THING_ID}", headers={"If-None-Match": '"7"'})).status_code == 304
    assert (await web.post("/things", json={"name": "n"})).status_code == 201
    assert errors(await web.get("/things/x")) == [("/path/thing_id", "uuid_parsing")]
    assert problem(await web.get("/things", token=web.issuer.token("x"))) == (403, "insufficient-scope")
    assert problem(await web.get("/things", token=None)) == (401, "unauthenticated")
    assert problem(await web.post("/things", json={"name": "late"})) == (409, "transition-refused")
    assert problem(await web.get("/nothing")) == (404, "not-found")
    assert problem(await web.request("DELETE", "/things")) == (405, "method-not-allowed")


def test_a_table_that_does_not_agree_with_the_routes_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    app.get("/plain/{path}")(_path)
    assert build(app) is not None
    for found in None, {"GET": Target("/other", None)}:
        with monkeypatch.context() as patch:
            patch.setattr(Table, "find", lambda *_, found=found: found)
            assert build(app) is None
    with monkeypatch.context() as patch:
        patch.setattr(routing.APIRoute, "matches", lambda *_: (None, {}))
        assert build(app) is None


def _table(router: APIRouter) -> Table:
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    table = build(app)
    assert table is not None
    return table


def _handler(path: str) -> Any:
    """A handler without parameters of the path, which the table does not look at."""

    async def handler() -> Reply:
        return Reply(200, Thing(UUID(int=0), path))

    return handler


async def _path(path: str) -> str:
    return path
