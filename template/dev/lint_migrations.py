"""Lint the SQL of the migrations: `python -m dev.lint_migrations`.

A revision runs while the release before it serves (docs/deployment.md), so it may neither hold a lock for long nor take
away what that release uses. It may say why a finding does not apply, or what made the removal safe:

    accepts = {"changing-column-type": "A longer varchar rewrites nothing."}  # rule of squawk → reason
    contract_after = "1.4.0"  # the first release that no longer uses what goes; an older one than this
"""

import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import Script, ScriptDirectory

from . import ROOT, joining, migrate
from .revisions import IGNORECASE

SQUAWK = Path(sys.executable).with_name("squawk")
POSTGRESQL = "15.0"  # the oldest that the service supports

# Taste, or met in another way.
NOT_ASKED = (
    "prefer-bigint-over-int",  # the contract bounds each integer
    "prefer-bigint-over-smallint",
    "prefer-text-field",  # the contract bounds each string; a longer varchar rewrites nothing
    "prefer-robust-stmts",  # IF NOT EXISTS would pass over an index whose build has failed
    "require-statement-timeout",  # a concurrent build takes its time; the deadline of the migration job bounds it
)

# Safe as soon as no release that runs uses what goes.
CONTRACTS = {"ban-drop-column", "ban-drop-table"}


def main() -> int:
    """Print the findings in all revisions; 0 if there are none."""
    branches = [*joining.findings(joining.read())]
    if branches:
        print(*branches, sep="\n")
        return 1
    alembic = migrate.config("")
    revisions = [*ScriptDirectory.from_config(alembic).walk_revisions()][::-1]
    findings = [finding for revision in revisions for finding in lint(revision)]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Migrations: {len(revisions)} linted, {len(findings)} findings.")
    return 1 if findings else 0


def lint(revision: Script) -> Iterator[str]:
    """What is wrong with a revision, each with its remedy."""
    name = os.path.relpath(revision.path, ROOT)
    accepted: dict[str, str] = getattr(revision.module, "accepts", {})
    may_contract = False
    if hasattr(revision.module, "contract_after"):
        complaint = contraction(revision.module)
        may_contract = complaint is None
        if complaint:
            yield f"{name}: {complaint}"
    found = set()
    statements = sql(revision)
    for finding in squawk(statements):
        rule = finding["rule_name"]
        if rule == "ban-drop-constraint" and only_succeeded(statements):
            continue
        if rule == "ban-drop-default" and only_converted(statements):
            continue
        found.add(rule)
        if accepted.get(rule, "").strip() or (rule in CONTRACTS and may_contract):
            continue
        yield f"{name}: {rule}: {finding['message']} {finding.get('help') or ''}".rstrip()
    for rule in sorted(accepted.keys() - found):
        yield f"{name}: accepts {rule!r}, which finds nothing here"


def only_succeeded(statements: str) -> bool:
    """Whether a stricter one follows each constraint that goes: values are unique in whatever case from now on."""
    gone = re.findall(r"DROP CONSTRAINT (\w+)", statements)
    return all(f"CREATE UNIQUE INDEX CONCURRENTLY {name}{IGNORECASE} " in statements for name in gone)


def only_converted(statements: str) -> bool:
    """Whether each column whose default goes gets another type, which is a finding of its own."""
    gone = re.findall(r"ALTER TABLE (\w+) ALTER COLUMN (\w+) DROP DEFAULT", statements)
    return all(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE " in statements for table, column in gone)


def contraction(module: ModuleType) -> str | None:
    """Why the revision must not take anything away yet; None if it may."""
    numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", str(module.contract_after))
    if numbers is None:
        return f"contract_after is {module.contract_after!r}, not a version such as '1.4.0'"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    current = tuple(map(int, project["version"].split(".")))
    if tuple(map(int, numbers.groups())) >= current:
        return f"contract_after {module.contract_after} is not older than this release, {project['version']}"
    return None


def sql(revision: Script) -> str:
    """The statements of one revision."""
    written = io.StringIO()
    alembic = migrate.config("")
    alembic.output_buffer = written
    script = ScriptDirectory.from_config(alembic)
    step = MigrationStep.upgrade_from_script(script.revision_map, revision)
    # Not `upgrade`, which would print all branches up to a revision that joins some.
    before = revision.down_revision
    with EnvironmentContext(alembic, script, fn=lambda *_: [step], as_sql=True, starting_rev=before):
        script.run_env()
    return written.getvalue()


def squawk(statements: str) -> list[dict[str, str]]:
    """The findings of squawk: rule_name, message and help of each."""
    options = ("--reporter", "json", "--pg-version", POSTGRESQL, "--exclude", ",".join(NOT_ASKED))
    done = subprocess.run(  # noqa: S603 - our own tool
        [str(SQUAWK), *options], input=statements, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise SystemExit(f"squawk failed: {done.stderr or done.stdout}")
    findings: list[dict[str, str]] = json.loads(done.stdout or "[]")
    return findings


if __name__ == "__main__":
    sys.exit(main())
