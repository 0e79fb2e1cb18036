"""The two promises that are checked where they are declared: independent rows, and padding that is inert."""

from __future__ import annotations

import numpy as np
import pytest

import oracle
from oracle.contract.kinds import apart


def forward(x, w):
    """A layer whose rows do not see each other."""
    return np.tanh(x @ w), (x, w)


def backward(y_bar, cache):
    """Its backward."""
    x, w = cache
    a_bar = y_bar * (1 - np.tanh(x @ w) ** 2)
    return a_bar @ w.T, x.T @ a_bar


def centred(x, w):
    """A layer whose rows do see each other."""
    return (x - x.mean(axis=0)) @ w, (x, w)


def centred_backward(y_bar, cache):
    """Its backward, which is right."""
    x, w = cache
    c_bar = y_bar @ w.T
    return c_bar - c_bar.mean(axis=0), (x - x.mean(axis=0)).T @ y_bar


def pooled(x, m):
    """The sum over the steps that are there."""
    return (x * m[:, :, None]).sum(axis=0), m


def pooled_backward(y_bar, m):
    """Its backward."""
    return np.where(m[:, :, None], y_bar[None], 0.0)


def leaky(x, m):
    """A sum that forgets the mask."""
    return x.sum(axis=0), m


def leaky_backward(y_bar, m):
    """Its backward, which is right."""
    return np.zeros(m.shape + y_bar.shape[-1:]) + y_bar


SHAPES = {"x": "B D", "w": "D H"}
MASKED = {"x": "T B D", "m": oracle.booleans("T B")}


def test_independent_rows_are_certified():
    """A layer that treats rows alone keeps the promise."""
    subject = oracle.Subject.from_functions(forward, backward, inputs=SHAPES, independent="B")
    assert oracle.verify(subject, cases=12, explain=False).verdict is oracle.Verdict.CERTIFIED


def test_rows_that_see_each_other_break_the_promise():
    """A right backward of a layer that mixes rows is certified without the promise, and broken with it."""
    plain = oracle.Subject.from_functions(centred, centred_backward, inputs=SHAPES)
    assert oracle.verify(plain, cases=6, explain=False).verdict is oracle.Verdict.CERTIFIED
    promised = oracle.Subject.from_functions(centred, centred_backward, inputs=SHAPES, independent="B")
    report = oracle.verify(promised, cases=6, explain=False)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "rows of B are declared independent, but x[" in str(report)


def test_inert_padding_is_certified():
    """A sum over the steps that are there keeps the promise."""
    subject = oracle.Subject.from_functions(pooled, pooled_backward, inputs=MASKED, mask="m")
    assert oracle.verify(subject, cases=12, explain=False).verdict is oracle.Verdict.CERTIFIED


def test_padding_that_leaks_breaks_the_promise():
    """A sum that forgets the mask has a right backward, but padding that is not inert."""
    plain = oracle.Subject.from_functions(leaky, leaky_backward, inputs=MASKED)
    assert oracle.verify(plain, cases=6, explain=False).verdict is oracle.Verdict.CERTIFIED
    promised = oracle.Subject.from_functions(leaky, leaky_backward, inputs=MASKED, mask="m")
    report = oracle.verify(promised, cases=6, explain=False)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "padding of m gets a gradient: x[" in str(report)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"independent": "N"}, "independent='N' must be a size: B, D, H"),
        ({"mask": "x"}, "mask='x' must be a boolean input: there is none"),
        (
            {"independent": "B", "sizes": {"B": (1, 1)}},
            "independent='B' must be seen in two rows, but B is always 1; give sizes={'B': (1, 3)}, or leave it away",
        ),
    ],
)
def test_promises_about_nothing_are_refused(declared, message):
    """A promise names a size or a mask that the subject has."""
    with pytest.raises(ValueError, match="must be") as error:
        oracle.Subject.from_functions(forward, backward, inputs=SHAPES, **declared)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("inputs", "sizes", "message"),
    [
        ({"x": "B D", "m": "T"}, {}, "mask='m' must pad an input, but no real one has its dimensions, 'T'"),
        ({"x": "T D", "m": "T 1"}, {}, "mask='m' must pad an input, but no real one has its dimensions, 'T 1'"),
        (
            {"x": "T D", "m": "T"},
            {"T": (1, 1)},
            "mask='m' must be seen to pad, but its last dimension is always 1, and each row of a mask has a place that "
            "is not padded; give larger sizes",
        ),
    ],
)
def test_masks_that_pad_nothing_are_refused(inputs, sizes, message):
    """A mask has the dimensions of some real input, and can be false."""
    inputs = {"x": inputs["x"], "m": oracle.booleans(inputs["m"])}
    with pytest.raises(ValueError, match="must") as error:
        oracle.Subject.from_functions(leaky, leaky_backward, inputs=inputs, mask="m", sizes=sizes)
    assert str(error.value) == message


