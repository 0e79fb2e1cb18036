"""No line that is right is called certain, in programs written to tempt the diagnosis into it."""

import pytest
from adversary_tools import PLAIN, TRAPS
from probes_tools import asked, said

_SIZES = {"T": 4, "B": 3, "D": 2, "H": 3}


def names(traps):
    """The titles of traps."""
    return [trap.name for trap in traps]


def touched(cause, trap):
    """Whether a cause points to a line that the fault changed."""
    return cause.statement.startswith(trap.touched)


@pytest.mark.parametrize("trap", TRAPS, ids=names(TRAPS))
def test_no_right_line_is_certain(trap):
    """With the fault something is found, and only lines that it changed are certain."""
    causes, _ = asked(trap.subject(), **_SIZES)
    assert causes, trap.text(True)
    assert [cause.lines() for cause in causes if cause.certain and not touched(cause, trap)] == [], said(causes)


@pytest.mark.parametrize("trap", [*TRAPS, *PLAIN], ids=names([*TRAPS, *PLAIN]))
def test_the_right_programs_have_no_cause(trap):
    """Each program is right before the fault is put in, and its probes can be examined."""
    causes, notes = asked(trap.subject(faulty=False), **_SIZES)
    assert causes == [], said(causes)
    assert notes == ["every probed cotangent and every gradient follows from what was computed before it"]


@pytest.mark.parametrize("trap", PLAIN, ids=names(PLAIN))
def test_nothing_is_withheld_without_need(trap):
    """The control: where nothing else can be to blame, the line is certain, and no other."""
    causes, _ = asked(trap.subject(), **_SIZES)
    assert [(cause.statement.startswith(trap.touched), cause.certain) for cause in causes] == [(True, True)], said(
        causes
    )
