"""copier.yml and the question files: Copier ignores a key that it does not know, so somebody else has to look."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import rendering
from harness.paths import ROOT

from extensions.answers import delivery

QUESTION_KEYS = {
    "type",
    "help",
    "choices",
    "multiselect",
    "default",
    "when",
    "ask",
    "validator",
    "secret",
    "placeholder",
    "multiline",
    "qmark",
}
SETTINGS = {
    "_answers_file",
    "_envops",
    "_exclude",
    "_external_data",
    "_jinja_extensions",
    "_message_after_copy",
    "_message_after_update",
    "_message_before_copy",
    "_message_before_update",
    "_migrations",
    "_min_copier_version",
    "_preserve_symlinks",
    "_secret_questions",
    "_skip_if_exists",
    "_subdirectory",
    "_tasks",
    "_templates_suffix",
}
# Read by the extensions from the file that Copier reads, too.
OURS = {"_follows_template"}
TYPES = {"bool", "float", "int", "json", "path", "str", "yaml"}
INCLUDE = re.compile(r"!include (?P<path>\S+)")


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def question_files() -> list[Path]:
    return sorted((ROOT / "questions").glob("*.yml"))


def faults(questions: dict[str, Any]) -> list[str]:
    """What Copier would swallow, one line each."""
    found = []
    for name, question in questions.items():
        if name.startswith("_"):
            found += [] if name in SETTINGS | OURS else [f"{name}: unknown setting"]
            continue
        if not isinstance(question, dict):
            found.append(f"{name}: not the long form")
            continue
        found += [f"{name}: unknown key {key!r}" for key in question.keys() - QUESTION_KEYS]
        if question.get("type") not in TYPES:
            found.append(f"{name}: unknown type {question.get('type')!r}")
        if "default" not in question:
            found.append(f"{name}: no default, so --defaults fails")
        computed = question.get("when") is False
        if not computed and not str(question.get("help", "")).strip():
            found.append(f"{name}: asked without help")
        if not computed and not {"validator", "choices"} & question.keys() and question.get("type") != "bool":
            found.append(f"{name}: takes any answer")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            found.append(f"{name}: not snake_case")
    return found


@pytest.mark.parametrize("path", question_files(), ids=lambda path: path.name)
def test_questions_are_well_formed(path: Path) -> None:
    assert not faults(load(path))


@pytest.mark.parametrize(
    "change",
    [
        {"defualt": "x"},
        {"type": "string"},
        {"help": ""},
        {"validator": None, "defualt": 1},
    ],
)
def test_faults_are_seen(change: dict[str, Any]) -> None:
    good = {"type": "str", "help": "A name", "default": "x", "validator": "{{ '' }}"}
    assert not faults({"name": good})
    assert faults({"name": good | change})


def test_no_question_is_asked_twice() -> None:
    names = [name for path in question_files() for name in load(path)]
    assert len(set(names)) == len(names)


def test_every_question_file_is_included_by_name() -> None:
    """Copier does not sort what a pattern finds, so the order of the questions is spelled out."""
    included = [match["path"] for match in INCLUDE.finditer((ROOT / "copier.yml").read_text(encoding="utf-8"))]
    assert sorted(included) == [path.relative_to(ROOT).as_posix() for path in question_files()]
    assert len(set(included)) == len(included)


def test_settings_are_known() -> None:
    text = INCLUDE.sub("{}", (ROOT / "copier.yml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = {}
    for document in yaml.safe_load_all(text):
        settings |= document
    assert not settings.keys() - SETTINGS
    assert settings["_envops"]["undefined"] == "jinja2.StrictUndefined"
    assert "_tasks" not in settings, "they run three times in an update, where a migration runs once"


def test_path_names_hold_no_logic() -> None:
    """Conditions belong in as few path names as possible, and never with a filter: Windows has no `|` in names."""
    for path in (ROOT / "template").rglob("*"):
        assert "|" not in path.name
        assert path.name.count("{% yield") <= 1, path
        # Copier compares folders with a function that overlooks these names, so an update would not remove them.
        assert path.name not in {"tags", "RCS", "CVS", ".hg", "__pycache__"}, path


def test_no_ignore_file_acts_on_the_template() -> None:
    """A plain .gitignore in template/ would hide files of the template repository itself."""
    assert not [path for path in (ROOT / "template").rglob(".gitignore") if path.is_file()]


def test_the_document_has_every_question_with_its_default() -> None:
    page = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| .+ \|$", page, re.MULTILINE)}
    asked = {
        name: question
        for path in included()
        for name, question in load(path).items()
        if not name.startswith("_") and question.get("when") is not False
    }
    assert list(rows) == list(asked)
    for name, question in asked.items():
        answers, default = rows[name]
        if "{" not in question["default"]:
            assert default.strip("`") == (question["default"] or "empty"), name
        choices = question.get("choices", ())
        for choice in choices.values() if isinstance(choices, dict) else choices:
            assert choice in answers or re.search(r"[\d.]+ to [\d.]+", answers), (name, choice)


@pytest.mark.parametrize("name", delivery.NUMBERS)
def test_help_and_document_have_the_range_of_a_number(name: str) -> None:
    least, greatest = delivery.NUMBERS[name]
    page = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    [question] = [questions[name] for path in question_files() if name in (questions := load(path))]
    assert f"({least} to {greatest})" in question["help"]
    assert re.search(rf"^\| `{name}` \| {least} to {greatest}\b", page, re.MULTILINE)


def included() -> list[Path]:
    """The question files in the order of asking."""
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    return [ROOT / match["path"] for match in INCLUDE.finditer(text)]


def test_the_description_of_a_domain_becomes_one_line(tmp_path: Path) -> None:
    domain = {
        "context": "shop",
        "description": "Sells\nthings. " + "Many of them. " * 40,
        "aggregates": {"A": {"b": "bool"}},
    }
    tree = rendering.copy_domain(domain, tmp_path / "shop")
    recorded = yaml.safe_load((tree / ".copier-answers.yml").read_text(encoding="utf-8"))["description"]
    assert recorded.startswith("Sells things. Many of them.")
    assert recorded.endswith(" …")
    assert len(recorded) <= 300


def test_a_domain_needs_no_description(tmp_path: Path) -> None:
    tree = rendering.copy_domain({"context": "shop", "aggregates": {"A": {"b": "bool"}}}, tmp_path / "shop")
    recorded = yaml.safe_load((tree / ".copier-answers.yml").read_text(encoding="utf-8"))["description"]
    assert recorded == "The shop service."
