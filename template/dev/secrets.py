"""Search every commit for what must not be public: `python -m dev.secrets`, or `--since COMMIT` for later ones only.

A secret in an old commit is as public as one in the newest: change it first, wherever it is valid. What only looks like
one is named by its hash, with a reason, in `[tool.secrets]` of pyproject.toml.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from . import ROOT

UVX = Path(sys.executable).with_name("uvx")
SCANNER = "detect-secrets==1.5.0"


def main() -> int:
    """Print file, line and kind of each secret; 0 if there are none."""
    parser = argparse.ArgumentParser(prog="dev.secrets", description=__doc__)
    parser.add_argument("--since", metavar="COMMIT", help="search only what came after this commit")
    since: str | None = parser.parse_args().since
    known: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["secrets"]
    with tempfile.TemporaryDirectory() as folder:
        count = extract([f"{since}..HEAD"] if since else ["--all"], Path(folder))
        findings = scan(Path(folder))
    leaks = [f"{place}: {kind} (hash {digest})" for place, kind, digest in findings if not known.get(digest)]
    print(*sorted(leaks), sep="\n", end="\n" if leaks else "")
    print(f"Secrets: {count} versions of files searched, {len(leaks)} findings.")
    return 1 if leaks else 0


def extract(commits: list[str], folder: Path) -> int:
    """Write each version of each file in these commits to folder/<its hash>/<its path>; how many there are."""
    listed = git("rev-list", "--objects", *commits, "--").decode()
    paths = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    kinds = git("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin="\n".join(paths).encode()).decode()
    blobs = [line.split()[0] for line in kinds.splitlines() if line.endswith(" blob")]
    contents = io.BytesIO(git("cat-file", "--batch", stdin="\n".join(blobs).encode()))
    for blob in blobs:
        size = int(contents.readline().split()[2])
        target = folder / blob[:12] / paths[blob]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents.read(size))
        contents.readline()
    return len(blobs)


def scan(folder: Path) -> list[tuple[str, str, str]]:
    """Place, kind and hash of each secret in a folder."""
    tool = (UVX, "--quiet", "--python", sys.executable, "--from", SCANNER, "detect-secrets")
    done = subprocess.run(  # noqa: S603 - our own tool
        [*tool, "scan", "--all-files", "--no-verify", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"detect-secrets failed: {done.stderr or done.stdout}")
    results: dict[str, list[dict[str, str]]] = json.loads(done.stdout)["results"]
    return [
        (f"{path}:{each['line_number']} of {blob}", each["type"], each["hashed_secret"])
        for name, found in results.items()
        for blob, _, path in [name.partition("/")]
        for each in found
        # In chart and Terraform a key called `secret` holds the name of one.
        if not (each["type"] == "Secret Keyword" and path.startswith("deploy/"))
    ]


def git(*arguments: str, stdin: bytes | None = None) -> bytes:
    """What git prints. Ends the program with git's own message if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, input=stdin, capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
