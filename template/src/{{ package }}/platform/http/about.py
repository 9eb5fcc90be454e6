"""What the service says of itself: its contract, a page to read it on, what its problems mean, and whether it is well.

The contract is what follows the domain and what one's own endpoints add to it. The pages are plain HTML made here,
without scripts and without anything from another host.
"""

import asyncio
import logging
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b, sha256
from html import escape
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from ... import TITLE
from ..problems import CATALOGUE, Problem
from .access import public

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[4] / "contract"
GIVEN = "openapi.yaml"
OWN = "own.yaml"

PROBES = frozenset({"/livez", "/readyz"})
"""Paths by which the surroundings ask for this state: always answered, and no requests to anybody who counts those."""
STANDSTILL_S = 5.0
"""From so long a standstill of the event loop on, the process counts as dead: nobody was answered meanwhile."""
REPORTED_S = 15.0
"""How long a standstill is reported after it has ended: longer than the pause between two probes."""

METHODS = ("get", "post", "put", "patch", "delete")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #888 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 0.9em/1.4 ui-monospace, monospace }
pre { background: #8881; padding: 0.8rem; overflow: auto; border-radius: 4px }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left; vertical-align: top }
details { border: 1px solid var(--line); border-radius: 4px; margin: 0.5rem 0; padding: 0.4rem 0.8rem }
summary { cursor: pointer }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold }
.quiet { color: var(--quiet) }
"""

HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


def read(folder: Path = FOLDER) -> dict[str, Any]:
    """The document of a folder. Raises ValueError with the place of an addition that cannot be joined."""
    if not (folder / OWN).is_file():
        raise ValueError(f"contract/{OWN} is not there; with nothing to add it is an empty file")
    return joined((folder / GIVEN).read_bytes(), (folder / OWN).read_bytes())


def joined(given: str | bytes, own: str | bytes) -> dict[str, Any]:
    """The document `given` with the paths, components and tags of `own`, both YAML. Raises ValueError like `read`."""
    import yaml  # noqa: PLC0415 - few processes are ever asked for their contract

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(given, loader)  # noqa: S506 - both are safe  # nosec B506
    try:
        additions = yaml.load(own, loader)  # noqa: S506 - both are safe  # nosec B506
    except yaml.YAMLError as error:
        raise ValueError(f"contract/{OWN}: {error}") from None
    for section, value in _mapping(additions, "the file").items():
        if section == "tags":
            document[section] = [*document[section], *_new_tags(document[section], value or [])]
        elif section in ("paths", "components"):
            document[section] = _joined(document[section], _mapping(value, section), section)
        else:
            raise ValueError(f"contract/{OWN}: {section}: only paths, components and tags can be added")
    return document


def _joined(given: Mapping[str, Any], own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Both, where a path or a kind of components may be in both, but not a member of it."""
    result = dict(given)
    for name, members in own.items():
        known = given.get(name, {})
        for member in _mapping(members, f"{place} → {name}"):
            if member in known:
                raise ValueError(f"contract/{OWN}: {place} → {name} → {member} is in contract/{GIVEN}, too")
        result[name] = {**known, **(members or {})}
    return result


def _new_tags(given: Sequence[Mapping[str, Any]], own: Any) -> list[Mapping[str, Any]]:
    if not isinstance(own, list) or not all(isinstance(tag, Mapping) and "name" in tag for tag in own):
        raise ValueError(f"contract/{OWN}: tags: a list is expected, of mappings with a name")
    known = {tag["name"] for tag in given}
    for tag in own:
        if tag["name"] in known:
            raise ValueError(f"contract/{OWN}: tags → {tag['name']} is in contract/{GIVEN}, too")
    return own


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping | None):
        raise ValueError(f"contract/{OWN}: {place}: a mapping is expected")
    return value or {}


class Contract:
    """The OpenAPI document of the service, read when it is asked for the first time."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document with what is added to it."""
        return read(self._folder)

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(self.document)

    @cached_property
    def page(self) -> bytes:
        """The document as a page for people."""
        return _page(TITLE, _contract(self.document)).encode()


def docs_router(contract: Contract) -> APIRouter:
    """`/openapi.json`, `/docs`, and `/problems/{code}`, which the `type` of every problem leads to."""
    router = APIRouter(include_in_schema=False, dependencies=[public()])

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        content = await asyncio.to_thread(lambda: contract.json)
        return _cached(request, content, "application/json", {"Cache-Control": "no-cache"})

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        content = await asyncio.to_thread(lambda: contract.page)
        return _cached(request, content, "text/html", HEADERS)

    @router.get("/problems/{code}")
    async def problem(code: str) -> Response:
        if code not in CATALOGUE:
            raise Problem(404, "not-found", "There is no problem with this code.")
        meaning = CATALOGUE[code]
        parts = [f"<h1>{meaning.title}</h1>", _text(meaning.text), f"<p class=quiet>HTTP status {meaning.status}</p>"]
        return HTMLResponse(_page(meaning.title, parts), headers=HEADERS)

    return router


