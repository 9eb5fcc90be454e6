"""The revisions of the schema, as their files say."""

import ast
from collections.abc import Mapping
from typing import Any

from castrum.repository.project import REVISIONS
from castrum.repository.trees import File


def heads(files: Mapping[str, File]) -> list[str]:
    """The files of the newest revisions; more than one if branches brought one each."""
    paths: dict[str, str] = {}
    followed: set[str] = set()
    for path, file in files.items():
        if path.startswith(REVISIONS) and path.endswith(".py"):
            given = _assigned(file.content)
            if isinstance(given.get("revision"), str):
                paths[given["revision"]] = path
                after = given.get("down_revision") or ()
                followed.update([after] if isinstance(after, str) else after)
    return [path for revision, path in sorted(paths.items()) if revision not in followed]


def _assigned(content: bytes) -> dict[str, Any]:
    """The literals that a module assigns at its top level; none of a file with conflict markers, which is no Python."""
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError):
        return {}
    given: dict[str, Any] = {}
    for node in body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                given[target.id] = ast.literal_eval(value)
            except ValueError:
                continue  # what is computed is nothing that Alembic asks for
    return given
