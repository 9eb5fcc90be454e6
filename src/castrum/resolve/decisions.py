"""What people decided in a merge, brought to what both sides are after their code was made anew.

Three texts meet: what git made of the merge, with its conflicts; what a person made of that; and the same merge after
each side was made anew. Where git left a conflict and the person merely took a side, the third text has both; where the
third one has a conflict too, the person has decided it already.
"""

import itertools
import re
from typing import Final

from castrum.merge.by_git import merge_file

LABELS: Final = ("yours", "merged by git", "made anew")
SIZE: Final = 15
"""Characters of a marker here, so that git's own, of seven, are text like any other."""
MANY: Final = 5
"""Conflicts in one place beyond which nobody is taken to have chosen a side for each."""
# Git makes its markers longer where it also merged names: <<<<<<<< HEAD:new.py
REGION: Final = re.compile(
    rb"^<{7,9}(?: .*)?\n(?P<ours>(?:.*\n)*?)(?:\|{7,9}(?: .*)?\n(?:.*\n)*?)?"
    rb"={7,9}\n(?P<theirs>(?:.*\n)*?)>{7,9}(?: .*)?$\n?",
    re.MULTILINE,
)
MARKER: Final = re.compile(rb"^(?:<{7,9}|>{7,9})(?: |$)", re.MULTILINE)
BLOCK: Final = re.compile(
    rb"^<{15}(?: .*)?\n(?P<yours>(?:.*\n)*?)\|{15}(?: .*)?\n(?P<git>(?:.*\n)*?)"
    rb"={15}\n(?P<anew>(?:.*\n)*?)>{15}(?: .*)?\n",
    re.MULTILINE,
)


def bring(yours: bytes, git: bytes, anew: bytes) -> bytes:
    """The text that has all of it, with conflicts between markers where that cannot be told."""
    regions = [region[0] for region in REGION.finditer(git)]
    sides = []
    for side in (yours, git, anew):
        text = side
        # A conflict is one line here: nothing in it is taken for a line that somebody left as it was.
        for number, region in enumerate(regions):
            text = text.replace(region, _token(number), 1)
        sides.append(text)
    merged = BLOCK.sub(
        lambda block: _settled(block["yours"], _whole(block["git"], regions), block["anew"]), _diff3(*sides)
    )
    content = _whole(merged, regions)
    return content.removesuffix(b"\n") if yours and not yours.endswith(b"\n") else content


def _token(number: int) -> bytes:
    return b"\x1f%d\n" % number


def _whole(text: bytes, regions: list[bytes]) -> bytes:
    for number, region in enumerate(regions):
        text = text.replace(_token(number), region)
    return text


def _settled(yours: bytes, git: bytes, anew: bytes) -> bytes:
    regions = list(REGION.finditer(git))
    if MARKER.search(yours) and not MARKER.search(anew):
        return anew  # nobody has decided yet
    if regions and MARKER.search(anew):
        return yours
    if regions and yours in _chosen(git, regions):
        return anew
    return b"".join([b"<" * 7, b" yours\n", yours, b"=" * 7, b"\n", anew, b">" * 7, b" made anew\n"])


def _chosen(git: bytes, regions: list[re.Match[bytes]]) -> set[bytes]:
    """The text with a side taken in each conflict, or both of them one after the other."""
    if len(regions) > MANY:
        return set()
    ways = [(region["ours"], region["theirs"], region["ours"] + region["theirs"]) for region in regions]
    found = set()
    for choice in itertools.product(*ways):
        text, at = b"", 0
        for region, taken in zip(regions, choice, strict=True):
            text += git[at : region.start()] + taken
            at = region.end()
        found.add(text + git[at:])
    return found


def _diff3(*sides: bytes) -> bytes:
    yours, git, anew = (text if text.endswith(b"\n") or not text else text + b"\n" for text in sides)
    return merge_file(yours, git, anew, "--diff3", f"--marker-size={SIZE}", labels=LABELS)[0]
