"""The gates of delivery in a generated repository: each passes as generated, and each can fail."""

import datetime as dt
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from harness.paths import EXAMPLES
from harness.projects import make, make_fails
from harness.repository import GIT, commit_all, git
from harness.tools import run

pytestmark = pytest.mark.xdist_group("ordering")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_first_migration_is_clean(name: str, projects: Callable[[str], Path], trees: Callable[[str], Path]) -> None:
    """Of every example, by the environment of the sample: they have the same dependencies."""
    python = projects("ordering") / ".venv/bin/python"
    env = {**GIT, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
    done = run(python, "-m", "dev.migrate", "lint", cwd=trees(name), env=env)
    assert done.stdout == "Migrations: 1 linted, 0 findings.\n"


REVISION = '''"""A change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
{more}

def upgrade() -> None:
    {change}


def downgrade() -> None:
    op.execute(sa.text("SELECT 1"))
'''
DROP = 'op.drop_column("orders", "note")'
CONCURRENTLY = """with op.get_context().autocommit_block():
        op.create_index("ix_orders_note", "orders", ["note"], postgresql_concurrently=True)"""
WIDEN = 'op.alter_column("orders", "number", type_=sa.String(40))'


def revise(project: Path, change: str, more: str = "") -> None:
    text = REVISION.format(change=change, more=more and f"\n{more}\n")
    (project / "migrations" / "versions" / "0002_change.py").write_text(text, encoding="utf-8")


DEFECTS = {
    "ban-drop-column": DROP,
    "ban-drop-table": 'op.drop_table("customers")',
    "adding-required-field": 'op.add_column("orders", sa.Column("a", sa.Integer(), nullable=False))',
    "renaming-column": 'op.alter_column("orders", "note", new_column_name="text")',
    "require-concurrent-index-creation": 'op.create_index("ix_orders_note", "orders", ["note"])',
    "disallowed-unique-constraint": 'op.create_unique_constraint("uq_orders_note", "orders", ["note"])',
    "changing-column-type": WIDEN,
}


def test_migrations_can_fail(sample: Path) -> None:
    """What locks or takes away; an acceptance without a reason counts for nothing, one of nothing is a finding."""
    revise(sample, "\n    ".join(DEFECTS.values()), 'accepts = {"changing-column-type": " ", "renaming-table": "No."}')
    said = make_fails(sample, "migrations")
    for rule in DEFECTS:
        assert f"migrations/versions/0002_change.py: {rule}: " in said
    assert "accepts 'renaming-table', which finds nothing here" in said


@pytest.mark.parametrize(
    ("version", "complaint"), [("1.0.0", "not older than this release"), ("soon", "not a version")]
)
def test_contracting_too_early_fails(version: str, complaint: str, sample: Path) -> None:
    revise(sample, DROP, f'contract_after = "{version}"')
    said = make_fails(sample, "migrations")
    assert complaint in said
    assert "ban-drop-column" in said


def test_migrations_let_safe_changes_pass(sample: Path) -> None:
    """An optional column, an index built beside the traffic, a removal in time, a finding that is answered."""
    changes = ('op.add_column("orders", sa.Column("a", sa.Integer(), nullable=True))', CONCURRENTLY, DROP, WIDEN)
    answers = 'accepts = {"changing-column-type": "A longer varchar rewrites nothing."}\ncontract_after = "0.9.0"'
    revise(sample, "\n    ".join(changes), answers)
    assert "2 linted, 0 findings" in make(sample, "migrations")


def test_the_whole_gate_lints_migrations(sample: Path) -> None:
    assert "dev.migrate lint" in make(sample, "--dry-run", "check")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("operationId: create_order\n", "operationId: make_order\n", "operation-id-changed"),
        ("maxLength: 20\n", "maxLength: 10\n", "schema-constraint-changed"),
        ("required: [number, customer_id, total]", "required: [number, customer_id, total, note]", "required-"),
        ("        const: EXPRESS\n", "        const: RUSH\n", "EXPRESS"),
    ],
)
def test_breaking_can_fail(old: str, new: str, complaint: str, sample: Path) -> None:
    edit(sample / "contract" / "openapi.yaml", old, new)
    assert complaint in make_fails(sample, "breaking", "BASE=HEAD")


