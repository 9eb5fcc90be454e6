"""Where a service came from, as it is recorded: the template's address without credentials, and its very commit."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = re.compile(
    r"(?P<scheme>(?:[a-z][a-z0-9.-]*\+)?(?P<protocol>[a-z][a-z0-9.-]*)://)(?P<authority>[^/?#\s]*)(?P<rest>\S*)",
    re.IGNORECASE,
)
COMMIT = "_template_commit"
"""Beside `_commit`, which may be a tag: a tag that somebody has moved is noticed by it."""


def public(address: str) -> str:
    """The address without what only its owner may know: user and password, and on the web a query.

    The user's name stays where it tells no secret, as git's own in `ssh://git@host/…`.
    """
    url = URL.fullmatch(address)
    if url is None:
        return address
    user, at, host = url["authority"].rpartition("@")
    web = url["protocol"].lower() in {"http", "https"}
    kept = "" if web else f"{user.partition(':')[0]}{at}"
    return f"{url['scheme']}{kept}{host}{re.split('[?#]', url['rest'], maxsplit=1)[0] if web else url['rest']}"


def redacted(text: str) -> str:
    """The text with every address in it as `public` makes it."""
    return URL.sub(lambda url: public(url[0]), text)


def absolute(address: str) -> str:
    """The address; a folder of this machine by its full path, so that it is found from everywhere."""
    path = Path(address).expanduser()
    return os.path.abspath(path) if address and "://" not in address and path.exists() else address  # noqa: PTH100 - keeps links


def with_origin(answers: Mapping[str, Any], conf: Any) -> dict[str, Any]:
    """What Copier records of the template, so that it can be committed and found again."""
    recorded = dict(answers)
    if "_src_path" in recorded:
        recorded["_src_path"] = public(absolute(str(recorded["_src_path"])))
    if "_commit" in recorded and conf["vcs_ref_hash"]:
        recorded[COMMIT] = conf["vcs_ref_hash"]
    return recorded


GLOBALS: dict[str, Any] = {}
FILTERS = {"with_origin": with_origin}
