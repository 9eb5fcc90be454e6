"""``castrum update``: bring a service up to date with the template, its answers and its domain.

Three trees are merged: a fresh copy of what the last update asked for, a fresh copy of what this one asks for, and the
working tree. Nothing of the working tree changes until all of that is known.
"""

import argparse
import difflib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml
from copier._main import Worker
from copier.errors import CopierError, DirtyLocalWarning, UserMessageError
from packaging.version import Version
from plumbum import ProcessExecutionError

from . import judging, language, notes
from .applying import Pending
from .merging import KEPT, Conflict, File, Plan, plan, read, read_tree
from .refusals import STOPPED, Refusal, refused_answer
from .renaming import Renaming, declared, service

if sys.platform != "win32":
    import fcntl

CLEAN: Final = 0
CONFLICTS: Final = 1
FAILURE: Final = 2

ANSWERS: Final = ".copier-answers.yml"
DOMAIN: Final = "domain.yaml"
CURRENT: Final = "current"
# The history of the schema, and the person's own model: nothing but the person changes them, once they are there.
FROZEN: Final = (DOMAIN, "migrations/versions/")


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    update = commands.add_parser(
        "update",
        help="bring a service up to date",
        description="Merge a new version of the template, changed answers and the edited domain.yaml into a service.",
        epilog="Exit codes: 0 done without conflicts, 1 done with conflicts to resolve (or --check found something to "
        "do), 2 nothing was changed, for the reason given.",
    )
    update.add_argument("project", nargs="?", type=Path, default=Path(), help="the service's folder (default: this)")
    update.add_argument("--to", metavar="VERSION", help="tag or commit of the template, or `current` (default: newest)")
    update.add_argument("-d", "--data", metavar="NAME=VALUE", action="append", default=[], help="change an answer")
    update.add_argument("--template", metavar="URL", help="take the template from another address from now on")
    update.add_argument("--dry-run", action="store_true", help="show the difference, write nothing")
    update.add_argument("--check", action="store_true", help="write nothing; fail if there is something to do")
    update.add_argument(
        "--abort", action="store_true", help="take back an update that was cut short or is not committed yet"
    )
    update.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    try:
        return _run(options)
    except (Refusal, BrokenPipeError):
        raise
    except Exception:  # noqa: BLE001 - Python's own exit code for a bug would mean conflicts
        traceback.print_exc()
        return FAILURE


def _run(options: argparse.Namespace) -> int:
    project = Project.at(options.project)
    with _alone(project.git_directory), _stoppable(project.pending):
        if options.abort:
            return _abort(project)
        project.refuse_unready()
        update = Update.prepared(project, options)
        if options.check:
            return _check(update)
        if options.dry_run:
            sys.stdout.writelines(update.difference())
            update.report(dry=True)
        else:
            update.apply()
            try:
                update.report()
            except KeyboardInterrupt:
                raise Refusal(
                    "stopped, but the update is written: git diff shows it, castrum update --abort takes it back",
                    code=STOPPED,
                ) from None
    return CONFLICTS if update.plan.conflicts else CLEAN


def _abort(project: "Project") -> int:
    if not project.pending.interrupted and not project.pending.finished(project.head):
        raise Refusal("there is no update to take back; one that is committed takes git revert", code=FAILURE)
    changed = project.pending.undo()
    if changed:
        raise Refusal(
            *(f"{path}: changed since the update; move it away" for path in changed),
            "the other files are as they were; give the same command again after that",
            code=FAILURE,
        )
    project.git("reset", "--quiet", "--", ".")
    print("The tree is as it was before the update.")
    return CLEAN


def _check(update: "Update") -> int:
    if not update.plan.changes:
        print("The tree is what the template, the answers and domain.yaml ask for.")
        return CLEAN
    for path in sorted(update.plan.changes):
        print(path)
    print("castrum: the files above are not what the answers and domain.yaml ask for: run make regen", file=sys.stderr)
    return CONFLICTS