def test_breaking_needs_a_higher_major_version(sample: Path) -> None:
    contract = sample / "contract" / "openapi.yaml"
    edit(contract, "operationId: create_order\n", "operationId: make_order\n")
    edit(contract, "  version: 1.0.0\n", "  version: 1.1.0\n")
    assert "raise the major version" in make_fails(sample, "breaking", "BASE=HEAD")
    edit(contract, "  version: 1.1.0\n", "  version: 2.0.0\n")
    make(sample, "breaking", "BASE=HEAD")


def test_breaking_lets_additions_pass(sample: Path) -> None:
    """A field more in the answers, a field more to sort by; a base without a contract. An unknown base is an error."""
    contract = sample / "contract" / "openapi.yaml"
    assert "0 breaking changes" in make(sample, "breaking", "BASE=HEAD")
    edit(contract, "^-?(?:created_at|placed_at|number)$", "^-?(?:created_at|placed_at|number|total)$")
    assert "0 breaking changes" in make(sample, "breaking", "BASE=HEAD")
    edit(contract, "^-?(?:created_at|placed_at|number|total)$", "^-?(?:created_at|total)$")
    assert "`pattern`" in make_fails(sample, "breaking", "BASE=HEAD")
    assert "Not a valid object name nowhere" in make_fails(sample, "breaking", "BASE=nowhere")
    empty = run("git", "commit-tree", "-m", "Empty", git(sample, "mktree", "--missing"), cwd=sample, env=GIT, stdin="")
    assert "there are no clients" in make(sample, "breaking", f"BASE={empty.stdout.strip()}")


def test_breaking_sees_a_value_go(sample: Path) -> None:
    """Redocly takes a value that answers no longer have for harmless."""
    edit(sample / "contract" / "openapi.yaml", "enum: [NORMAL, EXPRESS]", "enum: [NORMAL]")
    assert "'EXPRESS' is gone" in make_fails(sample, "breaking", "BASE=HEAD")


def test_secrets(sample: Path) -> None:
    """Clean as generated; a key is found in an old commit, by the commits after a base, and not before it."""
    assert re.search(r"[1-9]\d* versions of files searched, 0 findings", make(sample, "secrets"))
    leak = sample / "src" / "ordering" / "leak.py"
    leak.write_text(f'KEY = "AKIA{"IOSFODNN7EXAMPLE"[:14]}Q7"\n', encoding="utf-8")
    before_commit = (sample / ".venv/bin/python", "-m", "dev.delivery", "secrets", "--staged")
    assert "0 versions of files" in run(*before_commit, cwd=sample, env=GIT).stdout
    git(sample, "add", "--all")
    assert "src/ordering/leak.py:1" in run(*before_commit, cwd=sample, env=GIT, check=False).stdout
    commit_all(sample, "Leak")
    leak.unlink()
    commit_all(sample, "Take it back")
    for arguments in ([], ["SINCE=HEAD~2"]):
        assert "src/ordering/leak.py:1" in make_fails(sample, "secrets", *arguments)
    make(sample, "secrets", "SINCE=HEAD~1")


def test_the_commit_of_the_template_is_no_secret(sample: Path) -> None:
    """The answers of a service that was made from a repository have it; another such text there is found."""
    answers = sample / ".copier-answers.yml"
    text = answers.read_text(encoding="utf-8")
    number = "3d3c42e5aac5ba805825da76410c181273ba90b1"
    answers.write_text(f"{text}\n_template_commit: {number}\n", encoding="utf-8")
    commit_all(sample, "Of a repository")
    make(sample, "secrets", "SINCE=HEAD~1")
    answers.write_text(f"{text}\ntoken: {number}\n", encoding="utf-8")
    commit_all(sample, "A token")
    assert ".copier-answers.yml:" in make_fails(sample, "secrets", "SINCE=HEAD~1")


def audit(sample: Path, call: str) -> list[str]:
    """What a function of the audit finds; the advisories themselves are not asked, they change every day."""
    code = f"import json; from dev import delivery; print(json.dumps(list(delivery.{call})))"
    found: list[str] = json.loads(run(sample / ".venv/bin/python", "-c", code, cwd=sample, env=GIT).stdout)
    return found


