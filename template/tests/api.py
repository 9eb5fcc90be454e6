"""The API as the tests and Schemathesis call it, with examples of every aggregate, and what all aggregates do there.

A test class of each aggregate derives from `Behaviour` and names its example; schemathesis.toml loads the hooks.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from uuid import uuid4

import httpx2
import pytest
import schemathesis
from schemathesis import Case, HookContext, Response

from dev.examples import EXAMPLES, Example

MERGE_PATCH = "application/merge-patch+json"
KEY = "Idempotency-Key"

_sent: dict[str, str] = {}
"""Idempotency-Key of Schemathesis → the first request that had it."""

_next: dict[str, str] = {}
"""List → a cursor that the service made for it."""


class Api:
    """Requests of a caller who may do everything, unless `as_caller` or `as_anyone` says otherwise."""

    def __init__(self, client_with: Callable[[str | None], httpx2.AsyncClient], token: Callable[..., str]) -> None:
        self._client_with = client_with
        self._token = token
        self._client = client_with(token())

    def as_caller(self, *scopes: str) -> "Api":
        """The same for a caller with these scopes only."""
        api = Api(self._client_with, self._token)
        api._client = self._client_with(self._token(*scopes))
        return api

    def as_anyone(self) -> "Api":
        """The same for a caller without a token."""
        api = Api(self._client_with, self._token)
        api._client = self._client_with(None)
        return api

    async def body(self, name: str) -> dict[str, Any]:
        """A new body of this example; what it refers to is created first."""
        example = EXAMPLES[name]
        return example.new((await self._made(example.references.values())).__getitem__)

    async def change(self, name: str) -> dict[str, Any]:
        """A merge patch of this example; what it refers to is created first."""
        example = EXAMPLES[name]
        return example.change((await self._made(example.patch_references.values())).__getitem__)

    async def input(self, name: str, action: str) -> dict[str, Any] | None:
        """What is sent with an action of this example, None where nothing is; what it refers to is created first."""
        sent = EXAMPLES[name].inputs.get(action)
        return None if sent is None else sent.new((await self._made(sent.references.values())).__getitem__)

    async def create(self, name: str, *, state: str | None = None) -> httpx2.Response:
        """Create this example, in this state where it is said, and what it refers to."""
        answer = await self.post(EXAMPLES[name].path, await self.body(name) | _present({"status": state}))
        assert answer.status_code == 201, answer.text
        return answer

    async def get(self, path: str, /, *, if_none_match: str | None = None, **query: Any) -> httpx2.Response:
        """GET with query parameters."""
        return await self._client.get(path, params=query, headers=_present({"If-None-Match": if_none_match}))

    async def post(
        self, path: str, body: Mapping[str, Any] | None, *, key: str | None = None, if_match: str | None = None
    ) -> httpx2.Response:
        """POST with an Idempotency-Key, a new one unless it is given."""
        headers = {KEY: key or str(uuid4())} | _present({"If-Match": if_match})
        return await self._client.post(path, json=body, headers=headers)

    async def patch(self, path: str, body: Mapping[str, Any], *, if_match: str | None) -> httpx2.Response:
        """PATCH by a JSON merge patch."""
        headers = {"Content-Type": MERGE_PATCH} | _present({"If-Match": if_match})
        return await self._client.patch(path, json=body, headers=headers)

    async def delete(self, path: str, *, if_match: str | None) -> httpx2.Response:
        """DELETE of a version."""
        return await self._client.delete(path, headers=_present({"If-Match": if_match}))

    async def _made(self, names: Iterable[str]) -> dict[str, str]:
        """Name → id of a new example each, or of the newest one where there cannot be more."""
        made = {}
        for name in set(names):
            module, _, number = name.partition(" ")  # a number asks for another one
            path, most = EXAMPLES[module].path, EXAMPLES[module].most
            present = (await self.get(path)).json()["items"] if most else []
            is_full = len(present) == most
            found = present[-int(number or 1)] if is_full else (await self.create(module)).json()
            made[name] = found["id"]
        return made


def _present(members: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


class Behaviour:
    """The operations that all aggregates share, asked over HTTP against a real database."""

    name: ClassVar[str]

    @property
    def example(self) -> Example:
        return EXAMPLES[self.name]

    async def test_creates_and_gets(self, api: Api) -> None:
        created = await api.create(self.name)
        assert created.status_code == 201
        assert created.headers["location"] == f"{self.example.path}/{created.json()['id']}"
        got = await api.get(created.headers["location"])
        assert got.status_code == 200
        assert got.json() == created.json()
        assert got.headers["etag"] == created.headers["etag"]

    async def test_repeats_the_answer_of_a_repeated_key(self, api: Api) -> None:
        body = await api.body(self.name)
        key = str(uuid4())
        first = await api.post(self.example.path, body, key=key)
        again = await api.post(self.example.path, body, key=key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["etag"] == first.headers["etag"]
        changed = body | await api.change(self.name)
        if changed != body:  # an aggregate may have one value only
            other = await api.post(self.example.path, changed, key=key)
            assert other.status_code == 422
            assert other.json()["type"].endswith("/idempotency-key-reused")

    async def test_refuses_what_is_not_valid(self, api: Api) -> None:
        answer = await api.post(self.example.path, {"unknown": True})
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert "/unknown" in {error["pointer"] for error in answer.json()["errors"]}

    async def test_answers_304_to_a_known_version(self, api: Api) -> None:
        created = await api.create(self.name)
        path = created.headers["location"]
        assert (await api.get(path, if_none_match=created.headers["etag"])).status_code == 304
        assert (await api.get(path, if_none_match='"999"')).status_code == 200

    async def test_changes_by_merge_patch(self, api: Api) -> None:
        created = await api.create(self.name)
        path, etag = created.headers["location"], created.headers["etag"]
        changed = await api.patch(path, await api.change(self.name), if_match=etag)
        assert changed.status_code == 200
        assert changed.headers["etag"] != etag
        got = await api.get(path)
        assert got.json() == changed.json()
        assert got.json()["modified_at"] > created.json()["modified_at"]
        assert got.json()["created_at"] == created.json()["created_at"]

    async def test_changes_only_the_current_version(self, api: Api) -> None:
        path, patch = (await api.create(self.name)).headers["location"], await api.change(self.name)
        assert (await api.patch(path, patch, if_match='"999"')).status_code == 412
        assert (await api.patch(path, patch, if_match=None)).status_code == 428
        assert (await api.delete(path, if_match='"999"')).status_code == 412
        assert (await api.delete(path, if_match=None)).status_code == 428

    async def test_changes_once_when_asked_twice_at_a_time(self, api: Api) -> None:
        created = await api.create(self.name)
        path, etag = created.headers["location"], created.headers["etag"]
        patch = await api.change(self.name)
        answers = await asyncio.gather(*(api.patch(path, patch, if_match=etag) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412]

    async def test_creates_once_when_asked_twice_at_a_time(self, api: Api) -> None:
        body, key = await api.body(self.name), str(uuid4())
        answers = await asyncio.gather(*(api.post(self.example.path, body, key=key) for _ in range(3)))
        created = {answer.content for answer in answers if answer.status_code == 201}
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(created) == 1
        assert len((await api.get(self.example.path)).json()["items"]) == 1

    async def test_deletes(self, api: Api) -> None:
        created = await api.create(self.name)
        path, patch = created.headers["location"], await api.change(self.name)
        assert (await api.delete(path, if_match=created.headers["etag"])).status_code == 204
        assert (await api.get(path)).status_code == 404
        assert (await api.patch(path, patch, if_match="*")).status_code == 404
        assert (await api.delete(path, if_match="*")).status_code == 404

    @pytest.mark.parametrize("sort", ["created_at", "-created_at"])
    async def test_lists_page_by_page(self, api: Api, sort: str) -> None:
        created = await self._several(api)
        expected = created if sort == "created_at" else created[::-1]
        assert await self._pages(api, sort=sort, limit=2) == expected
        assert await self._pages(api, sort=sort, limit=3) == expected

    async def test_refuses_a_bad_page(self, api: Api) -> None:
        for query in ({"cursor": "x"}, {"limit": 0}, {"sort": "nothing"}, {"unknown": 1}):
            answer = await api.get(self.example.path, **query)
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(query))}"

    async def test_needs_a_token_and_its_scope(self, api: Api) -> None:
        path = (await api.create(self.name)).headers["location"]
        assert (await api.as_anyone().get(path)).status_code == 401
        assert (await api.as_caller("nothing.read").get(path)).status_code == 403
        assert (await api.as_caller("nothing.write").delete(path, if_match="*")).status_code == 403

    async def test_refuses_to_share_what_is_unique(self, api: Api) -> None:
        body = await api.body(self.name)
        assert (await api.post(self.example.path, body)).status_code == 201
        for name in self.example.unique:
            other = await api.body(self.name) | {name: body[name]}
            answer = await api.post(self.example.path, other)
            assert answer.status_code == 409
            guarded = {*self.example.unique, *(str(place[0]) for place in self.example.references)}
            guarded |= {member for key in self.example.keys for member in key}
            shared = {f"/{member}" for member in guarded if other.get(member) == body.get(member)}
            assert answer.json()["errors"][0]["pointer"] in shared

    async def test_refuses_to_share_what_differs_in_case_only(self, api: Api) -> None:
        body = await api.body(self.name)
        assert (await api.post(self.example.path, body)).status_code == 201
        for name in self.example.ignorecase:
            if name not in self.example.unique:
                continue  # what is unique together with others only
            other = await api.body(self.name) | {name: body[name].swapcase()}
            answer = await api.post(self.example.path, other)
            assert answer.status_code == 409

    async def test_refuses_to_refer_to_nothing(self, api: Api) -> None:
        for place in self.example.references:
            body = await api.body(self.name)
            owner: Any = body
            for step in place[:-1]:
                owner = owner[step]
            owner[place[-1]] = str(uuid4())
            answer = await api.post(self.example.path, body)
            assert answer.status_code == 409
            assert answer.json()["type"].endswith("/reference-not-found")
            assert [error["pointer"] for error in answer.json()["errors"]] == ["/" + "/".join(map(str, place))]

    async def filters(self, api: Api, parameter: str) -> None:
        """A page has what the parameter asks for, and nothing else."""
        created = (await api.create(self.name)).json()
        asked = created[parameter].swapcase() if parameter in self.example.ignorecase else created[parameter]
        found = (await api.get(self.example.path, **{parameter: asked})).json()["items"]
        assert created in found
        assert all(item[parameter] == created[parameter] for item in found)

    async def sorts(self, api: Api, sort: str) -> None:
        """Pages in one direction are those in the other one, backwards."""
        created = [each["id"] for each in await self._several(api)]
        ascending = [item["id"] for item in await self._pages(api, sort=sort, limit=2)]
        descending = [item["id"] for item in await self._pages(api, sort=f"-{sort}", limit=2)]
        assert sorted(ascending) == sorted(created)
        assert ascending == descending[::-1]

    async def replaces(self, api: Api, part: str) -> None:
        """A patch replaces all of a part, and nothing else does."""
        created = await api.create(self.name)
        path, items = created.headers["location"], created.json()[part]
        emptied = await api.patch(path, {part: []}, if_match=created.headers["etag"])
        assert emptied.json()[part] == []
        sent = self.example.body[part]
        filled = await api.patch(path, {part: [*sent, *sent]}, if_match=emptied.headers["etag"])
        assert filled.json()[part] == [*items, *items]
        assert (await api.get(path)).json() == filled.json()

    async def refuses_twins(self, api: Api, part: str, members: list[str]) -> None:
        """Two items of a part may not share these members, or all in one text; the problem names the second one."""
        body = await api.body(self.name)
        twins = {part: [*body[part], *body[part]]}
        created = await api.post(self.example.path, body)
        places = [[f"/{part}/1/{member}" for member in each.split()] for each in members]
        etag = created.headers["etag"]
        changed = await api.patch(created.headers["location"], twins, if_match=etag)
        for answer in (changed, await api.post(self.example.path, await api.body(self.name) | twins)):
            assert answer.status_code == 409
            assert answer.json()["type"].endswith("/already-exists")
            assert [error["pointer"] for error in answer.json()["errors"]] in places

    async def moves(self, api: Api, steps: list[str], action: str, state: str, start: str | None = None) -> None:
        """After the steps, the action leads to the state, once, and not from a version other than the one sent."""
        path = await self.after(api, steps, start)
        key, body = str(uuid4()), await api.input(self.name, action)
        before = await api.get(path)
        assert (await api.post(f"{path}/{action}", body, if_match='"999"')).status_code == 412
        assert (await api.get(path)).json() == before.json()
        answer = await api.post(f"{path}/{action}", body, key=key, if_match=before.headers["etag"])
        assert answer.status_code == 200
        assert answer.json()["status"] == state
        assert (await api.get(path)).json() == answer.json()
        assert (await api.post(f"{path}/{action}", body, key=key)).content == answer.content

    async def refuses_to_move(self, api: Api, steps: list[str], action: str, start: str | None = None) -> None:
        """After the steps, the action is not possible."""
        path, body = await self.after(api, steps, start), await api.input(self.name, action)
        answer = await api.post(f"{path}/{action}", body)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/transition-refused")

    async def _several(self, api: Api) -> list[dict[str, Any]]:
        """Three of them, or as many as there can be."""
        return [(await api.create(self.name)).json() for _ in range(min(3, self.example.most or 3))]

    async def after(self, api: Api, steps: list[str], start: str | None) -> str:
        """The address of a new one after the steps from this state, or from the first one."""
        path = (await api.create(self.name, state=start)).headers["location"]
        for step in steps:
            assert (await api.post(f"{path}/{step}", await api.input(self.name, step))).status_code == 200
        return path

    async def _pages(self, api: Api, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page: httpx2.Response = await api.get(self.example.path, **query, **cursor)
            assert page.status_code == 200
            items += page.json()["items"]
            if "next" not in page.json():
                return items
            cursor = {"cursor": page.json()["next"]}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every valid request one of its own, with cursors that the service has made.

    Schemathesis sends one Idempotency-Key with many requests, which the service rightly refuses: those after the first
    get another one, unless they are the same again. A cursor that is made up fits the contract's pattern but belongs to
    no list: one that the service made for this list takes its place, if there is one. Requests that are meant to be
    refused stay as they are.
    """
    refusable = case.meta is None or case.meta.generation.mode.is_negative
    key = case.headers.get(KEY)
    if isinstance(key, str):
        request = f"{case.method} {case.path} {case.path_parameters!r} {case.body!r}"
        if not refusable and _sent.get(_canonical(key), request) != request:
            key = case.headers[KEY] = str(uuid4())
        _sent.setdefault(_canonical(key), request)
    if not refusable and case.query.pop("cursor", None) is not None and (made := _next.get(_list(case))):
        case.query["cursor"] = made


def _canonical(key: str) -> str:
    """The form in which two spellings of one key are equal: without quotes, escapes and capitals."""
    return key.replace("\\", "").strip('"').lower()


def _list(case: Case[Any]) -> str:
    """What a cursor belongs to: the path, its order and filters."""
    return f"{case.path} {sorted((k, str(v)) for k, v in case.query.items() if k not in {'cursor', 'limit'})}"


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember the cursors that the service makes."""
    if case.method == "GET" and response.status_code == 200 and "next" in (page := response.json()):
        _next[_list(case)] = page["next"]
