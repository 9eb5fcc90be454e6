"""The code that the documents of a service show is carried out in one."""

import re
from pathlib import Path

import pytest
from harness import helm
from harness.projects import make, make_fails, set_up
from harness.repository import GIT, commit_all
from harness.tools import BIN, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ordering")]

CALLS = """
from collections.abc import Callable

import httpx2
import pytest

from .conftest import Token

Client = Callable[[str | None], httpx2.AsyncClient]


async def test_it_asks_for_its_scope(client_with: Client, token: Token) -> None:
    for bearer, status in ((token("{scope}"), 200), (token("customers.read"), 403), (None, 401)):
        response = await client_with(bearer).get("{path}")
        assert response.status_code == status, response.text
"""
APP = '''"""Routes and start-up of your own."""

from typing import Annotated

from fastapi import APIRouter, FastAPI

from ..customer.service import CustomerService
from ..platform.http import provided, requires
from ..settings import Settings

router = APIRouter({dependencies})


@router.get("/services", operation_id="get_service")
async def get_service({parameter}) -> str:
    """Name the service."""
    return type(service).__name__


def extend(app: FastAPI, settings: Settings) -> None:
    """Include our route."""
    app.include_router(router)
'''


def test_the_page_on_an_endpoint_leads_to_a_green_gate(sample: Path) -> None:
    page = follow(sample, "endpoint")
    called(sample, scope="figures.read", path="/key-figures")
    for command in re.findall(r"`make (describe)`", page):
        make(sample, command)
    check_changes(sample, "contract/own.yaml", "src/ordering/own/app.py")
    make(sample, "contract")
    run(sample / ".venv/bin/python", "-m", "pytest", "-q", "tests/test_contract.py", cwd=sample)


def test_the_lines_for_agents_on_an_endpoint_work(sample: Path) -> None:
    page = (sample / "AGENTS.md").read_text(encoding="utf-8")
    (dependencies,) = re.findall(r"`(dependencies=\[requires\(.*?\)\])`", page)
    (parameter,) = re.findall(r"`(service: Annotated\[.*?\])`", page)
    app = sample / "src" / "ordering" / "own" / "app.py"
    app.write_text(APP.format(dependencies=dependencies, parameter=parameter), encoding="utf-8")
    called(sample, scope="reports.read", path="/services")
    run(sample / ".venv/bin/ruff", "check", app, cwd=sample)


def test_the_page_on_a_rule_needs_own_files_only(sample: Path) -> None:
    page = follow(sample, "rule")
    check_changes(sample, "src/ordering/customer/service.py")
    # With rows hidden as the page says, tests and linters are as green.
    service = sample / "src" / "ordering" / "customer" / "service.py"
    (signature,) = re.findall(r"`(def visible.*?)`", page)
    (body,) = re.findall(r"`(return None if .*?)`", page, re.DOTALL)
    text = service.read_text(encoding="utf-8")
    text = text.replace("import now\n", "import Condition, now\n")
    text = text.replace("from .use_cases", "from .store import CustomerColumns\nfrom .use_cases")
    service.write_text(f"{text}\n    {signature}\n        {body}\n", encoding="utf-8")
    (block,) = re.findall(r"`test_rules.py`[^\n]*\n\n```python\n(.*?)```", page, re.DOTALL)
    copied, to = re.findall(r"copy `(.*?)` to `(.*?)`", page)[0]
    text = (sample / copied).read_text(encoding="utf-8")
    text = text.replace("import json\n", "import json\nfrom datetime import timedelta\n")
    text = text.replace("import NotFound\n", "import Call, NotFound, RuleViolated\n")
    (sample / copied).with_name(to).write_text(f"{text}\n\n{block}", encoding="utf-8")
    make(sample, "lint")
    pytest_of(sample, "tests/customer")


