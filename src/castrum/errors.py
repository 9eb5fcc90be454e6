"""How the command says no."""

from typing import Final

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
