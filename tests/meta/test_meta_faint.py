"""Controls of faint faults: what is right beside one keeps its verdict, and JAX is not blamed for it."""

import pytest
from meta_tools import pair

import oracle
from oracle.steps import second_witness

GATED = """
def forward(h, U, w):
    r = 1 / (1 + np.exp(-h @ U))
    y = h * w + np.tanh(4 * ((r * h) @ U)){wide}
    return y, (h, U, w, r, np.tanh(4 * ((r * h) @ U)))

def backward(dy, cache):
    h, U, w, r, t = cache
    da = 4 * dy * (1 - t * t)
    drh = da @ U.T
    dr = drh * h * r * (1 - r)
    dh = dy * w + drh + dr @ U.T
    return dh, (r * h).T @ da + h.T @ dr, (dy * h).sum(0)
"""
SHAPES = {"h": "B H", "U": "H H", "w": "H"}
JAX, ALONE = GATED.format(wide=""), GATED.format(wide=" + 0 * np.array([float(h.shape[0])])")


def report(source, cases=40):
    """The report on the pair, whose gradient of h lacks a factor."""
    return oracle.verify(pair(source, inputs=SHAPES), cases=cases, explain=False)


@pytest.mark.parametrize("source", [JAX, ALONE])
def test_what_is_right_keeps_its_digits_beside_a_faint_fault(source):
    """Where tanh is saturated the fault is no larger than rounding; that says nothing of the other gradients."""
    found = report(source)
    assert [leaf.verdict.name for leaf in found.leaves] == ["REFUTED", "CERTIFIED", "CERTIFIED"]
    assert not [note for note in found.notes if "constant" in note]


def test_otherwise_every_gradient_would_be_called_rounded(monkeypatch):
    """The control of what is confirmed alone."""

    def all_rounded(hearing):
        for leaf in hearing.gradients:
            comparison = hearing.found.comparisons[leaf]
            hearing.found.comparisons[leaf] = second_witness.locating.rounded(comparison)

    monkeypatch.setattr(second_witness, "_count_as_rounded", all_rounded)
    monkeypatch.setattr(second_witness, "_confirms_the_program", lambda _: False)
    assert [leaf.verdict.name for leaf in report(JAX).leaves] == ["REFUTED", "CONSISTENT", "CONSISTENT"]


def test_otherwise_jax_would_be_dropped_for_a_constant_that_is_not_there(monkeypatch):
    """The control of the question who is rounded."""
    monkeypatch.setattr(second_witness, "_confirms_the_program", lambda _: False)
    assert [note for note in report(JAX).notes if "a constant of the forward" in note]


ROUNDED = """
def forward(x, p):
    return x * x * (1 - p), (x, p)

def backward(dy, cache):
    x, p = cache
    return 2 * x * dy * (1 - p)
"""


def test_in_how_many_cases_jax_was_a_witness_is_said():
    """With p = 1/2 it is one; with p = 1/10 it rounds 1 - p, which the balls have exactly."""
    found = oracle.verify(pair(ROUNDED, inputs={"x": "D", "p": oracle.choice(0.1, 0.5)}), cases=10)
    (note,) = [note for note in found.notes if note.startswith("JAX")]
    assert note.startswith("JAX was a witness in ")
    assert "of 10 cases, and not in the others: a constant of the forward" in note
    assert "JAX is no witness" not in str(found)


def test_where_it_never_was_one_it_is_none():
    """The control."""
    found = oracle.verify(pair(ROUNDED, inputs={"x": "D", "p": oracle.fixed(0.1)}), cases=4)
    assert [note for note in found.notes if note.startswith("JAX is no witness: a constant of the forward")]
    assert "by finite differences alone, " in str(found).splitlines()[0]
