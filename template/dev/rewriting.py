"""A revision written anew, under the id that it has: what it was written for is another one's work by now."""

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path

from alembic.util import CommandError

from . import ROOT, joining

EMPTY = """def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
"""


def rewrite(number: str, base: str, write: Callable[[str, str], str | None]) -> list[Path]:
    """Write the revision anew for what the ones before it do not make.

    `write` writes the revision of this message and id, after all others, and answers with its path, or with None where
    there is nothing to write. Those after it get nothing to do, since it has what they did. The answer is the changed
    files. Raises CommandError for a revision that `base` has; whatever fails leaves all as it was.
    """
    line = {each.id: each for each in joining.read()}
    joining.refuse_branches()
    if number not in line:
        raise CommandError(f"There is no revision {number}: it is what the file says at `revision = `.")
    if joining.Branches(base).is_kept(line[number]):
        raise CommandError(f"{base} has {number}, so a database may have it: write one after it, make migration m=…")
    later = [each for each in line.values() if number in joining.lineage(line.values(), each)]
    texts = {each.path: each.path.read_text(encoding="utf-8") for each in later}
    before = texts[line[number].path]
    written = None
    try:
        for path in texts:
            path.unlink()
        message = (ast.get_docstring(ast.parse(before)) or number).split("\n\n")[0]
        written = write(message, number)
        anew = joining.FOLDER.joinpath(written).read_text(encoding="utf-8") if written else _emptied(before)
    except BaseException:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        raise
    if written:
        joining.FOLDER.joinpath(written).unlink()
    former = re.search(r"^formerly = .*\n", before, re.MULTILINE)
    if former and former[0] not in anew:
        anew = re.sub(r"^(down_revision = .*\n)", rf"\g<1>{former[0]}", anew, count=1, flags=re.MULTILINE)
    for path, text in texts.items():
        path.write_text(anew if path == line[number].path else _emptied(text), encoding="utf-8")
        print(f"Written anew; read it before you commit it: {os.path.relpath(path, ROOT)}")
    return [*texts]


def _emptied(text: str) -> str:
    """The revision, in its place, without anything to do."""
    return f"{text[: text.index('def upgrade')]}{EMPTY}"
