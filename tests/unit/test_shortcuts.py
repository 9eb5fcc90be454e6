"""What the extension shortens in Copier stays what it was."""

from pathlib import Path

import copier
import pytest
from copier._main import Worker
from copier._vcs import get_git
from harness.repository import commit_all, git

from extensions.rendering import shortcuts


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with twenty files, of which git knows one as executable."""
    folder = tmp_path / "template"
    folder.mkdir()
    for number in range(20):
        (folder / f"file{number}.txt").write_text("text\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    commit_all(folder, "Template")
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The git commands that Copier itself runs for the files that it writes."""
    shortcuts.shorten_worker()
    commands: list[tuple[str, ...]] = []

    def recording(context_dir: Path | None = None) -> object:
        command = get_git(context_dir)

        def call(*words: str) -> str:
            commands.append(words)
            return str(command(*words))

        return call

    monkeypatch.setattr("copier._main.get_git", recording)
    return commands


@pytest.mark.parametrize(("file_mode", "index_mode"), [("true", "100644"), ("false", "100755")])
def test_the_index_gets_the_mode_where_git_ignores_that_of_the_file(
    template: Path, asked: list[tuple[str, ...]], tmp_path: Path, file_mode: str, index_mode: str
) -> None:
    destination = tmp_path / "project"
    destination.mkdir()
    (destination / "run.sh").write_text("old\n")
    commit_all(destination, "Before")
    git(destination, "config", "core.fileMode", file_mode)
    copier.run_copy(str(template), destination, defaults=True, overwrite=True, quiet=True, vcs_ref="HEAD")
    assert git(destination, "ls-files", "--stage", "run.sh").startswith(index_mode)
    assert bool(asked) == (file_mode == "false")


def test_a_second_version_of_the_extension_wraps_nothing_twice() -> None:
    shortcuts.shorten_worker()
    steps = [getattr(Worker, name) for name in shortcuts._SHORTCUTS]
    shortcuts.shorten_worker()
    assert [getattr(Worker, name) for name in shortcuts._SHORTCUTS] == steps


def test_the_installed_copier_has_every_step_as_it_is_known() -> None:
    """Or else a copy takes longer: look what the new version does instead."""
    shortcuts.shorten_worker()
    for name in shortcuts._SHORTCUTS:
        step = getattr(Worker, name)
        assert hasattr(getattr(step, "fget", step), shortcuts.SHORTENED), name


def test_a_step_that_takes_something_else_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Newer:
        def _render_string(self, string: str, context: dict[str, str]) -> str:
            return string.format(**context)

    monkeypatch.setattr("copier._main.Worker", Newer)
    shortcuts.shorten_worker()
    assert Newer()._render_string("{a}", {"a": "b"}) == "b"
    assert not hasattr(Newer._render_string, shortcuts.SHORTENED)
    assert not hasattr(Newer, "answers_relpath")


@pytest.mark.parametrize("answers_file", [".copier-answers.yml", ".{{ _copier_conf.dst_path.name }}.yml"])
def test_paths_are_rendered_where_there_is_something_to_render(tmp_path: Path, answers_file: str) -> None:
    shortcuts.shorten_worker()
    template = tmp_path / "template"
    (template / "a {% if true %}b{% endif %}" / "{{ name }}").mkdir(parents=True)
    (template / "a {% if true %}b{% endif %}" / "{{ name }}" / "plain.txt").write_text("text")
    (template / "n{% yield number from [1, 2] %}{{ number }}{% endyield %}.txt.jinja").write_text("{{ number }}")
    (template / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_nice_yaml }}")
    (template / "copier.yml").write_text(f"_answers_file: '{answers_file}'\nname: x\n")
    copier.run_copy(str(template), tmp_path / "project", defaults=True, quiet=True)
    written = {path.relative_to(tmp_path / "project").as_posix() for path in (tmp_path / "project").rglob("*.*")}
    assert written == {
        "a b/x/plain.txt",
        "n1.txt",
        "n2.txt",
        answers_file.replace("{{ _copier_conf.dst_path.name }}", "project"),
    }
