"""Credentials in an address are neither recorded nor printed."""

import os

import pytest
from plumbum import local

from castrum.template import signing_in
from extensions.answers import origin

ADDRESSES = {
    "https://oauth2:TOKEN@host.example/a/b.git": "https://host.example/a/b.git",
    "https://TOKEN@host.example/a/b": "https://host.example/a/b",
    "git+https://ann:TO@KEN@host.example:8443/b?ref=1": "git+https://host.example:8443/b",
    "HTTPS://ann:TOKEN@host.example/b": "HTTPS://host.example/b",
    "https://host.example/b.git?private_token=TOKEN": "https://host.example/b.git",
    "https://host.example/b#TOKEN": "https://host.example/b",
    "ssh://git:TOKEN@host.example/b": "ssh://git@host.example/b",
    "ssh://git@host.example/b": "ssh://git@host.example/b",
    "git@host.example:a/b.git": "git@host.example:a/b.git",
    "gh:a/b": "gh:a/b",
    "https://host.example/a@b/c.git": "https://host.example/a@b/c.git",
    "file:///a/b?c": "file:///a/b?c",
    "/a/b@c": "/a/b@c",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_without_credentials(address: str) -> None:
    expected = ADDRESSES[address]
    assert origin.public(address) == expected
    said = origin.redacted(f"fatal: unable to access '{address}': no\n{address} is gone")
    assert "TOKEN" not in said
    assert expected in said
    assert said.endswith(" is gone")


def test_what_is_recorded() -> None:
    answers = {"_src_path": "https://x:TOKEN@host.example/b.git", "_commit": "v1.0.0", "cloud": "aws"}
    assert origin.with_origin(answers, {"vcs_ref_hash": "0123abc"}) == {
        "_src_path": "https://host.example/b.git", "_commit": "v1.0.0", "_template_commit": "0123abc", "cloud": "aws",
    }  # fmt: skip
    assert origin.with_origin({"_src_path": "."}, {"vcs_ref_hash": None}) == {"_src_path": os.getcwd()}  # noqa: PTH109


def test_git_uses_them_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "0")
    with signing_in.signed_in("git+https://x:TOKEN@host.example/b.git") as address:
        assert address == "git+https://host.example/b.git"
        asked = local["git"]("config", "--get-regexp", "url[.].*")
        assert asked.strip().lower() == "url.https://x:token@host.example/b.git.insteadof https://host.example/b.git"
    assert os.environ["GIT_CONFIG_COUNT"] == "0"
    assert "GIT_CONFIG_KEY_0" not in local.env
    with signing_in.signed_in("https://host.example/b.git") as address:
        assert address == "https://host.example/b.git"
        assert os.environ["GIT_CONFIG_COUNT"] == "0"
