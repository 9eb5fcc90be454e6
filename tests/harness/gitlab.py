"""GitLab pipelines: read as GitLab reads them, and run on this machine by gitlab-ci-local."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from . import node
from .repository import GIT, commit_all, git
from .tools import require

RUNNER = "4.75.1"
Job = dict[str, Any]

MAIN = {"CI_PIPELINE_SOURCE": "push"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "base"}
NIGHTLY = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULE": "nightly"}
RENOVATE = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULE": "renovate"}
UPDATE = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULE": "update"}
"""What tells the kinds of pipelines apart."""


def jobs(tree: Path) -> dict[str, Job]:
    """Job → what it is once `extends` and `default` are followed, in the order of the file."""
    pipeline: dict[str, Any] = yaml.safe_load((tree / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    top = {"workflow", "stages", "variables", "default"}
    return {
        name: {**pipeline.get("default", {}), **_resolved(pipeline, name)}
        for name in pipeline
        if name not in top and not name.startswith(".")
    }


def _resolved(pipeline: Mapping[str, Any], name: str) -> Job:
    own = dict(pipeline[name])
    parents = own.pop("extends", [])
    result: Job = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        result = _merged(result, _resolved(pipeline, parent))
    return _merged(result, own)


def _merged(left: Job, right: Job) -> Job:
    """Mappings are merged, everything else is replaced."""
    result = dict(left)
    for key, value in right.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def script(job: Job) -> str:
    """All that a job executes."""
    return "\n".join(line for part in ("before_script", "script", "after_script") for line in job.get(part, []))


def repository(folder: Path) -> Path:
    """Make a tree what a runner checks out: a commit on main of a project with a remote."""
    commit_all(folder, "Start")
    git(folder, "remote", "add", "origin", "git@gitlab.example:acme/service.git")
    track(folder)
    return folder


def track(folder: Path) -> None:
    """Let the remote's main be what is checked out."""
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")


def pipeline(
    folder: Path, *arguments: str, variables: Mapping[str, str], check: bool = True, timeout: float = 1200
) -> CompletedProcess[str]:
    """Run jobs of a repository on this machine, without containers; gitlab-ci-local fails when a job fails."""
    if "--list-json" not in arguments:
        require("rsync")
    given = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
    return node.run_script(
        node.package("gitlab-ci-local", RUNNER) / "dist" / "index.js",
        "--force-shell-executor", "--no-color", "--no-json-schema-validation",
        "--ignore-predefined-vars", ",".join(variables), *given, *arguments,
        cwd=folder, env=GIT, check=check, timeout=timeout,
    )  # fmt: skip


def planned(folder: Path, variables: Mapping[str, str], *arguments: str) -> dict[str, Job]:
    """Job → what gitlab-ci-local says of it, for the jobs that a pipeline of this kind has."""
    said = pipeline(folder, "--list-json", *arguments, variables=variables).stdout
    listed: list[Job] = json.loads(said[said.index("[") :])
    return {job["name"]: job for job in listed if job["when"] != "never"}


def copy_pipeline(source: Path, target: Path) -> None:
    """Give another tree the pipeline of this one."""
    shutil.copy(source / ".gitlab-ci.yml", target)
    shutil.copytree(source / ".gitlab", target / ".gitlab", dirs_exist_ok=True)
