"""How large the body of a request may be: the largest that the contract allows, as far as a pod's memory goes.

Pure functions of the model and of a pod's memory. The formula of each is in its docstring, each assumption a constant.
"""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING, Any

from .load import Load
from .pods import pod_memory_mib, pods
from .pools import pool_size
from .serving import IDLE_MIB, requests_under_way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]

KIB = 2**10
MIB = 2**20
LEAST_LIMIT = MIB
STEP = 64 * KIB
COPIES = 2
"""What a request that waits for a connection holds of its body: as received, and decoded."""
ESCAPED_BYTES = 12
"""A character beyond U+FFFF where only ASCII is sent: `\\ud83d\\ude00`."""
ESCAPED_ASCII_BYTES = 6
LAYOUT_BYTES = 16
"""Quotes, colon and comma of a member, and the white space of those who indent."""
JSON_BYTES = 64 * KIB
"""What is reckoned for an object of the caller's own shape, whose schema has no bound that memory could hold."""
NUMBER_BYTES = 20
FRACTION_BYTES = 25


def value_bytes(field: Mapping[str, Any], schema: Mapping[str, Any]) -> int:
    """Most bytes of a value in JSON: 12 for each character of a text, 6 where the type has only ASCII in it."""
    if field["kind"] == "json":
        return JSON_BYTES
    if field.get("members"):
        return LAYOUT_BYTES + sum(size for _, size in _members(field["members"]))
    if field["kind"] == "money":
        return 2 * LAYOUT_BYTES + ESCAPED_ASCII_BYTES * (20 + 3)
    if schema.get("type") == "array":
        return 2 + int(schema["maxItems"]) * (value_bytes({"kind": field["item"]}, schema["items"]) + LAYOUT_BYTES)
    if "enum" in schema:
        return max(len(json.dumps(word)) for word in schema["enum"])
    if schema.get("type") in {"integer", "boolean"}:
        return NUMBER_BYTES
    if schema.get("type") == "number":
        return FRACTION_BYTES
    each = ESCAPED_BYTES if field["kind"] in {"string", "text"} else ESCAPED_ASCII_BYTES
    return 2 + each * int(schema["maxLength"])


def _members(fields: list[Json]) -> Iterator[tuple[str, int]]:
    for field in fields:
        yield field["name"], len(field["wire"]) + LAYOUT_BYTES + value_bytes(field, field["input_json_schema"])


def item_bytes(part: Mapping[str, Any]) -> int:
    """Most bytes of one item of a part."""
    return LAYOUT_BYTES + sum(size for _, size in _members(part["input_fields"]))


def shares(aggregate: Mapping[str, Any]) -> dict[str, int]:
    """Place in the domain, below the aggregate → most bytes that it takes of a body."""
    fields = {f"fields.{name}": size for name, size in _members(aggregate["input_fields"])}
    lifecycle = aggregate["lifecycle"]
    if lifecycle and lifecycle["choices"]:
        fields["lifecycle.initial"] = (
            len("status") + LAYOUT_BYTES + 2 + max(len(each["state"]) for each in lifecycle["choices"])
        )
    return fields | {
        f"parts.{part['name']}": len(part["wire"]) + LAYOUT_BYTES + part["max"] * item_bytes(part)
        for part in aggregate["parts"]
    }


def command_shares(aggregate: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Action to which something is sent → place in the domain, below the aggregate → most bytes of a body."""
    found = {}
    for action in (aggregate["lifecycle"] or {"actions": ()})["actions"]:
        command = action["command"]
        if command and not action["internal"]:
            place = f"lifecycle.actions.{action['name']}.input"
            found[action["name"]] = {f"{place}.{name}": size for name, size in _members(command["fields"])}
    return found


def _bodies(model: Mapping[str, Any]) -> Iterator[tuple[Json, dict[str, int]]]:
    """The aggregate and the shares of each kind of body: of what is created, and of what is sent with actions."""
    for aggregate in model["aggregates"]:
        for sizes in (shares(aggregate), *command_shares(aggregate).values()):
            yield aggregate, sizes


def largest_body(model: Mapping[str, Any]) -> int:
    """Most bytes of a request that fits the contract, in JSON without more white space than an indented one has."""
    return max(2 + sum(sizes.values()) for _, sizes in _bodies(model))


def room_bytes(memory_mib: int, requests: int) -> int:
    """Most bytes of a body for which a pod has memory: `(memory - 128 MiB) / (requests under way · 2)`."""
    return (memory_mib - IDLE_MIB) * MIB // (requests * COPIES)


def body_limit(largest: int, memory_mib: int, requests: int) -> int:
    """Bytes that a service takes by default: its largest body, if there is room; at least 1 MiB, in steps of 64 KiB."""
    wanted = ceil(largest / STEP) * STEP
    return max(LEAST_LIMIT, min(wanted, room_bytes(memory_mib, requests) // STEP * STEP))


def notes(model: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """What clients of a service with these operations answers may send and it will not take."""
    peak, p99, availability = int(answers["peak_rps"]), int(answers["p99_ms"]), str(answers["availability"])
    rps = pods(Load(peak, p99, availability, release="")).rps  # it is the same for each
    requests = requests_under_way(pool_size(rps, p99))
    return too_large(model, body_limit(largest_body(model), pod_memory_mib(rps, p99), requests))


def too_large(model: Mapping[str, Any], limit: int) -> list[str]:
    """What the contract allows and the limit does not, with the place in the domain and a remedy."""
    found = []
    for aggregate, sizes in _bodies(model):
        total = 2 + sum(sizes.values())
        if total <= limit:
            continue
        place = max(sizes, key=lambda name: sizes[name])
        remedy = "a shorter string(n) or a lower max"
        for part in aggregate["parts"]:
            if place == f"parts.{part['name']}":
                fitting = max(1, (limit - total + sizes[place]) // item_bytes(part))
                remedy = f"max: {min(fitting, part['max'] - 1)}" if part["max"] > 1 else "shorter fields"
        found.append(
            f"aggregates.{aggregate['name']}.{place}: a body that fits the contract may have {megabytes(total)}, most "
            f"of it here; the service takes {megabytes(limit)} and answers 413 to more. Write {remedy}, or give the "
            "pods more memory and a higher MAX_BODY_BYTES"
        )
    return found


def megabytes(size: int) -> str:
    """The size for people."""
    return f"{size / 10**6:.1f} MB"
