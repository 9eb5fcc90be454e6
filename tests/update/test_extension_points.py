"""Code of a team's own needs no edit of a file that follows the template."""

from pathlib import Path

import pytest
from harness.projects import link_node_modules, make, make_fails, set_up
from harness.releases import replace
from harness.repository import GIT, commit_all
from harness.tools import BIN, run

SETTINGS = '''"""Settings of your own."""

from pydantic import Field
from pydantic_settings import BaseSettings


class OwnSettings(BaseSettings):
    """Settings of ours."""

    greeting: str = Field("Hello", description="How we greet.")
'''
APP = '''"""Routes and start-up of your own."""

from fastapi import APIRouter, FastAPI

from ..platform.http import requires
from ..settings import Settings


def extend(app: FastAPI, settings: Settings) -> None:
    """Add our route."""
    router = APIRouter()

    @router.get("/greetings", operation_id="list_greetings", dependencies=[requires("greetings.read")])
    async def greet() -> dict[str, list[str]]:
        return {"items": [settings.greeting]}

    app.include_router(router)
'''
TABLE = '''"""A table of ours."""

import sqlalchemy as sa

from ..platform.postgres.tables import metadata

own_notes = sa.Table("own_notes", metadata, sa.Column("id", sa.Uuid(), primary_key=True))
'''
WIRING = '''"""A part of ours, a rule that needs it, and work beside the requests."""

from datetime import UTC, datetime
from functools import cached_property

from ..customer.model import Customer
from ..customer.service import CustomerService
from ..kernel import Caller
from ..platform.jobs import Work, every
from ..wiring import Wiring


class Clock:
    """Tells the time."""

    async def tell(self) -> None:
        """Tell it."""
        print(datetime.now(UTC))


class PunctualCustomers(CustomerService):
    """The rules of customers, by a clock."""

    def __init__(self, wiring: "OwnWiring") -> None:
        super().__init__(wiring.customer_repository)
        self.clock = wiring.clock

    async def create(self, customer: Customer, caller: Caller) -> None:
        """Tell the time first."""
        await self.clock.tell()
        await super().create(customer, caller)


class OwnWiring(Wiring):
    """Ours."""

    @cached_property
    def clock(self) -> Clock:
        """What tells the time."""
        return Clock()

    @cached_property
    def customer_service(self) -> CustomerService:
        """Ours instead of the generated one."""
        return PunctualCustomers(self)

    def background(self) -> list[Work]:
        """The time, each hour."""
        return [*super().background(), Work("the time", every(3600, self.clock.tell))]
'''
PRODUCT = "aggregates:\n  Product:\n    description: Something to buy.\n    fields:\n      name: string(80) unique\n"
CONTRACT = r"""tags:
  - name: Greetings
    description: What is said at the door.
paths:
  /greetings:
    get:
      operationId: list_greetings
      summary: List greetings
      description: All greetings, in no order.
      tags: [Greetings]
      security:
        - bearer: [greetings.read]
      responses:
        "200": { $ref: "#/components/responses/Greetings" }
        "400": { $ref: "#/components/responses/Customer.invalid" }
        "401": { $ref: "#/components/responses/unauthenticated" }
        "403": { $ref: "#/components/responses/Customer.forbidden" }
        "429": { $ref: "#/components/responses/too-many-requests" }
        "500": { $ref: "#/components/responses/internal-error" }
        "503": { $ref: "#/components/responses/service-unavailable" }
        default: { $ref: "#/components/responses/problem" }
components:
  responses:
    Greetings:
      description: The greetings
      content:
        application/json:
          schema: { $ref: "#/components/schemas/Greetings" }
          examples:
            greetings: { value: { items: [Salve] } }
      headers:
        Access-Control-Allow-Origin: { $ref: "#/components/headers/Access-Control-Allow-Origin" }
        RateLimit: { $ref: "#/components/headers/RateLimit" }
        RateLimit-Policy: { $ref: "#/components/headers/RateLimit-Policy" }
        Request-Id: { $ref: "#/components/headers/Request-Id" }
  schemas:
    Greetings:
      type: object
      description: Greetings.
      required: [items]
      properties:
        items:
          type: array
          description: What is said.
          maxItems: 10
          items: { type: string, maxLength: 20, pattern: "^\\w+$", examples: [Salve] }
"""
ASK = """
from ordering.app import create_app
from ordering.settings import load
settings = load()
print(settings.greeting, *create_app(settings).openapi()["paths"])
"""
ASK_PARTS = """
from ordering.own.wiring import OwnWiring
from ordering.settings import load
wiring = OwnWiring(load())
print(*(type(part).__name__ for part in wiring.provided().values()))
print(*(work.name for work in wiring.background()), sep="; ")
"""
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://localhost/ordering",
    "AUTH_ISSUER": "https://id.example.com",
    "AUTH_AUDIENCE": "ordering",
    "GREETING": "Salve",
}


