"""What runs on a person's machine: compose file, dev container, git hooks, the issuer beside the container."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import EXAMPLES, ROOT
from harness.repository import GIT, git
from harness.services import STARTING_PATIENCE_S, STOPPING_PATIENCE_S
from harness.tools import BIN, clean_environment, run

SCHEMAS = "check-jsonschema==0.39.0"


def check_compose(path: Path) -> subprocess.CompletedProcess[str]:
    return run(
        BIN / "uvx", "--quiet", "--from", SCHEMAS, "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path,
        check=False,
    )  # fmt: skip


def test_compose_files_follow_the_specification(trees: Callable[[str], Path], tmp_path: Path) -> None:
    for example in EXAMPLES:
        done = check_compose(trees(example) / "compose.yaml")
        assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    text = (trees("minimal") / "compose.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("    ports:", "    port:"), encoding="utf-8")
    assert check_compose(wrong).returncode != 0


def test_containers_have_no_rights_and_start_in_order(tree: Path) -> None:
    services: dict[str, dict[str, Any]] = yaml.safe_load((tree / "compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "for nobody but this machine"
        for other, wait in service.get("depends_on", {}).items():
            healthy = wait["condition"] == "service_healthy"
            assert "healthcheck" in services[other] if healthy else services[other]["entrypoint"], name
    assert re.search(r"@sha256:[0-9a-f]{64}$", services["postgres"]["image"])
    assert services["service"]["depends_on"].keys() == {"postgres", "migrations"}


def test_the_database_is_the_one_of_the_cloud(tree: Path) -> None:
    services = yaml.safe_load((tree / "compose.yaml").read_text(encoding="utf-8"))["services"]
    [terraform] = tree.glob("deploy/terraform/*/modules/service/database.tf")
    major = re.search(r'version +=? *"(?:POSTGRES_)?(\d+)"', terraform.read_text(encoding="utf-8"))
    assert major is not None
    assert services["postgres"]["image"].startswith(f"postgres:{major[1]}.")


def test_the_dev_container_has_the_python_of_the_image(tree: Path) -> None:
    container = json.loads((tree / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = re.search(r"python:([\d.]+)-slim", (tree / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    assert version is not None
    assert f"-{version[1]}-" in container["image"]
    targets = re.findall(r"make ([\w ]+)$", container["postCreateCommand"])[0].split()
    makefile = (tree / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.xdist_group("ordering")
def test_hooks_stop_what_the_gate_would_refuse(projects: Callable[[str], Path]) -> None:
    project = projects("ordering")
    run("make", "hooks", cwd=project, env=GIT)
    assert (project / ".git/hooks/pre-push").is_file()
    hooks = project / ".venv/bin/pre-commit"
    try:
        git(project, "add", "--all")
        run(hooks, "validate-config", cwd=project)
        run(hooks, "run", "format", "--all-files", cwd=project, env=GIT)
        run(hooks, "run", "lint", "--all-files", cwd=project, env=GIT)
        module = next(project.glob("src/*/kernel.py"))
        for defect, hook in (
            ("<<<<<<< mine\n", "conflicts"),
            ("def  f( ): return 1\n", "format"),
            ("value = undefined\n", "lint"),
        ):
            text = module.read_text(encoding="utf-8")
            module.write_text(text + defect, encoding="utf-8")
            git(project, "add", "--all")
            done = run(hooks, "run", hook, cwd=project, env=GIT, check=False)
            assert done.returncode != 0, f"{hook} lets pass: {defect}"
            git(project, "reset", "--quiet", "--hard")
    finally:
        git(project, "reset", "--quiet", "--hard")
        run(hooks, "uninstall", cwd=project, env=GIT)


@pytest.mark.xdist_group("ordering")
def test_the_issuer_serves_alone(projects: Callable[[str], Path]) -> None:
    project = projects("ordering")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = project / ".venv/bin/python"
    environment = {**clean_environment(), "PYTHONPATH": "src"}
    with subprocess.Popen([python, "-m", "dev.run", "issuer", str(port)], cwd=project, env=environment) as issuer:
        try:
            assert keys(f"http://127.0.0.1:{port}/jwks.json")
            token = run(python, "-m", "dev.run", "token", cwd=project, env={"PYTHONPATH": "src"}).stdout
            assert token.count(".") == 2
        finally:
            issuer.send_signal(signal.SIGTERM)
        assert issuer.wait(STOPPING_PATIENCE_S) == 0


def keys(url: str) -> list[dict[str, str]]:
    """The issuer's keys, as soon as it answers."""
    deadline = time.monotonic() + STARTING_PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
                found: list[dict[str, str]] = json.load(response)["keys"]
                return found
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


