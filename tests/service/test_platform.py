"""The platform of the generated services: its tests, which no service carries, and how much of it they reach.

The tests in `tests/platform` run in the environment of a generated service: they import it as its own tests do, and
have the fixtures of its `tests/conftest.py` and of `tests/platform/library.py`.
"""

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
import yaml
from harness import rendering
from harness.paths import EXAMPLES, ROOT, domain_file
from harness.tools import require, run

FOLDER = ROOT / "tests" / "platform"
EXAMPLE = "ordering"
POOLERS = FOLDER / "test_poolers.py"
MERGE = FOLDER / "test_merge_patch.py"
"""What is in the platform of services with fields of JSON only."""
DELETION = FOLDER / "test_deletion.py"
"""What is in the platform of services with references that a deletion sees to."""
LINKS = FOLDER / "test_links.py"
"""What is in the platform of services with lists of references."""

pytestmark = pytest.mark.xdist_group(EXAMPLE)


def run_tests(project: Path, *arguments: str | Path, tree: Path | None = None, measured: str = "") -> None:
    """Tests of the platform in the environment of a project; of another ``tree`` of the same package, if given.

    They have to run 95 % of the branches of what is ``measured``: a package, or a file.
    """
    tree = tree or project
    python, rules = project / ".venv/bin/python", f"--rcfile={FOLDER / 'coverage.ini'}"
    # The plugins below import the platform, so what is measured has to be so before pytest begins.
    # A file by its path: Coverage would import its package, and then libraries in C a second time.
    what = f"--include=*/{measured}" if measured.endswith(".py") else f"--source={measured}"
    measuring = ("coverage", "run", rules, what, "-m") if measured else ()
    done = run(
        python, "-m", *measuring, "pytest", "-c", tree / "pyproject.toml", "--rootdir", tree,
        "-p", "no:cacheprovider", "-q", "--import-mode=importlib", "--confcutdir", FOLDER,
        "-p", "tests.conftest", "-p", "library", *arguments,
        cwd=tree, timeout=1500, env={"PYTHONPATH": f"{FOLDER}:{tree / 'src'}"},
    )  # fmt: skip
    assert "passed" in done.stdout, done.stdout
    assert "skipped" not in done.stdout, done.stdout
    if measured:
        run(python, "-m", "coverage", "report", rules, "--fail-under=95", cwd=tree)


def test_platform(projects: Callable[[str], Path]) -> None:
    apart = [f"--ignore={each}" for each in (POOLERS, MERGE, DELETION, LINKS)]
    run_tests(projects(EXAMPLE), FOLDER, *apart, measured=f"{EXAMPLE}.platform")


def test_poolers(projects: Callable[[str], Path]) -> None:
    require("pgbouncer")
    run_tests(projects(EXAMPLE), POOLERS)


def test_fields_of_json_merge(projects: Callable[[str], Path], tmp_path: Path) -> None:
    domain = yaml.safe_load(domain_file(EXAMPLE).read_text(encoding="utf-8"))
    domain["aggregates"]["Order"]["fields"]["details"] = "json"
    tree = rendering.copy_domain(domain, tmp_path / EXAMPLE, rendering.answers(EXAMPLE))
    run_tests(projects(EXAMPLE), MERGE, tree=tree, measured=f"{EXAMPLE}.platform.http.merge_patch")


def test_deletions(projects: Callable[[str], Path], tmp_path: Path) -> None:
    domain = yaml.safe_load(domain_file(EXAMPLE).read_text(encoding="utf-8"))
    domain["aggregates"]["Order"]["fields"]["customer"] = "ref Customer on_delete=cascade"
    tree = rendering.copy_domain(domain, tmp_path / EXAMPLE, rendering.answers(EXAMPLE))
    run_tests(projects(EXAMPLE), DELETION, tree=tree, measured="platform/postgres/deletion.py")


def test_lists_of_references(projects: Callable[[str], Path], tmp_path: Path) -> None:
    domain = yaml.safe_load(domain_file(EXAMPLE).read_text(encoding="utf-8"))
    domain["aggregates"]["Order"]["fields"]["others"] = "refs Order"
    tree = rendering.copy_domain(domain, tmp_path / EXAMPLE, rendering.answers(EXAMPLE))
    run_tests(projects(EXAMPLE), LINKS, tree=tree, measured="platform/postgres/links.py")


def test_the_platform_is_the_same_in_every_service(trees: Callable[[str], Path]) -> None:
    """So it is measured in one of them; a module that an answer or a word of a domain adds is measured by itself."""
    platforms = {}
    for example in EXAMPLES:
        (folder,) = trees(example).glob("src/*/platform")
        platforms[example] = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}
    for platform in platforms.values():
        platform.pop("http/merge_patch.py", None)
        platform.pop("postgres/deletion.py", None)
        platform.pop("postgres/links.py", None)
        assert platform == platforms[EXAMPLE]


def test_the_platform_reads_neither_answers_nor_the_domain() -> None:
    """Nor can those that no example has change its code."""
    read = set()
    for path in (ROOT / "template" / "src").glob("*/platform/**/*.jinja"):
        parsed = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        names = {(name.ctx, name.name) for name in parsed.find_all(jinja2.nodes.Name)}
        read |= {name for where, name in names if where == "load" and ("store", name) not in names}
    assert read == {"job_pool", "problem_catalogue", "wire"}
