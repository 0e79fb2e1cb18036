"""Controls of the probes: what they would say if one of their own checks were missing."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "diagnosis"))  # where the tools of these tests are

from probes_tools import registered, with_faults
from test_probes_capture import changed, looked, subject
from test_probes_faults import CARRY, F_BAR, GIVEN, HINTED_PAIRS, LIKELY, O_BAR, REVERSED, TWICE

from oracle.arithmetic import adapter
from oracle.diagnosis.probes import clearing, examining, looking, suspects
from oracle.diagnosis.probes.looking import judgement


def test_an_upstream_fault_condemns_what_lies_below_globally_but_not_locally():
    """The control of the local check: of the whole derivative, far more is wrong than the one rule that is."""
    found = looked(subject(changed("carry = W.T @ da", "carry = W @ da")), T=4, D=3)
    local = {name for (name, _), rule in found.rules.items() if rule == "wrong"}
    whole = {name for (name, _), rule in found.values.items() if rule == "wrong"}
    assert local == {"carry"}
    assert whole == {"carry", "dh", "da"}


def test_without_the_local_check_right_lines_are_accused(monkeypatch):
    """The control of the tests of faults: judged by the whole derivative, one fault names several lines."""
    judge = looking._judge

    def judged(found, digits):
        judge(found, digits)
        found.rules = dict(found.values)

    monkeypatch.setattr(looking, "_judge", judged)
    causes, _, lines = with_faults("lstm-seed", CARRY)
    assert len({cause.line for cause in causes} - set(lines)) >= 3


def test_without_clearing_nothing_is_certain(monkeypatch):
    """The control of certainty: where no argument and no value of the forward is proved right, no line is certain."""
    monkeypatch.setattr(clearing.Clearing, "_is_right", lambda *_: False)
    for fault in (O_BAR, F_BAR):
        causes, _, _ = with_faults("lstm-standard", fault)
        assert causes
        assert not any(cause.certain for cause in causes)


@pytest.mark.parametrize("title", LIKELY)
def test_clearing_everything_would_accuse_right_lines(title, monkeypatch):
    """The other control: if all that is read counted as right, right lines would be certain; as it is, none is."""
    monkeypatch.setattr(examining.Inquiry, "_is_cleared", lambda *_: True)
    monkeypatch.setattr(suspects, "doubts", lambda *_: [])
    name, fault = LIKELY[title]
    causes, _, lines = with_faults(name, fault)
    falsely = [cause for cause in causes if cause.certain and cause.line not in lines]
    assert bool(falsely) == (title in ACCUSED)


ACCUSED = {"two gates swapped", "two values swapped", "a lost cotangent", "the wrong argument", "the wrong step"}
ACCUSED |= {"the wrong field", "rows in disorder", "no carry of s", "a given cotangent"}


@pytest.mark.parametrize("fault", [REVERSED, TWICE])
def test_without_telling_entries_apart_the_statement_comes_last(fault, monkeypatch):
    """The control of statements that put parts together: what they gave right elsewhere would excuse them."""
    monkeypatch.setattr(examining, "tells_apart", lambda _: False)
    causes, _, lines = with_faults("lstm-standard", fault)
    assert causes
    assert lines[0] not in {cause.line for cause in causes}


def test_without_the_given_cotangents_the_line_that_names_them_is_blamed(monkeypatch):
    """The control of what is right elsewhere: else the line where a given cotangent got its name would come first."""
    monkeypatch.setattr(clearing.Clearing, "is_right_elsewhere", lambda *_: False)
    causes, _, lines = with_faults("lstm-standard", GIVEN)
    assert causes[0].line != lines[0]


def test_without_the_arguments_one_call_would_be_blamed_for_two_faults(monkeypatch):
    """The control of calls in common: by their line alone, the call of one fault hides the line of the other."""
    monkeypatch.setattr(suspects.Suspects, "shares", lambda _, statement, other: statement in other.ranks)
    causes, _, lines = with_faults("lstm-standard", *HINTED_PAIRS["another argument of the same call"])
    assert {cause.line for cause in causes} == {lines[1]}


def balls(*numbers):
    """Balls of radius 0."""
    return adapter.lift(np.array(numbers))


def test_judgements():
    """Apart is wrong, together and thin is right, and anything else is undecided: a rounded constant, a wide ball."""
    with adapter.precision(200):
        third, wide = balls(1.0) / 3, adapter.lift(np.array([1.0]))
        assert judgement(balls(1.0, 2.0), balls(1.0, 2.0), 30) == "right"
        assert judgement(balls(1.0, 2.0), balls(1.0, 2.5), 30) == "wrong"
        assert judgement(third, balls(1.0 / 3), 30) == "undecided"
        assert judgement(wide, balls(np.nan), 30) == "undecided"
        assert judgement(balls(np.inf), wide, 30) == "undecided"
    with adapter.precision(40):
        assert judgement(balls(1.0) / 3, balls(1.0) / 3, 30) == "undecided"


def test_a_wrong_probe_is_not_hidden_by_another_name():
    """A probe that is bound to the wrong variable is wrong in right code: the binding is believed, and shows."""
    found = looked(subject(probes={"dh": "da"}))
    assert set(found.rules.values()) == {"wrong"}


def test_the_twin_is_the_reference():
    """A twin computes what the reference computes, asked for places or not."""
    one = registered("lstm-standard")
    assert one.twin is not None
    assert one.reference is not None
    found = looked(subject())
    outputs = [adapter.raw(value) for value in found.run.outputs.values()]
    assert all(looking.same(got, truth) for got, truth in zip(outputs, found.whole.outputs, strict=True))
    assert found.forward_lines