def averaged(axis):
    """A forward whose mean over all steps a mask along `axis` does not keep out, and its backward."""

    def along(m, x):
        return m.reshape([-1 if k == axis else 1 for k in range(x.ndim)])

    def forward(x, m):
        h = np.tanh(x)
        return np.where(along(m, x), h, 0.0) + 0.1 * h.mean(axis=axis, keepdims=True), (x, m)

    def backward(h_bar, cache):
        x, m = cache
        d = np.where(along(m, x), h_bar, 0.0) + 0.1 * h_bar.sum(axis=axis, keepdims=True) / x.shape[axis]
        return (1 - np.tanh(x) ** 2) * d

    return forward, backward


@pytest.mark.parametrize("spec", ["T B D", "B T D", "B D T"])
def test_padding_is_found_by_the_names_of_dimensions(spec):
    """The dimensions of a mask need not come first."""
    inputs = {"x": spec, "m": oracle.booleans("T")}
    pair = averaged(spec.split().index("T"))
    assert oracle.verify(oracle.Subject.from_functions(*pair, inputs=inputs), cases=6, explain=False).ok
    report = oracle.verify(oracle.Subject.from_functions(*pair, inputs=inputs, mask="m"), cases=6, explain=False)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "padding of m gets a gradient: x[" in str(report)


def test_a_mask_may_have_its_dimensions_in_another_order():
    """A mask "T B" of an input "B T D" keeps out what it says, also where T and B are equal."""

    def forward(x, m):
        return np.where(m.T[:, :, None], np.tanh(x), 0.0).sum(axis=2), (x, m)

    def backward(y_bar, cache):
        x, m = cache
        return np.where(m.T[:, :, None], (1 - np.tanh(x) ** 2) * y_bar[:, :, None], 0.0)

    subject = oracle.Subject.from_functions(forward, backward, inputs={**MASKED, "x": "B T D"}, mask="m")
    assert oracle.verify(subject, cases=30, explain=False).verdict is oracle.Verdict.CERTIFIED


def test_padded_places_of_an_output_are_found_whatever_its_shape():
    """A right pair that returns its output transposed gets no cotangent on padding, also where T and D are equal."""

    def forward(x, m):
        return np.tanh(x).T, (x, m)

    def backward(y_bar, cache):
        return (1 - np.tanh(cache[0]) ** 2) * y_bar.T

    inputs = {"x": "T D", "m": oracle.booleans("T")}
    subject = oracle.Subject.from_functions(forward, backward, inputs=inputs, mask="m")
    assert oracle.verify(subject, cases=30, explain=False).verdict is oracle.Verdict.CERTIFIED


def test_infinities_are_apart_without_a_warning():
    """Two infinities are not within any bound of each other, and NumPy does not warn of them."""
    assert not np.all(apart([np.inf, 1.0], [np.inf, 1.0]) <= 1.0)
