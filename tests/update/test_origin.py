"""Where a service came from: addresses with credentials, relative ones, moved tags, candidates."""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State, castrum, contents

pytestmark = pytest.mark.xdist_group("corpus")

FIRST = State("v0.1.0", 0, 0)
SECRET = "s3cr3t"  # noqa: S105 - of a host in this process


def recorded(project: Path) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return found


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def template(fast: Site, tmp_path: Path) -> Path:
    """A template of its own, whose tags a test may move."""
    git(tmp_path, "clone", "--quiet", "--bare", str(fast.template), "castrum.git")
    return tmp_path / "castrum.git"


@pytest.fixture
def host(template: Path) -> Iterator[str]:
    """The template on a host that wants a name and a password; the address without them."""
    git(template, "update-server-info")
    wanted = "Basic " + b64encode(f"oauth2:{SECRET}".encode()).decode()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Authorization"] == wanted:
                super().do_GET()
                return
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="host"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(template.parent))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/castrum.git"
        server.shutdown()
        thread.join()


def signed(address: str) -> str:
    return address.replace("://", f"://oauth2:{SECRET}@")


def move(template: Path, tag: str, to: str) -> None:
    git(template, "tag", "--force", "--annotate", "--message", tag, tag, f"{to}^{{}}")


def at_home(project: Path, template: Path) -> None:
    file = project / ".copier-answers.yml"
    text = re.sub("^# Digest: .*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text.replace(f"_src_path: {recorded(project)['_src_path']}", f"_src_path: {template}"))


def test_copier_records_no_credentials(host: str, tmp_path: Path) -> None:
    """Plain Copier, which clones with them."""
    run(
        BIN / "copier", "copy", "--trust", "--defaults", "--quiet", "--vcs-ref", "v0.1.0", f"git+{signed(host)}",
        tmp_path / "shop", env={**GIT, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    assert recorded(tmp_path / "shop")["_src_path"] == f"git+{host}"
    assert SECRET.encode() not in everything(tmp_path / "shop")


def test_new_and_update_sign_in_and_record_no_credentials(host: str, fast: Site, tmp_path: Path) -> None:
    env = {**GIT, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = run(BIN / "castrum", "new", "shop", "--defaults", "--template", signed(host), cwd=tmp_path, env=env)
    assert recorded(tmp_path / "shop")["_src_path"] == host
    assert SECRET.encode() not in everything(tmp_path / "shop") + everything(tmp_path / "cache")
    assert "recorded without its credentials" in done.stderr
    assert SECRET not in done.stdout + done.stderr

    project = fast.project(FIRST, tmp_path / "second")
    done = run(BIN / "castrum", "update", project, "--to", "current", "--template", signed(host), env=env)
    assert recorded(project)["_src_path"] == host
    assert SECRET.encode() not in everything(project) + everything(tmp_path / "cache")
    assert SECRET not in done.stdout + done.stderr

    commit_all(project, "Moved")
    done = run(BIN / "castrum", "update", project, "--to", "v0.2.0", env=env, check=False)
    assert done.returncode == 2
    assert "git help credentials" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_fails_is_printed_without_them(fast: Site, tmp_path: Path) -> None:
    nowhere = signed(f"https://localhost:9/{tmp_path.name}.git")
    code, said = castrum("new", tmp_path / "new", "--defaults", "--template", nowhere)
    assert code == 1
    assert SECRET not in said
    assert "name another address of the template with --template URL" in said
    project = fast.project(FIRST, tmp_path / "shop")
    code, said = castrum("update", project, "--template", nowhere)
    assert code == 2
    assert SECRET not in said
    assert "Traceback" not in said


def test_a_template_that_is_gone(fast: Site, template: Path, tmp_path: Path) -> None:
    """The cause and the next command, not the last line of git's advice."""
    project = fast.project(FIRST, tmp_path / "shop")
    code, said = castrum("update", project, "--template", f"git+file://{template}/gone")
    assert code == 2
    assert "does not appear to be a git repository" in said
    assert "and the repository exists." not in said
    assert "name another one with --template URL" in said


@pytest.mark.parametrize("place", ["../castrum.git", "."])
def test_relative_addresses_are_recorded_as_whole_ones(
    place: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "--quiet", str(template), "work")
    monkeypatch.chdir(tmp_path / "work")
    options = ("--trust", "--defaults", "--quiet", "--vcs-ref", "v0.1.0")
    run(BIN / "copier", "copy", *options, place, tmp_path / "shop", env=GIT)
    assert recorded(tmp_path / "shop")["_src_path"] == str((tmp_path / "work" / place).resolve())


def test_a_relative_address_is_named_anew_once(fast: Site, template: Path, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "shop")
    at_home(project, Path("../castrum.git"))
    commit_all(project, "As an older version recorded it")
    code, said = castrum("update", project)
    assert code == 2, said
    assert "castrum update --template ADDRESS" in said


def test_a_moved_tag_is_noticed(fast: Site, template: Path, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "shop")
    code, said = castrum("update", project, "--to", "v0.2.0", "--template", template)
    assert code == 0, said
    assert recorded(project)["_template_commit"] == git(template, "rev-parse", "v0.2.0^{}")
    commit_all(project, "Update")
    fast.forget()
    move(template, "v0.2.0", "v0.3.0")
    before = contents(project)
    for options in ((), ("--check",), ("--to", "current")):
        code, said = castrum("update", project, *options)
        assert code == 2, said
        assert "the tag v0.2.0 of" in said
        assert "was moved" in said
        assert f"git tag --force v0.2.0 {recorded(project)['_template_commit']}" in said
    assert contents(project) == before
    code, said = castrum("update", project, "--accept-moved", "--to", "current")
    assert code == 0, said
    assert recorded(project)["_template_commit"] == git(template, "rev-parse", "v0.3.0^{}")
    assert "in UTC" in (project / "src/shop/platform/http_client.py").read_text(encoding="utf-8")
    commit_all(project, "Accept it")
    fast.forget()
    assert castrum("update", project, "--to", "current", "--check")[0] == 0


def test_plain_copier_records_the_commit(fast: Site, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "shop")
    run(
        BIN / "copier", "update", "--trust", "--defaults", "--quiet", "--vcs-ref", "v0.2.0", project,
        cwd=project, env=GIT,
    )  # fmt: skip
    assert recorded(project)["_template_commit"] == git(fast.template, "rev-parse", "v0.2.0^{}")


def test_a_candidate_is_newer_than_the_newest_release(fast: Site, template: Path, tmp_path: Path) -> None:
    git(template, "tag", "--annotate", "--message", "x", "v0.4.0rc1", "v0.3.0^{}")
    git(template, "tag", "--delete", "v0.3.0")
    project = fast.project(FIRST, tmp_path / "shop")
    assert castrum("update", project, "--to", "v0.4.0rc1", "--template", template)[0] == 0
    commit_all(project, "Pilot")
    code, said = castrum("update", project)
    assert code == 0, said
    assert said == ("Nothing to do: the tree is at v0.4.0rc1, which is newer than the newest release, v0.2.0.\n")
    assert castrum("update", project, "--check")[0] == 0
    (project / "domain.yaml").write_text(State("v0.1.0", 1, 0).domain_text(), encoding="utf-8")
    code, said = castrum("update", project)
    assert code == 0, said
    assert (project / "src/shop/article/routes.py").is_file()


def test_another_name_of_the_answers_file_is_named(fast: Site, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "shop")
    git(project, "mv", ".copier-answers.yml", ".copier-answers.service.yml")
    commit_all(project, "As Copier lets one call it")
    code, said = castrum("update", project)
    assert code == 2
    assert "git mv .copier-answers.service.yml .copier-answers.yml" in said


def test_an_abort_after_a_resolved_conflict_says_what_to_do(fast: Site, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "shop")
    replace(project, "AGENTS.md", "## Before you push\n", "## Before you dare to push\n")
    commit_all(project, "Our words")
    before = contents(project)
    assert castrum("update", project)[0] == 1
    (project / "AGENTS.md").write_text("resolved\n", encoding="utf-8")
    code, said = castrum("update", project, "--abort")
    assert code == 2
    assert "AGENTS.md: changed since the update, so it was left" in said
    restore = "git restore --source=HEAD --staged --worktree -- AGENTS.md"
    assert restore in said
    git(project, *restore.split()[1:])
    assert castrum("update", project, "--abort")[0] == 0
    assert contents(project) == before
