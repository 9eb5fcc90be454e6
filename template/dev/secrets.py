"""Search every commit for what must not be public: `python -m dev.secrets`; `--since COMMIT` for later ones only,
`--staged` for what is going to be committed.

A secret in an old commit is as public as one in the newest: change it first, wherever it is valid. What only looks like
one is named by its hash, with a reason, in `[tool.secrets]` of pyproject.toml.
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from . import ROOT, git

UVX = Path(sys.executable).with_name("uvx")
SCANNER = "detect-secrets==1.5.0"
COMMIT = re.compile(r"_(template_)?commit: \S+$")
"""Of the template, in the answers: as public as the template is."""


def main() -> int:
    """Print file, line and kind of each secret; 0 if there are none."""
    parser = argparse.ArgumentParser(prog="dev.secrets", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--since", metavar="COMMIT", help="search only what came after this commit")
    where.add_argument("--staged", action="store_true", help="search only what is staged")
    options = parser.parse_args()
    known: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["secrets"]
    with tempfile.TemporaryDirectory() as folder:
        files = staged() if options.staged else committed(f"{options.since}..HEAD" if options.since else "--all")
        extract(files, Path(folder))
        findings = scan(Path(folder))
    leaks = [f"{place}: {kind} (hash {digest})" for place, kind, digest in findings if not known.get(digest)]
    print(*sorted(leaks), sep="\n", end="\n" if leaks else "")
    print(f"Secrets: {len(files)} versions of files searched, {len(leaks)} findings.")
    return 1 if leaks else 0


def committed(commits: str) -> dict[str, str]:
    """Hash → path of each version of each file in these commits."""
    listed = git.raw("rev-list", "--objects", "--full-history", commits, "--", *but_neighbours()).decode()
    paths = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    kinds = git.raw("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin="\n".join(paths).encode()).decode()
    return {blob: paths[blob] for blob in (line.split()[0] for line in kinds.splitlines() if line.endswith(" blob"))}


def staged() -> dict[str, str]:
    """Hash → path of each file that the next commit adds or changes."""
    options = ("--cached", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=d", "-z")
    listed = git.raw("diff", *options, "--", *but_neighbours()).decode().split("\0")
    return {change.split()[3]: path for change, path in zip(listed[::2], listed[1::2], strict=False)}


def but_neighbours() -> list[str]:
    """Patterns of git for all but the other services of the repository, which search theirs; none if there are none."""
    tools = git.text("ls-files", "--", ":(top,glob)**/dev/secrets.py").splitlines()
    others = [name.removesuffix("/dev/secrets.py") for name in tools if name != "dev/secrets.py"]
    return [":(top)", *(f":(exclude){folder}" for folder in others)] if others else []


def extract(files: dict[str, str], folder: Path) -> None:
    """Write each of these versions to folder/<its hash>/<its path>."""
    contents = io.BytesIO(git.raw("cat-file", "--batch", stdin="\n".join(files).encode()))
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


if __name__ == "__main__":
    sys.exit(main())
