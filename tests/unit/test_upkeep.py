"""Each dependency was looked at by a person, and none is without a cap."""

import re
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from upkeep import __main__ as upkeep
from upkeep import dependencies, registries, table
from upkeep.dependencies import Dependency
from upkeep.registries import Release
from upkeep.table import Row

DIRECT = dependencies.direct()


@pytest.mark.parametrize("dependency", DIRECT, ids=lambda each: f"{each.name} of {each.user}")
def test_a_dependency_has_a_row(dependency: Dependency) -> None:
    rows = {row.key: row for row in table.read()}
    assert dependency[:2] in rows, "run `make upkeep`"
    row = rows[dependency[:2]]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", row.looked_at), f"say in {table.FILE.name} when you looked at it"
    assert len(row.reason) > 10, f"say in {table.FILE.name} why it stays"


@pytest.mark.parametrize("dependency", DIRECT, ids=lambda each: f"{each.name} of {each.user}")
def test_a_dependency_is_capped(dependency: Dependency) -> None:
    if dependency.kind == "npm":
        assert re.fullmatch(r"\d+\.\d+\.\d+", dependency.cap)
    else:
        assert {each.operator for each in SpecifierSet(dependency.cap)} & {"<", "==", "~="}


def test_the_manifests_are_read() -> None:
    named = {(each.kind, each.name, each.user) for each in DIRECT}
    assert {
        ("PyPI", "asyncpg", "service"),
        ("PyPI", "ruff", "service"),
        ("PyPI", "ruff", "Castrum"),
        ("PyPI", "uv-build", "service"),
        ("PyPI", "hatchling", "Castrum"),
        ("PyPI", "python-hcl2", "Castrum"),
        ("npm", "@redocly/cli", "service"),
        ("npm", "fastify", "benchmarks"),
    } <= named
    assert "httpx" not in {each.name for each in DIRECT}


def test_make_upkeep_keeps_what_a_person_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = dependencies.ROOT / "build" / tmp_path.name / "upkeep.md"
    file.parent.mkdir(parents=True, exist_ok=True)  # a run that was killed leaves it
    old = Row("kept", "PyPI", "service `<1`", "0.1, 2020-01-01", "a/kept", "2026-01-01", "nothing else does it")
    table.write([old, old._replace(name="gone")], file)
    monkeypatch.setattr(table, "FILE", file)
    monkeypatch.setattr(table.read, "__defaults__", (file,))
    monkeypatch.setattr(table.write, "__defaults__", (file,))
    monkeypatch.setattr(
        dependencies,
        "direct",
        lambda: [
            Dependency("PyPI", "kept", "Castrum", "<3"),
            Dependency("PyPI", "kept", "service", "<2"),
            Dependency("npm", "new", "service", "1.0.0"),
        ],
    )
    monkeypatch.setattr(
        registries, "of_pypi", lambda names: dict.fromkeys(names, Release("1.5", "2021-02-03", "a/kept"))
    )
    monkeypatch.setattr(
        registries, "of_npm", lambda names: dict.fromkeys(names, Release("1.0.0", "2026-11-01", "b/new"))
    )
    assert upkeep.main() == 1
    assert table.read() == [
        old._replace(held="Castrum `<3`; service `<2`", release="1.5, 2021-02-03"),
        Row("new", "npm", "service `1.0.0`", "1.0.0, 2026-11-01", "b/new"),
    ]
    said = capsys.readouterr().out
    assert "kept: the last release is of 2021-02-03" in said
    assert "new: say in" in said


@pytest.mark.parametrize(
    ("addresses", "repository"),
    [
        (["Sponsor, https://github.com/sponsors/ann", "Source, https://github.com/ann/tool"], "ann/tool"),
        (["Issues, https://github.com/ann/tool/issues"], "ann/tool"),
        (["git+https://github.com/ann/tool.git"], "ann/tool"),
        (["Homepage, https://tool.example.com"], ""),
    ],
)
def test_the_keeper_is_the_repository(addresses: list[str], repository: str) -> None:
    assert registries._repository(addresses) == repository
