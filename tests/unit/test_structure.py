"""The structure of the command and of the generator: no import circle, declared layers, no long file.

What knows less lies below: the generator goes from words to types, language, model and targets, and never back.
"""

from pathlib import Path

import pytest
from harness import structure
from harness.paths import ROOT

COMMAND = ROOT / "src" / "castrum"
GENERATOR = ROOT / "extensions"

# Layer → the layers that it may import.
OF_COMMAND = {
    "": (),
    "__main__": ("cli",),
    "errors": (),
    "answers": ("errors",),
    "repository": ("errors",),
    "copying": ("errors", "repository"),
    "template": ("errors", "repository", "copying"),
    "compatibility": ("repository",),
    "rename": ("repository",),
    "merge": ("repository", "rename"),
    "new": ("errors", "answers", "repository", "copying", "template"),
    "update": ("errors", "answers", "repository", "copying", "template", "compatibility", "rename", "merge"),
    "resolve": ("errors", "repository", "copying", "template", "rename", "merge", "update"),
    "check": ("errors", "repository", "template", "new"),
    "cli": ("errors", "template", "new", "update", "resolve", "check"),
}

OF_GENERATOR = {
    "": (),
    "text": (),
    "types": ("text",),
    "language": ("text", "types"),
    "model": ("text", "types", "language"),
    "capabilities": (),
    "capacity": ("model", "capabilities"),
    "targets": ("text", "types", "model", "capabilities", "capacity"),
    "answers": ("text", "capabilities", "capacity", "targets"),
    "pipeline": ("text", "types", "language", "model", "targets", "answers"),
    "rendering": (),
    "moves": (),
    "castrum": (),  # loads the others by name
}

# Artefact of the generator → those whose words it uses; `alerts` and `rows` are modules.
OF_TARGETS = {
    "": (),
    "rows": (),
    "alerts": (),
    "docs": ("rows",),
    "openapi": ("rows",),
    "postgres": ("rows",),
    "python": ("rows", "postgres"),
    "tests": ("openapi", "python"),
}

parts = pytest.mark.parametrize(
    ("folder", "below"),
    [(COMMAND, OF_COMMAND), (GENERATOR, OF_GENERATOR), (GENERATOR / "targets", OF_TARGETS)],
    ids=["command", "generator", "targets"],
)


@parts
def test_no_module_imports_itself_by_others(folder: Path, below: dict[str, tuple[str, ...]]) -> None:
    assert structure.circles(structure.imports(folder, later=True)) == []


@parts
def test_layers_are_kept(folder: Path, below: dict[str, tuple[str, ...]]) -> None:
    edges = structure.imports(folder, later=True, typed=True)
    assert structure.layers(edges) == below.keys(), "the table has each layer, and no other one"
    assert structure.of_layers(edges, below) == []


@parts
def test_layers_are_in_order(folder: Path, below: dict[str, tuple[str, ...]]) -> None:
    assert structure.circles({layer: frozenset(others) for layer, others in below.items()}) == []


def test_one_module_talks_to_copier() -> None:
    assert set(structure.users(COMMAND, "copier")) == {"copying.py"}


@parts
def test_no_file_is_too_long(folder: Path, below: dict[str, tuple[str, ...]]) -> None:
    assert structure.too_long(folder) == []


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with each of the defects."""
    files = {
        "__init__.py": "",
        "low/__init__.py": "",
        "low/one.py": "from .two import x\n",
        "low/two.py": "import typing\nif typing.TYPE_CHECKING:\n    from . import one\nfrom . import three\n",
        "low/three.py": "def f():\n    from shop.low import one\ntry:\n    import copier.errors\nfinally:\n    pass\n",
        "low/four.py": "from shop import high\nfrom ..high import y\n",
        "high.py": "y = 1\n" * 401,
    }
    for name, text in files.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(text, encoding="utf-8")
    return tmp_path / "shop"


def test_each_defect_is_found(package: Path) -> None:
    assert structure.circles(structure.imports(package)) == []
    edges = structure.imports(package, later=True)
    assert structure.circles(edges) == ["shop.low.one → shop.low.two → shop.low.three → shop.low.one"]
    assert structure.of_layers(edges, {"high": ("low",)}) == ["shop.low.four → shop.high"]
    assert structure.of_layers(edges, {"low": ("high",)}) == []
    assert structure.users(package, "copier") == ["low/three.py"]
    assert structure.too_long(package) == ["high.py: 401"]
