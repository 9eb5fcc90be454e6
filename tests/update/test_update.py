"""`copier update` on real git repositories, unpatched: the person's edits stay, the schema gets a new revision."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import rendering, repository
from harness.paths import answers_file, domain_file
from harness.projects import make, set_up
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run

CASTRUM = f"CASTRUM={BIN / 'castrum'}"
MARKERS = re.compile(r"^(?:<{7}|>{7}|={7})(?: |$)", re.MULTILINE)


@pytest.fixture
def service(template_repository: Path, tmp_path: Path) -> Path:
    """The sample as a committed repository, without anything installed."""
    destination = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, destination, env=GIT)
    commit_all(destination, "Start")
    return destination


def update(project: Path, *options: str) -> None:
    run(
        BIN / "copier", "update", "--quiet", "--trust", "--skip-answered", "--defaults", "--conflict", "inline",
        "--context-lines", "100000", *options, cwd=project, env=GIT,
    )  # fmt: skip
    assert not git(project, "ls-files", "--unmerged")
    assert not list(project.rglob("*.rej"))
    for path in tracked(project):
        assert not MARKERS.search(path.read_text(encoding="utf-8")), path


def tracked(project: Path) -> list[Path]:
    listed = git(project, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return [project / name for name in listed if (project / name).is_file()]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_domain(project: Path) -> None:
    """A field and an aggregate more, in the person's own words and with a comment."""
    replace(
        project / "domain.yaml",
        next(line for line in (project / "domain.yaml").read_text().splitlines(keepends=True) if "note:" in line),
        "      note: text?\n      urgency: int(1..5) = 3  # mine: asked for by the warehouse\n",
    )
    text = (project / "domain.yaml").read_text(encoding="utf-8")
    product = (
        "aggregates:\n  Product:\n    description: Something to buy.\n    fields:\n      name: string(80) unique\n"
    )
    (project / "domain.yaml").write_text(text.replace("aggregates:\n", product, 1), encoding="utf-8")


def edit_code(project: Path) -> dict[str, str]:
    """What a person changes: path → a line that has to survive."""
    edits = {
        "src/ordering/order/service.py": "# mine: only on weekdays",
        "src/ordering/order/routes.py": "# mine: an endpoint",
        "src/ordering/order/model.py": "# mine: an invariant",
        "src/ordering/customer/repository.py": "# mine: a query",
        "tests/order/test_mine.py": "# mine: a test",
        "README.md": "mine: on call",
        "Makefile": "# mine: a target",
        "pyproject.toml": "# mine: a dependency",
    }
    for name, line in edits.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    # And one in the middle of what the update changes too.
    model = project / "src/ordering/order/model.py"
    lines = model.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(("class ", "@dataclass")))
    lines.insert(at, "LIMIT = 7  # mine: in the middle\n\n\n")
    model.write_text("".join(lines), encoding="utf-8")
    return edits


def test_edits_stay_when_the_domain_grows(service: Path) -> None:
    edits = edit_code(service)
    commit_all(service, "Our work")
    first_revision = (service / "migrations/versions/0001_initial.py").read_bytes()
    edit_domain(service)
    written = (service / "domain.yaml").read_bytes()
    commit_all(service, "A field and an aggregate")

    update(service, "--vcs-ref=:current:")

    for name, line in edits.items():
        assert line in (service / name).read_text(encoding="utf-8"), name
    assert "LIMIT = 7  # mine: in the middle" in (service / "src/ordering/order/model.py").read_text(encoding="utf-8")
    assert (service / "domain.yaml").read_bytes() == written
    assert (service / "migrations/versions/0001_initial.py").read_bytes() == first_revision
    assert "urgency" in (service / "src/ordering/order/model.py").read_text(encoding="utf-8")
    assert "urgency" in (service / "contract/openapi.yaml").read_text(encoding="utf-8")
    assert (service / "src/ordering/product/routes.py").is_file()


def test_untouched_is_as_if_fresh(service: Path, template_repository: Path, tmp_path: Path) -> None:
    """A service that nobody edited, updated to a new domain, equals a new one of that domain."""
    edit_domain(service)
    commit_all(service, "A field and an aggregate")
    update(service, "--vcs-ref=:current:")

    fresh = tmp_path / "fresh" / "ordering"
    fresh.mkdir(parents=True)
    shutil.copyfile(service / "domain.yaml", fresh / "domain.yaml")
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, fresh, env=GIT)
    assert_same(service, fresh, apart_from=("migrations/versions/",))


def assert_same(left: Path, right: Path, apart_from: tuple[str, ...] = ()) -> None:
    def comparable(tree: Path) -> dict[str, bytes]:
        found = rendering.files(tree)
        return {name: text for name, text in found.items() if not name.startswith((".git/", *apart_from))}

    before, after = comparable(left), comparable(right)
    assert before.keys() == after.keys()
    assert not [name for name in before if before[name] != after[name]]