# The project ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, weakref_slot=True)
class Project:
    """A generated service in its git repository."""

    root: Path
    git_directory: Path
    prefix: str
    """Path of the service inside the repository, empty or with a slash at its end."""
    recorded: dict[str, Any]
    pending: Pending = field(init=False)

    def __post_init__(self) -> None:
        self.pending = Pending(self.git_directory, self.root, self.prefix)

    @classmethod
    def at(cls, folder: Path) -> "Project":
        """The service in the folder; refuses a folder that holds none."""
        root = folder.expanduser().resolve()
        if not (root / ANSWERS).is_file():
            raise Refusal(f"{root} has no {ANSWERS}: it is not the folder of a service", code=FAILURE)
        try:
            recorded = yaml.safe_load((root / ANSWERS).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            recorded = None
        if not isinstance(recorded, dict) or not {"_src_path", "_commit"} <= recorded.keys():
            raise Refusal(
                f"{ANSWERS} does not say which template the service is from; get it back: git log -- {ANSWERS}",
                code=FAILURE,
            )
        if _is_edited((root / ANSWERS).read_text(encoding="utf-8")):
            raise Refusal(
                f"{ANSWERS} was edited by hand, so what the last update made cannot be told from your own work",
                f"take that back (git log -p -- {ANSWERS}), and change answers with --data NAME=VALUE",
                code=FAILURE,
            )
        done = _git(root, "rev-parse", "--absolute-git-dir", "--show-prefix", check=False)
        if done.returncode:
            reason = done.stderr.strip()
            if "not a git repository" in reason:
                reason = f"{root} is not in a git repository; git init && git add --all && git commit"
            raise Refusal(reason, code=FAILURE)
        directory, _, prefix = done.stdout.partition("\n")
        return cls(root, Path(directory), prefix.strip("\n"), recorded)

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """What git says; its failure is raised."""
        return _git(self.root, *arguments, stdin=stdin).stdout

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD").strip()

    def refuse_unready(self) -> None:
        """Refuse while an interrupted update, or work that is not committed, is in the tree."""
        if self.pending.interrupted:
            raise Refusal(
                "an update was interrupted here; put back what was there: castrum update --abort", code=FAILURE
            )
        if _git(self.root, "rev-parse", "--verify", "--quiet", "HEAD", check=False).returncode:
            raise Refusal("nothing is committed yet: git add --all && git commit", code=FAILURE)
        status = self.git("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
        # domain.yaml may wait for its commit: an update reads it and never writes it.
        own = f"{self.prefix}{DOMAIN}"
        dirty = [entry[3:] for entry in status.split("\0") if entry and (entry[3:] != own or entry[:2] == "??")]
        if dirty:
            shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
            last = ["or take the last update back: castrum update --abort"] if self.pending.finished(self.head) else []
            raise Refusal(
                f"there are changes that are not committed: {shown}",
                "commit them, or put them away with git stash --include-untracked; then nothing can get mixed up",
                *last,
                code=FAILURE,
            )

    @property
    def template(self) -> str:
        """The recorded address of the template."""
        return str(self.recorded["_src_path"])


class WorkingTree(Mapping[str, File]):
    """The person's files: what git tracks, and what lies where the template puts something. Read when asked for."""

    def __init__(self, root: Path, names: set[str]) -> None:
        self._root = root
        self._known: dict[str, File | None] = {}
        self._names = {name for name in names if self._read(name) is not None}

    def _read(self, name: str) -> File | None:
        if name not in self._known:
            self._known[name] = read(self._root, name)
        return self._known[name]

    def __getitem__(self, name: str) -> File:
        found = self._read(name) if name in self._names else None
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


# The update -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Copy:
    """A fresh copy, with what only the template knows."""

    tree: dict[str, File]
    version: Version | None
    commit: str
    answers: dict[str, Any]
    seeds: frozenset[str] = frozenset()
    changes: list[notes.Change] = field(default_factory=list)


@dataclass
class Update:
    """An update that is known to its last line and not written yet."""

    project: Project
    base: Copy
    theirs: Copy
    ours: WorkingTree
    renaming: Renaming
    plan: Plan

    @classmethod
    def prepared(cls, project: Project, options: argparse.Namespace) -> "Update":
        """Make the copies and merge; refuses what cannot be rendered."""
        recorded = {name: value for name, value in project.recorded.items() if not name.startswith("_")}
        source = options.template or project.template
        commit = str(project.recorded["_commit"])
        changed = _answers(options.data)
        with tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
            # A default may be made from the folder's name, so both copies have that of the project.
            one, two = (Path(scratch) / name / project.root.name for name in ("last", "next"))
            base = _copy(source, commit, one, recorded)
            followers = _followers(source, commit, recorded, changed, Path(scratch) / "asked" / project.root.name)
            recorded = {name: value for name, value in recorded.items() if name not in followers}
            two.mkdir(parents=True)
            if (project.root / DOMAIN).is_file():
                shutil.copyfile(project.root / DOMAIN, two / DOMAIN)
                recorded.pop("domain", None)
            target = commit if options.to == CURRENT else options.to
            theirs = _copy(source, target, two, recorded | changed, base)
        unknown = [name for name in changed if name not in theirs.answers]
        if unknown:
            known = ", ".join(name for name in theirs.answers if not name.startswith("_") and name != "domain")
            raise Refusal(*(f"unknown answer '{name}'; the answers are {known}" for name in unknown), code=FAILURE)
        # Nobody but the command writes the answers, so what is there is what the last update made, address and all.
        base = replace(base, tree={**base.tree, ANSWERS: File((project.root / ANSWERS).read_bytes())})
        tracked = project.git("ls-files", "-z").split("\0")[:-1]
        kept = (path.relative_to(project.root).as_posix() for path in (project.root / KEPT).rglob("*"))
        ours = WorkingTree(project.root, {*tracked, *kept, *base.tree, *theirs.tree})
        return cls(project, base, theirs, ours, *_merged(base, theirs, ours))

    def difference(self) -> Iterator[str]:
        """The update as a patch."""
        for path, after in sorted(self.plan.changes.items()):
            before = self.ours.get(path)
            if before == after:
                continue
            one, two = (_lines(side) for side in (before, after))
            names = (f"a/{path}" if before else os.devnull, f"b/{path}" if after else os.devnull)
            for line in difflib.unified_diff(one, two, *names):
                yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"

    def apply(self) -> None:
        """Write it into the working tree."""
        if not self.plan.changes:
            return
        print(
            f"Writing {len(self.plan.changes)} files. Should this be cut short: castrum update --abort", file=sys.stderr
        )
        try:
            self.project.pending.write(self.plan.changes, self.project.head, self._mark_conflicts)
        except OSError as error:
            raise Refusal(
                f"{error.filename or 'the tree'}: {error.strerror or error}", "the tree is as it was", code=FAILURE
            ) from None

    def _mark_conflicts(self) -> None:
        """Tell git which files have markers, so that it shows them as unmerged and refuses to commit them."""
        lines = []
        for path, sides in self.plan.stages.items():
            place = self.project.prefix + path
            lines.append(f"0 {'0' * 40}\t{place}")
            for stage, side in enumerate(sides, 1):
                if side is not None:
                    digest = self._store(side)
                    lines.append(f"{'100755' if side.executable else '100644'} {digest} {stage}\t{place}")
        if lines:
            self.project.git("update-index", "--index-info", stdin="\n".join([*lines, ""]))

    def _store(self, file: File) -> str:
        done = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=self.project.root,
            input=file.content,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {"new": [], "changed": [], "removed": []}
        for path, after in sorted(self.plan.changes.items()):
            if not path.startswith(f"{KEPT}/"):
                groups["removed" if after is None else "changed" if path in self.ours else "new"].append(path)
        return groups

    def _left(self) -> list[str]:
        """The person's own files, in folders in which the template no longer has any."""
        gone = _folders(self.base.tree) - _folders(self.theirs.tree)
        own = (path for path in self.ours if path not in self.base.tree and self.plan.changes.get(path, True))
        return [path for path in own if gone.intersection(map(str, PurePosixPath(path).parents))]

    def report(self, *, dry: bool = False) -> None:
        """Say what happened, why, and what is left to do."""
        for line in self._report(dry=dry):
            print(line)

    def _report(self, *, dry: bool) -> Iterator[str]:
        if not self.plan.changes:
            yield f"Nothing to do: the tree is at {self.theirs.commit}."
            return
        versions = (self.base.commit, self.theirs.commit)
        moved = f"from {versions[0]} to {versions[1]}" if versions[0] != versions[1] else f"at {versions[0]}"
        counts = ", ".join(f"{len(paths)} {kind}" for kind, paths in self._files.items() if paths)
        yield f"Template {moved}: {counts or 'nothing but what is set aside'}{' (dry run)' * dry}."
        if self.theirs.changes:
            yield from ("", "What the template changed:", *(f"  {line}" for line in notes.lines(self.theirs.changes)))
        for rename in self.renaming.renames:
            yield f"Renamed: {rename.what}; your own code followed."
        yield from self._contract()
        yield from self._events()
        yield from self._tables()
        if self._files["removed"]:
            yield from ("", "Removed:", *(f"  {path}" for path in self._files["removed"]))
        if left := self._left():
            yield from ("", "Yours, in folders that the template has left:", *(f"  {path}" for path in left))
        if self.plan.remarks:
            yield from ("", "Left as you have it:", *(f"  {remark}" for remark in self.plan.remarks))
        if self.plan.conflicts:
            count = len(self.plan.conflicts)
            yield from ("", f"{count} conflict{'s' * (count > 1)} for you to decide:")
            yield from (f"  {conflict.path}: {conflict.kind}; {conflict.advice}" for conflict in self.plan.conflicts)
        if not dry:
            yield from (
                "",
                "Next: git diff, make check, and a commit of its own; or castrum update --abort takes it back.",
            )

    def _contract(self) -> Iterator[str]:
        judged = judging.contract(self.base.tree, self.theirs.tree)
        if judged is None:
            yield "Contract: as it was."
            return
        if both := judging.taken(self.ours, self.theirs.tree):
            yield from ("", "Contract: in your contract/own.yaml, too; remove there:", *(f"  {name}" for name in both))
        breaking, additions = judged
        how = "judged schema by schema: what may be sent must not shrink, what is answered must not grow"
        if breaking:
            yield from ("", f"Contract: BREAKS clients ({how}):", *(f"  {line}" for line in breaking))
        elif additions:
            yield from ("", f"Contract: compatible ({how}):", *(f"  {line}" for line in additions))
        else:
            yield f"Contract: compatible; only words changed ({how})."

    def _events(self) -> Iterator[str]:
        models = _models(self.base.answers, self.theirs.answers)
        judged = judging.events(*models) if models else None
        if judged is None:
            return
        asked, others = judged
        verdict = "to be agreed with other contexts" if asked else "compatible"
        how = "judged by domain.yaml: what is expected must not grow, what is emitted must not go"
        yield from ("", f"Events: {verdict} ({how}):", *(f"  {line}" for line in (*asked, *others)))

    def _tables(self) -> Iterator[str]:
        changes, advice = judging.tables(self.base.tree, self.theirs.tree)
        if changes:
            message = ", ".join(changes)
            message = message if len(message) <= 60 else f"{message[:57].rpartition(', ')[0]} and more"
            yield from ("", "Tables:", *(f"  {change}" for change in changes), *(f"  mind {line}" for line in advice))
            yield f'  to do: make migration m="{message}" (the revisions that exist stay as they are)'


def _merged(base: Copy, theirs: Copy, ours: WorkingTree) -> tuple[Renaming, Plan]:
    renames = service(base.answers, theirs.answers, base.tree, theirs.tree)
    renaming = Renaming([*renames, *_renames(base.answers, theirs.answers)], base.tree, theirs.tree)

    def seed(path: str) -> bool:
        return path in theirs.seeds

    def frozen(path: str) -> bool:
        return path.startswith(FROZEN)

    if not renaming.renames:
        return renaming, plan(base.tree, theirs.tree, ours, seed=seed, frozen=frozen)
    old = {path: file for path, file in base.tree.items() if frozen(path)}
    place = _places(renaming, ours, frozen)
    for path, file in base.tree.items():
        if not frozen(path):
            old[place.get(path) or renaming.path(path)] = renaming.file(path, file)
    mine = {place[path]: _followed(renaming, path, ours[path], base, frozen=frozen(path)) for path in ours}
    merged = plan(old, theirs.tree, mine, seed=seed, frozen=frozen)
    for path, file in mine.items():
        if path not in merged.changes and ours.get(path) != file:
            merged.changes[path] = file
    for path in ours:
        if place[path] != path and path not in merged.changes and path not in theirs.tree:
            merged.changes[path] = None
    merged.changes = {
        path: file for path, file in merged.changes.items() if ours.get(path) != file and (file or path in ours)
    }
    merged.remarks += [
        f"{line}: may still mean the old name" for path in mine for line in _leftovers(renaming, path, mine, old)
    ]
    return renaming, merged


def _places(renaming: Renaming, ours: WorkingTree, frozen: Callable[[str], bool]) -> dict[str, str]:
    """Where each file of the person's goes; what would take the place of another one of theirs stays."""
    place = {path: path if frozen(path) or ours[path].is_folder else renaming.path(path) for path in ours}
    taken: set[str] = {path for path, new in place.items() if path == new}
    for path, new in place.items():
        if path != new:
            place[path] = path if new in taken else new
            taken.add(new)
    return place


def _followed(renaming: Renaming, path: str, file: File, base: Copy, *, frozen: bool) -> File:
    """The person's file under the new names, where it is the template's or code."""
    return renaming.file(path, file) if not frozen and (path in base.tree or path.endswith(".py")) else file


def _leftovers(renaming: Renaming, path: str, mine: Mapping[str, File], base: Mapping[str, File]) -> list[str]:
    return renaming.leftovers(path, mine[path], base.get(path)) if mine[path] != base.get(path) else []


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents}


def _renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Any]:
    models = _models(old, new) if "renamed_from" in str(new.get("domain")) else None
    return declared(*models) if models else []


