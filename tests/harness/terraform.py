"""Terraform with the providers' real schemas and without the providers.

`terraform validate` and `terraform test` with `mock_provider` ask a provider for nothing but its schema. Where the
folder that CASTRUM_TERRAFORM_SCHEMAS names holds schemas (`<provider>.json.xz`, as `terraform providers schema -json`
prints them), `schema_provider.py` serves them, found by Terraform in a file system mirror; nothing is fetched.
Elsewhere `terraform init` fetches the real providers; without a network the tests skip.
"""

import json
import lzma
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .paths import CACHE, ROOT, TEMPLATE
from .tools import cached, do_without, locked, require, run

SCHEMAS = os.environ.get("CASTRUM_TERRAFORM_SCHEMAS", "")
# The releases of the providers that the schemas are from.
VERSIONS = {"aws": "6.47.0", "google": "6.50.0", "azurerm": "4.79.0"}
PLATFORM = "linux_amd64"

_TEXT: dict[str, Any] = {"type": "string", "optional": True}
_FLAG: dict[str, Any] = {"type": "bool", "optional": True}
_TEXTS: dict[str, Any] = {"type": ["map", "string"], "optional": True}


def _block(nesting: str = "list", **attributes: Any) -> dict[str, Any]:
    return {"nesting_mode": nesting, "max_items": 1, "block": {"attributes": attributes}}


# The schemas do not describe the provider blocks themselves. These are the arguments that the template uses.
PROVIDER_BLOCKS: dict[str, dict[str, Any]] = {
    "aws": {
        "attributes": {"region": _TEXT, "allowed_account_ids": {"type": ["set", "string"], "optional": True}},
        "block_types": {"default_tags": _block(tags=_TEXTS)},
    },
    "google": {
        "attributes": {
            "project": _TEXT, "region": _TEXT, "zone": _TEXT, "billing_project": _TEXT,
            "user_project_override": _FLAG, "default_labels": _TEXTS, "add_terraform_attribution_label": _FLAG,
        },
    },
    "azurerm": {
        "attributes": {
            "subscription_id": _TEXT, "tenant_id": _TEXT, "use_oidc": _FLAG, "storage_use_azuread": _FLAG,
            "resource_provider_registrations": _TEXT,
        },
        "block_types": {
            "features": {
                "nesting_mode": "list",
                "min_items": 1,
                "max_items": 1,
                "block": {
                    "block_types": {
                        "key_vault": _block(
                            purge_soft_delete_on_destroy=_FLAG,
                            purge_soft_deleted_keys_on_destroy=_FLAG,
                            purge_soft_deleted_secrets_on_destroy=_FLAG,
                            recover_soft_deleted_key_vaults=_FLAG,
                        ),
                        "resource_group": _block(prevent_deletion_if_contains_resources=_FLAG),
                        "postgresql_flexible_server": _block(restart_server_on_configuration_value_change=_FLAG),
                    }
                },
            }
        },
    },
}  # fmt: skip


class Message:
    """A protobuf message being written; fields with their default are left out, as protobuf does."""

    def __init__(self) -> None:
        self.data = bytearray()

    def number(self, field: int, value: int) -> "Message":
        if value:
            self.data += _varint(field << 3) + _varint(value)
        return self

    def text(self, field: int, value: bytes) -> "Message":
        self.data += _varint(field << 3 | 2) + _varint(len(value)) + value
        return self

    def message(self, field: int, value: "Message") -> "Message":
        return self.text(field, bytes(value.data))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# The field numbers are those of Terraform's plugin protocol 5 (tfplugin5.proto).
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_FLAGS = {"required": 4, "optional": 5, "computed": 6, "sensitive": 7, "deprecated": 9, "write_only": 10}


def _schema_block(block: Mapping[str, Any]) -> Message:
    message = Message()
    for name, attribute in sorted(block.get("attributes", {}).items()):
        described = Message().text(1, name.encode()).text(2, json.dumps(attribute["type"]).encode())
        for flag, field in _FLAGS.items():
            described.number(field, bool(attribute.get(flag)))
        message.message(2, described)
    for name, nested in sorted(block.get("block_types", {}).items()):
        described = Message().text(1, name.encode()).message(2, _schema_block(nested.get("block", {})))
        described.number(3, _NESTING[nested["nesting_mode"]])
        described.number(4, nested.get("min_items", 0)).number(5, nested.get("max_items", 0))
        message.message(3, described)
    return message.number(6, bool(block.get("deprecated")))


def _schema(schema: Mapping[str, Any]) -> Message:
    return Message().number(1, schema.get("version", 0)).message(2, _schema_block(schema.get("block", {})))


def schemas(provider: str) -> dict[str, Any]:
    """`resource_schemas`, `data_source_schemas` and `ephemeral_resource_schemas` of one provider."""
    with lzma.open(Path(SCHEMAS) / f"{provider}.json.xz") as stream:
        content: dict[str, dict[str, Any]] = json.load(stream)["provider_schemas"]
    return content[f"registry.terraform.io/hashicorp/{provider}"]


