"""Check what the service is made of: known vulnerabilities and licences. `python -m dev.audit`.

`[tool.audit]` in pyproject.toml says what may be: the licences, and the vulnerabilities that do not apply here, each
with a reason and the day on which to look again.
"""

import datetime
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path
from typing import Any

from . import ROOT

BIN = Path(sys.executable).parent
PIP_AUDIT = "pip-audit==2.10.1"

# How packages without an SPDX expression name their licence.
SPELLINGS = {
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


def main() -> int:
    """Print what must not be; 0 if there is nothing."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["audit"]
    locked = requirements()
    names = re.findall(r"^([\w.-]+)(?:\[[\w,.-]+\])?==", locked, re.MULTILINE)
    findings = [*licences(names, set(settings["licences"])), *exceptions(settings["accepted"])]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Licences: {len(names)} dependencies, {len(findings)} findings.", flush=True)
    return max(bool(findings), vulnerabilities(locked, [each["id"] for each in settings["accepted"]]))


def requirements() -> str:
    """Every dependency of the service with its version and hashes, as uv.lock has them."""
    options = ("--quiet", "--frozen", "--no-dev", "--no-emit-project", "--format", "requirements-txt")
    return subprocess.run([BIN / "uv", "export", *options], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603


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
        tool = (BIN / "uvx", "--quiet", "--python", sys.executable, "--from", PIP_AUDIT, "pip-audit")
        options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", *ignored)
        return subprocess.run([*tool, *options, "--requirement", listed], cwd=ROOT, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
