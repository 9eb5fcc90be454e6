"""How the command says no."""

import re
from typing import Final

from plumbum import ProcessExecutionError

# Copier reports a refused answer as a plain ValueError; these are its words, so that any other ValueError stays a bug.
REFUSED: Final = re.compile(
    r"""(?:Validation\ error\ for\ question\ '(?P<validated>\w+)'|Invalid\ choice\ for\ '(?P<chosen>\w+)'):\ (?P<why>.*)
    |(?P<plain>Question\ ".*"\ is\ required|Local\ template\ must\ be\ a\ directory\.|Unknown\ revision:.*)""",
    re.VERBOSE | re.DOTALL,
)

FAILURE: Final = 2
"""Exit code of a command that changed nothing, for the reason given."""
STOPPED: Final = 130
"""Exit code of a command that the person stopped, as shells have it."""


class Refusal(Exception):  # noqa: N818 - nothing failed: the command says no, and why
    """What the person asked is not done, or not to its end; the messages say why, and what to do."""

    def __init__(self, *messages: str, code: int = 1) -> None:
        super().__init__(*messages)
        self.messages = messages
        self.code = code


HINTS: Final = {
    r"could not read Username|Authentication failed|Permission denied \(publickey|HTTP Basic: Access denied": (
        "git may not sign in there: let it know how (git help credentials), or load the key"
    ),
    r"Could not resolve host|Connection (refused|timed out)|Network is unreachable": "is this machine connected?",
}
"""What git says, and what helps."""


def git_says(error: ProcessExecutionError) -> list[str]:
    """Why git failed, in its words: the cause and not the advice below it; then what helps, if that is known."""
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    causes = [line.partition(": ")[2] for line in lines if line.startswith(("fatal: ", "error: "))]
    reason = next(iter([*causes, *lines[-1:]]), f"exit code {error.retcode}")
    return [reason, *(hint for words, hint in HINTS.items() if re.search(words, error.stderr))]


def refused_answer(error: ValueError) -> str | None:
    """What Copier refused, in one sentence; ``None`` when the error is something else."""
    refused = REFUSED.fullmatch(str(error))
    if refused is None:
        return None
    name = refused["validated"] or refused["chosen"]
    return f"{name}: {refused['why']}" if name else refused["plain"]