def _models(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The models of two domains that differ."""
    if old.get("domain") == new.get("domain"):
        return None
    try:
        return language.model(old["domain"]), language.model(new["domain"])
    except UserMessageError:  # a domain of a time when the language was another one
        return None


def _copy(source: str, ref: str | None, destination: Path, data: dict[str, Any], base: Copy | None = None) -> Copy:
    """A fresh copy; with ``base``, also what the update needs to know of the template."""
    what = ref or "the newest version"
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            Worker(
                src_path=source,
                dst_path=destination,
                vcs_ref=ref,
                data=data,
                defaults=True,
                overwrite=True,
                quiet=True,
                # The service was made from this template, by the same person's leave.
                unsafe=True,
                skip_tasks=True,
            ) as worker,
        ):
            warnings.simplefilter("always")
            worker.run_copy()
            tree = read_tree(destination)
            answers = yaml.safe_load(tree[ANSWERS].content)
            if "_commit" not in answers:
                raise Refusal(f"{source} is not a git repository with releases; an update needs one", code=FAILURE)
            copy = Copy(tree, worker.template.version, str(answers["_commit"]), answers)
            if base is not None:
                _refuse_version(base, copy, worker)
                copy.seeds = frozenset(path for path in {*tree, *base.tree} if worker.match_skip(Path(path)))
                copy.changes = notes.between(worker.template.local_abspath, base.version, copy.version, answers)
    except UserMessageError as error:
        raise Refusal(error.message, code=FAILURE) from None
    except CopierError as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Refusal(f"{what}: {error}", code=FAILURE) from None
    except ValueError as error:
        message = refused_answer(error)
        if message is None:
            raise
        raise Refusal(f"{what}: {message}", *_where(source, message), code=FAILURE) from None
    except ProcessExecutionError as error:
        reason = error.stderr.strip().splitlines() or [f"exit code {error.retcode}"]
        raise Refusal(f"{what} of {source}: {reason[-1]}", *_where(source, "Local template"), code=FAILURE) from None
    if any(issubclass(warning.category, DirtyLocalWarning) for warning in caught):
        raise Refusal(f"{source} has changes that are not committed; an update takes released versions", code=FAILURE)
    return copy


def _followers(
    source: str, ref: str, recorded: Mapping[str, Any], changed: Mapping[str, str], destination: Path
) -> set[str]:
    """The answers that were never given: they are the defaults that follow from others, which now change."""
    if not changed:
        return set()
    with Worker(src_path=source, dst_path=destination, vcs_ref=ref, defaults=True, quiet=True, unsafe=True) as worker:
        questions = worker.template.questions_data
        names = set(changed)
        while more := {name for name in recorded if name not in names and _mentions(questions.get(name), names)}:
            names |= more
        names -= changed.keys()
        worker.data = {name: value for name, value in recorded.items() if name not in names}
        worker._ask()  # noqa: SLF001 - the answers alone; Copier offers them only together with the files
        return {name for name in names if worker.answers.combined.get(name) == recorded[name]}


def _mentions(question: Mapping[str, Any] | None, names: set[str]) -> bool:
    default = str((question or {}).get("default", ""))
    return "{{" in default and any(re.search(rf"\b{name}\b", default) for name in names)


def _where(source: str, message: str) -> list[str]:
    known = "template" in message.lower() or "revision" in message.lower()
    return [f"the recorded address is {source}; name another one with --template URL"] if known else []


def _refuse_version(base: Copy, theirs: Copy, worker: Worker) -> None:
    if base.version is None or theirs.version is None:
        return
    if theirs.version < base.version:
        raise Refusal(
            f"{theirs.commit} is older than {base.commit}, which the service is at; going back is not supported",
            code=FAILURE,
        )
    for migration in worker.template.config_data.get("migrations", ()):
        if base.version < Version(str(migration["version"])) <= theirs.version:
            raise Refusal(
                f"{migration['version']} brings steps that only Copier runs; take that version with",
                f"  copier update --trust --context-lines 100000 --vcs-ref {migration['version']}",
                code=FAILURE,
            )


def _is_edited(text: str) -> bool:
    """Whether the answers are others than those whose digest stands above them; older files have none."""
    told = re.search(r"^# Digest: (\w+)$", text, re.MULTILINE)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return told is not None and told[1] != hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _lines(file: File | None) -> list[str]:
    return file.content.decode(errors="replace").splitlines(keepends=True) if file else []


def _answers(pairs: Sequence[str]) -> dict[str, str]:
    answers = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Refusal(f"--data {pair}: expected NAME=VALUE", code=FAILURE)
        if name == "domain" or name.startswith("_"):
            raise Refusal(f"--data {name}: edit domain.yaml; addresses and versions have options", code=FAILURE)
        answers[name] = value
    return answers


@contextmanager
def _stoppable(pending: Pending) -> Iterator[None]:
    """Let SIGTERM end the update in the same orderly way as Ctrl-C, which says what is left to do."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if pending.interrupted:  # stopped again while what was there was put back
            raise Refusal("stopped halfway; put back what was there: castrum update --abort", code=STOPPED) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _alone(git_directory: Path) -> Iterator[None]:
    """Wait until no other update is at work in the repository."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(git_directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _git(
    folder: Path, *arguments: str, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        input=stdin,
        # As Python reads names of files itself, whatever the locale.
        encoding=sys.getfilesystemencoding(),
        errors=sys.getfilesystemencodeerrors(),
    )
    if check and done.returncode:
        raise Refusal(f"git {arguments[0]}: {done.stderr.strip()}", code=FAILURE)
    return done


__all__ = ["CLEAN", "CONFLICTS", "FAILURE", "Conflict", "add_parser", "run"]
