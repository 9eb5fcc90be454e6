"""The code that the documents of a service show is carried out in one."""

import re
from pathlib import Path

import pytest
from harness.projects import make
from harness.tools import run

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
    page = (sample / "docs" / "how-to" / "endpoint.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 30
    blocks = re.findall(r"`(src/[^`]+\.py)`[^\n]*\n\n```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for name, code in blocks:
        (sample / name).write_text(code, encoding="utf-8")
    called(sample, scope="figures.read", path="/key-figures")
    for command in re.findall(r"`make (describe)`", page):
        make(sample, command)
    changed = run("git", "status", "--porcelain", cwd=sample).stdout.split()
    assert changed[1::2] == ["contract/own.yaml", "src/ordering/own/app.py"]
    assert "follows the template" not in make(sample, "ownership")
    make(sample, "lint")
    make(sample, "contract")
    run(sample / ".venv/bin/python", "-m", "pytest", "-q", "tests/contract/test_contract.py", cwd=sample)


def test_the_lines_for_agents_on_an_endpoint_work(sample: Path) -> None:
    page = (sample / "AGENTS.md").read_text(encoding="utf-8")
    (dependencies,) = re.findall(r"`(dependencies=\[requires\(.*?\)\])`", page)
    (parameter,) = re.findall(r"`(service: Annotated\[.*?\])`", page)
    app = sample / "src" / "ordering" / "own" / "app.py"
    app.write_text(APP.format(dependencies=dependencies, parameter=parameter), encoding="utf-8")
    called(sample, scope="reports.read", path="/services")
    run(sample / ".venv/bin/ruff", "check", app, cwd=sample)


def called(project: Path, *, scope: str, path: str) -> None:
    """Call the endpoint with a token that has the scope, with another one and with none."""
    module = project / "tests" / "test_called.py"
    module.write_text(CALLS.format(scope=scope, path=path), encoding="utf-8")
    run(project / ".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", module, cwd=project, timeout=300)
    module.unlink()