@pytest.fixture
def changed_template(template_repository: Path, tmp_path: Path) -> Callable[[dict[str, tuple[str, str]]], Path]:
    """A clone of the template in which one can release a version: path → text to replace, and by what."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(template_repository), str(clone))

    def release(changes: dict[str, tuple[str, str]]) -> Path:
        for name, (old, new) in changes.items():
            replace(clone / name, old, new)
        commit_all(clone, "Release")
        git(clone, "tag", "--annotate", "v0.2.0", "--message", "v0.2.0")
        return clone

    return release


RELEASE = {"template/AGENTS.md.jinja": ("## Before you push", "## Before you push anything")}


@pytest.mark.slow
def test_new_template_and_new_domain_at_once(
    tmp_path: Path, changed_template: Callable[[dict[str, tuple[str, str]]], Path]
) -> None:
    destination = tmp_path / "ordering"
    clone = tmp_path / "clone"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", clone, destination, env=GIT)
    edits = edit_code(destination)
    commit_all(destination, "Our work")
    edit_domain(destination)
    commit_all(destination, "A field and an aggregate")
    changed_template(RELEASE)

    update(destination)

    answers = yaml.safe_load((destination / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["_commit"] == "v0.2.0"
    assert "Product" in answers["domain"]["aggregates"]
    assert "Before you push anything" in (destination / "AGENTS.md").read_text(encoding="utf-8")
    for name, line in edits.items():
        assert line in (destination / name).read_text(encoding="utf-8"), name


@pytest.mark.slow
def test_untouched_follows_a_new_template(
    tmp_path: Path, changed_template: Callable[[dict[str, tuple[str, str]]], Path]
) -> None:
    clone = tmp_path / "clone"
    old, fresh = tmp_path / "old" / "ordering", tmp_path / "fresh" / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", clone, old, env=GIT)
    commit_all(old, "Start")
    changed_template(RELEASE)
    update(old)
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", clone, fresh, env=GIT)
    assert_same(old, fresh)


def test_nothing_changed_is_nothing_changed(service: Path) -> None:
    update(service, "--vcs-ref=:current:")
    assert not git(service, "status", "--porcelain")


def test_removed_aggregate_is_a_removed_folder(service: Path) -> None:
    edit_domain(service)
    commit_all(service, "A field and an aggregate")
    update(service, "--vcs-ref=:current:")
    commit_all(service, "Product")
    git(service, "checkout", "HEAD~2", "--", "domain.yaml")
    commit_all(service, "No product after all")
    update(service, "--vcs-ref=:current:")
    assert not (service / "src/ordering/product").exists()
    assert (service / "src/ordering/order/service.py").exists()


def test_broken_domain_touches_nothing(service: Path) -> None:
    (service / "domain.yaml").write_text("context: x\naggregates: {Order: {fields: {a: mony}}}\n", encoding="utf-8")
    commit_all(service, "A mistake")
    done = run(
        BIN / "copier", "update", "--trust", "--skip-answered", "--defaults", "--vcs-ref=:current:",
        cwd=service, env=GIT, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "did you mean 'money'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not git(service, "status", "--porcelain")


@pytest.mark.slow
def test_migration_follows_the_domain(service: Path) -> None:
    """`make regen`, then `make migration`: a second revision that applies; the first one is as it was."""
    set_up(service)
    versions = service / "migrations" / "versions"
    before = {path.name: path.read_bytes() for path in versions.glob("*.py")}
    edit_code(service)
    commit_all(service, "Our work")
    edit_domain(service)
    make(service, "regen", CASTRUM)
    make(service, "setup")
    said = make(service, "migration", "m=add urgency and products")
    assert "Read it before you commit it" in said
    after = {path.name: path.read_bytes() for path in versions.glob("*.py")}
    assert {name: after[name] for name in before} == before
    (added,) = after.keys() - before.keys()
    text = after[added].decode()
    assert "urgency" in text
    assert "product" in text
    assert "down_revision" in text
    commit_all(service, "Schema")
    # Up, down and up again from nothing, and autogenerate finds nothing left to do.
    run(service / ".venv/bin/python", "-m", "dev.migrate", "check", cwd=service, env=GIT)
    run(service / ".venv/bin/python", "-m", "ruff", "check", "migrations", cwd=service)


@pytest.mark.slow
def test_regen_fetches_its_own_command(service: Path) -> None:
    """Without Castrum and Copier on the machine, as on a new one: the make target brings them."""
    set_up(service)
    edit_domain(service)
    make(service, "regen")
    assert (service / "src/ordering/product/routes.py").is_file()


def test_command_made_service_updates_too(template_repository: Path, tmp_path: Path) -> None:
    """What `castrum new` made is an ordinary Copier project."""
    run(
        BIN / "castrum", "new", tmp_path / "made", "--defaults", "--template", f"git+file://{template_repository}",
        "--domain", domain_file("minimal"), "--data-file", answers_file("minimal"), env=GIT,
    )  # fmt: skip
    commit_all(tmp_path / "made", "Start")
    with (tmp_path / "made" / "domain.yaml").open("a", encoding="utf-8") as stream:
        stream.write("    pinned: bool = false\n")
    commit_all(tmp_path / "made", "A field")
    update(tmp_path / "made", "--vcs-ref=:current:")
    assert "pinned" in (tmp_path / "made" / "contract" / "openapi.yaml").read_text(encoding="utf-8")


def test_recopy_is_fresh(service: Path, template_repository: Path, tmp_path: Path) -> None:
    edit_code(service)
    edit_domain(service)
    commit_all(service, "Our work")
    run(BIN / "copier", "recopy", "--quiet", "--trust", "--defaults", "--overwrite", cwd=service, env=GIT)
    fresh = tmp_path / "fresh" / "ordering"
    fresh.mkdir(parents=True)
    shutil.copyfile(service / "domain.yaml", fresh / "domain.yaml")
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, fresh, env=GIT)
    expected = rendering.files(fresh)
    yours = ("migrations/versions/0001_initial.py", "src/ordering/order/service.py")
    assert [name for name in expected if (service / name).read_bytes() != expected[name]] == list(yours)


def recorded(project: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return content


def test_answers_are_kept_to_the_letter(service: Path) -> None:
    """An update neither sorts nor rewrites what is recorded."""
    before = (service / ".copier-answers.yml").read_bytes()
    update(service, "--vcs-ref=:current:")
    assert (service / ".copier-answers.yml").read_bytes() == before
    assert list(recorded(service)["domain"]) == list(yaml.safe_load((service / "domain.yaml").read_text()))
    assert repository.git(service, "status", "--porcelain") == ""
