"""Compiled templates are kept from one copy to the next, and used only for what they were compiled from."""

import os
import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from extensions.rendering import compiled


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where they are kept."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(compiled, "user_cache_path", lambda _: tmp_path)
    return tmp_path / "templates"


class Compiler(Environment):
    """Counts what it compiles."""

    count = 0

    def _generate(self, *args: object, **options: object) -> str:
        self.count += 1
        return str(super()._generate(*args, **options))  # type: ignore[arg-type]


def rendered(source: str = "{{ 1 + 1 }}") -> tuple[str, int]:
    """What a new environment makes of a template, and how many it had to compile for it."""
    environment = Compiler(loader=DictLoader({"file": source}))
    compiled.keep(environment)
    return environment.get_template("file").render(), environment.count


def test_a_template_is_compiled_once(place: Path) -> None:
    assert rendered() == ("2", 1)
    assert rendered() == ("2", 0)
    (folder,) = place.iterdir()
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("place")
def test_another_text_is_another_template() -> None:
    rendered()
    assert rendered("{{ 1 + 2 }}") == ("3", 1)


def test_another_version_of_the_extensions_compiles_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2 * compiled.VERSIONS):
        monkeypatch.setattr(compiled, "_digest", lambda number=number: str(number))
        assert rendered() == ("2", 1)
        os.utime(place / str(number), (number, number))
    assert len(list(place.iterdir())) == compiled.VERSIONS
    assert rendered() == ("2", 0)


def test_the_digest_is_of_what_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "TEMPLATE", tmp_path)
    (tmp_path / "extensions" / "part").mkdir(parents=True)
    found = set()
    for name in ("copier.yml", "extensions/code.py", "extensions/part/names.py"):
        (tmp_path / "copier.yml").touch()
        (tmp_path / name).write_text("changed")
        found.add(compiled._digest())
    assert len(found) == 3


def test_without_a_place_it_compiles_each_time(place: Path) -> None:
    place.write_text("no folder")
    assert rendered() == rendered() == ("2", 1)


def test_what_is_damaged_is_compiled_again(place: Path) -> None:
    rendered()
    (file,) = place.glob("*/*")
    for content in (b"", file.read_bytes()[:-9], b"nonsense"):
        file.write_bytes(content)
        assert rendered() == ("2", 1)


def test_nothing_is_kept_where_python_keeps_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rendered()
    assert not place.exists()
