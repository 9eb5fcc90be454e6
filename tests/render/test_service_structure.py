"""The structure of a generated service: no import circle, concerns on layers, no long file."""

from pathlib import Path

import pytest
from harness import rendering, structure
from harness.paths import EXAMPLES

PLATFORM = {
    "": (),
    "problems": (),
    "http_client": ("request_context",),
    "jobs": ("logs", "postgres", "telemetry"),
    "logs": ("request_context",),
    "request_context": ("problems",),
    "auth": ("problems", "request_context"),
    "postgres": ("", "problems", "request_context"),
    "telemetry": ("logs", "postgres", "request_context"),
    "http": ("", "problems", "request_context", "auth", "logs", "postgres", "telemetry"),
    "server": ("problems", "logs", "http"),
}
"""Concern of the platform → those that it may import."""

GROWING = ("dev/examples.py", "migrations/versions/", "/repository.py", "/table.py", "/wiring.py")
"""What has a line for each field or aggregate: long where the domain is."""


@pytest.fixture(scope="module", params=EXAMPLES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = rendering.copy_example(request.param, tmp_path_factory.mktemp("service") / "service")
    return next(path.parent for path in (tree / "src").glob("*/__main__.py"))


def test_no_module_imports_itself_by_others(package: Path) -> None:
    assert structure.circles(structure.imports(package, later=True, typed=True)) == []


def test_concerns_are_on_layers(package: Path) -> None:
    edges = structure.imports(package / "platform", later=True, typed=True)
    assert structure.layers(edges) == PLATFORM.keys()
    assert structure.of_layers(edges, PLATFORM) == []


def test_no_file_is_too_long(package: Path, request: pytest.FixtureRequest) -> None:
    long = structure.too_long(package.parent.parent)
    is_small = request.node.callspec.params["package"] in {"minimal", "ordering"}
    assert [each for each in long if is_small or not any(part in each for part in GROWING)] == []
