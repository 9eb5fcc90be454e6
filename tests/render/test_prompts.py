"""The questions at a prompt: Enter takes the default, and what cannot be used is refused where it was typed."""

from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from harness import rendering
from harness.paths import ROOT
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

ENTER = "\r"
SAMPLE = "\x1b\r"  # Esc, Enter
ANEW = "\x15"  # Ctrl-U empties the line


def typed(keys: str, destination: Path) -> dict[str, Any]:
    """The answers that are recorded when a person types this."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()), rendering.fast_copier():
        pipe.send_text(keys)
        copier.run_copy(str(ROOT), destination, quiet=True, unsafe=True)
    answers: dict[str, Any] = yaml.safe_load((destination / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {name: answer for name, answer in answers.items() if not name.startswith("_")}


SERVICE = ENTER * 8 + SAMPLE
DELIVERY = ENTER * 7


def test_enter_takes_every_default(tmp_path: Path) -> None:
    answers = typed(SERVICE + DELIVERY + ENTER * 8, tmp_path / "typed" / "orders")
    rendering.copy(tmp_path / "orders")
    defaults = yaml.safe_load((tmp_path / "orders" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers == {name: answer for name, answer in defaults.items() if not name.startswith("_")}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # A word is no number, and 60000 is too large; then the person mends it.
        (f"{ENTER}{ANEW}many{ENTER}{ANEW}60000{ENTER}{ANEW}250{ENTER}{ENTER * 6}", {"peak_rps": "250"}),
        # Ten seconds are too long for so many requests.
        (
            f"{ENTER}{ANEW}20000{ENTER}{ANEW}10000{ENTER}{ANEW}500{ENTER}{ENTER * 5}",
            {"peak_rps": "20000", "p99_ms": "500"},
        ),
        # One disaster of 600 minutes breaks the promise of 99.9 %.
        (f"{ENTER * 6}{ANEW}600{ENTER}{ANEW}500{ENTER}{ENTER}", {"rto_minutes": "500"}),
    ],
)
def test_a_wrong_answer_stays_at_its_prompt(keys: str, expected: dict[str, str], tmp_path: Path) -> None:
    answers = typed(SERVICE + DELIVERY + keys, tmp_path / "orders")
    assert {name: answers[name] for name in expected} == expected
