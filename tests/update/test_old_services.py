"""Services of before the platform had folders: what people wrote goes with their files, and their rules still run."""

import ast
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from harness.edits import Edit, Person
from harness.machines import NEEDS_HISTORY
from harness.modules import dangling
from harness.paths import ROOT
from harness.releases import AGGREGATE
from harness.repository import GIT, commit_all, git
from harness.seeds import seeds
from harness.tools import BIN, run
from harness.updates import Site, State, castrum, contents, of_history
from packaging.version import Version

from castrum import copying
from extensions.moves.releases import Step, release

pytestmark = pytest.mark.xdist_group("old")

OLD, NEW = State("v0.1.0", 0, 0), State("v0.2.0", 0, 0)
OWN = {
    "src/shop/order/service.py": '''\
"""The rules of orders. This file is yours: an update never touches it."""

from datetime import UTC, datetime

from ..kernel import Caller, RuleViolated
from ..platform import clock
from .model import Order
from .use_cases import OrderUseCases

FROM = datetime(2020, 1, 1, tzinfo=UTC)


class OrderService(OrderUseCases):
    """Orders have a number of ours, and are placed once they have a note."""

    async def create(self, order: Order, caller: Caller) -> None:
        if clock.now() < FROM or order.number.startswith("X"):
            raise RuleViolated("The number is not one of ours.")

    async def update(self, before: Order, after: Order, caller: Caller) -> None:
        known = await self.store.load(before.id)
        if known is None or known.number != after.number:
            raise RuleViolated("The number stays.")

    async def delete(self, order: Order, caller: Caller) -> None:
        if order.note == "kept":
            raise RuleViolated(f"{caller.subject} has to take the note away first.")

    async def place(self, order: Order, caller: Caller) -> None:
        await super().place(order, caller)
        if not order.note:
            raise RuleViolated("There is no note.")
''',
    "tests/order/test_rules.py": """\
import pytest

from shop.kernel import RuleViolated
from shop.order.model import OrderStatus
from shop.order.service import OrderService
from shop.platform.problems import Problem

from ..api import Api
from .test_model import new as new_order


class Store:
    def __init__(self, order):
        self.order = order

    async def load(self, order_id):
        return self.order


async def test_rules_by_themselves() -> None:
    order = new_order()
    order.note = None
    service = OrderService(Store(order))
    with pytest.raises(RuleViolated, match="no note"):
        await service.place(order, None)
    assert order.status is OrderStatus.PLACED
    order.number = "X1"
    with pytest.raises(RuleViolated, match="not one of ours"):
        await service.create(order, None)
    assert not issubclass(RuleViolated, Problem)


async def test_rules_for_clients(api: Api) -> None:
    body = await api.body("order")
    answer = await api.post("/orders", body | {"number": "X1"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "The number is not one of ours.")
    body.pop("note", None)
    created = await api.post("/orders", body)
    path, tag = created.headers["location"], created.headers["etag"]
    answer = await api.post(f"{path}/placements", None, if_match=tag)
    assert (answer.status_code, answer.json()["detail"]) == (409, "There is no note.")
    answer = await api.patch(path, {"number": "other"}, if_match=tag)
    assert (answer.status_code, answer.json()["detail"]) == (409, "The number stays.")
    noted = await api.patch(path, {"note": "kept"}, if_match=tag)
    answer = await api.delete(path, if_match=noted.headers["etag"])
    assert (answer.status_code, answer.json()["detail"]) == (409, "tester has to take the note away first.")
    placed = await api.post(f"{path}/placements", None, if_match=noted.headers["etag"])
    assert placed.json()["status"] == "PLACED"
""",
    "src/shop/own/app.py": '''\
"""Routes and start-up of your own."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Request

from ..customer.service import CustomerService
from ..platform import faults, ids, turns
from ..platform.access import any_caller, requires
from ..platform.database import Database
from ..platform.exchange import Exchange, exchange_of
from ..platform.http import provided
from ..platform.lifecycle import Lifecycle
from ..settings import Settings

router = APIRouter(dependencies=[requires("figures.read")])


@router.get("/figures", operation_id="get_figures")
async def get_figures(
    request: Request,
    database: Annotated[Database, provided(Database)],
    service: Annotated[CustomerService, provided(CustomerService)],
) -> dict[str, str]:
    exchange: Exchange = exchange_of(request)
    lifecycle: Lifecycle = request.app.state.lifecycle
    [row] = await database.fetch("SELECT count(*) FROM orders")
    return {
        "caller": exchange.caller.subject,
        "count": ids.text(ids.new_id())[:0] + str(row["count"]),
        "fault": faults.summary(ValueError(str(lifecycle.draining))),
        "service": type(service).__name__,
    }


def extend(app: FastAPI, settings: Settings) -> None:
    """Include our route."""
    app.include_router(router)
    app.state.ours = turns.Turns(), any_caller()
''',
    "tests/test_figures.py": """\
import shop.platform.edge
from shop.platform import exchange
from shop.platform.ratelimit import RateLimit

from .conftest import Token


async def test_figures(client_with, token: Token, monkeypatch) -> None:
    monkeypatch.setattr("shop.platform.lifecycle.STANDSTILL_S", 60)
    assert shop.platform.edge.install
    assert exchange.ANONYMOUS
    assert RateLimit(2).take("ann")
    answer = await client_with(token("figures.read", subject="ann")).get("/figures")
    assert answer.json() == {
        "caller": "ann", "count": answer.json()["count"], "fault": "ValueError: False", "service": "CustomerService",
    }
    assert (await client_with(None).get("/figures")).status_code == 401
""",
}
"""Code of before; that of `tests` is to pass as it is, but for what it imports."""
LATER = {
    "src/shop/own/app.py": '''\
"""Routes and start-up of your own."""

from fastapi import APIRouter, FastAPI

from .. import service_info
from ..order.views import OrderView
from ..platform import clock, conditions, ids
from ..platform.auth import tokens
from ..platform.http import contract, provided, requires
from ..platform.http.endpoints import endpoints, public
from ..platform.postgres.database import Database
from ..platform.postgres.errors import place_in
from ..platform.telemetry import logs
from ..service_info import SERVICE, TITLE
from ..settings import Settings

router = APIRouter(dependencies=[requires("figures.read")])
NAMES = SERVICE, TITLE, service_info.VERSION
OURS = conditions.Condition, tokens.Authenticator, contract.FOLDER, logs.AccessLog, OrderView, place_in, public
NEEDED = provided(Database)


def extend(app: FastAPI, settings: Settings) -> None:
    """Include our route."""
    app.include_router(router)
    app.state.ours = clock.now(), ids.new_id(), endpoints(app)
''',
}
"""Code of when the platform had folders, but more files than now."""
RULES = "tests/order/test_rules.py"
TOOLS = {
    "tests/contract/test_links.py": """\
from dev.endpoints import differences

from ..api import Api
from ..behaviour import Behaviour
from .document import CONTRACT, resolved
from .test_contract import references

USED = Api, Behaviour, CONTRACT, differences, references, resolved
""",
    "tests/test_tools.py": """\
import dev.secrets
from dev import ROOT, git, issuer, lint_chart, migrate, postgres
from dev.processes import running
from dev.token import main as token

from .behaviour import Behaviour
from .order.test_operations import TestOrder


def test_tools(monkeypatch) -> None:
    monkeypatch.setattr("dev.issuer.DEFAULT_TTL_S", 60)
    assert git.text("rev-parse", "HEAD") != git.tried("rev-parse", "--verify", "none")
    assert issuer.serving is not issuer.last_used
    assert dev.secrets.scan, lint_chart.main
    assert [ROOT, migrate.upgrade, postgres.server, running, token, Behaviour, TestOrder]
""",
}
"""Modules of one's own that need the tools and the tests of before."""
FOLLOWED = {
    "tests/test_links.py": """\
from dev.contract import differences

from tests.api import Api
from tests.api import Behaviour
from .test_contract import CONTRACT, resolved
from .test_contract import references

USED = Api, Behaviour, CONTRACT, differences, references, resolved
""",
    "tests/test_tools.py": """\
import dev.delivery
from dev import ROOT, run as issuer, delivery as lint_chart, migrate, postgres
import dev as git
from dev import running
from dev.run import show_token as token

from .api import Behaviour
from .order.test_behaviour import TestOrder


def test_tools(monkeypatch) -> None:
    monkeypatch.setattr("dev.run.TOKEN_TTL_S", 60)
    assert git.git_text("rev-parse", "HEAD") != git.git_tried("rev-parse", "--verify", "none")
    assert issuer.issuing is not issuer.last_issuer
    assert dev.delivery.scan, lint_chart.chart
    assert [ROOT, migrate.upgrade, postgres.server, running, token, Behaviour, TestOrder]
""",
}