@cache
def _named_types() -> frozenset[str]:
    """Whatever looks like a type of a provider in the template: Terraform reads a schema of these ten times as fast."""
    files = [path for path in (TEMPLATE / "deploy").rglob("*.*") if ".tf" in path.name]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return frozenset(re.findall(rf"\b(?:{'|'.join(VERSIONS)})_[a-z0-9_]+", text))


def schema_answer(provider: str) -> bytes:
    """The answer to GetProviderSchema, with the types that the template names; no other type is known."""
    known = schemas(provider)
    answer = Message().message(1, _schema({"block": PROVIDER_BLOCKS[provider]}))
    for field, kind in (2, "resource_schemas"), (3, "data_source_schemas"), (8, "ephemeral_resource_schemas"):
        for name, schema in (known.get(kind) or {}).items():
            if name in _named_types():
                answer.message(field, Message().text(1, name.encode()).message(2, _schema(schema)))
    return bytes(answer.data)


def _make_mirror(folder: Path) -> None:
    plugin = Path(__file__).with_name("schema_provider.py")
    for provider, version in VERSIONS.items():
        place = folder / "registry.terraform.io" / "hashicorp" / provider / version / PLATFORM
        place.mkdir(parents=True)
        (place / "schema").write_bytes(schema_answer(provider))
        program = place / f"terraform-provider-{provider}_v{version}_x5"
        program.write_text(f"#!{sys.executable}\n{plugin.read_text(encoding='utf-8')}", encoding="utf-8")
        program.chmod(0o755)
    (folder / "terraformrc").write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n', encoding="utf-8"
    )


@cache
def _reaches_registry(environment: tuple[tuple[str, str], ...]) -> bool:
    """Whether Terraform can fetch a provider, tried with its smallest one."""
    with tempfile.TemporaryDirectory() as folder, locked("terraform-plugins"):
        Path(folder, "main.tf").write_text(
            'terraform {\n  required_providers {\n    null = {\n      source = "hashicorp/null"\n    }\n  }\n}\n',
            encoding="utf-8",
        )
        done = run("terraform", "init", "-no-color", cwd=Path(folder), env=dict(environment), check=False)
    return "could not connect" not in done.stderr


@cache
def environment() -> dict[str, str]:
    """What Terraform has to find in its environment; skips (in CI, fails) where it or the providers cannot be had."""
    require("terraform")
    quiet = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    if not SCHEMAS:
        plugins = CACHE / "terraform-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        # Generated repositories ignore their lock file here, so that the plugins may come from the cache at once.
        quiet |= {"TF_PLUGIN_CACHE_DIR": str(plugins), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
        if not _reaches_registry(tuple(quiet.items())):
            do_without("no provider of Terraform can be fetched, and CASTRUM_TERRAFORM_SCHEMAS is not set")
        return quiet
    folder = ROOT / SCHEMAS
    if not folder.is_dir():
        pytest.fail(f"CASTRUM_TERRAFORM_SCHEMAS names no folder: {SCHEMAS}", pytrace=False)
    sources = [path.read_bytes() for path in sorted(folder.glob("*.json.xz"))]
    code = [Path(__file__).with_name(name).read_bytes() for name in ("terraform.py", "schema_provider.py")]
    mirror = cached("terraform", [*sources, *code, sys.executable, *sorted(_named_types())], _make_mirror)
    # The plugin speaks plain text on the loopback interface: Terraform would offer TLS.
    return {**quiet, "TF_CLI_CONFIG_FILE": str(mirror / "terraformrc"), "TF_DISABLE_PLUGIN_TLS": "1"}


def terraform(folder: Path, *arguments: str, check: bool = True) -> str:
    """What Terraform says, in ``folder``; its errors too."""
    done = run("terraform", *arguments, "-no-color", cwd=folder, env=environment(), check=check)
    return done.stdout + done.stderr


def init(folder: Path) -> None:
    """Make ``folder`` ready for `validate` and `test`: providers and modules, no state."""
    environment()  # takes the lock below, too
    if SCHEMAS:
        terraform(folder, "init", "-backend=false")
        return
    with locked("terraform-plugins"):  # the plugin cache is not safe for two at once
        terraform(folder, "init", "-backend=false")


def validate(folder: Path) -> list[str]:
    """Every complaint of `terraform validate`, warnings too, with file and line."""
    done = run("terraform", "validate", "-json", cwd=folder, env=environment(), check=False)
    complaints = []
    for found in json.loads(done.stdout)["diagnostics"]:
        place = found.get("range", {"filename": "?", "start": {"line": 0}})
        where = f"{place['filename']}:{place['start']['line']}"
        complaints.append(f"{where}: {found['summary']}: {found.get('detail', '')}")
    return complaints


def test(folder: Path) -> Iterator[dict[str, Any]]:
    """The messages of `terraform test`, its plans and states among them."""
    for line in terraform(folder, "test", "-json", "-verbose", check=False).splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def copy(source: Path, destination: Path) -> Path:
    """A copy of a Terraform folder to be broken; what `init` left is not copied."""
    return Path(shutil.copytree(source, destination, ignore=shutil.ignore_patterns(".terraform*")))
