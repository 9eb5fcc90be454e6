"""Fresh copies of the template, which Copier renders: for the last update, and for this one."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from copier._main import Worker
from copier._template import Template
from copier.errors import CopierError, DirtyLocalWarning, UserMessageError
from packaging.version import Version
from plumbum import ProcessExecutionError

from castrum.repository.project import ANSWERS
from castrum.repository.trees import File, read_tree
from castrum.template import notes

from .errors import FAILURE, Refusal, git_says, refused_answer


@dataclass(slots=True)
class Copy:
    """A fresh copy, with what only the template knows."""

    tree: dict[str, File]
    version: Version | None
    commit: str
    answers: dict[str, Any]
    hash: str | None = None
    seeds: frozenset[str] = frozenset()
    changes: list[notes.Change] = field(default_factory=list)


class NothingNewer(Exception):  # noqa: N818 - nothing failed
    """The newest release is older than what the service is made from, such as a candidate; its name is the argument."""


def fresh(source: str, ref: str | None, destination: Path, data: dict[str, Any], base: Copy | None = None) -> Copy:
    """A fresh copy; with ``base``, also what the update needs to know of the template.

    Raises NothingNewer where the newest release is asked for, and is older than ``base``.
    """
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
        reason, *hints = git_says(error)
        hints += _where(source, "template")
        raise Refusal(f"{what} of {source}: {reason}", *hints, code=FAILURE) from None
    if any(issubclass(warning.category, DirtyLocalWarning) for warning in caught):
        raise Refusal(f"{source} has changes that are not committed; an update takes released versions", code=FAILURE)
    return copy


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


def _where(source: str, message: str) -> list[str]:
    known = "template" in message.lower() or "revision" in message.lower()
    return [f"the recorded address is {source}; name another one with --template URL"] if known else []


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
        if base.version < Version(str(migration["version"])) <= theirs.version:
            raise Refusal(
                f"{migration['version']} brings steps that only Copier runs; take that version with",
                f"  copier update --trust --context-lines 100000 --vcs-ref {migration['version']}",
                code=FAILURE,
            )
