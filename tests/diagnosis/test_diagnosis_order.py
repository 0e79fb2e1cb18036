"""In which order the parts of a diagnosis are asked, what each is told, and what comes first in the end."""

import dataclasses
from types import SimpleNamespace

import pytest

from oracle.diagnosis import diagnose, patterns, probes, repair
from oracle.diagnosis.cause import Cause, Suspicion

CERTAIN = Cause("wrong-cotangent", "certain of a line", certain=True, file="cell.py", line=3)
REPAIRED = Cause("wrong-cotangent", "certain, and repaired", certain=True, file="cell.py", line=3, repair="a = b")
DOUBTFUL = Suspicion("wrong-cotangent", "one of two lines", file="cell.py", line=3, suspects=(("cell.py", 4),))
ALONE = Suspicion("wrong-cotangent", "one line", file="cell.py", line=3, suspects=(("cell.py", 3),), alone=True)
HINT = Cause("one-line-repair", "a repair of several", file="cell.py", line=4, repair="a = c")
TRIAL = SimpleNamespace(settled=lambda case: None)
FACT = Cause("sign", "the wrong sign", certain=True)


@pytest.fixture
def parts(monkeypatch):
    """Parts that say what they are told to; and how often patterns were asked, and what."""
    asked = []

    def saying(probed, repaired, recognised=((FACT,), ("a clip",))):
        def recognise(trial, failing, smallest, stages):
            asked.append(stages)
            return recognised

        monkeypatch.setattr(probes, "examine", lambda *given: (probed, ["a note"]))
        monkeypatch.setattr(repair, "asked", lambda *given: (repaired, ["why no line was searched for"]))
        monkeypatch.setattr(patterns, "recognise", recognise)
        return diagnose(TRIAL, None, None), asked

    return saying


def test_a_certain_repair_leaves_nothing_open(parts):
    """Patterns are not asked, and nothing is ruled out; what was not looked at is told all the same."""
    found, asked = parts([CERTAIN], (REPAIRED,))
    assert (found.causes, found.ruled_out, asked) == ((REPAIRED,), (), [])
    assert found.lines()[-2:] == ["a note", "why no line was searched for"]


def test_beside_a_hint_patterns_are_asked_shortly(parts):
    """A repair that is one of several leaves open which line; the values as they stand are looked at."""
    found, asked = parts([], (HINT,))
    assert (found.causes, found.ruled_out, asked) == ((HINT, FACT), ("a clip",), [patterns.SHORTLY])


def test_a_located_repair_leaves_nothing_open(parts):
    """Nor where nothing but one line is left to blame, though it may be right all the same."""
    found, asked = parts([ALONE], (dataclasses.replace(ALONE, repair="a = b"),))
    assert [cause.repair for cause in found.causes] == ["a = b"]
    assert asked == []


@pytest.mark.parametrize(
    ("probed", "expected"), [(CERTAIN, patterns.SHORTLY), (DOUBTFUL, patterns.WITHOUT_TERMS), (None, patterns.ALL)]
)
def test_without_a_repair_patterns_are_asked_for_what_is_open(parts, probed, expected):
    """The less probes know, the more is asked."""
    causes = (probed,) if probed else ()
    found, asked = parts(list(causes), causes)
    assert (len(found.causes), asked) == (len(causes) + 1, [expected])


def test_suspicions_are_told_as_plain_causes(parts):
    """What may be to blame besides is for the search alone, and not a part of the report."""
    found, _ = parts([DOUBTFUL], (DOUBTFUL,))
    assert [type(cause) for cause in found.causes] == [Cause, Cause]
    assert found.causes[0] == Cause("wrong-cotangent", "one of two lines", file="cell.py", line=3)


def test_a_part_that_fails_costs_nothing_else(parts, monkeypatch):
    """The control: the others still speak, and the failure is told."""

    def fail(*given):
        raise ValueError("no luck")

    parts([CERTAIN], (CERTAIN,))
    monkeypatch.setattr(repair, "asked", fail)
    found = diagnose(TRIAL, None, None)
    assert found.causes == (CERTAIN, FACT)
    assert "looking for repairs failed, which is a fault of the oracle: ValueError: no luck" in found.remarks
