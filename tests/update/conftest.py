"""Fixtures of the update tests."""

from pathlib import Path

import pytest
from harness import releases
from harness.repository import GIT
from harness.updates import Site

from castrum import copying


@pytest.fixture(scope="session")
def site(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("corpus")
    return Site(releases.with_history(template_repository, folder / "template"), folder)


@pytest.fixture
def git_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def fast(site: Site, monkeypatch: pytest.MonkeyPatch, git_environment: None) -> Site:
    """The command in this process, with fresh copies that are made once."""
    monkeypatch.setattr(copying, "fresh", site.remembered)
    monkeypatch.setattr(copying, "followers", site.followers)
    return site
