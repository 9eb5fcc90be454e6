"""What a remedy is, and the tables that have them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..yaml_reader import load_yaml


class Remedy(NamedTuple):
    """What to write instead; `exact` if there is nothing to choose, so that an editor may do it."""

    write: str = ""
    """YAML, or a line; nothing where the word is to be dropped."""
    because: str = ""
    exact: bool = False
    place: str = "line"
    """What it takes the place of: the `line`, a `key` with its value, the `field`; a `part` goes below `parts:`, and a
    `type` below `types:`."""

    def __str__(self) -> str:
        """As it follows a complaint."""
        if not self.write:
            return f"{self.because}; drop it"
        shown = self.write.replace("\n", " and ")
        if self.place == "key" and ": " not in shown:
            shown = repr(shown)
        above = {"part": "parts", "type": "types"}.get(self.place)
        what = f"write {f'{above}: {{{shown}}}' if above else shown}"
        return f"{self.because}: {what}" if self.because else what


def folded(word: str) -> str:
    """The word as the tables are searched: without regard to case, spaces and dashes."""
    return re.sub(r"[\s_-]+", "", word).lower()


@cache
def table(name: str) -> Any:
    """A table of this folder."""
    return load_yaml(Path(__file__).with_name(f"{name}.yaml").read_bytes())
