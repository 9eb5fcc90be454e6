"""The service's contract: the model and the answers as an OpenAPI 3.1 document.

The document is complete by itself: every operation with its parameters, headers, answers, examples and links. What is
the same for all resources is a shared component; what names a resource is that resource's own, so that a line of the
file can be told from the same line of its neighbour, by people and by three-way merges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from ...text import yamltext
from .components import (
    ANY_OPERATION,
    CREATED_AT,
    CURSOR,
    CURSOR_SCHEMA,
    ENUM_PATTERN,
    MODIFIED_AT,
    header_refs,
    problem_response,
    problem_schemas,
    problem_value,
    security_scheme,
    shared_headers,
    shared_parameters,
    shared_responses,
)
from .introduction import introduction
from .schemas import dated, exampled, link, named_once, object_of, one_of, ref, uuid
from .wire import MOST_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Json = dict[str, Any]

VERSION = "1.0.0"
LICENCES = {
    "proprietary": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
    "mit": {"name": "MIT License", "identifier": "MIT"},
    "apache-2.0": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
}
SPACED = (
    (),
    ("paths",),
    ("components",),
    ("components", "parameters"),
    ("components", "headers"),
    ("components", "responses"),
    ("components", "schemas"),
    ("components", "examples"),
    ("components", "links"),
)


def contract(model: Mapping[str, Any], service: Mapping[str, Any]) -> Json:
    """Return the OpenAPI document of `model` as a dict.

    `service` holds the answers `service_name`, `description`, `organisation`, `owner_team`, `owner_email`, `api_url`
    and `licence`, and `max_body_bytes`. Raises KeyError when one is missing.
    """
    api_url = service["api_url"]
    words = service["service_name"].replace("-", " ").capitalize()
    aggregates = [_Aggregate(aggregate, api_url) for aggregate in model["aggregates"]]
    shared = shared_responses(api_url, service["max_body_bytes"])
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{words} API",
            "summary": f"The {model['title']} context of {service['organisation']}",
            "description": introduction(service["description"], service["max_body_bytes"]),
            "version": VERSION,
            "contact": {
                "name": service["owner_team"],
                "url": f"{api_url}/docs",
                "email": service["owner_email"],
            },
            "license": dict(LICENCES[service["licence"]]),
            "x-api-id": str(uuid5(NAMESPACE_URL, f"{service['organisation']}/{service['service_name']}")),
            "x-audience": "company-internal",
        },
        "servers": [{"url": api_url, "description": "Production", "x-internal": True}],
        "tags": [aggregate.tag() for aggregate in aggregates],
        "security": [{"bearer": []}],
        "paths": named_once(*(one.paths() for one in aggregates)),
        "components": {
            "securitySchemes": {"bearer": security_scheme()},
            "parameters": named_once(shared_parameters().items(), *(one.parameters() for one in aggregates)),
            "headers": shared_headers(api_url),
            "responses": named_once(*(one.responses() for one in aggregates), shared.items()),
            "schemas": named_once(
                *(one.schemas() for one in aggregates), model["schemas"].items(), problem_schemas(api_url).items()
            ),
            "examples": named_once(*(one.examples() for one in aggregates)),
            "links": named_once(*(one.links() for one in aggregates)),
        },
    }
    return _without_unused(document)


def contract_yaml(model: Mapping[str, Any], service: Mapping[str, Any]) -> str:
    """Return the document of `contract` as the text of `contract/openapi.yaml`, without its leading comment."""
    return yamltext.dump(contract(model, service), spaced=SPACED)


class _Aggregate:
    """One aggregate's share of the document."""

    def __init__(self, aggregate: Mapping[str, Any], api_url: str) -> None:
        self.model = aggregate
        self.api_url = api_url
        self.name: str = aggregate["schema"]
        self.title: str = aggregate["title"]
        self.titles: str = aggregate["titles"]
        self.one = f"{aggregate['article']} {self.title}"
        self.path = f"/{aggregate['path']}"
        self.item_path = f"{self.path}/{{{aggregate['id_param']}}}"
        self.id = example_id(self.name)
        self.lifecycle: Mapping[str, Any] = aggregate["lifecycle"] or {"actions": [], "states": []}
        self.outputs: list[Json] = [f for f in aggregate["fields"] if f["sensitivity"] != "secret"]
        self.tag_name = self.titles.capitalize()

    def tag(self) -> Json:
        description = self.model["description"]
        if self.lifecycle["states"]:
            states = ", ".join(state["value"] for state in self.lifecycle["states"])
            description = f"{description} Its states: {states}."
        return {"name": self.tag_name, "description": description}

    # Paths

    def paths(self) -> Iterator[tuple[str, Json]]:
        yield self.path, {"get": self._list(), "post": self._create()}
        id_param = [ref("parameters", self.model["id_param"])]
        yield (
            self.item_path,
            {
                "parameters": id_param,
                "get": self._get(),
                "patch": self._update(),
                "delete": self._delete(),
            },
        )
        for action in self.lifecycle["actions"]:
            yield f"{self.item_path}/{action['path']}", {"parameters": id_param, "post": self._act(action)}

    def _list(self) -> Json:
        sorts = [sort["name"] for sort in self.model["sorts"]]
        parameters = [
            ref("parameters", "cursor"),
            ref("parameters", "limit"),
            {
                "name": "sort",
                "in": "query",
                "description": f"Order of the {self.titles}: {_listed(sorts)}, after a `-` for descending.",
                "schema": {
                    "type": "string",
                    "default": "-created_at",
                    "maxLength": max(map(len, sorts)) + 1,
                    "pattern": f"^-?(?:{'|'.join(sorts)})$",
                    "examples": ["-created_at"],
                },
            },
        ]
        parameters += [
            {
                "name": entry["param"],
                "in": "query",
                "description": f"Only {self.titles} with this {entry['title']}{entry['cases']}.",
                "schema": exampled(self._input(entry), entry["example"]),
            }
            for entry in self.model["filters"]
        ]
        return self._operation(
            "read",
            f"list_{self.model['plural']}",
            f"List {self.titles}",
            f"A page of {self.titles}, the newest first unless `sort` says otherwise.",
            parameters=parameters,
            responses={"200": f"{self.name}.page"} | self._errors("400", "403"),
        )

    def _create(self) -> Json:
        return self._operation(
            "write",
            f"create_{self.model['singular']}",
            f"Create {self.one}",
            f"Stores a new {self.title} and answers with it and its address.",
            parameters=[ref("parameters", "idempotency_key")],
            body=self._body("application/json", f"{self.name}Create", "create", f"The new {self.title}."),
            responses={"201": f"{self.name}.created"} | self._errors("400", "403", "409", "410", "413", "415"),
        )

    def _get(self) -> Json:
        return self._operation(
            "read",
            f"get_{self.model['singular']}",
            f"Get {self.one}",
            f"The {self.title} as it is now; 304 without a body when `If-None-Match` names its current version.",
            parameters=[ref("parameters", "if_none_match")],
            responses={"200": self.name, "304": "not-modified"} | self._errors("400", "403", "404"),
        )

    def _update(self) -> Json:
        return self._operation(
            "write",
            f"update_{self.model['singular']}",
            f"Change {self.one}",
            f"A JSON merge patch (RFC 7396) of the {self.title}: absent members stay, null empties an optional one.",
            parameters=[ref("parameters", "if_match")],
            body=self._body(
                "application/merge-patch+json", f"{self.name}Patch", "patch", f"What changes of the {self.title}."
            ),
            responses={"200": self.name} | self._errors("400", "403", "404", "409", "412", "413", "415", "428"),
        )

    def _delete(self) -> Json:
        return self._operation(
            "write",
            f"delete_{self.model['singular']}",
            f"Delete {self.one}",
            f"Removes the {self.title}" + (" with all that belongs to it." if self.model["parts"] else "."),
            parameters=[ref("parameters", "if_match")],
            responses={"204": "no-content"} | self._errors("400", "403", "404", "409", "412", "428"),
        )

    def _act(self, action: Mapping[str, Any]) -> Json:
        sources = _listed(action["sources"])
        return self._operation(
            "write",
            action["operation_id"],
            action["description"].rstrip("."),
            f"Takes the {self.title} from {sources} to {action['target']}; in any other state it is refused with 409.",
            parameters=[ref("parameters", "idempotency_key"), ref("parameters", "sent_if_match")],
            responses={"200": self.name} | self._errors("400", "403", "404", "409", "410", "412"),
        )

    def _operation(
        self,
        right: str,
        operation_id: str,
        summary: str,
        description: str,
        *,
        parameters: list[Json],
        responses: Mapping[str, str],
        body: Json | None = None,
    ) -> Json:
        codes = dict(responses) | ANY_OPERATION
        operation: Json = {
            "operationId": operation_id,
            "summary": summary,
            "description": description,
            "tags": [self.tag_name],
            "security": [{"bearer": [self.model[f"scope_{right}"]]}],
            "parameters": parameters,
        }
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = {code: ref("responses", codes[code]) for code in sorted(codes)}
        operation["responses"]["default"] = ref("responses", "problem")
        return operation

    def _body(self, media_type: str, schema: str, example: str, description: str) -> Json:
        return {
            "required": True,
            "description": description,
            "content": {
                media_type: {
                    "schema": ref("schemas", schema),
                    "examples": {self.model["singular"]: ref("examples", f"{self.name}.{example}")},
                }
            },
        }

    def _errors(self, *codes: str) -> dict[str, str]:
        names = {
            "400": f"{self.name}.invalid",
            "403": f"{self.name}.forbidden",
            "404": f"{self.name}.not-found",
            "409": f"{self.name}.conflict",
            "410": "gone",
            "412": "precondition-failed",
            "413": "content-too-large",
            "415": "unsupported-media-type",
            "428": "precondition-required",
        }
        return {code: names[code] for code in codes}

    # Components

    def parameters(self) -> Iterator[tuple[str, Json]]:
        yield (
            self.model["id_param"],
            {
                "name": self.model["id_param"],
                "in": "path",
                "required": True,
                "description": f"Which {self.title}.",
                "schema": uuid(self.id),
            },
        )

    def responses(self) -> Iterator[tuple[str, Json]]:
        examples = {self.model["singular"]: ref("examples", self.name)}
        shown = examples | {
            action["target"].lower(): ref("examples", f"{self.name}.{action['target'].lower()}")
            for action in self.lifecycle["actions"]
        }
        yield self.name, self._success(f"The {self.title}", self.name, shown, "ETag")
        yield (
            f"{self.name}.created",
            self._success(f"The new {self.title}", self.name, examples, "ETag", "Location"),
        )
        # Linters take every member called `responses` for the responses of an operation.
        plural = "page" if self.model["plural"] == "responses" else self.model["plural"]
        page = {plural: ref("examples", f"{self.name}.page")}
        yield f"{self.name}.page", self._success(f"A page of {self.titles}", f"{self.name}Page", page)
        yield f"{self.name}.invalid", self._invalid()
        yield f"{self.name}.forbidden", self._forbidden()
        yield f"{self.name}.not-found", self._not_found()
        yield f"{self.name}.conflict", self._conflict()

    def _success(self, description: str, schema: str, examples: Json, *headers: str) -> Json:
        response = {
            "description": description,
            "content": {"application/json": {"schema": ref("schemas", schema), "examples": examples}},
            "headers": header_refs(*headers),
        }
        if schema == self.name:
            response["links"] = {name: ref("links", name) for name, _ in self.links()}
        return response

    def _invalid(self) -> Json:
        """The 400 of the aggregate's operations, with an error in the body, the query and the path."""
        examples = {}
        required = next((f for f in self.model["input_fields"] if f["required"]), None)
        if required is not None:
            examples["invalid_body"] = self._invalid_example(f"/{required['wire']}", "missing", "Field required")
        examples["invalid_query"] = self._invalid_example(
            "/query/limit", "out_of_range", "Input should be between 1 and 200"
        )
        examples["invalid_path"] = self._invalid_example(
            f"/path/{self.model['id_param']}", "uuid_parsing", "This is not a UUID."
        )
        return problem_response("The request does not fit the contract", examples)

    def _invalid_example(self, pointer: str, code: str, detail: str) -> Json:
        problem = problem_value(self.api_url, "invalid-request", 400, "Invalid request", "The request has one error.")
        return {"value": problem | {"errors": [{"pointer": pointer, "code": code, "detail": detail}]}}

    def _forbidden(self) -> Json:
        examples = {}
        for right in ("read", "write"):
            scope = self.model[f"scope_{right}"]
            detail = f"The access token lacks the scope {scope}."
            examples[f"without_{right}"] = {
                "value": problem_value(self.api_url, "insufficient-scope", 403, "Insufficient scope", detail)
            }
        return problem_response("The access token does not carry the scope needed", examples, "WWW-Authenticate")

    def _not_found(self) -> Json:
        detail = f"There is no {self.title} {self.id}."
        example = {"value": problem_value(self.api_url, "not-found", 404, "Not found", detail)}
        return problem_response(f"There is no such {self.title}", {"not_found": example})

    def _conflict(self) -> Json:
        problems: dict[str, tuple[str, str, str]] = {}
        for constraint in self.model["constraints"]:
            if constraint["kind"] == "uq":
                problems.setdefault("already-exists", ("Already exists", "This value is taken.", constraint["pointer"]))
            if constraint["kind"] == "fk":
                problems.setdefault(
                    "reference-not-found", ("Reference not found", "There is no such resource.", constraint["pointer"])
                )
        if self.lifecycle["actions"]:
            action = self.lifecycle["actions"][0]
            state = next(
                (s["value"] for s in self.lifecycle["states"] if s["value"] not in action["sources"]), action["target"]
            )
            detail = f"Cannot {action['title']} {self.one} that is {state}."
            problems["transition-refused"] = ("Transition refused", detail, "")
        detail = "A request with this Idempotency-Key is under way."
        problems["request-in-progress"] = ("Request in progress", detail, "")
        examples = {}
        for code, (title, detail, pointer) in problems.items():
            value = problem_value(self.api_url, code, 409, title, detail)
            if pointer:
                value["errors"] = [{"pointer": pointer, "code": code, "detail": detail}]
            examples[code.replace("-", "_")] = {"value": value}
        return problem_response(f"The {self.title} or what it refers to does not allow this", examples, "Retry-After")

    def schemas(self) -> Iterator[tuple[str, Json]]:
        for part in self.model["parts"]:
            yield f"{part['schema']}Input", self._part_input(part)
            yield part["schema"], self._part_view(part)
        yield (
            f"{self.name}Create",
            object_of(
                f"A new {self.title}.",
                {f["wire"]: self._create_property(f) for f in self.model["input_fields"]}
                | {p["wire"]: self._parts(p, f"{p['schema']}Input") for p in self.model["parts"]},
                required=[f["wire"] for f in self.model["input_fields"] if f["required"]],
            ),
        )
        yield (
            f"{self.name}Patch",
            object_of(
                f"Changes of {self.one}: absent members stay as they are.",
                {f["wire"]: self._patch_property(f) for f in self.model["input_fields"]}
                | {p["wire"]: self._parts(p, f"{p['schema']}Input") for p in self.model["parts"]},
                fewest=1,
            ),
        )
        yield self.name, self._view()
        yield (
            f"{self.name}Page",
            object_of(
                f"A page of {self.titles}.",
                {
                    "items": {
                        "type": "array",
                        "description": f"The {self.titles} of this page.",
                        "maxItems": MOST_ITEMS,
                        "items": ref("schemas", self.name),
                    },
                    "next": {
                        "description": "The cursor of the next page; absent on the last.",
                        **CURSOR_SCHEMA,
                        "examples": [CURSOR],
                    },
                },
                required=["items"],
            ),
        )
        for enum in self.model["enums"]:
            values = [member["value"] for member in enum["members"]]
            description = enum["description"]
            yield (
                enum["name"],
                {
                    "type": "string",
                    "description": description,
                    "x-extensible-enum": values,
                    "maxLength": 40,
                    "pattern": ENUM_PATTERN,
                    "examples": [values[0]],
                },
            )
            yield f"{enum['name']}Input", {"description": description} | one_of(values)

    def _view(self) -> Json:
        properties: Json = {
            "id": {"description": f"Identity of the {self.title}."} | uuid(self.id) | {"readOnly": True}
        }
        properties |= {f["wire"]: self._view_property(f) for f in self.outputs}
        required = ["id", *(f["wire"] for f in self.outputs if not f["optional"])]
        for part in self.model["parts"]:
            properties[part["wire"]] = self._parts(part, part["schema"])
            required.append(part["wire"])
        if self.lifecycle["states"]:
            properties["status"] = ref("schemas", self.lifecycle["enum"]) | {
                "description": f"The state of the {self.title}; its actions change it.",
                "readOnly": True,
            }
            required.append("status")
        for wire, words, example in (("created_at", "created", CREATED_AT), ("modified_at", "changed", MODIFIED_AT)):
            properties[wire] = {
                "type": "string",
                "format": "date-time",
                "description": f"When the {self.title} was {words} (UTC).",
                "readOnly": True,
                "maxLength": 35,
                "example": example,
            }
            required.append(wire)
        return object_of(self.model["description"], properties, required=required)

    def _part_input(self, part: Mapping[str, Any]) -> Json:
        return object_of(
            part["description"],
            {f["wire"]: self._create_property(f) for f in part["input_fields"]},
            required=[f["wire"] for f in part["input_fields"] if f["required"]],
        )

    def _part_view(self, part: Mapping[str, Any]) -> Json:
        fields = [f for f in part["fields"] if f["sensitivity"] != "secret"]
        return object_of(
            part["description"],
            {f["wire"]: self._view_property(f) for f in fields},
            required=[f["wire"] for f in fields if not f["optional"]],
        )

    def _parts(self, part: Mapping[str, Any], schema: str) -> Json:
        return {
            "type": "array",
            "description": f"The {part['titles']} of the {self.title}.",
            "maxItems": part["max"],
            "items": ref("schemas", schema),
        }

    def _view_property(self, field: Mapping[str, Any]) -> Json:
        schema = {"description": field["description"]} | field["json_schema"]
        if field["readonly"]:
            schema["readOnly"] = True
        return exampled(schema, _example(field))

    def _create_property(self, field: Mapping[str, Any]) -> Json:
        schema = {"description": field["description"]} | self._nullable(field)
        if field["default"] is not None:
            schema["default"] = field["default"]["json"]
        if field["sensitivity"] == "secret":
            schema["writeOnly"] = True
        return exampled(schema, _example(field))

    def _patch_property(self, field: Mapping[str, Any]) -> Json:
        schema = {"description": field["description"]} | self._nullable(field)
        if field["sensitivity"] == "secret":
            schema["writeOnly"] = True
        return dated(schema, _example(field))

    def _nullable(self, field: Mapping[str, Any]) -> Json:
        schema = self._input(field)
        if not field["optional"]:
            return schema
        if "type" in schema:
            return schema | {"type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    def _input(self, field: Mapping[str, Any]) -> Json:
        """The closed schema of a field or filter; an enum is a component of its own."""
        schema = field.get("input_json_schema") or field["json_schema"]
        enum = ref("schemas", f"{field.get('enum') or field['python']}Input")
        if "enum" in schema:
            return enum
        if "enum" in schema.get("items", ()):
            return {**schema, "items": enum}
        return dict(schema)

    # Examples and links

    def examples(self) -> Iterator[tuple[str, Json]]:
        create = {f["wire"]: _example(f) for f in self.model["input_fields"]}
        parts = {p["wire"]: [{f["wire"]: _example(f) for f in p["input_fields"]}] for p in self.model["parts"]}
        yield f"{self.name}.create", {"summary": f"A new {self.title}", "value": create | parts}
        changed = dict(list(self._changes().items())[:2]) or parts
        yield f"{self.name}.patch", {"summary": f"Another {_listed(self._change_titles())}", "value": changed}
        view = self._example_view()
        yield self.name, {"summary": f"{_capitalised(self.one)} with all its members", "value": view}
        for action in {action["target"]: action for action in reversed(self.lifecycle["actions"])}.values():
            stamps = {action["stamps"]: MODIFIED_AT} if action["stamps"] else {}
            after = {"status": action["target"], "modified_at": MODIFIED_AT}
            yield (
                f"{self.name}.{action['target'].lower()}",
                {"summary": f"After: {action['description']}", "value": self._ordered(view | stamps | after)},
            )
        yield (
            f"{self.name}.page",
            {"summary": f"A page that is not the last, cut to {self.one}", "value": {"items": [view], "next": CURSOR}},
        )

    def _changes(self) -> Json:
        return {f["wire"]: f["examples"][min(1, len(f["examples"]) - 1)] for f in self.model["input_fields"]}

    def _change_titles(self) -> list[str]:
        titles = [f["title"] for f in self.model["input_fields"][:2]]
        return titles or [part["titles"] for part in self.model["parts"]] or [self.title]

    def _example_view(self) -> Json:
        view: Json = {"id": self.id}
        for field in self.outputs:
            if not field["readonly"]:
                view[field["wire"]] = _example(field)
            elif field["default"] is not None:
                view[field["wire"]] = field["default"]["json"]
        for part in self.model["parts"]:
            fields = [f for f in part["fields"] if f["sensitivity"] != "secret"]
            view[part["wire"]] = [{f["wire"]: _example(f) for f in fields}]
        if self.lifecycle["states"]:
            view["status"] = self.lifecycle["initial"]
        return view | {"created_at": CREATED_AT, "modified_at": CREATED_AT}

    def _ordered(self, view: Json) -> Json:
        order = ["id", *(f["wire"] for f in self.outputs), *(p["wire"] for p in self.model["parts"])]
        return {wire: view[wire] for wire in [*order, "status", "created_at", "modified_at"] if wire in view}

    def links(self) -> Iterator[tuple[str, Json]]:
        """What can be done next with the resource of an answer."""
        module, id_param = self.model["singular"], self.model["id_param"]
        identity = {id_param: "$response.body#/id"}
        versioned = identity | {"If-Match": "$response.header.ETag"}
        yield f"get_{module}", link(f"get_{module}", f"Get the {self.title} again.", identity)
        yield f"update_{module}", link(f"update_{module}", f"Change this version of the {self.title}.", versioned)
        yield f"delete_{module}", link(f"delete_{module}", f"Delete this version of the {self.title}.", versioned)
        for action in self.lifecycle["actions"]:
            yield action["operation_id"], link(action["operation_id"], action["description"], identity)


def _example(field: Mapping[str, Any]) -> Any:
    """The field's example; a reference within the context shows the example of what it refers to."""
    reference = field["reference"]
    return example_id(reference["aggregate"]) if reference and not reference["context"] else field["example"]


def example_id(name: str) -> str:
    """The identity that the examples give the entity of this name; the same wherever the entity is referred to."""
    return f"018f6d2e-7c1a-7b3e-9f00-{crc32(name.encode()) & 0xFFFF:04x}00000001"


def _without_unused(document: Json) -> Json:
    """The document without the components that nothing refers to."""
    components = document["components"]
    used: set[tuple[str, str]] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        for reference in _references(waiting.pop()):
            if reference not in used:
                used.add(reference)
                kind, name = reference
                waiting.append(components[kind][name])
    document["components"] = {
        kind: {name: value for name, value in entries.items() if kind == "securitySchemes" or (kind, name) in used}
        for kind, entries in components.items()
    }
    return document


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/components/"):
            _, _, kind, name = reference.split("/")
            yield kind, name
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


# Words ---------------------------------------------------------------------------------------------------------------


def _listed(words: Iterable[str]) -> str:
    *head, tail = words
    return f"{', '.join(head)} or {tail}" if head else tail


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


FILTERS = {"contract_yaml": contract_yaml}
GLOBALS: dict[str, Any] = {}
