"""A small application on the platform: things, an issuer of tokens in memory, and a client."""

import json
from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI
from ordering.kernel import Caller, RuleViolated, TransitionRefused
from ordering.platform.auth import Authenticator
from ordering.platform.auth.keys import KeySet
from ordering.platform.http import Body, IfMatch, IfNoneMatch, Once, Operations, Query, Reply, middleware
from ordering.settings import Settings
from pydantic import SecretStr

ISSUER = "https://issuer.example.com"
JWKS = f"{ISSUER}/keys"
THING_ID = UUID("01890000-0000-7000-8000-000000000001")
VERSION = 7

RSA = rsa.generate_private_key(65537, 2048)
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


class NewThing(Body):
    """What a thing is made of."""

    name: str
    size: int = 1
    parts: list["NewThing"] | None = None
    extra: Any = None


class ThingQuery(Query):
    """Which things."""

    limit: int = 50
    name: str | None = None


class Thing(msgspec.Struct, omit_defaults=True):
    """A thing as the API shows it."""

    id: UUID
    name: str


class Things:
    """Does what the name of a thing asks for."""

    async def create(self, name: str) -> Thing:
        if name == "broken":
            raise RuntimeError("a secret of the house")
        if name == "refused":
            raise RuleViolated("No such things.", field="name")
        if name == "late":
            raise TransitionRefused("create", "DONE")
        return Thing(uuid4(), name)


def things_router() -> Operations:
    """The operations on things."""
    router = Operations("things", tag="Things")

    @router.post("/things", operation_id="create_thing")
    async def create_thing(body: NewThing, caller: Caller, things: Things) -> Reply:
        """Make a thing."""
        thing = await things.create(body.name)
        return Reply(201, thing, version=1, location=f"/things/{thing.id}")

    @router.get("/things", operation_id="list_things")
    async def list_things(query: ThingQuery) -> Reply:
        return Reply(200, Thing(THING_ID, f"{query.limit} {query.name}"))

    @router.get("/things/{thing_id}", operation_id="get_thing")
    async def get_thing(thing_id: UUID, none_match: IfNoneMatch) -> Reply:
        if none_match.matches(VERSION):
            return Reply.not_modified(VERSION)
        return Reply(200, Thing(thing_id, "one"), version=VERSION)

    @router.patch("/things/{thing_id}", operation_id="update_thing")
    async def update_thing(thing_id: UUID, body: NewThing, if_match: IfMatch) -> Reply:
        if_match.check(VERSION)
        return Reply(200, Thing(thing_id, body.name), version=VERSION + 1)

    @router.put("/things/{thing_id}", operation_id="replace_thing")
    async def replace_thing(thing_id: UUID, body: NewThing) -> Reply:
        return Reply(200, Thing(thing_id, body.name))

    @router.delete("/things/{thing_id}", operation_id="delete_thing", scope="things.destroy")
    async def delete_thing(thing_id: UUID, if_match: IfMatch) -> Reply:
        if_match.check(VERSION)
        return Reply(204)

    return router


class Uses:
    """What `use_thing` does; tests say how it goes."""

    def __init__(self, add: Callable[[Once], Awaitable[Reply]]) -> None:
        self.add = add


def once_router() -> Operations:
    """One operation that happens once."""
    router = Operations("things", tag="Things")

    @router.post("/things/{thing_id}/uses", operation_id="use_thing")
    async def use_thing(thing_id: UUID, once: Once, uses: Uses) -> Reply:
        return await uses.add(once)

    return router


class FakeIssuer:
    """An issuer whose key sets and discovery document are served in memory."""

    def __init__(self) -> None:
        self.keys = {"rsa": _public(RSA), "ec": _public(ELLIPTIC)}
        self.requests: list[str] = []
        self.failing = False
        self.documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": JWKS}
        }

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of the service."""
        url = str(request.url)
        self.requests.append(url)
        if self.failing:
            raise httpx2.ConnectError("no route to the issuer")
        keys = {"keys": [{"kid": kid, "use": "sig", **key} for kid, key in self.keys.items()]}
        document = self.documents.get(url, keys)
        return httpx2.Response(200, content=document if isinstance(document, bytes) else json.dumps(document).encode())

    def token(
        self,
        *scopes: str,
        key: Any = ELLIPTIC,
        kid: str | None = "ec",
        algorithm: str = "ES256",
        **claims: Any,
    ) -> str:
        """An access token; a claim that is None is left out."""
        payload = {
            "iss": ISSUER,
            "aud": "things",
            "sub": "ann",
            "exp": int(time()) + 600,
            "scope": " ".join(scopes or ("things.read", "things.write", "things.destroy")),
            **claims,
        }
        present = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(present, key, algorithm, headers={"kid": kid} if kid else None)


class Web:
    """An application and a client of it; the client sends a token of the issuer unless it is told otherwise."""

    def __init__(
        self, *services: object, routers: Any = None, issuer: FakeIssuer | None = None, **settings: Any
    ) -> None:
        self.issuer = issuer or FakeIssuer()
        self.settings = make_settings(**settings)
        self.authenticator = Authenticator(
            self.settings, KeySet(self.settings, httpx2.MockTransport(self.issuer.answer))
        )
        self.app = FastAPI(openapi_url=None, telemetry={"tracing": False, "metrics": False, "logs": False})
        self.routers = [things_router()] if routers is None else routers
        for router in self.routers:
            self.app.include_router(router)
        middleware.install(self.app, self.settings, provide=[Things(), *services], authenticator=self.authenticator)
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://service"
        )

    async def request(
        self, method: str, path: str, *, token: str | None = "", headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """Send a request; without a token if that is None."""
        authorization = {} if token is None else {"Authorization": f"Bearer {token or self.issuer.token()}"}
        return await self._client.request(method, path, headers={**authorization, **(headers or {})}, **more)

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, **more: Any) -> httpx2.Response:
        return await self.request("POST", path, **more)


def make_settings(**given: Any) -> Settings:
    """Settings of an application that trusts the fake issuer."""
    return Settings(
        **{
            "database_url": SecretStr("postgresql://nobody@localhost/nothing"),
            "auth_issuer": ISSUER,
            "auth_audience": "things",
            "log_level": "WARNING",
            **given,
        }
    )


def errors(response: httpx2.Response) -> list[tuple[str, str]]:
    """Pointer and code of all errors of a problem."""
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def problem(response: httpx2.Response) -> tuple[int, str]:
    """Status and code of a problem, which is checked for what all problems have in common."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"].isprintable()
    assert body["instance"] == f"urn:uuid:{response.headers['request-id']}"
    assert body["trace_id"] == response.headers["traceparent"].split("-")[1]
    return response.status_code, body["type"].rpartition("/")[2]


def _public(key: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    public: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return public