def test_the_page_on_a_field_needs_the_domain_only(template_repository: Path, tmp_path: Path) -> None:
    project = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, project, env=GIT)
    commit_all(project, "Start")
    set_up(project)
    page = (project / "docs" / "how-to" / "field.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 30
    (aggregate,) = re.findall(r"`fields` of (\w+)", page)
    (field,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    head = f"  {aggregate}:\n"
    domain = project / "domain.yaml"
    before, after = domain.read_text(encoding="utf-8").split(head)
    domain.write_text(before + head + after.replace("    fields:\n", f"    fields:\n{field}", 1), encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    *changing, check = commands.splitlines()
    for command in changing:
        run("bash", "-c", f'{command} CASTRUM="{BIN / "castrum"}"', cwd=project, env=GIT)
    assert check == "make check"
    (name,) = re.findall(r"`customer\.(\w+)`", page)
    assert f"{name}: str | None" in (project / "src" / "ordering" / "customer" / "model.py").read_text(encoding="utf-8")
    (revision,) = run("git", "ls-files", "--others", "--exclude-standard", "migrations", cwd=project).stdout.split()
    assert f'"{name}"' in (project / revision).read_text(encoding="utf-8")
    assert "follows the template" not in make(project, "ownership")
    make(project, "check")


RULE = """
from ordering.platform.postgres import Database

from .api import Api


async def test_the_rule(api: Api, database: Database) -> None:
    body = await api.body("order")
    await database.execute("UPDATE customers SET modified_at = now() + interval '1 day'")
    response = await api.post("/orders", body)
    assert response.status_code == 409
    assert response.json()["detail"] == "It was changed meanwhile."
"""


def test_the_page_on_a_rule_across_two_needs_own_files_only(sample: Path) -> None:
    follow(sample, "rule-across-two")
    check_changes(sample, "src/ordering/own/wiring.py")
    (sample / "tests" / "test_rule.py").write_text(RULE, encoding="utf-8")
    pytest_of(sample, "tests/test_rule.py", "tests/order", "tests/customer")


CLIENT = """
import httpx2

from ordering.own.wiring import OwnWiring
from ordering.settings import Settings


def answer(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json={{"id": request.url.path}})


async def test_the_client(settings: Settings) -> None:
    wiring = OwnWiring(settings)
    assert wiring.payments
    {fake}
    async with wiring.opened():
        response = {call}
    assert response.json() == {{"id": "/payments/1"}}
"""


def test_the_page_on_a_call_to_another_service_needs_own_files_only(sample: Path) -> None:
    page = follow(sample, "call-another-service")
    for command in re.findall(r"`make (docs)`", page):
        make(sample, command)
    (fake,) = re.findall(r"`(wiring\.payments = .*?)`", page)
    (call,) = re.findall(r"`(await wiring.*?)`", page)
    check_changes(sample, "docs/settings.md", "src/ordering/own/settings.py", "src/ordering/own/wiring.py")
    (sample / "tests" / "test_client.py").write_text(CLIENT.format(fake=fake, call=call), encoding="utf-8")
    make(sample, "format", "check")


JOB = """
from ordering.own.jobs import jobs
from ordering.own.wiring import OwnWiring
from ordering.platform.jobs import DONE, run
from ordering.settings import Settings


async def test_the_job(settings: Settings) -> None:
    (job,) = jobs
    assert await run(job, OwnWiring(settings), settings) == DONE
"""


def test_the_page_on_a_job_needs_own_files_only(sample: Path) -> None:
    page = follow(sample, "job")
    assert "jobs.yaml is not what own/jobs.py says: run `make jobs`" in make_fails(sample, "lint")
    for command in re.findall(r"`make (jobs)`", page):
        make(sample, command)
    check_changes(sample, "deploy/helm/ordering/jobs.yaml", "src/ordering/own/jobs.py")
    (sample / "tests" / "test_job.py").write_text(JOB, encoding="utf-8")
    pytest_of(sample, "tests/test_job.py")
    rendered = helm.manifests(sample / "deploy" / "helm" / "ordering")
    (cron,) = [each for each in rendered if each["kind"] == "CronJob"]
    (command,) = re.findall(r"`python -m (.*?)`", page)
    container = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert ["ordering", *container["args"]] == command.split()


INTERNAL = """
import pytest

from catalogue.own.jobs import jobs
from catalogue.own.wiring import OwnWiring
from catalogue.platform.jobs import DONE, run
from catalogue.platform.postgres import Database
from catalogue.settings import Settings

from .api import Api


@pytest.mark.parametrize(("hours", "status"), [(23, "PUBLISHED"), (25, "RETIRED")])
async def test_the_job(api: Api, database: Database, settings: Settings, hours: int, status: str) -> None:
    path = (await api.create("product", state="PUBLISHED")).headers["location"]
    await database.execute(f"UPDATE products SET modified_at = now() - interval '{hours} hours'")
    (job,) = jobs
    assert await run(job, OwnWiring(settings), settings) == DONE
    assert (await api.get(path)).json()["status"] == status
    assert (await api.post(f"{path}/supersede-requests", None)).status_code == 404
"""


@pytest.mark.xdist_group("everything")
def test_the_page_on_an_internal_action_needs_own_files_only(everything: Path) -> None:
    page = follow(everything, "internal-action")
    for command in re.findall(r"`make (jobs)`", page):
        make(everything, command)
    check_changes(everything, "deploy/helm/catalogue/jobs.yaml", "src/catalogue/own/jobs.py")
    (everything / "tests" / "test_job.py").write_text(INTERNAL, encoding="utf-8")
    pytest_of(everything, "tests/test_job.py")


TABLE = """
from ordering.own.reminders import Reminders
from ordering.platform.postgres import Database


async def test_the_table(database: Database) -> None:
    await database.execute(
        "INSERT INTO own_reminders VALUES ('late', now() - interval '1 day'), ('early', now() + interval '1 day')"
    )
    assert await Reminders(database).due() == ["late"]
"""


def test_the_page_on_a_table_needs_own_files_only(sample: Path) -> None:
    page = follow(sample, "table")
    (asked,) = re.findall(r'`make migration m="(\w+)"`', page)
    before = {*(sample / "migrations" / "versions").glob("*.py")}
    make(sample, "migration", f"m={asked}")
    (revision,) = {*(sample / "migrations" / "versions").glob("*.py")} - before
    own = ("src/ordering/own/reminders.py", "src/ordering/own/table.py")
    check_changes(sample, revision.relative_to(sample).as_posix(), *own)
    (sample / "tests" / "test_table.py").write_text(TABLE, encoding="utf-8")
    pytest_of(sample, "tests/test_table.py", "tests/test_database.py")
    make(sample, "migrations")


def test_what_the_pages_add_is_green_together(sample: Path) -> None:
    """Those on a call, which wires the service otherwise, and on a field have the whole gate in tests of their own."""
    for name, words in (
        ("endpoint", ["describe"]),
        ("rule", []),
        ("rule-across-two", []),
        ("job", ["jobs"]),
        ("table", ["migration", "m=reminders"]),
    ):
        page = follow(sample, name)
        assert not words or f"`make {words[0]}" in page
        if words:
            make(sample, *words)
    for name, code in (("rule", RULE), ("job", JOB), ("table", TABLE), ("endpoint", CALLS)):
        text = code.format(scope="figures.read", path="/key-figures") if code is CALLS else code
        (sample / "tests" / f"test_{name}.py").write_text(text, encoding="utf-8")
    make(sample, "format", "check")


def test_a_job_that_fails_ends_the_program_so(sample: Path) -> None:
    follow(sample, "job")
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "AUTH_ISSUER": "https://id.example.com",
        "AUTH_AUDIENCE": "ordering",
    }
    for name, code in (("delete-expired-keys", 1), ("another", 2)):
        program = (sample / ".venv/bin/python", "-m", "ordering", "job", name)
        done = run(*program, cwd=sample, env=nowhere, check=False)
        assert done.returncode == code, done.stdout + done.stderr


def follow(project: Path, name: str) -> str:
    """Write the code of a page to where it says; the page."""
    page = (project / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 30
    blocks = re.findall(r"`(src/[^`]+\.py)`[^\n]*\n\n```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for path, code in blocks:
        (project / path).write_text(code, encoding="utf-8")
    return page


def check_changes(project: Path, *paths: str) -> None:
    """Only these files were touched, which are people's, and the linters find nothing."""
    changed = run("git", "status", "--porcelain", cwd=project).stdout.split()
    assert changed[1::2] == list(paths)
    assert "follows the template" not in make(project, "ownership")
    make(project, "lint")


def pytest_of(project: Path, *modules: str) -> None:
    python = project / ".venv/bin/python"
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *modules, cwd=project, timeout=600)


def called(project: Path, *, scope: str, path: str) -> None:
    """Call the endpoint with a token that has the scope, with another one and with none."""
    module = project / "tests" / "test_called.py"
    module.write_text(CALLS.format(scope=scope, path=path), encoding="utf-8")
    run(project / ".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", module, cwd=project, timeout=300)
    module.unlink()