@pytest.mark.slow
def test_own_code_works_and_is_left_alone(template_repository: Path, tmp_path: Path) -> None:
    project = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, project, env=GIT)
    commit_all(project, "Start")
    set_up(project)
    own = project / "src" / "ordering" / "own"
    for name, text in (("settings.py", SETTINGS), ("app.py", APP), ("table.py", TABLE)):
        (own / name).write_text(text, encoding="utf-8")
    (project / "own.mk").write_text("greet: ## Greet\n\t@echo Salve\n", encoding="utf-8")
    make(project, "docs")
    make(project, "migration", "m=a table of ours")
    conformance = (project / ".venv/bin/python", "-m", "pytest", "-q", "tests/test_contract.py")
    undocumented = run(*conformance, cwd=project, env=GIT, check=False)
    assert "list_greetings" in undocumented.stdout, undocumented.stdout
    (project / "contract" / "own.yaml").write_text(CONTRACT, encoding="utf-8")
    commit_all(project, "Ours")

    assert "follows the template" not in make(project, "ownership")
    assert "`GREETING`" in (project / "docs" / "settings.md").read_text(encoding="utf-8")
    assert "own_notes" in next((project / "migrations" / "versions").glob("20*.py")).read_text(encoding="utf-8")
    assert make(project, "greet").strip() == "Salve"
    make(project, "lint")
    said = run(project / ".venv/bin/python", "-c", ASK, cwd=project, env=ENVIRONMENT).stdout
    assert said.startswith("Salve ")
    assert "/greetings" in said

    link_node_modules(project)
    make(project, "contract")
    run(*conformance, cwd=project, env=GIT)
    assert "0 breaking changes" in make(project, "breaking", "BASE=HEAD~1")
    own = project / "contract" / "own.yaml"
    own.write_text(CONTRACT.replace("list_greetings", "listGreetings"), encoding="utf-8")
    assert "GET /greetings (list_greetings) is listGreetings in the contract" in make_fails(project, "contract")
    linted = run(project / ".venv/bin/python", "-m", "dev.contract", "lint", cwd=project, env=GIT, check=False)
    assert "operation-id-in-snake-case" in linted.stdout
    assert "operation-id-changed" in make_fails(project, "breaking", "BASE=HEAD")
    own.write_text(CONTRACT.replace("/greetings:", "/customers:"), encoding="utf-8")
    assert "contract/own.yaml: paths → /customers → get is in contract/openapi.yaml, too" in make_fails(
        project, "contract"
    )


@pytest.mark.slow
def test_a_new_aggregate_joins_what_is_wired_otherwise(template_repository: Path, tmp_path: Path) -> None:
    """The file that puts the parts together follows the domain: nobody edits it, so that nothing is in conflict."""
    project = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, project, env=GIT)
    commit_all(project, "Start")
    set_up(project)
    own = project / "src" / "ordering" / "own" / "wiring.py"
    own.write_text(WIRING, encoding="utf-8")
    commit_all(project, "Ours")
    replace(project, "domain.yaml", "aggregates:\n", PRODUCT)
    said = make(project, "regen", f"CASTRUM={BIN / 'castrum'}")
    assert "conflict" not in said.lower(), said
    assert own.read_text(encoding="utf-8") == WIRING
    parts = run(project / ".venv/bin/python", "-c", ASK_PARTS, cwd=project, env=ENVIRONMENT).stdout
    assert "ProductService" in parts
    assert "PunctualCustomers" in parts
    assert parts.endswith("; the time\n")
    make(project, "lint")
