"""A capability that nobody has named before: its homes and its question are all that it takes."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from harness import made_up, rendering

CHART = "deploy/helm/shop"
GIVEN = {"service_name": "shop"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up.template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def chosen(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with rendering.template_of(template):
        return rendering.copy(tmp_path_factory.mktemp("chosen") / "shop", GIVEN | made_up.CHOSEN)


def files(folder: Path) -> dict[str, str]:
    """Path → text; without what marks a tree, which is named after all answers."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != ".castrum")
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def added(before: str, after: str) -> list[str]:
    """The lines that only the later text has, each of which is new there; none may be gone."""
    left = before.splitlines()
    new = [line for line in after.splitlines() if line not in left or left.remove(line)]  # type: ignore[func-returns-value]
    assert not left, "nothing is taken away"
    return new


def test_it_contributes_where_it_is_chosen_only(template: Path, chosen: Path, tmp_path: Path) -> None:
    before = files(rendering.copy(tmp_path / "before", GIVEN))
    with rendering.template_of(template):
        without = files(rendering.copy(tmp_path / "without", GIVEN))
    assert differing(before, without) <= {".copier-answers.yml"}
    assert differing(without, files(chosen)) == {
        ".copier-answers.yml",
        ".github/CODEOWNERS",
        "Makefile",
        "README.md",
        "compose.yaml",
        "deploy/Dockerfile",
        f"{CHART}/templates/_helpers.tpl",
        f"{CHART}/templates/_pod.tpl",
        f"{CHART}/templates/alerts.yaml",
        f"{CHART}/templates/networkpolicy.yaml",
        f"{CHART}/templates/processes.yaml",
        f"{CHART}/values.schema.json",
        f"{CHART}/values.yaml",
        "deploy/terraform/aws/plan.json",
        "docs/lantern.md",
        "docs/runbooks/LanternDark.md",
        "docs/runbooks/README.md",
        "docs/settings.md",
        "ownership.yaml",
        "pyproject.toml",
        "src/shop/__main__.py",
        "src/shop/lantern/__init__.py",
        "src/shop/lantern/lamplighter.py",
        "src/shop/settings.py",
    }
    for path, lines in {
        "Makefile": [
            "\t$(UVX) --from 'lantern-lint==1.0.0' lantern-lint",
            ".PHONY: lantern",
            "lantern: setup ## Light a lantern on this machine",
            "\t$(RUN) lantern_client --serve",
            "",
        ],
        "deploy/terraform/aws/plan.json": ['        "lantern:DescribeWicks",'],
        "docs/settings.md": [
            "| `LANTERN_ADDRESS` | `127.0.0.1:7070` | Where the lantern is, as a host with a port. |",
            "| `LANTERN_KEEP_S` | `2.5` | How long an entry is kept. |",
            "| `LANTERN_IS_ASKED` | `True` | Whether it is asked at all. |",
        ],
        "docs/runbooks/README.md": ["| [LanternDark](LanternDark.md) | ticket | The lantern gives no light |"],
        "pyproject.toml": ['    "lantern-client>=3,<4",'],
    }.items():
        assert added(without[path], (chosen / path).read_text("utf-8")) == lines, path


def test_what_it_contributes_is_well_formed(chosen: Path) -> None:
    rules = yaml.safe_load((chosen / "ownership.yaml").read_text("utf-8"))["template"]
    assert rules[-1] == {"paths": ["/src/*/lantern/"], "instead": "write a client of your own"}
    assert ", [the lantern](docs/lantern.md) |" in (chosen / "README.md").read_text("utf-8")
    assert "\nEXPOSE 8080 7071\n" in (chosen / "deploy/Dockerfile").read_text("utf-8")
    services = yaml.safe_load((chosen / "compose.yaml").read_text("utf-8"))["services"]
    assert services["service"]["ports"] == ["127.0.0.1:8080:8080", "127.0.0.1:7071:7071"]
    assert services["lamplighter"]["command"] == ["lamplighter"]
    assert services["lamplighter"]["environment"] == services["service"]["environment"]
    values = yaml.safe_load((chosen / CHART / "values.yaml").read_text("utf-8"))
    schema = json.loads((chosen / CHART / "values.schema.json").read_text("utf-8"))
    jsonschema.validate(values, schema)
    assert values["processes"] == {"lamplighter": {"replicas": 2, "port": 7072}}
    assert values["networkPolicy"]["lantern"] == {"namespaces": ["light"], "cidrs": [], "port": 7070}
    values["settings"]["LANTERN_KEEP_S"] = "long"
    with pytest.raises(jsonschema.ValidationError, match="'long' is not of type 'number'"):
        jsonschema.validate(values, schema)


def test_its_code_is_as_the_service_wants_it(chosen: Path) -> None:
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command, "--no-cache", "src/shop"],
            cwd=chosen,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    usage = "usage: python -m {__package__} [job NAME | healthcheck | lamplighter]"
    assert usage in (chosen / "src/shop/__main__.py").read_text("utf-8")
