"""What holds between releases of the template: notes that can be read, and no file that changes its place."""

import re
from pathlib import Path

import pytest
import yaml
from harness.machines import NEEDS_HISTORY
from harness.paths import ROOT
from harness.releases import TAGS, with_history
from harness.repository import commit_all, git
from packaging.version import Version

from castrum.template import notes

NOTES = sorted((ROOT / "releases").glob("*.yaml"))
TAG = re.compile(r"v\d+(\.\d+)*")


def moved(repository: Path) -> list[str]:
    """Generated files that a release renamed without a migration, which is for majors only."""
    found = []
    tags = sorted(filter(TAG.fullmatch, git(repository, "tag").splitlines()), key=Version)
    for old, new in zip(tags, [*tags[1:], "HEAD"], strict=True) if tags else ():
        renamed = git(
            repository, "diff", "--find-renames", "--diff-filter=R", "--name-status", old, new, "--", "template"
        )
        # With or without the suffix of what is rendered, the generated file is the same.
        renamed = re.sub(r"^R\d+\t(.*?)(\.jinja)?\t\1(\.jinja)?\n?", "", renamed, flags=re.MULTILINE)
        if not any(version > Version(old) for version in migrations(git(repository, "show", f"{new}:copier.yml"))):
            found += [f"{old} → {new}: {line}" for line in renamed.splitlines()]
    return found


def migrations(config: str) -> list[Version]:
    """The versions to which a `copier.yml` has steps of its own."""
    documents = yaml.safe_load_all(config.replace("!include", ""))
    return [
        Version(str(each["version"]))
        for document in documents
        if isinstance(document, dict)
        for each in document.get("_migrations", ())
    ]


def out_of_place(config: str) -> list[str]:
    """Migrations to what is no major version."""
    return [str(version) for version in migrations(config) if any(version.release[1:])]


def test_no_generated_file_was_moved() -> None:
    if git(ROOT, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip(f"{NEEDS_HISTORY}: git fetch --unshallow --tags")
    assert moved(ROOT) == []


def test_migrations_are_for_majors() -> None:
    config = (ROOT / "copier.yml").read_text(encoding="utf-8")
    assert out_of_place(config) == []
    for version, found in (("v1.1.0", ["1.1.0"]), ("1.0.1", ["1.0.1"]), ("v2.0.0", []), ("v3.0.0rc1", [])):
        step = f'_migrations:\n  - {{version: {version}, command: "true"}}\n'
        assert out_of_place(config.replace("_subdirectory: template\n", f"_subdirectory: template\n{step}")) == found


def test_a_moved_file_is_found(template_repository: Path, tmp_path: Path) -> None:
    repository = with_history(template_repository, tmp_path / "template")
    assert moved(repository) == []
    git(repository, "mv", "template/alembic.ini", "template/migrations/alembic.ini")
    commit_all(repository, "Move a file")
    assert moved(repository) == [f"{TAGS[-1]} → HEAD: R100\ttemplate/alembic.ini\ttemplate/migrations/alembic.ini"]


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_notes_say_what_they_should(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert str(document["version"]) == path.stem
    for change in document["changes"]:
        assert change.keys() <= {"title", "kind", "breaking", "when", "files", "steps"}
        assert change["kind"] in notes.KINDS
        assert "\n" not in change["title"]
        assert len(change["title"]) <= 120
        assert not change.get("breaking") or change["steps"], "somebody has to act: say how"


def test_notes_are_for_those_whom_they_concern() -> None:
    releases = {
        version: f"version: {version}\nchanges:\n"
        f"  - {{title: All of {version}, kind: fixed}}\n"
        f"  - {{title: Cloud of {version}, kind: security, when: {{cloud: [aws, gcp]}}, steps: [Act.]}}\n"
        for version in ("1.0.0", "1.1.0", "1.10.0", "2.0.0rc1", "2.0.0")
    }
    found = notes.between(releases, Version("1.0.0"), Version("1.10.0"), {"cloud": "gcp"})
    assert [change.title for change in found] == ["Cloud of 1.1.0", "All of 1.1.0", "Cloud of 1.10.0", "All of 1.10.0"]
    assert [
        change.title for change in notes.between(releases, Version("1.1.0"), Version("1.10.0"), {"cloud": "azure"})
    ] == ["All of 1.10.0"]
    assert list(notes.lines(found[:1])) == ["1.1.0", "  security: Cloud of 1.1.0", "    to do: Act."]
    assert notes.between(releases, None, Version("2.0.0"), {}) == []
