"""`castrum new` and `castrum check`, run as a person runs them."""

import os
import shutil
from pathlib import Path

import pytest
import yaml
from harness import rendering
from harness.paths import EXAMPLES, ROOT, answers_file, domain_file
from harness.repository import GIT
from harness.tools import BIN, run

CASTRUM = BIN / "castrum"


def refused(*arguments: str | Path, cwd: Path, status: int = 1) -> str:
    """What the command says when it refuses: short, and never a traceback."""
    done = run(CASTRUM, *arguments, cwd=cwd, check=False, env=GIT)
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    assert not done.stdout
    return done.stderr


def test_new_makes_the_same_as_copier(tmp_path: Path) -> None:
    run(
        CASTRUM, "new", "made", "--defaults", "--template", ROOT,
        "--domain", domain_file("everything"), "--data-file", answers_file("everything"),
        cwd=tmp_path, env=GIT,
    )  # fmt: skip
    expected = rendering.copy_example("everything", tmp_path / "expected")
    # The answers and their stamp say of which commit the template is, and only a git repository has one.
    left, right = (
        {name: text for name, text in rendering.files(tree).items() if not name.startswith((".copier-", ".castrum/"))}
        for tree in (tmp_path / "made", expected)
    )
    assert left == right


def test_new_takes_a_git_url_and_an_answer(template_repository: Path, tmp_path: Path) -> None:
    url = f"git+file://{template_repository}"
    done = run(
        CASTRUM, "new", tmp_path / "a" / "b", "--defaults", "-d", "service_name=tiny", "--template", url, env=GIT
    )  # fmt: skip
    assert "make run" in done.stdout
    answers = yaml.safe_load((tmp_path / "a" / "b" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["service_name"] == "tiny"
    assert answers["_src_path"] == url
    assert answers["_commit"] == "v0.1.0"


def test_new_uses_the_domain_that_lies_there(tmp_path: Path) -> None:
    shutil.copyfile(domain_file("minimal"), tmp_path / "domain.yaml")
    run("git", "init", "--quiet", cwd=tmp_path, env=GIT)
    run(CASTRUM, "new", ".", "--defaults", cwd=tmp_path, env=GIT)
    assert (tmp_path / "domain.yaml").read_bytes() == domain_file("minimal").read_bytes()
    assert (tmp_path / "contract" / "openapi.yaml").exists()


def test_new_refuses_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    said = refused("new", "made", "--defaults", cwd=tmp_path)
    assert said == f"castrum: {tmp_path / 'made'} is not empty (mine.txt); name a new folder\n"
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-d", "owner_email=nobody"], "castrum: 1 answer cannot be used:\n  - owner_email: 'nobody' is not"),
        (
            ["-d", "service_nam=orders"],
            "castrum: 1 answer cannot be used:\n  - unknown answer 'service_nam'; did you mean 'service_name'?\n",
        ),
        (
            ["-d", "licence=gpl"],
            "castrum: 1 answer cannot be used:\n  - licence: 'gpl' is not proprietary, mit or apache-2.0\n",
        ),
        (["-d", "service_name"], "castrum: --data service_name: expected NAME=VALUE\n"),
        (["-d", "domain={}"], "castrum: --data domain: give the domain as a file, with --domain FILE\n"),
        (["--domain", "missing.yaml"], "castrum: missing.yaml: no such file\n"),
        (["--domain", "broken.yaml"], "castrum: "),
        (["--data-file", "missing.yaml"], "castrum: missing.yaml: No such file or directory\n"),
        (["--data-file", "broken.yaml"], "castrum: broken.yaml: not valid YAML: "),
        (["--template", "nowhere"], "castrum: Local template must be a directory.\n"),
        (["--template", "."], "castrum: {place} holds no template of services: it has no copier.yml"),
        (["--template", ""], "castrum: {place} holds no template of services: it has no copier.yml"),
    ],
)
def test_new_refuses_and_writes_nothing(options: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1, 2\n")
    said = refused("new", "deep/made", "--defaults", *options, cwd=tmp_path)
    assert said.startswith(message.replace("{place}", str(tmp_path))), said
    assert [path.name for path in tmp_path.iterdir()] == ["broken.yaml"]


def test_new_without_a_terminal_says_what_to_do(tmp_path: Path) -> None:
    done = run(CASTRUM, "new", "made", cwd=tmp_path, check=False, stdin="", env=GIT)
    assert done.returncode == 1
    assert "Use `--defaults`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_new_says_when_the_template_cannot_be_reached(tmp_path: Path) -> None:
    said = refused("new", "made", "--defaults", "--template", f"git+file://{tmp_path}/nothing", cwd=tmp_path)
    assert said.startswith(f"castrum: git+file://{tmp_path}/nothing: ")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("example", EXAMPLES)
def test_check_passes_every_example(example: str) -> None:
    done = run(CASTRUM, "check", domain_file(example))
    assert done.stdout == f"{domain_file(example)}: no problems\n"


def test_check_names_every_problem_at_once(tmp_path: Path) -> None:
    (tmp_path / "domain.yaml").write_text(
        "context: shop\naggregates:\n  Order:\n    fields:\n      total: mony\n      note: txt\n", encoding="utf-8"
    )
    said = refused("check", cwd=tmp_path).splitlines()
    assert len(said) == 2
    assert "Order.fields.total" in said[0]
    assert "did you mean 'money'?" in said[0]
    assert "Order.fields.note" in said[1]


@pytest.mark.parametrize("content", [b"a: [1", b"- 1\n", b"", b"\xff\xfe\x00", b"a: &a [*a]\n"])
def test_check_survives_any_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "domain.yaml").write_bytes(content)
    said = refused("check", cwd=tmp_path)
    assert said.startswith("castrum: ")


def test_check_needs_a_file(tmp_path: Path) -> None:
    assert refused("check", cwd=tmp_path) == "castrum: domain.yaml: no such file\n"


def test_schema_is_current() -> None:
    """`make schema` writes docs/domain.schema.json."""
    done = run(CASTRUM, "schema")
    assert (ROOT / "docs" / "domain.schema.json").read_text(encoding="utf-8") == done.stdout


@pytest.mark.slow
def test_installed_command_finds_its_template(template_repository: Path, tmp_path: Path) -> None:
    """From a folder and from a git URL, as `uvx --from … castrum new` does it; without a checkout beside the code."""
    uvx = shutil.which("uvx", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert uvx is not None
    for name, origin in {"folder": str(template_repository), "url": f"git+file://{template_repository}"}.items():
        run(uvx, "--no-cache", "--from", origin, "castrum", "new", tmp_path / name, "--defaults", env=GIT)
        answers = yaml.safe_load((tmp_path / name / ".copier-answers.yml").read_text(encoding="utf-8"))
        assert str(template_repository) in answers["_src_path"]
        assert answers["_commit"] == "v0.1.0"
        said = run(uvx, "--from", origin, "castrum", "check", tmp_path / name / "domain.yaml", env=GIT).stdout
        assert "no problems" in said
