"""The one place that talks to Copier: for a new service, and for the copies of the template that an update merges.

A new service is made by Copier's public interface. An update asks what only the private `Worker` knows: which questions
the version has (Copier would record what an earlier one asked), which files are a person's by `_skip_if_exists`, the
commit behind a tag, and what else is in the template's repository, such as its releases. The public `run_copy` returns
its Worker after the clone is gone.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import copier
import yaml
from copier._main import Worker
from copier._template import Template
from copier._vcs import get_latest_tag, get_repo
from copier.errors import CopierError, DirtyLocalWarning, UserMessageError
from packaging.version import Version
from plumbum import ProcessExecutionError

from .errors import FAILURE, Refusal
from .repository.project import ANSWERS
from .repository.trees import File, read_tree

MOVES: Final = "extensions/castrum.py"
"""The command of the migrations that an update of ours carries out by itself."""
# Copier reports a refused answer as a plain ValueError; these are its words, so that any other ValueError stays a bug.
REFUSED: Final = re.compile(
    r"""(?:Validation\ error\ for\ question\ '(?P<validated>\w+)'|Invalid\ choice\ for\ '(?P<chosen>\w+)'):\ (?P<why>.*)
    |(?P<plain>Question\ ".*"\ is\ required|Local\ template\ must\ be\ a\ directory\.|Unknown\ revision:.*)""",
    re.VERBOSE | re.DOTALL,
)
HINTS: Final = {
    r"could not read Username|Authentication failed|Permission denied \(publickey|HTTP Basic: Access denied": (
        "git may not sign in there: let it know how (git help credentials), or load the key"
    ),
    r"Could not resolve host|Connection (refused|timed out)|Network is unreachable": "is this machine connected?",
}
"""What git says, and what helps."""


@dataclass(slots=True)
class Copy:
    """A fresh copy, with what only the template knows."""

    tree: dict[str, File]
    version: Version | None
    commit: str
    answers: dict[str, Any]
    hash: str | None = None
    seeds: frozenset[str] = frozenset()
    releases: dict[str, str] = field(default_factory=dict)
    """Version → what `releases/` of the template says about it."""


class NothingNewer(Exception):  # noqa: N818 - nothing failed
    """The newest release is older than what the service is made from, such as a candidate; its name is the argument."""


@contextmanager
def refusals(what: str = "", place: str = "", hint: str = "", code: int = FAILURE) -> Iterator[None]:
    """Put what Copier, the template or git refuse into one sentence, with what helps.

    ``what`` goes before Copier's words and ``place`` before git's; ``hint`` is for what has to do with the template's
    address.
    """
    try:
        yield
    except UserMessageError as error:
        raise Refusal(error.message, code=code) from None
    except CopierError as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Refusal(f"{what}{error}", code=code) from None
    except ValueError as error:
        message = _refused_answer(error)
        if message is None:
            raise
        known = "template" in message.lower() or "revision" in message.lower()
        raise Refusal(f"{what}{message}", *[hint] * known, code=code) from None
    except ProcessExecutionError as error:
        reason, *helps = _git_says(error)
        raise Refusal(f"{place}: {reason}", *helps, *[hint] * bool(hint), code=code) from None


def new(
    source: str, ref: str | None, destination: Path, data: dict[str, Any], offered: dict[str, str], *, ask: bool
) -> bool:
    """Make a service; returns whether the template has changes that are not committed.

    ``offered`` are answers that take the place of defaults.
    """
    hint = "name another address of the template with --template URL"
    with refusals(place=source, hint=hint, code=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        copier.run_copy(
            source,
            destination,
            data=data,
            user_defaults=offered,
            vcs_ref=ref,
            defaults=not ask,
            quiet=True,
            # The person chose this template by installing or naming it; its extensions are ordinary Python.
            unsafe=True,
        )
    return _is_dirty(caught)


def fresh(source: str, ref: str | None, destination: Path, data: dict[str, Any], base: Copy | None = None) -> Copy:
    """A fresh copy; with ``base``, also what the update needs to know of the template.

    Raises NothingNewer where the newest release is asked for, and is older than ``base``.
    """
    what = ref or "the newest version"
    hint = f"the recorded address is {source}; name another one with --template URL"
    with (
        refusals(f"{what}: ", f"{what} of {source}", hint),
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
        # An earlier version may have asked what this one does not.
        worker.data = {name: value for name, value in data.items() if name in worker.template.questions_data}
        if base is not None and ref is None:
            _refuse_nothing_newer(base, worker.template)
        worker.run_copy()
        tree = read_tree(destination)
        answers = yaml.safe_load(tree[ANSWERS].content)
        if "_commit" not in answers:
            raise Refusal(f"{source} is not a git repository with releases; an update needs one", code=FAILURE)
        copy = Copy(tree, worker.template.version, str(answers["_commit"]), answers, worker.template.commit_hash)
        if base is not None:
            _refuse_version(base, copy, worker)
            copy.seeds = frozenset(path for path in {*tree, *base.tree} if worker.match_skip(Path(path)))
            releases = worker.template.local_abspath.glob("releases/*.yaml")
            copy.releases = {path.stem: path.read_text(encoding="utf-8") for path in releases}
    if _is_dirty(caught):
        raise Refusal(f"{source} has changes that are not committed; an update takes released versions", code=FAILURE)
    return copy


def newest(source: str) -> str | None:
    """The newest release of the template, without candidates; none if it has none."""
    with refusals(place=f"the releases of {source}"):
        tag = get_latest_tag(get_repo(source) or source)
    return None if tag == "HEAD" else tag


def followers(
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


def _refuse_nothing_newer(base: Copy, template: Template) -> None:
    if base.version is not None and template.version is not None and template.version < base.version:
        raise NothingNewer(str(template.commit))


def _refuse_version(base: Copy, theirs: Copy, worker: Worker) -> None:
    if base.version is None or theirs.version is None:
        return
    if theirs.version < base.version:
        raise Refusal(
            f"{theirs.commit} is older than {base.commit}, which the service is at; going back is not supported",
            code=FAILURE,
        )
    for migration in worker.template.config_data.get("migrations", ()):
        if MOVES in str(migration.get("command")):
            continue
        if base.version < Version(str(migration["version"])) <= theirs.version:
            raise Refusal(
                f"{migration['version']} brings steps that only Copier runs; take that version with",
                f"  copier update --trust --context-lines 100000 --vcs-ref {migration['version']}",
                code=FAILURE,
            )


def _is_dirty(caught: list[warnings.WarningMessage]) -> bool:
    return any(issubclass(warning.category, DirtyLocalWarning) for warning in caught)


def _git_says(error: ProcessExecutionError) -> list[str]:
    """Why git failed, in its words: the cause and not the advice below it; then what helps, if that is known."""
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    causes = [line.partition(": ")[2] for line in lines if line.startswith(("fatal: ", "error: "))]
    reason = next(iter([*causes, *lines[-1:]]), f"exit code {error.retcode}")
    return [reason, *(hint for words, hint in HINTS.items() if re.search(words, error.stderr))]


def _refused_answer(error: ValueError) -> str | None:
    """What Copier refused, in one sentence; ``None`` when the error is something else."""
    refused = REFUSED.fullmatch(str(error))
    if refused is None:
        return None
    name = refused["validated"] or refused["chosen"]
    return f"{name}: {refused['why']}" if name else refused["plain"]
