"""What a run that was killed left half-made is never taken for whole."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dev import contract, postgres, run, write_file


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_file(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "second\udc80")
    assert path.read_text() == "first"
    assert [*path.parent.iterdir()] == [path]
    assert path.stat().st_mode & 0o777 == 0o600
    write_file(path, b"third", 0o755)
    assert path.read_bytes() == b"third"
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_database_of_which_half_was_made_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(command: list[str | Path], **_: Any) -> None:
        (data,) = (str(word).partition("=")[2] for word in command if str(word).startswith("--pgdata="))
        Path(data).mkdir()
        Path(data, "PG_VERSION").write_text("18\n")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "run", half)
        with pytest.raises(KeyboardInterrupt), postgres.server(tmp_path / "postgres"):
            pass
    with postgres.server(tmp_path / "postgres") as url:
        assert url.startswith("postgresql://")


def test_an_issuer_is_known_by_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(run, "write_file", full)
        with pytest.raises(OSError, match="No space"), run.issuing(tmp_path):
            pass
    assert not [*tmp_path.iterdir()]
    with run.issuing(tmp_path) as first:
        assert first.token(audience="a", scopes=())
    assert run.last_issuer(tmp_path).url == first.url


def test_half_of_the_linters_is_not_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = json.loads((contract.FOLDER / "package.json").read_text())["devDependencies"]
    modules = tmp_path / "node_modules"
    monkeypatch.setattr(contract, "MODULES", modules)
    monkeypatch.setattr(contract, "WHOLE", modules / ".package-lock.json")
    installs = []

    def node(script: str, *arguments: str) -> int:
        installs.append((arguments[0], modules.exists()))
        modules.mkdir()
        listed = {f"node_modules/{name}": {"version": version} for name, version in wanted.items()}
        contract.WHOLE.write_text(json.dumps({"packages": listed}))
        return 0

    monkeypatch.setattr(contract, "node", node)
    for name, version in wanted.items():
        (modules / name).mkdir(parents=True)
        (modules / name / "package.json").write_text(json.dumps({"version": version}))
    contract.install()
    assert installs == [("install", False)]
    contract.install()
    assert len(installs) == 1
