"""The traps of the adversary's set are ones: without doubts, the diagnosis walks into them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "diagnosis"))

from adversary_tools import TRAPS
from probes_tools import asked

from oracle.diagnosis.probes import examining, suspects

_SIZES = {"T": 4, "B": 3, "D": 2, "H": 3}
FALLEN_INTO = (
    "a factor on a line of its own",
    "a summand on a line of its own",
    "a mask on a line of its own",
    "a slice",
    "a size",
    "a flag",
    "a branch",
    "a number",
    "an alias of a function",
    "what is remembered too long",
    "a function that the forward calls in vain",
)


@pytest.mark.parametrize("title", FALLEN_INTO)
def test_without_doubts_a_right_line_is_certain(title, monkeypatch):
    """The control of the traps: with every doubt silenced, a line that the fault did not touch is called certain."""
    (trap,) = [one for one in TRAPS if one.name == title]
    monkeypatch.setattr(suspects, "doubts", lambda *given: [])
    monkeypatch.setattr(examining, "_unread_switches", lambda *given: [])
    monkeypatch.setattr(examining, "proved_lines", lambda found: found.forward_lines | _ran(found))
    causes, _ = asked(trap.subject(), **_SIZES)
    assert any(cause.certain and not cause.statement.startswith(trap.touched or ("nothing",)) for cause in causes)


def _ran(found):
    """All lines that ran."""
    return {(event.statement.file, event.statement.line) for event in found.capture.events}