# A Python that makes environments out of shell scripts; each program notes how it was called.
PYTHON = """#!/bin/sh
case "$1 $2" in
  "-c "*) exec python3 -c 'import sys; sys.modules["ensurepip"] = {ensurepip}; exec(sys.argv[1])' "$2" ;;
  "-m venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo "$*" >>calls ;;
  "-m pip")
    for program in uv uvx; do
      printf '#!/bin/sh\\ncase $1 in --version) echo it ;; *) echo "%s $*" >>calls; test ! -e broken ;; esac\\n' \
        $program >.venv/bin/$program
      chmod +x .venv/bin/$program
    done
    echo "$*" >>calls ;;
  "--version ") echo Python ;;
esac
"""


@pytest.fixture(params=["Castrum", "service"])
def folder(request: pytest.FixtureRequest, trees: Callable[[str], Path], tmp_path: Path) -> Path:
    """A folder with nothing but a Makefile and what it needs for its set-up, and a stub for Python."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy((ROOT if request.param == "Castrum" else trees("minimal")) / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON.replace("{ensurepip}", "sys"), encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def setup(folder: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make setup`; what it called."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    done = run("make", "setup", f"PYTHON={folder / 'python'}", cwd=folder, env=GIT, check=False)
    return done, calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []


def change(path: Path) -> None:
    """Make a file newer than anything that is there: two writes within a tick of the clock have one time."""
    later = time.time_ns() + 10**9
    os.utime(path, ns=(later, later))


def test_set_up_names_the_package_that_is_missing(folder: Path) -> None:
    (folder / "python").write_text(PYTHON.replace("{ensurepip}", "None"), encoding="utf-8")
    before = sorted(folder.iterdir())
    done, calls = setup(folder)
    assert done.returncode != 0
    assert "sudo apt install python3-venv" in done.stderr
    assert not calls
    assert sorted(folder.iterdir()) == before


def test_set_up_is_done_once(folder: Path) -> None:
    done, calls = setup(folder)
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in calls] == ["-m", "-m", "uv"]
    assert "--reinstall" not in calls[-1]
    assert setup(folder)[1] == []
    change(folder / "pyproject.toml")
    assert [call.split()[0] for call in setup(folder)[1]] == ["uv"]


@pytest.mark.parametrize("program", ["python", "uv", "uvx"])
@pytest.mark.parametrize("left", [None, "", "#!/nonexistent\n"])
def test_half_an_environment_is_made_anew(program: str, left: str | None, folder: Path) -> None:
    setup(folder)
    (mark,) = (path for path in (folder / ".venv").iterdir() if path.name in {"ready", ".ready"})
    mark.unlink()
    path = folder / ".venv" / "bin" / program
    if left is None:
        path.unlink()
    else:
        path.write_text(left, encoding="utf-8")
    done, calls = setup(folder)
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in calls] == ["-m", "-m", "uv"]
    assert "--clear" in calls[0]


def test_an_interrupted_set_up_is_repaired(folder: Path) -> None:
    (folder / "broken").touch()
    assert setup(folder)[0].returncode != 0
    assert setup(folder)[0].returncode != 0
    (folder / "broken").unlink()
    done, calls = setup(folder)
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in calls] == ["uv"]
    assert "--reinstall" in calls[0]
    assert setup(folder)[1] == []
    change(folder / "pyproject.toml")
    assert "--reinstall" not in setup(folder)[1][0]
