"""Controls of the patterns: of a right backward they say nothing, and what makes them careful is shown to be needed."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "diagnosis"))

from patterns_tools import GATED, LINEAR, RNN, described, gathered, recognised, subject_of, wrong

from oracle.arithmetic import adapter
from oracle.diagnosis.patterns import evidence as evidences
from oracle.diagnosis.patterns import recognising, values
from oracle.diagnosis.patterns.relations import differing, ratio, same
from oracle.diagnosis.patterns.terms import search

FAMILIES = {name: look for _, families in recognising.ALL for name, look in families.items()}


@pytest.mark.parametrize("source", [LINEAR, RNN, GATED], ids=["linear", "rnn", "gated"])
def test_no_family_speaks_of_a_right_backward(source):
    """Given both sides of right gradients, every family is silent."""
    evidence = gathered(wrong(source))
    assert len(evidence.samples) >= 5
    assert evidence.wrong == ()
    evidence.budget.left = 400
    with adapter.precision(evidences.BITS):
        assert {name: list(look(evidence)) for name, look in FAMILIES.items()} == {name: [] for name in FAMILIES}


RARE = ("g_bar, i_bar = s_bar * i, s_bar * g", "g_bar, i_bar = s_bar * (i if len(x) > 2 else 1), s_bar * g")


def test_confirming_keeps_a_fault_of_some_sizes_from_being_taken_for_one_of_all(monkeypatch):
    """An edit that holds in the first case is claimed if it is not asked in others, and is not if it is."""
    subject = wrong(GATED, RARE)
    assert described(subject, B=2)[0] == [("one-block", True)]
    monkeypatch.setattr(search.Search, "_confirm", lambda self, edit, samples: search.Explained(edit, 1, 30.0))
    assert described(subject, B=2)[0] == [("replaced-factor", True)]


def test_comparing_every_entry_keeps_a_gradient_from_being_taken_for_another(monkeypatch):
    """If arrays that differ counted as the same, a gradient would be said to be that of another input."""
    source = LINEAR.replace("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0) * W[:, 0]")
    source = source.replace("(x, W, b)", "(x, W, b, d)").replace("W.T + b", "W.T + b + np.tanh(d)")
    source = source.replace("(x, W)\n", "(x, W, d)\n").replace("x, W = cache", "x, W, d = cache")
    source = source.replace("W_bar, b_bar\n", "W_bar, b_bar, y_bar.sum(axis=0) * (1 - np.tanh(d) ** 2)\n")
    subject = subject_of(source, inputs={"x": "B D", "W": "H D", "b": "H", "d": "H"})
    assert described(subject)[0] == [("parameters-only", False)]
    monkeypatch.setattr(values, "same", lambda a, b: a.shape == b.shape)
    assert ("other-gradient", True) in described(subject)[0]


def balls(*numbers):
    """Balls around numbers, exact."""
    return adapter.lift(np.array(numbers))


def test_a_gap_is_seen_far_below_float64_and_rounding_of_estimates_is_none():
    """Two arrays differ where the gap is beyond what an estimate errs by, and only there."""
    one = balls(1.0, 2.0)
    with adapter.precision(384):
        near = np.asarray(one + adapter.lift(2.0**-100), dtype=object)
        far = np.asarray(one + adapter.lift(2.0**-60), dtype=object)
    assert differing(one, far).tolist() == [True, True]
    assert differing(one, near).tolist() == [False, False]
    assert not same(one, near)
    assert same(one, balls(1.0, 2.0))


def test_a_ratio_must_hold_for_every_entry():
    """There is a ratio where all entries have it, and none where one has another."""
    with adapter.precision(384):
        assert float(ratio(balls(2.0, 6.0), balls(1.0, 3.0))) == 2.0
        assert ratio(balls(2.0, 6.5), balls(1.0, 3.0)) is None
        assert ratio(balls(0.0, 0.0), balls(1.0, 3.0)) is None


def test_finite_differences_find_what_the_gradient_program_finds(monkeypatch):
    """Where no gradient program speaks the same causes are found, from finite differences."""
    subject = wrong(LINEAR, ("W_bar = y_bar.T @ x", "W_bar = y_bar.T @ x / len(x)"))
    by_program = described(subject)[1][0]
    monkeypatch.setattr(evidences, "_by_program", lambda *_: None)
    assert {sample.by for sample in gathered(subject).samples} == {evidences.DIFFERENCES}
    assert described(subject)[1][0] == by_program == "the gradient of W is 1/B times the derivative"


def test_code_that_leaves_balls_is_not_spoken_of():
    """Where nothing can be tried in balls, nothing is claimed and nothing is ruled out."""
    leaving = LINEAR.replace("b_bar = y_bar.sum(axis=0)", "b_bar = 3 * np.array([float(str(v)) for v in y_bar.sum(0)])")
    assert recognised(subject_of(leaving, inputs={"x": "B D", "W": "H D", "b": "H"})) == ([], [])
