"""A release that puts files and names elsewhere: what people wrote goes with them, also with plain Copier."""

import ast
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import releases
from harness.edits import Edit, Person, misplaced
from harness.modules import dangling, module_of
from harness.releases import MOVED, TAGS
from harness.repository import GIT, commit_all, git
from harness.seeds import seeds
from harness.tools import BIN, run
from harness.updates import Site, State, asked, castrum, contents, of_history

from castrum import copying
from extensions.moves.imports import Module, Places, rewritten

pytestmark = pytest.mark.xdist_group("moves")

CASES = 10
NEW = State(MOVED, 0, 0)
FOLDERS = ("customer", "order")
CLIENT = "src/shop/platform/http_client.py"
NEW_CLIENT = "src/shop/platform/runtime/http_client.py"


@pytest.fixture(scope="session")
def moving(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("moves")
    history = releases.with_history(template_repository, folder / "history")
    return Site(releases.with_moves(history, folder / "template"), folder)


@pytest.fixture
def quick(moving: Site, monkeypatch: pytest.MonkeyPatch, git_environment: None) -> Site:
    """The command in this process, with fresh copies that are made once."""
    monkeypatch.setattr(copying, "fresh", moving.remembered)
    monkeypatch.setattr(copying, "followers", moving.followers)
    return moving


@pytest.fixture
def service(quick: Site, tmp_path: Path) -> Path:
    """A service of the release before, with code of one's own that needs what is elsewhere later."""
    return own_work(quick.project(State(TAGS[2], 0, 0), tmp_path / "shop"))


RULES = "\nfrom ..platform.http_client import HttpClient\n\nKIND = HttpClient\n"
OWN = {
    "src/shop/own/app.py": (
        "\nfrom shop import platform\nfrom shop.platform import http_client, new_id, text\n\n\n"
        "def mine() -> tuple[str, str, str]:\n"
        "    return http_client.today(), platform.text(platform.new_id()), text(new_id())\n"
    ),
    "src/shop/order/service.py": RULES,
    CLIENT: '\n\ndef tomorrow() -> str:\n    """Mine."""\n    return today()\n',
    "tests/order/test_rules.py": (
        "import shop.platform.http_client\nfrom ..api import Api\nfrom .test_behaviour import new\n\n\n"
        "def test_mine(monkeypatch, api: Api) -> None:\n"
        '    monkeypatch.setattr("shop.platform.http_client.today", new)\n'
        "    assert shop.platform.http_client.today\n"
    ),
    "docs/client.md": "Look at src/shop/platform/http_client.py.\n",
}


def own_work(project: Path) -> Path:
    for name, text in OWN.items():
        before = (project / name).read_text(encoding="utf-8") if (project / name).exists() else ""
        (project / name).write_text(before + text, encoding="utf-8")
    commit_all(project, "Our work")
    return project


def followed(project: Path) -> None:
    """Assert that the code of one's own is where it belongs, and works."""
    after = {name: content.decode() for name, content in contents(project).items() if name.endswith((".py", ".md"))}
    assert CLIENT not in after
    assert OWN[CLIENT] in after[NEW_CLIENT]
    assert "The current day in UTC." in after[NEW_CLIENT]
    app = after["src/shop/own/app.py"]
    assert "from shop.platform.runtime import http_client\nfrom shop.platform import new_id\n" in app
    assert "from shop.platform.runtime.texts import text_of as text\n" in app
    assert "return http_client.today(), texts.text_of(platform.new_id()), text(new_id())" in app
    assert RULES.replace("http_client", "runtime.http_client") in after["src/shop/order/service.py"]
    assert not any(name.startswith(f"tests/{folder}/") for name in after for folder in FOLDERS)
    assert after["tests/domain/order/test_rules.py"] == (
        "import shop.platform.runtime.http_client\nfrom tests.api import Api\nfrom .test_behaviour import new\n\n\n"
        "def test_mine(monkeypatch, api: Api) -> None:\n"
        '    monkeypatch.setattr("shop.platform.runtime.http_client.today", new)\n'
        "    assert shop.platform.runtime.http_client.today\n"
    )
    assert list(dangling(contents(project))) == []


def shifted(path: str) -> str:
    """Where a file of the release before is now."""
    if path == CLIENT:
        return NEW_CLIENT
    return (
        path.replace("tests/", "tests/domain/", 1)
        if path.startswith(tuple(f"tests/{each}/" for each in FOLDERS))
        else path
    )


def test_own_code_follows(service: Path) -> None:
    code, said = castrum("update", service, "--to", MOVED)
    assert code == 0, said
    followed(service)
    assert f"  {CLIENT} → {NEW_CLIENT}\n" in said
    assert "  tests/order/test_rules.py → tests/domain/order/test_rules.py\n" in said
    assert "Your code that followed:" in said
    assert "  docs/client.md:1: src/shop/platform/http_client.py\n" in said
    commit_all(service, "Update")
    assert "Nothing to do" in castrum("update", service, "--to", MOVED)[1]


def test_plain_copier_does_the_same(service: Path) -> None:
    run(BIN / "copier", "update", "--trust", "--defaults", "--vcs-ref", MOVED, cwd=service, env=GIT)
    assert git(service, "ls-files", "--unmerged") == ""
    followed(service)
    commit_all(service, "Update")
    run(BIN / "copier", "update", "--trust", "--defaults", "--vcs-ref", MOVED, cwd=service, env=GIT)
    assert git(service, "status", "--porcelain") == ""


def test_a_dry_run_and_a_check_write_nothing(service: Path) -> None:
    before = contents(service)
    code, said = castrum("update", service, "--to", MOVED, "--dry-run")
    assert code == 0, said
    assert f"+++ b/{NEW_CLIENT}" in said
    assert f"--- a/{CLIENT}" in said
    code, said = castrum("update", service, "--to", MOVED, "--check")
    assert code == 1
    assert NEW_CLIENT in said.splitlines()
    assert contents(service) == before
    castrum("update", service, "--to", MOVED)
    assert castrum("update", service, "--abort")[0] == 0
    assert contents(service) == before


def both_ways(project: Path) -> list[Callable[[], tuple[int, str]]]:
    def plain() -> tuple[int, str]:
        done = run(
            BIN / "copier", "update", "--trust", "--defaults", "--vcs-ref", MOVED, cwd=project, env=GIT, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return [lambda: castrum("update", project, "--to", MOVED), plain]


@pytest.mark.parametrize("way", [0, 1], ids=["castrum", "copier"])
def test_a_place_that_is_taken_is_refused(service: Path, way: int) -> None:
    for name in (NEW_CLIENT, "tests/domain"):
        (service / name).parent.mkdir(parents=True, exist_ok=True)
        (service / name).write_text("MINE = 1\n", encoding="utf-8")
    commit_all(service, "More work")
    before = contents(service)
    code, said = both_ways(service)[way]()
    assert code not in {0, 1} or way == 1
    assert code != 0
    assert f"{NEW_CLIENT}: " in said
    assert "tests/domain: " in said
    assert "git mv" in said
    assert "Traceback" not in said or way == 1
    assert contents(service) == before
    assert git(service, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("way", "move"),
    [
        (0, "src/{package}/{aggregate}/service.py: src/{package}/{aggregate}/rules.py"),
        (0, "domain.yaml: model/domain.yaml"),
        (1, "src/{package}/own/: src/{package}/mine/"),
    ],
)
def test_what_belongs_to_people_is_not_moved(
    way: int, move: str, moving: Site, tmp_path: Path, git_environment: None
) -> None:
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(moving.template), str(template))
    releases.write(template, "releases/0.5.0.yaml", f"version: 0.5.0\nchanges: []\nmoves:\n  {move}\n")
    releases.replace(template, "copier.yml", releases.entry(MOVED), releases.entry(MOVED) + releases.entry("v0.5.0"))
    commit_all(template, "v0.5.0")
    git(template, "tag", "--annotate", "v0.5.0", "--message", "v0.5.0")
    project = moving.project(State(TAGS[2], 0, 0), tmp_path / "shop")
    answers = project / ".copier-answers.yml"
    answers.write_text(
        answers.read_text(encoding="utf-8").replace(str(moving.template), str(template)), encoding="utf-8"
    )
    commit_all(project, "Another address")
    if way == 0:
        code, said = castrum("update", project, "--to", "v0.5.0")
        assert code == 2, said
    else:
        command = (BIN / "copier", "update", "--trust", "--defaults", "--vcs-ref", "v0.5.0")
        done = run(*command, cwd=project, env=GIT, check=False)
        assert done.returncode
        said = done.stderr
    assert "belongs to the service" in said
    assert git(project, "status", "--porcelain") == ""


def test_a_file_that_somebody_moved_or_removed(quick: Site, tmp_path: Path) -> None:
    project = quick.project(State(TAGS[0], 0, 0), tmp_path / "shop")
    (project / NEW_CLIENT).parent.mkdir()
    git(project, "mv", CLIENT, NEW_CLIENT)
    text = (project / NEW_CLIENT).read_text(encoding="utf-8")
    text = text.replace("from ..kernel", "from ...kernel").replace("from .request", "from ..request")
    (project / NEW_CLIENT).write_text(f"{text}\n\n# Mine.\n", encoding="utf-8")
    (project / "tests/order/test_behaviour.py").unlink()
    commit_all(project, "Our work")
    code, said = castrum("update", project, "--to", MOVED)
    assert code == 0, said
    assert "The current day in UTC." in (project / NEW_CLIENT).read_text(encoding="utf-8")
    assert "# Mine." in (project / NEW_CLIENT).read_text(encoding="utf-8")
    assert not (project / "tests/domain/order/test_behaviour.py").exists()


def test_a_rename_in_the_same_update(quick: Site, tmp_path: Path) -> None:
    project = own_work(quick.project(State(TAGS[2], 0, 0), tmp_path / "shop"))
    domain = (project / "domain.yaml").read_text(encoding="utf-8")
    renamed = domain.replace('"Order": {', '"Sale": {"renamed_from": "Order",')
    assert renamed != domain
    (project / "domain.yaml").write_text(renamed, encoding="utf-8")
    commit_all(project, "Orders are sales")
    code, said = castrum("update", project, "--to", MOVED)
    assert code == 0, said
    after = contents(project)
    assert RULES.replace("http_client", "runtime.http_client").encode() in after["src/shop/sale/service.py"]
    assert OWN[CLIENT].encode() in after[NEW_CLIENT]
    assert "tests/domain/sale/test_rules.py" in after
    assert not any(name.startswith(("tests/order/", "tests/domain/order/", "src/shop/order/")) for name in after)
    assert list(dangling(after)) == []


@pytest.mark.parametrize("merged_first", [True, False])
def test_branches_that_merge_around_a_move(service: Path, *, merged_first: bool) -> None:
    """One branch takes the release, another one goes on in the old files."""
    git(service, "checkout", "--quiet", "-b", "theirs")
    code, said = castrum("update", service, "--to", MOVED)
    assert code == 0, said
    commit_all(service, "Update")
    git(service, "checkout", "--quiet", "main")
    (service / CLIENT).write_text("# Ours.\n" + (service / CLIENT).read_text(encoding="utf-8"), encoding="utf-8")
    (service / "tests/customer/test_rules.py").write_text(
        "from shop.platform.http_client import today\nfrom ..api import Api\n\nNOW, API = today, Api\n",
        encoding="utf-8",
    )
    (service / "domain.yaml").write_text(
        (service / "domain.yaml").read_text(encoding="utf-8").replace("string(20) unique", "string(30) unique"),
        encoding="utf-8",
    )
    commit_all(service, "Go on")
    assert castrum("update", service, "--to", "current")[0] == 0
    commit_all(service, "The domain")
    one, two = ("main", "theirs") if merged_first else ("theirs", "main")
    git(service, "checkout", "--quiet", one)
    run("git", "merge", "--no-edit", two, cwd=service, env=GIT, check=False)
    code, said = castrum("resolve", service)
    assert code == 0, said
    after = contents(service)
    assert after[NEW_CLIENT].startswith(b"# Ours.\n")
    assert OWN[CLIENT].encode() in after[NEW_CLIENT]
    assert CLIENT not in after
    assert after["tests/domain/customer/test_rules.py"] == (
        b"from shop.platform.runtime.http_client import today\nfrom tests.api import Api\n\nNOW, API = today, Api\n"
    )
    assert list(dangling(after)) == []


# The corpus of edits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", seeds(5000, CASES, 3))
def test_case(seed: int, quick: Site, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    choose = random.Random(seed)
    old = State(choose.choice(TAGS), 0, choose.choice([0, 2]))
    new = State(MOVED, 0, old.answers)
    quick.project(old, project)
    base, theirs = quick.fresh(old), quick.fresh(new)
    person = worked(seed, project, base, theirs)
    before = contents(project)
    code, said = castrum("update", project, "--to", MOVED, *asked(old, new))
    assert code in {0, 1}, said
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    judge(person, (before, base, theirs, contents(project)), unmerged)


@pytest.mark.parametrize("seed", seeds(6000, 3, 1))
def test_plain_case(seed: int, moving: Site, tmp_path: Path, git_environment: None) -> None:
    project = tmp_path / "shop"
    old = State(TAGS[2], 0, 0)
    moving.project(old, project)
    base, theirs = moving.fresh(old), moving.fresh(NEW)
    person = worked(seed, project, {name: base[name] for name in base if shifted(name) != name}, theirs)
    before = contents(project)
    run(BIN / "copier", "update", "--trust", "--defaults", "--quiet", "--vcs-ref", MOVED, cwd=project, env=GIT)
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    judge(person, (before, base, theirs, contents(project)), unmerged, whole=False)


def worked(seed: int, project: Path, base: dict[str, bytes], theirs: dict[str, bytes]) -> Person:
    person = Person(seed, project, base, sorted(name for name in base if shifted(name) != name))
    kinds = [person.insert, person.change, person.delete, person.append, person.add, person.remove, person.windows]
    long_enough = sum(content.count(b"\n") > 3 for content in base.values())
    for _ in range(min(random.Random(seed).randint(2, 6), long_enough)):  # each in a file of its own
        person.random.choice(kinds)()
    commit_all(project, "Our work")
    return person


def judge(person: Person, trees: tuple[dict[str, bytes], ...], unmerged: set[str], *, whole: bool = True) -> None:
    """Every edit is in the moved file, and every other file as the template asks for."""
    before, base, theirs, after = trees
    for edit in person.edits:
        check(edit, trees, unmerged)
    touched = {shifted(each) for edit in person.edits for each in (edit.path, edit.place)}
    for name in sorted({*theirs} - touched):
        if whole and not of_history(name):
            assert after.get(name) == theirs[name], f"{name} is not what the template asks for"
    gone = {name for name in base if shifted(name) != name}
    assert not gone & after.keys()
    torn = {shifted(name) for name, text in before.items() if name.endswith(".py") and not is_python(text)}
    for name, text in after.items():
        if name.endswith(".py") and name not in unmerged and name not in torn and b"mine-" not in text:
            ast.parse(text)


def is_python(text: bytes) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def check(edit: Edit, trees: tuple[dict[str, bytes], ...], unmerged: set[str]) -> None:
    before, base, theirs, after = trees
    place = shifted(edit.place)
    marks = {mark: mark[mark.rindex("mine-") :] for mark in edit.marks}
    for mark in marks.values():
        hits = [name for name, content in after.items() if mark.encode() in content]
        assert len(hits) == 1, f"{edit}: found in {hits}"
        assert hits[0] in {place, f"kept/{place}.yours"}, f"{edit}: found in {hits[0]}"
    if edit.kind == "remove":
        assert place not in after or of_history(place), f"{edit}: is there again"
    if place not in after or place in unmerged or edit.kind in {"add", "windows"}:
        return
    module = Module(module_of(edit.path), module_of(place), edit.path.endswith("/__init__.py"))
    places = Places(
        {module_of(name): module_of(shifted(name)) for name in base if shifted(name) != name and name.endswith(".py")},
        {"shop.platform.text": "shop.platform.runtime.texts.text_of"},
    )
    sides = [
        rewritten(text, module, places) if place.endswith(".py") else text
        for text in (before[edit.place], base[edit.path])
    ]
    texts = [text.decode().split("\n") for text in (*sides, theirs[place], after[place])]
    for mark in edit.marks:
        if mark in texts[0] and mark in texts[3]:
            wrong = misplaced(mark, *texts)
            assert wrong is None, f"{edit}: {mark!r} {wrong}"
    for line in edit.gone:
        assert line not in texts[3] or texts[2].count(line) > 1, f"{edit}: {line!r} came back"


def test_what_is_gone_is_found(quick: Site, tmp_path: Path) -> None:
    """The judge is no good unless it finds an import that leads nowhere."""
    tree = contents(quick.project(State(TAGS[2], 0, 0), tmp_path / "shop"))
    assert list(dangling(tree)) == []
    del tree[CLIENT]
    assert "shop.wiring: shop.platform.http_client.HttpClient" in list(dangling(tree))
    shutil.rmtree(tmp_path / "shop")
