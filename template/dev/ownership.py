"""Find what an update left behind, and edits that have a better place: `python -m dev.ownership`.

Conflict markers, rejected patches, files set aside, merged branches whose code is made anew by nobody yet and answers
edited by hand are errors. An edit of a file that follows the template is only told, with the place where it belongs.
"""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import yaml

from . import ROOT, git, waivers

ANSWERS = ".copier-answers.yml"
STAMPS = ".castrum"


def main() -> int:
    """Print what is found; 1 if something has to be decided."""
    if git.tried("rev-parse", "--is-inside-work-tree") is None:
        print("Ownership: not a git repository, nothing to compare.")
        return 0
    errors = [*left_behind(), *unmade()]
    for line in [*errors, *misplaced(), *advice()]:
        print(line)
    return 1 if errors else 0


def left_behind() -> Iterator[str]:
    """Conflicts that nobody has decided yet."""
    for name in (git.tried("grep", "-I", "-l", "-E", "^(<{7,9}|>{7,9}) ") or "").splitlines():
        yield f"{name}: has conflict markers"
    listed = git.tried("ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rej", "kept/") or ""
    for name in listed.splitlines():
        yield f"{name}: was set aside by an update; take from it what is still needed, and delete it"


def unmade() -> Iterator[str]:
    """Answers that the tree is not made from.

    Their digest is the name of the one file in `.castrum/`. Each branch that changes them brings a file of another
    name, so that git merges it without a conflict, and two files are left.
    """
    text = re.sub(r"^_src_path:.*\n(?: .*\n)*", "", (ROOT / ANSWERS).read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    own = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    absent = re.findall(f"^S {re.escape(STAMPS)}/(.*)$", git.tried("ls-files", "-t", "--", STAMPS) or "", re.MULTILINE)
    there = {*(path.name for path in (ROOT / STAMPS).glob("*")), *absent}  # a sparse checkout leaves out the folder
    stamps = {name for name in there if re.fullmatch("[0-9a-f]{16}", name)}
    if len(stamps) > 1:
        yield f"{STAMPS}/: branches were merged that were each made from other answers or another domain; make resolve"
    elif not stamps:
        yield f"{STAMPS}/: its file is gone; get it back: git log --diff-filter=D -- {STAMPS}"
    elif stamps != {own}:
        yield f'{ANSWERS}: edited by hand; take that back, and change answers with make regen ANSWERS="name=value"'


def misplaced() -> Iterator[str]:
    """A service in a folder of its repository whose answers do not say so."""
    folder = (git.tried("rev-parse", "--show-prefix") or "").rstrip("/")
    if folder and re.search(r"^folder: (''|\"\")$", (ROOT / ANSWERS).read_text(encoding="utf-8"), re.MULTILINE):
        yield f'{folder}/: no host reads pipelines and owners there; make regen ANSWERS="folder={folder}" mends that'


def advice() -> Iterator[str]:
    """Files that follow the template and were edited since the last update."""
    last = git.tried("log", "-1", "--format=%H", "--", ANSWERS, STAMPS)
    names = ("--name-only", "--relative", "--no-renames")
    edited = set((git.tried("diff", *names, last) or "").splitlines()) if last else set()
    # With the answers among them, an update waits for its commit: the rest is its work.
    if not edited or any(name.startswith((ANSWERS, STAMPS)) for name in edited):
        return
    # The template's files came in one commit with the answers; others in the same folders are yours.
    added = git.tried("log", "--full-diff", "--diff-filter=A", *names, "--format=", "--", ANSWERS) or ""
    edited &= set(added.splitlines())
    meant = matched(f"/{path.lstrip('/')}" for path in waivers.in_force(datetime.now(UTC).date()))
    rules = yaml.safe_load((ROOT / "ownership.yaml").read_text(encoding="utf-8"))["template"]
    for rule in rules:
        for name in sorted(edited & matched(rule["paths"]) - meant):
            yield f"{name}: follows the template; {rule['instead']}, or say in {waivers.FILE} why it is meant"


def matched(patterns: Iterable[str]) -> set[str]:
    """The files that git tracks and that the patterns name."""
    options = [f"--exclude={pattern}" for pattern in patterns]
    return set((git.tried("ls-files", "--cached", "--ignored", *options) or "").splitlines()) if options else set()


if __name__ == "__main__":
    sys.exit(main())
