"""What holds between releases of the template: notes that can be read, and no file that changes its place."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.machines import NEEDS_HISTORY
from harness.paths import ROOT
from harness.releases import TAGS, entry, with_history, with_moves, write
from harness.repository import commit_all, git
from packaging.version import InvalidVersion, Version

from castrum.copying import MOVES
from castrum.template import notes
from extensions.moves.releases import Release, Step, moving, release

NOTES = sorted((ROOT / "releases").glob("*.yaml"))
TAG = re.compile(r"v\d+(\.\d+)*")


def moved(repository: Path) -> list[str]:
    """Generated files that a release renamed without saying so in its `moves`."""
    found = []
    tags = sorted(filter(TAG.fullmatch, git(repository, "tag").splitlines()), key=Version)
    for old, new in zip(tags, [*tags[1:], "HEAD"], strict=True) if tags else ():
        renamed = git(
            repository, "diff", "--find-renames", "--diff-filter=R", "--name-status", old, new, "--", "template"
        )
        # With or without the suffix of what is rendered, the generated file is the same.
        renamed = re.sub(r"^R\d+\t(.*?)(\.jinja)?\t\1(\.jinja)?\n?", "", renamed, flags=re.MULTILINE)
        known = told(repository, old, new)
        for line in renamed.splitlines():
            _, one, two = line.split("\t")
            if known.place(generated(one)) != generated(two):
                found.append(f"{old} → {new}: {line}")
    return found


def generated(path: str) -> str:
    """The generated file of a template's, in a service that is called `package` and has one `aggregate`."""
    path = path.removeprefix("template/").removesuffix(".jinja").replace("{{ package }}", "package")
    return re.sub(r"\{% yield aggregate .*?endyield %\}", "aggregate", path)


def told(repository: Path, old: str, new: str) -> Step:
    """The moves of the releases between two commits, in such a service."""
    names = git(repository, "ls-tree", "--name-only", new, "releases/").splitlines()
    texts = {Path(name).stem: git(repository, "show", f"{new}:{name}") for name in names if name.endswith(".yaml")}
    newest = max((each for each in map(version, texts) if each is not None), default=Version("0"))
    end = Version(new) if TAG.fullmatch(new) else newest
    every = [pair for each in moving(texts, Version(old), end) for pair in each.moves.items()]
    return Step(Release(end, dict(every), {}), ["src/package/__main__.py", "src/package/aggregate/service.py"])


def version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None


def migrations(config: str) -> list[Version]:
    """The versions to which a `copier.yml` has steps of its own."""
    documents = yaml.safe_load_all(config.replace("!include", ""))
    return [
        Version(str(each["version"]))
        for document in documents
        if isinstance(document, dict)
        for each in document.get("_migrations", ())
        if not is_of_moves(each)
    ]


def is_of_moves(migration: dict[str, Any]) -> bool:
    return MOVES in str(migration["command"])


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
        assert out_of_place(config.replace("_migrations:\n", step)) == found, version


def test_releases_with_moves_have_their_migration() -> None:
    config = (ROOT / "copier.yml").read_text(encoding="utf-8")
    assert without_migration(config, {path.stem: path.read_text(encoding="utf-8") for path in NOTES}) == []
    assert without_migration(config, {"0.2.0": "moves: {a: b}", "0.3.0": "imports: {a.b: c.d}"}) == ["0.3.0"]
    more = config.replace("_message_after_copy: |\n", entry("v0.3.0") + "_message_after_copy: |\n")
    assert without_migration(more, {"0.2.0": "moves: {a: b}", "0.3.0": "imports: {a.b: c.d}"}) == []


def without_migration(config: str, texts: dict[str, str]) -> list[str]:
    """The releases that have put something elsewhere, and are not among the migrations."""
    documents = [each for each in yaml.safe_load_all(config.replace("!include", "")) if isinstance(each, dict)]
    known = {Version(each["version"]) for document in documents for each in document.get("_migrations", ())}
    return [str(each.version) for each in moving(texts, Version("0"), Version("999")) if each.version not in known]


def test_a_moved_file_is_found(template_repository: Path, tmp_path: Path) -> None:
    repository = with_history(template_repository, tmp_path / "template")
    assert moved(repository) == []
    git(repository, "mv", "template/alembic.ini", "template/migrations/alembic.ini")
    commit_all(repository, "Move a file")
    assert moved(repository) == [f"{TAGS[-1]} → HEAD: R100\ttemplate/alembic.ini\ttemplate/migrations/alembic.ini"]
    write(repository, "releases/0.4.0.yaml", "moves: {alembic.ini: migrations/alembic.ini}\n")
    commit_all(repository, "Say so")
    assert moved(repository) == []


def test_moves_with_placeholders_are_known(template_repository: Path, tmp_path: Path) -> None:
    repository = with_moves(with_history(template_repository, tmp_path / "history"), tmp_path / "template")
    assert moved(repository) == []
    (repository / "releases/0.4.0.yaml").write_text("version: 0.4.0\nchanges: []\n", encoding="utf-8")
    commit_all(repository, "Say nothing")
    git(repository, "tag", "--force", "v0.4.0")
    assert any("platform/http_client.py" in line for line in moved(repository))


class Unique(yaml.SafeLoader):
    """A loader that refuses a key which is there twice; YAML itself keeps the last, and says nothing."""


def unique(loader: Unique, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(
            None, None, f"there twice: {', '.join(map(str, twice))}", node.start_mark
        )
    return loader.construct_mapping(node, deep=True)


Unique.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_no_key_of_the_notes_is_there_twice(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    yaml.load(text, Unique)  # noqa: S506 - a safe one
    with pytest.raises(yaml.YAMLError, match="there twice: moves"):
        yaml.load(f"{text}moves: {{a: b}}\nmoves: {{}}\n", Unique)  # noqa: S506 - a safe one
    with pytest.raises(yaml.YAMLError, match="there twice: a"):
        yaml.load("moves: {a: b, a: c}", Unique)  # noqa: S506 - a safe one


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_notes_say_what_they_should(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert str(document["version"]) == path.stem
    assert document.keys() <= {"version", "changes", "moves", "imports"}
    owned = yaml.safe_load((ROOT / "questions/ownership.yml").read_text(encoding="utf-8"))["_skip_if_exists"]
    for pair in release(Version(path.stem), document).moves.items():
        places = [each.replace("{package}", "p").replace("{aggregate}", "a") for each in pair]
        if places[0].startswith(places[1]):  # into the folder around it
            places.pop()
        inside = [pattern for pattern in owned for place in places if meet(pattern.strip("/"), place)]
        assert not inside, f"{pair} is the service's own: {inside}"
    for change in document["changes"]:
        assert change.keys() <= {"title", "kind", "breaking", "when", "files", "steps"}
        assert change["kind"] in notes.KINDS
        assert "\n" not in change["title"]
        assert len(change["title"]) <= 120
        assert not change.get("breaking") or change["steps"], "somebody has to act: say how"


def meet(pattern: str, place: str) -> bool:
    """Whether one of the two is the other one, or a folder that it is in; a folder ends with a slash."""
    parts, others = pattern.split("/"), place.rstrip("/").split("/")
    return (place.endswith("/") or len(parts) <= len(others)) and all(
        one in ("*", two) for one, two in zip(parts, others, strict=False)
    )


def test_what_is_a_persons_meets_no_move() -> None:
    assert meet("src/*/*/service.py", "src/p/a/service.py")
    assert meet("src/*/own/*", "src/p/own/")
    assert not meet("src/*/own/*", "src/p/platform/")
    assert not meet("src/*/*/service.py", "src/p/settings.py")


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
