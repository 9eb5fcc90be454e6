"""One environment: what the settings class reads is what chart, compose file, image, Terraform and documents say."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

# The OpenTelemetry SDK reads this one by itself.
OTHERS = {"OTEL_RESOURCE_ATTRIBUTES"}
ENVIRONMENT_ENTRY = re.compile(r"- name: ([A-Z][A-Z_]+)\n\s+value(.*)")


@dataclass(frozen=True)
class Setting:
    """A field of the settings class: its default is None where it is required or unset."""

    name: str
    default: Any
    required: bool
    secret: bool


@pytest.fixture
def settings(tree: Path) -> dict[str, Setting]:
    return {setting.name: setting for setting in fields(module(tree))}


def module(tree: Path) -> Path:
    [path] = tree.glob("src/*/settings.py")
    return path


def fields(path: Path) -> Iterator[Setting]:
    syntax = ast.parse(path.read_text(encoding="utf-8"))
    [declared] = [node for node in syntax.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    for node in declared.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Call):
            arguments = node.value.args
            secret = "SecretStr" in ast.unparse(node.annotation)
            default = ast.literal_eval(arguments[0]) if arguments else None
            yield Setting(node.target.id.upper(), default, not arguments, secret)


def chart(tree: Path) -> Path:
    [folder] = (tree / "deploy" / "helm").iterdir()
    return folder


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_page_names_every_setting_and_its_default(tree: Path, settings: dict[str, Setting]) -> None:
    page = (tree / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\S+) \| (.+) \|$", page, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(settings)
    for name, default, meaning in rows:
        setting = settings[name]
        assert default == shown(setting)
        assert meaning.endswith("Secret.") == setting.secret


def shown(setting: Setting) -> str:
    if setting.required:
        return "required"
    if setting.default in (None, (), {}):
        return "unset"
    return f"`{','.join(setting.default) if isinstance(setting.default, tuple) else setting.default}`"


def test_the_chart_sets_what_there_is_to_set(tree: Path, settings: dict[str, Setting]) -> None:
    of_the_image = set(image(tree))
    secret = {setting.name for setting in settings.values() if setting.secret}
    schema = load(chart(tree) / "values.schema.json")["properties"]["settings"]
    assert schema["properties"].keys() == settings.keys() - of_the_image - secret - {"SECRETS_DIR"}
    assert schema["additionalProperties"] is False

    values = load(chart(tree) / "values.yaml")["settings"]
    assert values.keys() <= schema["properties"].keys()
    required = {setting.name for setting in settings.values() if setting.required and not setting.secret}
    assert required <= values.keys()
    for name, value in values.items():
        if settings[name].default is not None and name != "ENVIRONMENT":
            assert value == settings[name].default, name


def image(tree: Path) -> list[str]:
    """Settings of the image."""
    dockerfile = (tree / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    variables = re.findall(r"\b([A-Z_]+)=", "".join(re.findall(r"^ENV .*", dockerfile, re.MULTILINE)))
    return [name for name in variables if not name.startswith(("PATH", "PYC_", "PYTHON", "UV_"))]


def test_every_environment_is_called_by_its_name(tree: Path) -> None:
    production = load(chart(tree) / "values.yaml")["settings"]["ENVIRONMENT"]
    names = {path.stem.removeprefix("values-"): load(path) for path in chart(tree).glob("values-*.yaml")}
    assert production in names
    for name, values in names.items():
        assert (values or {}).get("settings", {"ENVIRONMENT": production})["ENVIRONMENT"] == name


def test_the_image_sets_settings(tree: Path, settings: dict[str, Setting]) -> None:
    assert image(tree)
    assert set(image(tree)) <= settings.keys()


def test_pods_get_settings_and_secrets_as_files(tree: Path, settings: dict[str, Setting]) -> None:
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (chart(tree) / "templates").iterdir() if path.is_file()
    }
    entries = [entry for text in texts.values() for entry in ENVIRONMENT_ENTRY.findall(text)]
    referred = {name for _, value in entries for name in re.findall(r"\$\(([A-Z_]+)\)", value)}
    names = {name for name, _ in entries}
    assert "SECRETS_DIR" in names
    assert names - referred <= settings.keys() | OTHERS
    # A secret is a file, never a variable; and each secret setting that has to be there is one of the files.
    secret = {setting.name for setting in settings.values() if setting.secret}
    assert not names & secret
    for name in (setting.name for setting in settings.values() if setting.secret and setting.required):
        assert re.search(rf"^\s+{name.lower()}: ", "\n".join(texts.values()), re.MULTILINE), name


def test_compose_sets_settings_and_all_that_are_required(tree: Path, settings: dict[str, Setting]) -> None:
    services = load(tree / "compose.yaml")["services"]
    given = services["service"]["environment"]
    assert given.keys() <= settings.keys()
    assert {setting.name for setting in settings.values() if setting.required} <= given.keys()
    assert services["migrations"]["environment"] == {"DATABASE_URL": given["DATABASE_URL"]}
    assert given["AUTH_AUDIENCE"] == load(chart(tree) / "values.yaml")["settings"]["AUTH_AUDIENCE"]


def test_terraform_gives_values_that_the_chart_has(tree: Path) -> None:
    values = load(chart(tree) / "values.yaml")
    [outputs] = tree.glob("deploy/terraform/*/modules/service/outputs.tf")
    block = re.search(
        r'^output "helm_values" \{\n(.*?)^\}', outputs.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert block is not None
    keys = re.findall(r"^    (\w+) *=", block[1], re.MULTILINE)
    assert len(keys) >= 6
    assert set(keys) <= values.keys()
    for group, content in re.findall(r"^    (\w+) *= \{\n(.*?)^    \}", block[1], re.DOTALL | re.MULTILINE):
        assert set(re.findall(r"^      (\w+) *=", content, re.MULTILINE)) <= values[group].keys(), group