def test_licences(sample: Path) -> None:
    names = re.findall(
        r"^([\w.-]+)==", run(sample / ".venv/bin/python", "-c", LOCKED, cwd=sample, env=GIT).stdout, re.MULTILINE
    )
    assert len(names) > 40
    settings = "__import__('tomllib').loads(open('pyproject.toml').read())['tool']['audit']['licences']"
    assert audit(sample, f"licences({names!r}, set({settings}))") == []
    without = audit(sample, f"licences({names!r}, set({settings}) - {{'BSD-3-Clause'}})")
    assert any(finding.startswith("uvicorn: licence 'BSD-3-Clause'") for finding in without)


LOCKED = "from dev import delivery; print(delivery.requirements())"


def test_an_accepted_vulnerability_has_a_reason_and_an_end(sample: Path) -> None:
    def accepted(days: int, reason: str) -> str:
        until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
        date = f"__import__('datetime').date({until.year}, {until.month}, {until.day})"
        return f"exceptions([{{'id': 'GHSA-1', 'reason': {reason!r}, 'until': {date}}}])"

    assert audit(sample, accepted(30, "Not reachable.")) == []
    assert audit(sample, accepted(30, "")) == ["GHSA-1: accepted without a reason"]
    assert "look again" in audit(sample, accepted(-1, "Not reachable."))[0]


def test_what_cannot_be_audited_is_an_error(sample: Path) -> None:
    """Every locked dependency is asked about, strictly: a package that no advisory service knows fails the audit."""
    locked = f"no-such-package-here==1.0.0 --hash=sha256:{'0' * 64}"
    code = f"from dev import delivery; raise SystemExit(delivery.vulnerabilities({locked!r}, []))"
    done = run(sample / ".venv/bin/python", "-c", code, cwd=sample, env=GIT, check=False)
    assert done.returncode != 0
    assert "no-such-package-here" in done.stdout + done.stderr
    assert "--require-hashes" in (sample / "dev" / "delivery.py").read_text(encoding="utf-8")


def test_bill_of_materials(sample: Path) -> None:
    make(sample, "sbom")
    bill = json.loads((sample / "build" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in bill["components"]}
    assert {"fastapi", "uvicorn", "asyncpg"} <= names
    assert not names & {"pytest", "ruff", "mypy"}
    assert git(sample, "status", "--porcelain") == ""


@pytest.mark.slow
def test_policy(sample: Path) -> None:
    """Hadolint, Checkov on image, chart and Terraform, zizmor and actionlint: nothing to say."""
    said = make(sample, "policy")
    for framework in ("dockerfile", "kubernetes", "terraform"):
        assert re.search(rf"{framework} scan results:\s+Passed checks: [1-9]\d*, Failed checks: 0", said), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "complaint"),
    [
        ("deploy/Dockerfile", "USER 10001:10001\n", "", "CKV_DOCKER_3"),
        ("deploy/helm/ordering/templates/_pod.tpl", "  readOnlyRootFilesystem: true\n", "", "CKV_K8S_22"),
        ("deploy/terraform/aws/modules/service/registry.tf", "IMMUTABLE", "MUTABLE", "CKV_AWS_51"),
        (".github/workflows/release.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
    ],
)
def test_policy_can_fail(path: str, old: str, new: str, complaint: str, sample: Path) -> None:
    edit(sample / path, old, new)
    assert complaint in make_fails(sample, "policy")


def test_deployments_are_reported(sample: Path) -> None:
    """As an OTLP log record with what the DORA figures are made of; a receiver that is away fails nothing."""
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/logs"
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        command = ("python3", "-m", "dev.delivery", "report", "staging")
        run(*command, "success", cwd=sample, env={**GIT, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
        server.shutdown()
        thread.join()
    done = run(*command, "failure", cwd=sample, env={**GIT, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
    assert "could not be sent" in done.stderr
    assert json.loads(done.stdout)["deployment.status"] == "failed"
    (record,) = received[0]["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    found = {each["key"]: next(iter(each["value"].values())) for each in record["attributes"]}
    assert found["service.version"] == "1.0.0"
    assert found["deployment.environment.name"] == "staging"
    assert found["deployment.status"] == "succeeded"
    assert found["vcs.ref.head.revision"] == git(sample, "rev-parse", "HEAD")
    assert int(found["deployment.lead_time"]) >= 0