@pytest.fixture(scope="session")
def old(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The template as it was then, and as it is."""
    if git(ROOT, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip(f"{NEEDS_HISTORY}: git fetch --unshallow --tags")
    folder = tmp_path_factory.mktemp("old")
    template = folder / "template"
    git(folder, "clone", "--quiet", str(template_repository), str(template))
    later = git(ROOT, "log", "--diff-filter=A", "--format=%H", "--", f"{AGGREGATE}/operations.py.jinja").split()[-1]
    git(template, "tag", "--annotate", NEW.tag, "--message", NEW.tag)
    git(template, "fetch", "--quiet", "--no-tags", str(ROOT), "HEAD")
    git(template, "tag", "--force", "--annotate", OLD.tag, "--message", OLD.tag, f"{later}^")
    return Site(template, folder)


@pytest.fixture
def quick(old: Site, monkeypatch: pytest.MonkeyPatch, git_environment: None) -> Site:
    """The command in this process, with fresh copies that are made once."""
    monkeypatch.setattr(copying, "fresh", old.remembered)
    monkeypatch.setattr(copying, "followers", old.followers)
    return old


@pytest.fixture
def service(quick: Site, tmp_path: Path) -> Path:
    project = quick.project(OLD, tmp_path / "shop")
    for name, text in OWN.items():
        (project / name).write_text(text, encoding="utf-8")
    commit_all(project, "Our work")
    return project


def moves(names: list[str]) -> Step:
    document = yaml.safe_load((ROOT / f"releases/{NEW.tag[1:]}.yaml").read_text(encoding="utf-8"))
    return Step(release(Version(NEW.tag), document), names)


def update(project: Path, *, plain: bool) -> str:
    """What the update says."""
    if plain:
        options = ("--trust", "--defaults", "--quiet", "--vcs-ref", NEW.tag)
        return run(BIN / "copier", "update", *options, cwd=project, env=GIT).stderr
    code, said = castrum("update", project, "--to", NEW.tag)
    assert code in {0, 1}, said
    return said


@pytest.mark.parametrize("plain", [False, True], ids=["castrum", "copier"])
def test_own_code_follows(service: Path, *, plain: bool) -> None:
    names = sorted(contents(service))
    update(service, plain=plain)
    assert git(service, "ls-files", "--unmerged") == ""
    after = contents(service)
    step = moves(names)
    assert not {name for name in names if step.place(name) != name} & after.keys()
    assert list(dangling(after)) == []
    rules = OWN["src/shop/order/service.py"].replace("from ..platform import clock", "from .. import platform as clock")
    assert after["src/shop/order/service.py"].decode() == rules
    assert after[RULES].decode() == OWN[RULES].replace(".test_model", ".test_behaviour")
    app = after["src/shop/own/app.py"].decode()
    assert "from ..platform.request_context import RequestContext as Exchange, context_of as exchange_of\n" in app
    assert "from ..platform.http import provided\n" in app
    assert "from ..platform.http.access import any_caller, requires\n" in app


def test_code_of_more_files_follows(old: Site, tmp_path: Path, git_environment: None) -> None:
    """Files went into others; what people import from there they find."""
    gone = "template/src/{{ package }}/service_info.py.jinja"
    later = git(ROOT, "log", "--diff-filter=D", "--format=%H", "--", gone).split()
    if not later:
        pytest.skip("the change is not committed yet")
    folder = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(old.template), str(folder))
    git(folder, "fetch", "--quiet", "--no-tags", str(ROOT), "HEAD")
    git(folder, "tag", "--force", "--annotate", OLD.tag, "--message", OLD.tag, f"{later[-1]}^")
    project = Site(folder, tmp_path).project(OLD, tmp_path / "shop")
    for name, text in LATER.items():
        (project / name).write_text(text, encoding="utf-8")
    contract = project / "src/shop/platform/http/contract.py"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("    info = document", "    # Mine.\n    info = document"), encoding="utf-8")
    commit_all(project, "Our work")
    update(project, plain=False)
    after = contents(project)
    assert list(dangling(after)) == []
    assert [name for name, content in after.items() if b"# Mine." in content] == ["src/shop/platform/http/about.py"]


@pytest.mark.parametrize("plain", [False, True], ids=["castrum", "copier"])
def test_tools_follow(service: Path, *, plain: bool) -> None:
    """An edit of a tool is in what it has become; of one that is a part of another now, somebody decides."""
    for name, text in TOOLS.items():
        (service / name).write_text(text, encoding="utf-8")
    edits = {
        name: f"\n\ndef ours_of_{Path(name).stem}() -> None:\n    ...\n"
        for name in ("dev/conversions.py", "dev/audit.py")
    }
    for name, text in edits.items():
        with (service / name).open("a", encoding="utf-8") as file:
            file.write(text)
    commit_all(service, "More work")
    said = update(service, plain=plain)
    after = contents(service)
    assert {name: after[name].decode() for name in FOLLOWED} == FOLLOWED
    assert edits["dev/conversions.py"].encode() in after["dev/alterations.py"]
    assert not {*edits, "tests/contract/test_links.py", "tests/contract/__init__.py"} & after.keys()
    assert list(dangling(after)) == []
    if plain:
        assert "dev/audit.py: you had changed it; the template has it no longer: git show HEAD:./dev/audit.py" in said
    else:
        assert after["kept/dev/audit.py.yours"].decode().endswith(edits["dev/audit.py"])


@pytest.mark.slow
def test_rules_run(service: Path, projects: Callable[[str], Path]) -> None:
    """In the environment of another service of today."""
    python = projects("ordering") / ".venv/bin/python"
    update(service, plain=False)
    # What the release notes ask for: the first revision is as it was.
    code = {"PYTHONPATH": f"{service / 'src'}:{service}"}
    run(python, "-m", "dev.migrate", "new", "keep outcomes", cwd=service, env=GIT | code)
    tests = [name for name in OWN if name.startswith("tests/")]
    done = run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "tests/order", "tests/customer",
        cwd=service, env=code,
    )  # fmt: skip
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("seed", seeds(7000, 4, 1))
def test_case(seed: int, quick: Site, tmp_path: Path) -> None:
    judge(*worked(seed, quick, tmp_path / "shop"), plain=False)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.slow) for seed in range(8000, 8002)])
def test_plain_case(seed: int, old: Site, tmp_path: Path, git_environment: None) -> None:
    judge(*worked(seed, old, tmp_path / "shop"), plain=True)


def worked(seed: int, site: Site, project: Path) -> tuple[Path, Person, Step, dict[str, bytes]]:
    """A service of before, with edits in files that move."""
    site.project(OLD, project)
    base = site.fresh(OLD)
    step = moves(sorted(base))
    person = Person(seed, project, {name: text for name, text in base.items() if step.place(name) != name}, [])
    kinds = [person.insert, person.change, person.append, person.add, person.windows, person.remove]
    for _ in range(random.Random(seed).randint(3, 8)):
        person.random.choice(kinds)()
    commit_all(project, "Our work")
    return project, person, step, site.fresh(NEW)


def judge(project: Path, person: Person, step: Step, theirs: dict[str, bytes], *, plain: bool) -> None:
    """Every edit is in the moved file, and every other file as the template asks for."""
    update(project, plain=plain)
    after = contents(project)
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    for edit in person.edits:
        check(edit, step, after, unmerged)
    touched = {step.place(name) for edit in person.edits for name in (edit.path, edit.place)}
    if not plain:
        other = {name for name in {*theirs} - touched if not of_history(name)}
        assert {name for name in other if after.get(name) != theirs[name]} == set()
    for name in {*after} - touched - unmerged:
        if name.endswith(".py"):
            ast.parse(after[name])


def check(edit: Edit, step: Step, after: dict[str, bytes], unmerged: set[str]) -> None:
    place = step.place(edit.place)
    assert edit.kind == "remove" or edit.place == place or edit.place not in after, f"{edit}: is in both places"
    if edit.kind == "remove":
        assert place not in after or place in unmerged, f"{edit}: is there again"
    for mark in edit.marks:
        text = mark[mark.rindex("mine-") :].encode()
        hits = [name for name, content in after.items() if text in content]
        assert len(hits) == 1, f"{edit}: found in {hits}"
        assert hits[0] in {place, f"kept/{place}.yours"}, f"{edit}: found in {hits[0]}"
