"""Addresses with credentials: git uses them while the command runs; nothing records or prints them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from plumbum import local

from . import language


def public(address: str) -> str:
    """The address without credentials."""
    found: str = language.extension("answers.origin").public(address)
    return found


def redacted(text: str) -> str:
    """The text without the credentials of the addresses in it."""
    found: str = language.extension("answers.origin").redacted(text)
    return found


@contextmanager
def signed_in(address: str) -> Iterator[str]:
    """The address without its credentials; git takes the one with them for it, so that no copy of git's has them."""
    name = public(address)
    if name == address:
        yield address
        return
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    own = {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"url.{address.removeprefix('git+')}.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": name.removeprefix("git+"),
    }
    before = os.environ.copy()
    try:
        os.environ.update(own)
        with local.env(**own):  # Copier calls git with these
            yield name
    finally:
        os.environ.clear()
        os.environ.update(before)
