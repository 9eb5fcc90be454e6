"""The answers of an aggregate's operations, and those that name no resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .aggregate import actions, with_article
from .catalogue import CATALOGUE
from .headers import header_refs
from .json_schema import Json, ref
from .links import links
from .problems import (
    OTHER_PROBLEMS,
    OUTCOME_OPEN,
    SHARED_PROBLEMS,
    problem_examples,
    problem_response,
    problem_value,
)
from .samples import identity
from .wire import MOST_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEADERS = {
    "unauthenticated": ("WWW-Authenticate",),
    "unsupported-media-type": ("Accept", "Accept-Encoding", "Accept-Patch"),
    "too-many-requests": ("Retry-After",),
    "service-unavailable": ("Retry-After",),
}
"""Code of a shared problem → headers that say more about it."""

VIOLATIONS = {
    "uq": ("already-exists", "This value is taken."),
    "fk": ("reference-not-found", "There is no such resource."),
}
"""Kind of a constraint → the problem of a request that violates it, and its detail."""


def shared_responses(api_url: str, max_body_bytes: int) -> Json:
    """Answers that name no resource: component → response."""
    responses: Json = {
        "no-content": {"description": "Done; there is nothing to say", "headers": header_refs()},
        "not-modified": {"description": "The client has the current version", "headers": header_refs("ETag")},
    }
    for code, words in SHARED_PROBLEMS.items():
        examples = problem_examples(api_url, {code: words.format(max_body_bytes=max_body_bytes)})
        if code == "service-unavailable":
            examples |= problem_examples(api_url, {"outcome-open": OUTCOME_OPEN})
        responses[code] = problem_response(CATALOGUE[code].title, examples, *HEADERS.get(code, ()))
    responses["problem"] = problem_response("Any other problem", problem_examples(api_url, OTHER_PROBLEMS))
    return responses


def responses(aggregate: Mapping[str, Any], api_url: str) -> Iterator[tuple[str, Json]]:
    """Component → response."""
    name, title = aggregate["schema"], aggregate["title"]
    created = {aggregate["singular"]: ref("examples", name)}
    shown = created | {
        action["enters"].lower(): ref("examples", f"{name}.{action['enters'].lower()}") for action in actions(aggregate)
    }
    # Linters take every member called `responses` for the responses of an operation.
    plural = "page" if aggregate["plural"] == "responses" else aggregate["plural"]
    page = {plural: ref("examples", f"{name}.page")}
    yield name, _resource(aggregate, f"The {title}", shown, "ETag")
    yield f"{name}.created", _resource(aggregate, f"The new {title}", created, "ETag", "Location")
    yield f"{name}.page", _success(f"A page of {aggregate['titles']}", f"{name}Page", page)
    yield f"{name}.invalid", _invalid(aggregate, api_url)
    yield f"{name}.forbidden", _forbidden(aggregate, api_url)
    yield f"{name}.not-found", _not_found(aggregate, api_url)
    yield f"{name}.conflict", _conflict(aggregate, api_url)


def _resource(aggregate: Mapping[str, Any], description: str, examples: Json, *headers: str) -> Json:
    response = _success(description, aggregate["schema"], examples, *headers)
    return response | {"links": {name: ref("links", name) for name, _ in links(aggregate)}}


def _success(description: str, schema: str, examples: Json, *headers: str) -> Json:
    return {
        "description": description,
        "content": {"application/json": {"schema": ref("schemas", schema), "examples": examples}},
        "headers": header_refs(*headers),
    }


def _invalid(aggregate: Mapping[str, Any], api_url: str) -> Json:
    """The 400 of the aggregate's operations, with an error in the body, the query and the path."""
    errors = {
        "invalid_query": ("/query/limit", "out_of_range", f"Input should be between 1 and {MOST_ITEMS}"),
        "invalid_path": (f"/path/{aggregate['id_param']}", "uuid_parsing", "This is not a UUID."),
    }
    required = next((field for field in aggregate["input_fields"] if field["required"]), None)
    if required is not None:
        errors = {"invalid_body": (f"/{required['wire']}", "missing", "Field required")} | errors
    problem = problem_value(api_url, "invalid-request", "The request has one error.")
    examples = {
        name: {"value": problem | {"errors": [{"pointer": pointer, "code": code, "detail": detail}]}}
        for name, (pointer, code, detail) in errors.items()
    }
    return problem_response("The request does not fit the contract", examples)


def _forbidden(aggregate: Mapping[str, Any], api_url: str) -> Json:
    examples = {}
    for right in ("read", "write"):
        detail = f"The access token lacks the scope {aggregate[f'scope_{right}']}."
        examples[f"without_{right}"] = {"value": problem_value(api_url, "insufficient-scope", detail)}
    return problem_response("The access token does not carry the scope needed", examples, "WWW-Authenticate")


def _not_found(aggregate: Mapping[str, Any], api_url: str) -> Json:
    title = aggregate["title"]
    detail = f"There is no {title} {identity(aggregate['schema'])}."
    return problem_response(f"There is no such {title}", problem_examples(api_url, {"not-found": detail}))


def _conflict(aggregate: Mapping[str, Any], api_url: str) -> Json:
    """The 409 of the aggregate's operations: of its constraints, its lifecycle, and a request that is repeated."""
    details: dict[str, str] = {}
    pointers: dict[str, str] = {}
    of_links = (each for link in aggregate["links"] for each in link["constraints"] if each["pointer"])
    for constraint in (*aggregate["constraints"], *of_links):
        if constraint["kind"] in VIOLATIONS:
            code, detail = VIOLATIONS[constraint["kind"]]
            if constraint["kind"] == "uq" and " " in constraint["pointer"]:
                detail = "These values are taken."
            details.setdefault(code, detail)
            pointers.setdefault(code, constraint["pointer"].replace("*", "0"))
    if actions(aggregate):
        details["transition-refused"] = _refusal(aggregate)
    details["request-in-progress"] = "A request with this Idempotency-Key is under way."
    examples = problem_examples(api_url, details)
    for code, pointer in pointers.items():
        if pointer:
            examples[code.replace("-", "_")]["value"]["errors"] = [
                {"pointer": each, "code": code, "detail": details[code]} for each in pointer.split()
            ]
    title = f"The {aggregate['title']} or what it refers to does not allow this"
    return problem_response(title, examples, "Retry-After")


def _refusal(aggregate: Mapping[str, Any]) -> str:
    """What the first action says in a state that it does not begin in."""
    action = actions(aggregate)[0]
    states = (state["value"] for state in aggregate["lifecycle"]["states"])
    state = next((state for state in states if state not in action["sources"]), action["target"])
    return f"Cannot {action['title']} {with_article(aggregate)} that is {state}."
