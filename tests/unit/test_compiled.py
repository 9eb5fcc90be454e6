"""Compiled code is kept from one copy to the next, and used only for what it was compiled from."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.paths import ROOT
from jinja2 import DictLoader, Environment

from extensions.rendering import compiled, shortcuts
from extensions.rendering.archive import MOST, Archive


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where it is kept."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(compiled, "user_cache_path", lambda _: tmp_path)
    compiled.archive.cache_clear()
    yield tmp_path / "templates"
    compiled.archive.cache_clear()


class Compiler(Environment):
    """Counts what it compiles."""

    count = 0

    def _generate(self, *args: object, **options: object) -> str:
        self.count += 1
        return str(super()._generate(*args, **options))  # type: ignore[arg-type]


def rendered(source: str = "{{ 1 + 1 }}", *, string: bool = False) -> tuple[str, int]:
    """What a new process makes of a template, and how many it had to compile for it."""
    environment = Compiler(loader=DictLoader({"file": source}))
    compiled.keep(environment)
    shortcuts.compile_once(environment, compiled.archive())
    template = environment.from_string(source) if string else environment.get_template("file")
    text = template.render()
    compiled.archive().write()
    compiled.archive.cache_clear()
    return text, environment.count


@pytest.mark.parametrize("string", [False, True])
def test_a_template_is_compiled_once(place: Path, string: bool) -> None:
    assert rendered(string=string) == ("2", 1)
    assert rendered(string=string) == ("2", 0)
    (folder,) = place.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == [compiled.FILE]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("string", [False, True])
def test_another_text_is_another_template(string: bool) -> None:
    rendered(string=string)
    assert rendered("{{ 1 + 2 }}", string=string) == ("3", 1)


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
    whole = file.read_bytes()
    for content in (b"", whole[:-9], b"nonsense", b"other" + whole[5:]):
        file.write_bytes(content)
        assert rendered() == ("2", 1)


def test_nothing_is_kept_where_python_keeps_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rendered()
    assert not place.exists()


def test_an_archive_has_an_end(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "code")
    for number in range(MOST + 10):
        archive.add(str(number), compile(str(number), "number", "eval"))
    archive.write()
    known = Archive(tmp_path / "code")
    assert [known.get(str(number)) is not None for number in (0, MOST - 1, MOST)] == [True, True, False]


LOADING = """
import importlib.util, sys
found = []
sys.addaudithook(lambda event, args: event == "compile" and found.append(str(args[1])))
spec = importlib.util.spec_from_file_location("entry", "extensions/castrum.py")
castrum = importlib.util.module_from_spec(spec)
spec.loader.exec_module(castrum)
assert castrum.load("pipeline.reading").sample_domain()["context"]
print(sum("extensions" in each for each in found))
"""


def test_modules_are_compiled_for_the_first_of_several_clones(tmp_path: Path) -> None:
    counts = []
    for name in ("first", "second"):
        clone = tmp_path / name
        shutil.copytree(ROOT / "extensions", clone / "extensions", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(ROOT / "copier.yml", clone / "copier.yml")
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [sys.executable, "-c", LOADING], cwd=clone, env=environment, capture_output=True, text=True, check=True
        )
        counts.append(int(done.stdout))
    assert counts[0] > 20
    assert counts[1] <= 6  # those by which the others are found
