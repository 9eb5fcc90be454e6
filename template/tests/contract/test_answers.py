"""What the service answers about each aggregate has the status, the headers and the shape that the contract names."""

import re

import httpx2
import pytest

from dev.examples import EXAMPLES
from tests.api import Api

from .document import CONTRACT, resolved, validator


@pytest.mark.parametrize("name", EXAMPLES)
async def test_answers_fit_the_contract(name: str, api: Api) -> None:
    example = EXAMPLES[name]
    collection = example.path
    item = next(path for path in CONTRACT["paths"] if re.fullmatch(rf"{collection}/{{\w+}}", path))
    created = await api.create(name)
    check(created, "post", collection, 201)
    place, version = created.headers["Location"], created.headers["ETag"]
    check(await api.get(collection), "get", collection, 200)
    check(await api.get(place), "get", item, 200)
    check(await api.get(place, if_none_match=version), "get", item, 304)
    change = await api.change(name)
    check(await api.patch(place, change, if_match=version), "patch", item, 200)
    for path in CONTRACT["paths"]:
        if path.startswith(f"{item}/"):
            check(await api.post(path.replace(item, place), None), "post", path, 200, 409)
    check(await api.patch(place, change, if_match=None), "patch", item, 428)
    check(await api.patch(place, {"unknown": 1}, if_match="*"), "patch", item, 400)
    check(await api.delete(place, if_match='"0"'), "delete", item, 412)
    check(await api.delete(place, if_match="*"), "delete", item, 204)
    check(await api.get(place), "get", item, 404)


def check(answer: httpx2.Response, method: str, path: str, *expected: int) -> None:
    """Compare an answer with the status expected, and with what the operation's contract says about it."""
    assert answer.status_code in expected, answer.text
    described = resolved(CONTRACT["paths"][path][method]["responses"][str(answer.status_code)])
    needed = {name for name, header in described["headers"].items() if resolved(header).get("required")}
    assert {name for name in needed if name not in answer.headers} == set()
    if answer.content:
        content = described["content"][answer.headers["Content-Type"]]
        validator(content["schema"]["$ref"]).validate(answer.json())
    assert bool(answer.content) == ("content" in described)
