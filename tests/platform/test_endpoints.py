"""An endpoint that does not say who may call it is not served: the service does not start."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from ordering import __main__ as main
from ordering import app as application
from ordering import settings
from ordering.kernel import Caller
from ordering.platform.http import Operations, Reply, provided
from ordering.platform.http.access import any_caller, guarded, public, requires
from ordering.platform.http.route_table import OpenEndpoints, endpoints
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route
from starlette.staticfiles import StaticFiles
from web import Web, problem, things_router

READ = requires("things.read")
REFUSED = (403, "insufficient-scope")


async def hello() -> str:
    return "hello"


async def plain(_: Any) -> PlainTextResponse:
    return PlainTextResponse("hello")


def router(*rights: Any, prefix: str = "", **options: Any) -> APIRouter:
    made = APIRouter(prefix=prefix, dependencies=list(rights))
    made.add_api_route("/hello", hello, **options)
    return made


def outer(*, inner: APIRouter, **options: Any) -> APIRouter:
    made = APIRouter()
    made.include_router(inner, **options)
    return made


def added(add: Callable[[FastAPI], Any]) -> FastAPI:
    app = FastAPI(openapi_url=None)
    add(app)
    return app


async def signed_in(caller: Annotated[Caller, provided(Caller)]) -> Caller:
    return caller


def frontend(app: FastAPI, folder: Path, *rights: Any) -> None:
    (folder / "index.html").write_text("hello")
    made = APIRouter(dependencies=list(rights))
    made.frontend("/pages", directory=folder)
    app.include_router(made)


OPEN: dict[str, Callable[[FastAPI, Path], Any]] = {
    "GET /hello": lambda app, _: app.include_router(router()),
    "GET /a/b/hello": lambda app, _: app.include_router(outer(inner=router(prefix="/b"), prefix="/a")),
    "DELETE /things": lambda app, _: app.delete("/things")(hello),
    "GET POST /both": lambda app, _: app.api_route("/both", methods=["GET", "POST"])(hello),
    "HEAD /head": lambda app, _: app.head("/head")(hello),
    "OPTIONS /options": lambda app, _: app.options("/options")(hello),
    "GET /{rest:path}": lambda app, _: app.get("/{rest:path}", include_in_schema=False)(hello),
    "GET /secured": lambda app, _: app.get("/secured", dependencies=[Security(signed_in, scopes=["a"])])(hello),
    "GET /depends": lambda app, _: app.get("/depends", dependencies=[Depends(signed_in)])(hello),
    "GET HEAD /starlette": lambda app, _: app.add_route("/starlette", plain),
    "GET HEAD /inner": lambda app, _: app.include_router(
        APIRouter(routes=[Route("/inner", plain)]), dependencies=[READ]
    ),
    "Mount /files": lambda app, folder: app.mount("/files", StaticFiles(directory=folder)),
    "Mount /sub": lambda app, _: app.mount("/sub", Starlette(routes=[Route("/x", plain)])),
    "Mount /app": lambda app, _: app.mount("/app", FastAPI(dependencies=[READ])),
    "Host admin.example.com": lambda app, _: app.host("admin.example.com", Starlette()),
    "GET HEAD /openapi.json": lambda app, _: FastAPI.setup(_with_documents(app)),
    "_FrontendRouteGroup /pages": frontend,
    "_FrontendRouteGroup /direct": lambda app, folder: app.frontend("/direct", directory=folder, check_dir=False),
    "APIWebSocketRoute /socket": lambda app, _: app.websocket("/socket", dependencies=[READ])(hello),
}


def _with_documents(app: FastAPI) -> FastAPI:
    app.openapi_url = "/openapi.json"
    return app


@pytest.mark.parametrize("named", OPEN)
def test_an_endpoint_that_says_nothing_is_named_with_the_remedy(named: str, tmp_path: Path) -> None:
    web = Web()
    OPEN[named](web.app, tmp_path)
    with pytest.raises(OpenEndpoints) as refused:
        endpoints(web.app)
    said = str(refused.value).splitlines()
    assert any(line.startswith(f"  {named}: ") for line in said), said
    assert 'requires("reports.read")' in str(refused.value)


def test_the_error_names_function_and_file() -> None:
    with pytest.raises(OpenEndpoints) as refused:
        Web(routers=[things_router(), router(), router(READ, prefix="/closed")])
    line = hello.__code__.co_firstlineno
    assert f"  GET /hello: {hello.__module__}.hello ({__file__}:{line})" in str(refused.value).splitlines()
    assert "closed" not in str(refused.value)


async def test_what_is_added_after_all_else_does_not_start() -> None:
    web = Web()
    web.app.include_router(router())
    with pytest.raises(OpenEndpoints):
        await web.app({"type": "lifespan", "app": web.app}, _receive, _send)


async def test_what_the_start_adds_does_not_start_either() -> None:
    web = Web()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.include_router(router(*rights))
        yield

    web.app.router.lifespan_context = lifespan
    rights: list[Any] = []
    with pytest.raises(OpenEndpoints, match="GET /hello"):
        await web.app({"type": "lifespan", "app": web.app}, _receive, _send)
    web, rights = Web(), [READ]
    web.app.router.lifespan_context = lifespan
    await web.app({"type": "lifespan", "app": web.app}, _receive, _send)
    assert (await web.get("/hello")).json() == "hello"


async def _receive() -> dict[str, str]:
    return {"type": "lifespan.startup"}


async def _send(_: Any) -> None: ...


def test_the_process_says_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "load", lambda: None)
    monkeypatch.setattr(application, "create_app", lambda _: Web(routers=[router()]))
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    assert "GET /hello" in capsys.readouterr().err


NESTED = Depends(lambda _=READ: None)

CLOSED: dict[str, Callable[[FastAPI, Path], Any]] = {
    "/hello": lambda app, _: app.include_router(router(READ)),
    "/a/hello": lambda app, _: app.include_router(outer(inner=router(), dependencies=[READ]), prefix="/a"),
    "/nested": lambda app, _: app.get("/nested", dependencies=[NESTED])(hello),
    "/hidden": lambda app, _: app.get("/hidden", dependencies=[READ], include_in_schema=False)(hello),
    "/both": lambda app, _: app.get("/both", dependencies=[READ, any_caller()])(hello),
    "/rest/of/it": lambda app, _: app.get("/rest/{path:path}", dependencies=[READ])(hello),
    "/mounted/x": lambda app, _: app.mount("/mounted", guarded(Starlette(routes=[Route("/x", plain)]), READ)),
    "/routed": lambda app, _: app.router.routes.append(Route("/routed", guarded(PlainTextResponse("hello"), READ))),
    "/pages/": lambda app, folder: frontend(app, folder, READ),
}


@pytest.mark.parametrize("path", CLOSED)
async def test_the_scope_is_asked_for(path: str, tmp_path: Path) -> None:
    web = Web()
    CLOSED[path](web.app, tmp_path)
    assert "hello" in (await web.get(path)).text
    assert problem(await web.get(path, token=web.issuer.token("things.write"))) == REFUSED
    assert problem(await web.get(path, token=None)) == (401, "unauthenticated")


async def test_every_caller_is_one_with_a_token() -> None:
    web = Web(routers=[router(any_caller()), router(any_caller(), prefix="/problems")])
    for path in "/hello", "/problems/hello":
        assert (await web.get(path, token=web.issuer.token("x"))).json() == "hello"
        assert problem(await web.get(path, token=None)) == (401, "unauthenticated")


OPENED: dict[str, Callable[[FastAPI, Path], Any]] = {
    "/hello": lambda app, _: app.include_router(router(public())),
    "/rest/of/it": lambda app, _: app.get("/rest/{path:path}", dependencies=[public()])(hello),
    "/mounted/x": lambda app, _: app.mount("/mounted", guarded(Starlette(routes=[Route("/x", plain)]), public())),
    "/pages/": lambda app, folder: frontend(app, folder, public()),
}


@pytest.mark.parametrize("path", OPENED)
async def test_everybody_may_where_it_is_said(path: str, tmp_path: Path) -> None:
    web = Web()
    OPENED[path](web.app, tmp_path)
    for method in "GET", "HEAD":
        assert (await web.request(method, path, token=None)).status_code == 200
    assert problem(await web.get("/things", token=None)) == (401, "unauthenticated")
    assert problem(await web.get("/mounted-not", token=None))[0] in (401, 404)


async def test_another_method_of_a_public_path_stays_closed() -> None:
    web = Web(routers=[router(public()), router(READ, methods=["POST"])])
    assert (await web.get("/hello", token=None)).status_code == 200
    assert problem(await web.post("/hello", token=None)) == (401, "unauthenticated")


async def test_a_closed_endpoint_under_a_public_mount_stays_closed() -> None:
    app_router = APIRouter()
    app_router.add_api_route("/mounted/{rest:path}", hello, dependencies=[READ])
    web = Web(routers=[app_router])
    web.app.mount("/mounted", guarded(Starlette(), public()))
    assert problem(await web.get("/mounted/x", token=None)) == (401, "unauthenticated")
    assert problem(await web.get("/mounted/x", token=web.issuer.token("x")))[0] == 401
    web.app.host("x", guarded(Starlette(), READ))
    assert isinstance(web.app.router.routes[-2], Mount)
    assert isinstance(web.app.router.routes[-1], Host)


def test_public_and_closed_is_a_contradiction() -> None:
    with pytest.raises(OpenEndpoints, match=r"GET /hello: .*, which is public\(\) and something else, too"):
        Web(routers=[outer(inner=router(READ), dependencies=[public()])])


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\r\nb", "a\\b", "ä"])
def test_a_scope_is_one_word(scope: str) -> None:
    with pytest.raises(ValueError, match="one scope"):
        requires(scope)


def test_a_guard_is_one_of_three() -> None:
    with pytest.raises(TypeError, match="requires"):
        guarded(Starlette(), Depends(hello))


async def test_operations_have_their_scope() -> None:
    own = Operations("reports", tag="Reports")

    @own.get("/reports", operation_id="list_reports")
    async def list_reports() -> Reply:
        return Reply(204)

    web = Web(routers=[own])
    assert [(each.name, each.security) for each in endpoints(web.app)] == [
        ("list_reports", [{"bearer": ["reports.read"]}])
    ]
    assert problem(await web.get("/reports", token=web.issuer.token("x"))) == REFUSED
