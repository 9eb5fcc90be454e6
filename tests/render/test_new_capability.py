"""A capability that nobody has named before: its module, its folder and its question are all that it takes."""

import shutil
from pathlib import Path

import pytest
import yaml
from harness import rendering
from harness.paths import ROOT

MODULE = '''"""A cache beside the database."""

from .contributions import Capability, Rule

CAPABILITY = Capability(
    "cache",
    "lantern",
    dependencies=("lantern-client>=3,<4",),
    follows_template=(Rule(("/src/*/lantern/",), "write a client of your own"),),
)
'''
QUESTION = """
cache:
  type: str
  help: Cache beside the database
  choices: [none, lantern]
  default: none
"""
HOME = "src/{{ package }}/{% if uses.lantern %}lantern{% endif %}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with the capability added; no file is changed but that of the question."""
    root = tmp_path_factory.mktemp("template")
    for folder in ("extensions", "questions", "template"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "copier.yml", root / "copier.yml")
    (root / "extensions/capabilities/lantern.py").write_text(MODULE, encoding="utf-8")
    with (root / "questions/service.yml").open("a", encoding="utf-8") as questions:
        questions.write(QUESTION)
    (root / "template" / HOME).mkdir()
    (root / "template" / HOME / "client.py.jinja").write_text('"""Lantern of {{ service_name }}."""\n', "utf-8")
    return root


def files(folder: Path) -> dict[str, str]:
    """Path → text; without what marks a tree, which is named after all answers."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != ".castrum")
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def test_it_contributes_where_it_is_chosen_only(template: Path, tmp_path: Path) -> None:
    given = {"service_name": "shop"}
    before = files(rendering.copy(tmp_path / "before", given))
    with rendering.template_of(template):
        without = files(rendering.copy(tmp_path / "without", given))
        chosen = files(rendering.copy(tmp_path / "chosen", given | {"cache": "lantern"}))
    assert differing(before, without) <= {".copier-answers.yml"}
    assert differing(without, chosen) == {
        ".copier-answers.yml",
        ".github/CODEOWNERS",
        "ownership.yaml",
        "pyproject.toml",
        "src/shop/lantern/client.py",
    }
    assert chosen["src/shop/lantern/client.py"] == '"""Lantern of shop."""\n'
    assert '    "lantern-client>=3,<4",\n]\n' in chosen["pyproject.toml"]
    rule = {"paths": ["/src/*/lantern/"], "instead": "write a client of your own"}
    assert yaml.safe_load(chosen["ownership.yaml"])["template"][-1] == rule
