"""The examples of a generated repository, without its service."""

import json
import runpy
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

_NUMBERS = count()
SEVERAL = 3
"""As many as a generated test makes of one kind."""


def check_examples(tree: Path) -> set[str]:
    """Fail unless every example can be created and changed as the generated tests do it.

    The answer is the modules of those whose change leaves everything as it is.
    """
    unchanged = set()
    text = (tree / "contract" / "openapi.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    examples: dict[str, Any] = runpy.run_path(str(tree / "dev" / "examples.py"))["EXAMPLES"]
    for module, example in examples.items():
        bodies = [example.new(_identity) for _ in range(min(SEVERAL, example.most or SEVERAL))]
        change = example.change(_identity)
        operations = document["paths"][example.path], _item(document, example.path)
        for body in bodies:
            _validate(document, operations[0]["post"], body)
        _validate(document, operations[1]["patch"], change)
        for member in example.unique:
            values = [json.dumps(body[member]) for body in bodies]
            assert len(set(values)) == len(values), (module, member, values)
        if bodies[-1] | change == bodies[-1]:
            unchanged.add(module)
    return unchanged


def _identity(_name: str) -> str:
    return f"018f6d2e-7c1a-7b3e-9f00-{next(_NUMBERS):012d}"


def _item(document: Any, collection: str) -> Any:
    """The path of one of the collection."""
    paths = document["paths"].items()
    return next(item for path, item in paths if path.startswith(f"{collection}/{{") and "patch" in item)


def _validate(document: Any, operation: Any, value: Any) -> None:
    (content,) = operation["requestBody"]["content"].values()
    schema = {**content["schema"], "components": document["components"]}
    error = next(Draft202012Validator(schema).iter_errors(value), None)
    assert error is None, error
