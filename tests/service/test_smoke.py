"""The smoke test of the platform that every service carries notices a defect in any module of the platform."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from harness import rendering
from harness.paths import ROOT, domain_file
from harness.tools import clean_environment

EXAMPLE = "ordering"
SMOKE = "tests/test_platform.py"
PLATFORM = f"src/{EXAMPLE}/platform"
FOLDER = ROOT / "tests" / "platform"
DEFECTS: dict[str, list[tuple[str, str]]] = yaml.safe_load((FOLDER / "defects.yaml").read_text(encoding="utf-8"))
SERVER = """
import sys
from dev import migrate
with migrate.server() as url:
    print(url, flush=True)
    sys.stdin.read()
"""

Smoke = Callable[[], tuple[int, str]]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("smoke")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every module of the platform: with JSON, a deletion that takes along, and a list of references."""
    domain = yaml.safe_load(domain_file(EXAMPLE).read_text(encoding="utf-8"))
    domain["aggregates"]["Order"]["fields"]["details"] = "json"
    domain["aggregates"]["Order"]["fields"]["customer"] = "ref Customer on_delete=cascade"
    domain["aggregates"]["Order"]["fields"]["others"] = "refs Order"
    return rendering.copy_domain(domain, tmp_path_factory.mktemp("smoke") / EXAMPLE, rendering.answers(EXAMPLE))


@pytest.fixture(scope="module")
def smoke(projects: Callable[[str], Path], tree: Path) -> Iterator[Smoke]:
    """Runs the smoke test, green without a defect: its exit code, and what it said. All runs share a server."""
    python = projects(EXAMPLE) / ".venv/bin/python"
    paths = {"PYTHONPATH": f"{tree / 'src'}:{tree}"}

    @contextmanager
    def process(*arguments: str | Path, **env: str) -> Iterator[Callable[..., str]]:
        command = [python, "-B", *arguments]
        with subprocess.Popen(
            command, cwd=tree, env={**clean_environment(), **paths, **env},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as started:  # fmt: skip
            assert started.stdin
            assert started.stdout
            ask, answers = started.stdin, started.stdout

            def answer(line: str = "") -> str:
                if line:
                    print(line, file=ask, flush=True)
                return answers.readline().strip()

            yield answer
            ask.close()

    log = tree.parent / "log"
    with (
        process("-c", SERVER) as server,
        process(FOLDER / "smoking.py", SMOKE, DATABASE_URL=server(), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1") as runner,
    ):

        def run() -> tuple[int, str]:
            return int(runner(str(log))), log.read_text(encoding="utf-8")

        code, said = run()
        assert code == 0, said
        assert "skipped" not in said
        yield run


@pytest.mark.parametrize(
    ("module", "sound", "broken"),
    [
        pytest.param(module, *pair, id=f"{module}-{place}")
        for module, pairs in DEFECTS.items()
        for place, pair in enumerate(pairs)
    ],
)
def test_it_is_red_with_a_defect(module: str, sound: str, broken: str, smoke: Smoke, tree: Path) -> None:
    path = tree / PLATFORM / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(sound) == 1, f"{module}: {sound!r} is there {text.count(sound)} times"
    path.write_text(text.replace(sound, broken), encoding="utf-8")
    try:
        code, said = smoke()
    finally:
        path.write_text(text, encoding="utf-8")
    assert "did not get ready" not in said, said  # a busy machine would pass for a defect
    assert code == 1, said  # a module that cannot even be imported would be another code
    assert re.search(r"^(FAILED|ERROR) tests/test_platform\.py::test_", said, re.MULTILINE), said


def test_every_module_has_its_defect(tree: Path) -> None:
    modules = {path.relative_to(tree / PLATFORM).with_suffix("").as_posix() for path in (tree / PLATFORM).rglob("*.py")}
    assert modules == set(DEFECTS)
