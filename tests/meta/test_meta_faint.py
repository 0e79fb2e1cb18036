"""Controls of faint faults: what is right beside one keeps its verdict, and JAX is not blamed for it."""

import pytest
from meta_tools import pair

import oracle
from oracle.program import CannotTrace
from oracle.reference import Reference
from oracle.steps import second_witness

GATED = """
def forward(h, U, w):
    r = 1 / (1 + np.exp(-h @ U))
    y = h * w + np.tanh(4 * ((r * h) @ U))
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


def report():
    """The report on the pair, whose gradient of h lacks a factor."""
    return oracle.verify(pair(GATED, inputs=SHAPES), cases=40, explain=False)


def without_jax(monkeypatch, where=lambda subject: True):
    """JAX can trace no forward, or that of no such subject."""
    own = Reference._own

    def refuse(self, *arrays):
        if where(self.subject):
            raise CannotTrace("no such forward is traced here")
        return own(self, *arrays)

    monkeypatch.setattr(Reference, "_own", refuse)


@pytest.mark.parametrize("traced", [True, False])
def test_what_is_right_keeps_its_digits_beside_a_faint_fault(monkeypatch, traced):
    """Where tanh is saturated the fault is no larger than rounding; that says nothing of the other gradients."""
    without_jax(monkeypatch, lambda subject: not traced)
    found = report()
    assert ("autodiff" in found.witnesses) is traced
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
    assert [leaf.verdict.name for leaf in report().leaves] == ["REFUTED", "CONSISTENT", "CONSISTENT"]


def test_otherwise_jax_would_be_dropped_for_a_constant_that_is_not_there(monkeypatch):
    """The control of the question who is rounded."""
    monkeypatch.setattr(second_witness, "_confirms_the_program", lambda _: False)
    assert [note for note in report().notes if "a constant of the forward" in note]


OPTION = """
def forward(x, p):
    return x * x * (1 - p), (x, p)

def backward(dy, cache):
    x, p = cache
    return 2 * x * dy * (1 - p)
"""


def test_in_how_many_cases_jax_was_a_witness_is_said(monkeypatch):
    """With one value of an option it can trace, with the other not."""
    without_jax(monkeypatch, lambda subject: subject.leaves["p"].value == 0.1)
    found = oracle.verify(pair(OPTION, inputs={"x": "D", "p": oracle.choice(0.1, 0.5)}), cases=10)
    (note,) = [note for note in found.notes if note.startswith("JAX")]
    assert note.startswith("JAX was a witness in ")
    assert "of 10 cases, and not in the others: " in note
    assert note.endswith("no such forward is traced here")
    assert "JAX is no witness" not in str(found)


def test_where_it_never_was_one_it_is_none(monkeypatch):
    """The control."""
    without_jax(monkeypatch)
    found = oracle.verify(pair(OPTION, inputs={"x": "D", "p": oracle.fixed(0.1)}), cases=4)
    (note,) = [note for note in found.notes if note.startswith("JAX")]
    assert note.startswith("JAX is no witness: ")
    assert "by finite differences alone, " in str(found).splitlines()[0]