def _cached(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """The content, or 304 if the client has it."""
    etag = f'"{blake2b(content, digest_size=16).hexdigest()}"'
    headers = {**headers, "ETag": etag}
    known = request.headers.get("if-none-match", "")
    if known == "*" or etag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _page(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>"
    )


def _contract(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield f"<h1>{escape(info['title'])} <span class=quiet>{escape(info['version'])}</span></h1>"
    yield _text(info.get("description"))
    yield '<p><a href="/openapi.json">OpenAPI document</a></p>'
    for tag in document.get("tags", ()):
        yield f"<h2>{escape(tag['name'])}</h2>{_text(tag.get('description'))}"
        for path, item in document["paths"].items():
            for method in METHODS:
                if tag["name"] in item.get(method, {}).get("tags", ()):
                    yield from _operation(document, path, method, item)
    yield "<h2>Schemas</h2>"
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield f'<details id="{escape(name)}"><summary>{escape(name)}</summary>{_json(schema)}</details>'


def _operation(document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any]) -> Iterator[str]:
    operation = item[method]
    yield f"<details><summary><code><span class=method>{method.upper()}</span> {escape(path)}</code> "
    yield f"{escape(operation.get('summary', ''))}</summary>{_text(operation.get('description'))}"
    parameters = [_resolved(document, each) for each in (*item.get("parameters", ()), *operation.get("parameters", ()))]
    if parameters:
        yield "<table><tr><th>Parameter<th>In<th>Required<th>Description</tr>"
        for each in parameters:
            required = "yes" if each.get("required") else "no"
            yield f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}<td>{required}"
            yield f"<td>{_text(each.get('description'))}</tr>"
        yield "</table>"
    if "requestBody" in operation:
        yield "<h4>Body</h4>"
        yield from _contents(document, _resolved(document, operation["requestBody"]))
    yield "<h4>Answers</h4><table>"
    for status, answer in operation.get("responses", {}).items():
        resolved = _resolved(document, answer)
        yield f"<tr><td><code>{escape(str(status))}</code><td>{_text(resolved.get('description'))}"
        yield from _contents(document, resolved)
        yield "</tr>"
    yield "</table></details>"


def _contents(document: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    for media_type, content in body.get("content", {}).items():
        yield f"<p><code>{escape(media_type)}</code> {_schema(content.get('schema', {}))}</p>"
        for name, example in content.get("examples", {}).items():
            value = _resolved(document, example).get("value")
            yield f"<details><summary>Example: {escape(name)}</summary>{_json(value)}</details>"


def _schema(schema: Mapping[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else _json(schema)


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part, or what its reference within the document leads to."""
    reference = part.get("$ref")
    if reference is None:
        return part
    target: Any = document
    for token in reference.removeprefix("#/").split("/"):
        target = target[token.replace("~1", "/").replace("~0", "~")]
    return _resolved(document, target)


def _text(text: str | None) -> str:
    """A description: the little of Markdown that contracts use."""
    marked = _STRONG.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", escape(text or "").strip()))
    blocks = (_list(block) if block.startswith("- ") else f"<p>{block}</p>" for block in marked.split("\n\n") if block)
    return "".join(blocks)


def _list(block: str) -> str:
    return "<ul><li>" + block[2:].replace("\n- ", "<li>") + "</ul>"


def _json(value: Any) -> str:
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(value)).decode())}</pre>"


_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


class Lifecycle:
    """Becomes `draining` when the process is asked to end, and stays so: what is under way ends, no pod sends more."""

    def __init__(self) -> None:
        self.draining = False
        self._beat = inf
        self._stood_until = -inf

    def drain(self) -> None:
        """Be about to end."""
        self.draining = True

    def beat(self, now: float) -> None:
        """Note that the event loop moves (`now` in seconds, monotonic); whoever beats does so all the time."""
        if now - self._beat >= STANDSTILL_S:
            logger.error("the event loop stood still for %.1f s: something blocks it", now - self._beat)
            self._stood_until = now + REPORTED_S
        self._beat = now

    def moves(self, now: float | None = None) -> bool:
        """Whether the event loop has not stood still, now or a moment ago."""
        now = monotonic() if now is None else now
        return now - self._beat < STANDSTILL_S and now >= self._stood_until


Check = Callable[[], Awaitable[bool]]


def health_router(ready: Check, has_keys: Check | None = None, has_revisions: Check | None = None) -> APIRouter:
    """`/livez` is 200 while the event loop moves, `/readyz` while `ready()` holds and the service is not draining.

    A replica that never had the issuer's keys is not ready; one that had them stays so while the issuer is away.
    Nor is one whose database was never seen to have the revisions of its release.
    """
    router = APIRouter(include_in_schema=False, dependencies=[public()])

    @router.get("/livez")
    async def live(request: Request) -> Response:
        if not request.app.state.lifecycle.moves():
            raise _failing("The event loop has stood still.")
        return _ok()

    @router.get("/readyz")
    async def is_ready(request: Request) -> Response:
        if request.app.state.lifecycle.draining:
            raise _failing("This replica is shutting down.")
        if not await ready():
            raise _failing("The database cannot be reached.")
        if has_revisions is not None and not await has_revisions():
            raise _failing("The database lacks revisions of this release.")
        if has_keys is not None and not await has_keys():
            raise _failing("The token issuer cannot be reached.")
        return _ok()

    return router


def _ok() -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def _failing(detail: str) -> Problem:
    return Problem(503, "service-unavailable", detail, headers={"Retry-After": "1"})
