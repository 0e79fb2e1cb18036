"""A shape that was declared wrong is asked about, where the cases show it, and only there."""

import numpy as np

import oracle
from oracle.raising import sizes_that_must_agree


def forward(x, w):
    """A product that raises where the sizes between do not fit."""
    return x @ w, (x, w)


def backward(y_bar, cache):
    """Its gradients."""
    x, w = cache
    return y_bar @ w.T, x.T @ y_bar


def test_a_shape_that_was_turned_round_is_asked_about() -> None:
    """The code raises wherever D and H differ, and is right where they happen to be equal."""
    report = oracle.verify(oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "H D"}), cases=20)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    asked = [note for note in report.notes if "is a shape in inputs= wrong?" in note]
    assert asked == ["it raised whenever D and H differ, and never where they are equal: is a shape in inputs= wrong?"]


def test_code_that_raises_for_another_reason_is_not_asked_about() -> None:
    """The control: it raises for wide inputs, whatever the other sizes are."""

    def narrow(x, w):
        assert x.shape[1] < 4, "too wide"
        return np.tanh(x @ w), (x, w)

    report = oracle.verify(oracle.Subject.from_functions(narrow, backward, inputs={"x": "B D", "w": "D H"}), cases=20)
    assert not report.ok
    assert not any("inputs= wrong" in note for note in report.notes)


def test_one_case_is_no_pattern() -> None:
    """Nor is a code that always raises."""
    apart = {"D": 2, "H": 3}
    assert sizes_that_must_agree([apart], [{"D": 4, "H": 4}]) == ""
    assert sizes_that_must_agree([apart, apart], []) == ""
