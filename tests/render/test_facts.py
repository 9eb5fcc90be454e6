"""What several files of a service state is the same in all of them, where they cannot be made from one list."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Trees = Callable[[str], Path]


@pytest.fixture(scope="module")
def root(trees: Trees) -> Path:
    return trees("ordering")


@pytest.fixture(scope="module")
def contract(root: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((root / "contract/openapi.yaml").read_text(encoding="utf-8"))
    return document


def platform(root: Path, name: str) -> str:
    return (root / "src/ordering/platform" / name).read_text(encoding="utf-8")


def words(source: str, name: str) -> set[str]:
    """The texts of a tuple of the module."""
    found = re.search(rf"^{name} = \(\n(.*?)^\)", source, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall('"(.+)"', found[1]))


def test_browsers_may_send_and_read_the_headers_of_the_contract(root: Path, contract: dict[str, Any]) -> None:
    cors, components = platform(root, "http/access.py"), contract["components"]
    sent = {each["name"] for each in components["parameters"].values() if each["in"] == "header"}
    assert sent
    assert sent <= words(cors, "CORS_HEADERS")
    # A browser reads the media types that a server accepts from no answer, and who may read it is for the browser.
    hidden = {"Accept", "Accept-Encoding", "Accept-Patch", "Access-Control-Allow-Origin"}
    assert components["headers"].keys() - hidden == words(cors, "CORS_ANSWER_HEADERS") - {"Allow"}


def test_a_page_has_as_many_items_as_the_contract_says(root: Path, contract: dict[str, Any]) -> None:
    limit = contract["components"]["parameters"]["limit"]["schema"]
    said = re.findall(r"limit: .*Digits\((\d+), MOST_ITEMS\)\] = (\d+)", platform(root, "http/parameters.py"))
    assert said == [(str(limit["minimum"]), str(limit["default"]))]


def test_a_detail_is_no_longer_than_the_contract_allows(root: Path, contract: dict[str, Any]) -> None:
    longest = contract["components"]["schemas"]["Problem"]["properties"]["detail"]["maxLength"]
    (cut,) = re.findall(r"^MAX_DETAIL = (\d+)$", platform(root, "problems.py"), re.MULTILINE)
    assert int(cut) <= longest


def test_alerts_and_documents_ask_for_metrics_that_the_service_sends(root: Path) -> None:
    telemetry = platform(root, "telemetry/__init__.py")
    durations = re.findall(r'Durations(?:\[str\])?\(\s*"([a-z_.]+)"', telemetry)
    (pool,) = re.findall(r'name = .*"(db\.client\.connection)"$', telemetry, re.MULTILINE)
    readings = re.findall(r'Reading\(\s*f"{name}\.(\w+)"', telemetry)
    assert len(durations) == len(re.findall(r" = Durations\b", telemetry))
    assert len(readings) == telemetry.count("Reading(")
    sent = {f"{name}_seconds{part}" for name in durations for part in ("", "_count", "_sum", "_bucket")}
    sent |= {f"{pool}.{name}" for name in readings} | set(re.findall(r'"((?:db|http)\.[a-z_.]+)"', telemetry))
    sent = {name.replace(".", "_") for name in sent}
    asked = {
        name
        for folder in ("deploy", "docs")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
        for name in re.findall(r"\b(?:db_client|http_server)_[a-z_]+", path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 5
    assert asked <= sent
