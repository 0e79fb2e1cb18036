"""Decisions by value that went one way only are named in the report: what holds on the other side was not judged."""

from __future__ import annotations

import numpy as np
import pytest

import oracle
from oracle.arithmetic.refusals import Question
from oracle.decisions import Decisions


def forward(x):
    """tanh, which decides nothing."""
    h = np.tanh(x)
    return h, h


def right(h_bar, h):
    """Its derivative, in one formula."""
    return h_bar * (1 - h**2)


def wrong_where_x_is_large(h_bar, h):
    """Another derivative where no case comes."""
    slope = np.where(np.arctanh(h) > 1e3, 2.0, 1 - h**2)
    return h_bar * slope


def guarded(h_bar, h):
    """The derivative, above a bound that it never meets."""
    slope = np.maximum(1 - h**2, -1.0)
    return h_bar * slope


def by_sign(h_bar, h):
    """The derivative, by two formulas that are both used."""
    slope = np.where(h > 0, (1 - h) * (1 + h), 1 - h**2)
    return h_bar * slope


def notes_of(backward):
    """The notes on decisions in the report of a certified pair."""
    subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}, sizes={"D": (2, 4)})
    report = oracle.verify(subject, cases=8)
    assert report.verdict.name == "CERTIFIED"
    return [note for note in report.notes if "other side" in note]


def test_an_arm_that_no_value_took_is_named_with_its_line():
    """What would be wrong for large x alone is CERTIFIED in these cases, and the report says what it did not see."""
    (note,) = notes_of(wrong_where_x_is_large)
    assert note.startswith("np.greater was False everywhere in every case, so that nothing is known of the other side")
    assert note.endswith("slope = np.where(np.arctanh(h) > 1e3, 2.0, 1 - h**2)")


def test_a_bound_that_never_cut_is_named_with_its_line():
    """A guard may be idle in every case, and the report says so."""
    (note,) = notes_of(guarded)
    assert note.startswith("np.maximum took its first argument everywhere in every case")
    assert note.endswith("slope = np.maximum(1 - h**2, -1.0)")


@pytest.mark.parametrize("backward", [right, by_sign])
def test_nothing_is_said_where_both_sides_were_seen(backward):
    """Neither code without decisions nor a decision that went both ways has such a note."""
    assert notes_of(backward) == []


def test_of_many_decisions_three_are_shown():
    """The others are counted."""
    decisions = Decisions()
    decisions.add({Question("f.py", line, "less"): {True} for line in range(1, 7)})
    decisions.add({Question("f.py", 1, "less"): {False}})
    notes = list(decisions.notes())
    assert [note.rpartition(": ")[2] for note in notes[:3]] == ["f.py:2", "f.py:3", "f.py:4"]
    assert notes[3:] == ["further decisions by value that went one way only: 2"]
