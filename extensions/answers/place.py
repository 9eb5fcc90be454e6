"""Where a service lies in its repository, and the names that keep it apart from the others there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..capabilities.registry import hosts
from .delivery import YAML_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

PART = rf"(?!{YAML_WORDS}(/|\Z))[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
FOLDER = rf"(?i:{PART}(/{PART})*)?"
LONGEST = 100
WORDS = (
    f"a folder of the repository by its path from there, at most {LONGEST} characters, as services/orders: parts "
    "that begin with a letter and have letters, digits, dots, dashes and underscores"
)


def problem(folder: str) -> str:
    """What is wrong with the answer; an empty one says that the service has the repository to itself."""
    if len(folder) <= LONGEST and re.fullmatch(FOLDER, folder):
        return ""
    return f"{folder!r} is not {WORDS}"


def place(folder: str, service_name: str, host: str) -> dict[str, str]:
    """What stands before or behind paths and names: all of it empty where the repository is the service's own."""
    words = {
        "inside": f"{folder}/",
        "up": "../" * (folder.count("/") + 1),
        "prefix": f"{service_name}-",
        "suffix": f"-{service_name}",
        "image": f"/{service_name}",
        "environment": f"{service_name}{hosts()[host].separator}",
    }
    return words if folder else dict.fromkeys(words, "")


GLOBALS: dict[str, Callable[..., Any]] = {"place": place}
FILTERS: dict[str, Callable[..., Any]] = {}
