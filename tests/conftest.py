"""Fixtures that several folders of tests share."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import memory, rendering, repository
from harness.paths import EXAMPLES
from harness.projects import link_node_modules, make_project
from harness.repository import git
from hypothesis import HealthCheck, settings

pytest_plugins = ["harness.machines"]

# They run in the environment of a generated service, see service/test_platform.py.
collect_ignore = ["platform"]

# A test that fails today fails tomorrow too, and on a busy machine as on an idle one; `--hypothesis-profile=default`
# looks for what nobody has seen yet.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own are made in it


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In memory, where there is such a folder: Copier clones the template for each copy, and throws the clone away.

    What a test keeps stays in pytest's own folder, which is chosen before.
    """
    tmp_path_factory.getbasetemp()
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        yield
        return
    with memory.folder(MEMORY) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Example → its rendered tree; rendered once, so nobody writes into it."""
    made: dict[str, Path] = {}

    def tree(example: str) -> Path:
        if example not in made:
            destination = tmp_path_factory.mktemp("trees") / example
            made[example] = rendering.copy_example(example, destination)
        return made[example]

    return tree


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def tree(trees: Callable[[str], Path], example: str) -> Path:
    return trees(example)


@pytest.fixture(scope="session")
def template_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as a released git repository; for tests with the real, unpatched Copier."""
    return repository.snapshot(tmp_path_factory.mktemp("template") / "castrum")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that two processes end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Example → its generated repository, set up; shared, so who changes something puts it back."""
    made: dict[str, Path] = {}

    def project(example: str) -> Path:
        if example not in made:
            made[example] = make_project(example, tmp_path_factory.mktemp("projects") / example)
        return made[example]

    return project


@pytest.fixture
def sample(projects: Callable[[str], Path]) -> Iterator[Path]:
    """The default project, to be changed and broken: what a test does to it is undone, its commits too.

    For tests of the group "ordering".
    """
    yield from _lent(link_node_modules(projects("ordering")))


@pytest.fixture
def everything(projects: Callable[[str], Path]) -> Iterator[Path]:
    """The project with every word of the language, as `sample`."""
    yield from _lent(projects("everything"))


def _lent(project: Path) -> Iterator[Path]:
    start = git(project, "rev-parse", "HEAD")
    yield project
    git(project, "reset", "--quiet", "--hard", start)
    # gitlab-ci-local's folder ignores itself: git would remove its .gitignore and keep the rest.
    shutil.rmtree(project / ".gitlab-ci-local", ignore_errors=True)
    git(project, "clean", "--quiet", "--force", "-d")
