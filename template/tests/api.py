"""The API as the tests call it: headers that every request needs, and examples of every aggregate."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

import httpx2

from dev.examples import EXAMPLES

MERGE_PATCH = "application/merge-patch+json"


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

    async def create(self, name: str) -> httpx2.Response:
        """Create this example, and what it refers to."""
        answer = await self.post(EXAMPLES[name].path, await self.body(name))
        assert answer.status_code == 201, answer.text
        return answer

    async def get(self, path: str, /, *, if_none_match: str | None = None, **query: Any) -> httpx2.Response:
        """GET with query parameters."""
        return await self._client.get(path, params=query, headers=_present({"If-None-Match": if_none_match}))

    async def post(
        self, path: str, body: Mapping[str, Any] | None, *, key: str | None = None, if_match: str | None = None
    ) -> httpx2.Response:
        """POST with an Idempotency-Key, a new one unless it is given."""
        headers = {"Idempotency-Key": key or str(uuid4())} | _present({"If-Match": if_match})
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
            path, most = EXAMPLES[name].path, EXAMPLES[name].most
            present = (await self.get(path)).json()["items"] if most else []
            is_full = len(present) == most
            made[name] = (present[0] if is_full else (await self.create(name)).json())["id"]
        return made


def _present(headers: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}
