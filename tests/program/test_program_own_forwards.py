"""Objects whose constructor draws, caches and counts: when their own forward may be JAX's witness."""

import linecache
import types

import numpy as np
import pytest

import oracle
from oracle.program import CannotTrace
from oracle.reference import NO_WITNESS
from oracle.trial import Trial

CLASS = """
import numpy as np

class Layer:
    def __init__(self, D, H):
        self.W = np.random.randn(D, H) * np.sqrt(2.0 / D)
        self.b = np.zeros(H)
        {made}

    def forward(self, x):
        self.x = x
        {first}
        return {out}

    def backward(self, y_bar):
        {back}
        self.dW, self.db = self.x.T @ y_bar, y_bar.sum(axis=0)
        return y_bar @ self.W.T
"""
PLAIN = "x @ self.W + self.b"
WITNESSES = {
    "drawn and replaced": ("", "", PLAIN, "", True),
    "drawn by a generator": ("self.W = np.random.default_rng(3).uniform(-1, 1, (D, H))", "", PLAIN, "", False),
    "integers by size": ("self.at = np.arange(D)", "x = self.x = x[:, self.at]", PLAIN, "", True),
    "a mask by size": ("self.m = np.tri(D, H)", "x = self.x = x * 1.0", PLAIN, "", True),
    "a view of a parameter": (
        "self.W = np.zeros((D, H)); self.turned = self.W.T",
        "",
        "x @ self.turned.T + self.b",
        "",
        True,
    ),
    "another name of a parameter": ("self.b = np.zeros(H); self.c = self.b", "", "x @ self.W + self.c", "", True),
    "drawn after a seed": (
        "self.s = 1.0 + np.random.RandomState(1).rand(H)",
        "",
        "(x @ self.W + self.b) * self.s",
        "y_bar = y_bar * self.s",
        False,
    ),
    "a statistic that runs": ("self.n = np.zeros(D)", "self.n += x.sum(axis=0)", PLAIN + " + 0 * self.n[0]", "", True),
}
DEPENDS = "depends on what np.random.randn draws; draw it outside and pass it in, or declare it as a parameter"
REFUSED = {
    "computed from a parameter": ("self.W2 = 2 * self.W", "", "x @ self.W2 + self.b", DEPENDS),
    "drawn at random": ("self.s = np.random.randn(H)", "", PLAIN + " * self.s", DEPENDS),
    "drawn in the forward": ("", "x = self.x = x * np.random.randn(*x.shape)", PLAIN, DEPENDS),
    "a reshaped parameter": (
        "self.W = np.zeros((D, H)); self.flat = self.W.reshape(-1)",
        "",
        "x @ self.flat.reshape(self.W.shape) + self.b",
        "reads an array that may share memory with one written into",
    ),
}


def _subject(made, first, out, back=""):
    """A subject of a class whose lines are these."""
    name = f"layers_{abs(hash((made, first, out, back)))}"
    code, source = types.ModuleType(name), CLASS.format(made=made, first=first, out=out, back=back)
    linecache.cache[f"<{name}>"] = (len(source), None, source.splitlines(True), f"<{name}>")
    exec(compile(source, f"<{name}>", "exec"), code.__dict__)
    return oracle.Subject.from_object(
        code.Layer, inputs={"x": "B D"}, parameters={"W": "D H", "b": "H"}, gradients="d{}", modules=[code]
    )


def _notes(report):
    return [note for note in report.notes if note.startswith(NO_WITNESS)]


@pytest.mark.parametrize("what", WITNESSES)
def test_what_a_constructor_does_with_sizes_alone_costs_no_witness(what):
    """The subject is certified with JAX as a witness, and by one trace for all sizes where nothing is seeded."""
    made, first, out, back, symbolic = WITNESSES[what]
    subject = _subject(made, first, out, back)
    trial = Trial(subject, 30)
    assert trial.reference.program.symbolic is symbolic, trial.reference.program.why_concrete
    report = oracle.verify(subject, cases=6, explain=False)
    assert report.ok, report
    assert _notes(report) == []


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_forward_reads_of_random_or_replaced_values_ends_the_trace(what):
    """JAX steps back with the reason; nothing is baked in, and the verdict comes from finite differences."""
    made, first, out, why = REFUSED[what]
    subject = _subject(made, first, out)
    with pytest.raises(CannotTrace) as caught:
        Trial(subject, 30).reference.program.at({"B": 2, "D": 3, "H": 4})
    assert why in str(caught.value)
    report = oracle.verify(subject, cases=4, explain=False)
    assert [note for note in _notes(report) if "depends on" in note or "may share memory" in note]


def test_the_generator_of_the_user_is_left_where_it_was():
    """Tracing a constructor that draws takes nothing from NumPy's generator."""
    np.random.seed(4)
    before = np.random.get_state()[1].copy()
    Trial(_subject("", "", PLAIN), 30).reference.program.at({"B": 2, "D": 3, "H": 4})
    assert (np.random.get_state()[1] == before).all()
