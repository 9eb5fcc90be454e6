"""What the service answers about each aggregate has the status, the headers and the shape that the contract names."""

import re

import httpx
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
    check("post", collection, created)
    place = created.headers["Location"]
    check("get", collection, await api.get(collection))
    check("get", item, await api.get(place))
    check("patch", item, await api.patch(place, example.patch, if_match=created.headers["ETag"]))
    for path in CONTRACT["paths"]:
        if path.startswith(f"{item}/"):
            check("post", path, await api.post(path.replace(item, place), None))
    check("patch", item, await api.patch(place, example.patch, if_match=None))
    check("patch", item, await api.patch(place, {"unknown": 1}, if_match="*"))
    check("delete", item, await api.delete(place, if_match='"0"'))
    check("delete", item, await api.delete(place, if_match="*"))
    check("get", item, await api.get(place))


def check(method: str, path: str, answer: httpx.Response) -> None:
    """Compare an answer with what the operation's contract says about its status."""
    described = resolved(CONTRACT["paths"][path][method]["responses"][str(answer.status_code)])
    needed = {name for name, header in described["headers"].items() if resolved(header).get("required")}
    assert {name for name in needed if name not in answer.headers} == set()
    if answer.content:
        content = described["content"][answer.headers["Content-Type"]]
        validator(content["schema"]["$ref"]).validate(answer.json())
    assert bool(answer.content) == ("content" in described)
