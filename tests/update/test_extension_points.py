"""Code of a team's own needs no edit of a file that follows the template."""

from pathlib import Path

import pytest
from harness.projects import make, set_up
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

from ..settings import Settings


def extend(app: FastAPI, settings: Settings) -> None:
    """Add our route."""
    router = APIRouter()

    @router.get("/greetings")
    async def greet() -> str:
        return settings.greeting

    app.include_router(router)
'''
TABLE = '''"""A table of ours."""

import sqlalchemy as sa

from ..platform.tables import metadata

own_notes = sa.Table("own_notes", metadata, sa.Column("id", sa.Uuid(), primary_key=True))
'''
ASK = """
from ordering.app import create_app
from ordering.settings import load
settings = load()
print(settings.greeting, *create_app(settings).openapi()["paths"])
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
    commit_all(project, "Ours")

    assert "follows the template" not in make(project, "ownership")
    assert "`GREETING`" in (project / "docs" / "settings.md").read_text(encoding="utf-8")
    assert "own_notes" in next((project / "migrations" / "versions").glob("0002_*.py")).read_text(encoding="utf-8")
    assert make(project, "greet").strip() == "Salve"
    make(project, "lint")
    said = run(project / ".venv/bin/python", "-c", ASK, cwd=project, env=ENVIRONMENT).stdout
    assert said.startswith("Salve ")
    assert "/greetings" in said
