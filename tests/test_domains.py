"""What the drawn sizes and values reach, and what a report says of what they did not reach."""

import numpy as np
import pytest

import oracle
from oracle import Verdict


def layer(spoil=lambda x_bar, W_bar: (x_bar, W_bar), **more):
    """tanh(x W), its gradients passed through `spoil`."""

    def forward(x, W):
        return np.tanh(x @ W), (x, W)

    def backward(y_bar, cache):
        x, W = cache
        a_bar = y_bar * (1 - np.tanh(x @ W) ** 2)
        return spoil(a_bar @ W.T, x.T @ a_bar)

    return oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "W": "D H"}, **more)


def first_eight(x_bar, W_bar):
    """Only the first eight rows are written."""
    kept = np.zeros_like(W_bar)
    kept[:8] = W_bar[:8]
    return x_bar, kept


def test_a_fault_beyond_eight_rows_is_found():
    """Sizes that nobody declared go up to 33 in some of 30 cases."""
    report = oracle.verify(layer(first_eight), cases=30, explain=False)
    assert report.verdict is Verdict.REFUTED, report
    assert report.smallest == "B=1 D=9 H=1"


def test_a_fault_beyond_declared_sizes_is_not_looked_for():
    """The control: declared ranges are respected."""
    sizes = {"B": (1, 3), "D": (1, 8), "H": (1, 8)}
    report = oracle.verify(layer(first_eight, sizes=sizes), cases=30, explain=False)
    assert report.verdict is Verdict.CERTIFIED
    assert max(max(case.sizes.values()) for case in report.heard) == 8


def asserting(x):
    """tanh, of numbers below two in magnitude."""
    assert np.all(np.abs(x) < 2.0), "x is too large"
    return np.tanh(x), x


def raising(x):
    """The same with an exception."""
    if not np.all(np.abs(x) < 2.0):
        raise ValueError("x is too large")
    return np.tanh(x), x


@pytest.mark.parametrize(("forward", "kind"), [(asserting, "AssertionError"), (raising, "ValueError")])
def test_a_regime_outside_the_domain_is_named(forward, kind):
    """The saturated cases were redrawn as generic ones, and the report says that and why."""
    pair = oracle.Subject.from_functions(forward, lambda y, x: (1 - np.tanh(x) ** 2) * y, inputs={"x": "D"})
    report = oracle.verify(pair, cases=16, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report
    assert f"the saturated regime was never judged: the forward raised {kind}: x is too large" in report.notes


def test_a_regime_that_was_judged_is_not_named():
    """The control."""
    report = oracle.verify(layer(), cases=16, explain=False)
    assert not any("never judged" in note for note in report.notes)


def test_a_backward_that_raises_in_a_corner_is_broken():
    """The domain of the forward excuses no backward."""

    def backward(y_bar, x):
        if np.any(np.abs(x) > 2.0):
            raise ValueError("too large for me")
        return (1 - np.tanh(x) ** 2) * y_bar

    pair = oracle.Subject.from_functions(lambda x: (np.tanh(x), x), backward, inputs={"x": "D"})
    report = oracle.verify(pair, cases=16, explain=False)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "the code raised ValueError: too large for me" in str(report)
