"""Masks and lengths that come in, and factors by their names."""

import pytest
from patterns_tools import LINEAR, RNN, changed, described, recognised, subject_of, wrong

import oracle

MASKED = """
def forward(x, m, W):
    keep = m[:, :, None]
    return np.where(keep, x @ W.T, 0.0), (x, keep, W)
def backward(y_bar, cache):
    x, keep, W = cache
    a_bar = np.where(keep, y_bar, 0.0)
    return a_bar @ W, np.einsum("tbh,tbd->hd", a_bar, x)
"""
INPUTS = {"x": "T B D", "m": oracle.booleans("T B"), "W": "H D"}
RAGGED = changed(MASKED, ("keep = m[:, :, None]", "keep = (np.arange(len(x))[:, None] < m)[:, :, None]"))


@pytest.mark.parametrize(
    ("source", "inputs"),
    [(MASKED, INPUTS), (RAGGED, {**INPUTS, "m": oracle.integers("B", start=1, below="T+1")})],
    ids=["mask", "lengths"],
)
def test_what_is_wrong_where_steps_are_left_out_is_said_to_be(source, inputs):
    """A backward that does not ask for the mask is right where every step counts, and only there."""
    text = changed(source, ("a_bar = np.where(keep, y_bar, 0.0)", "a_bar = y_bar"))
    kinds, lines = described(subject_of(text, inputs=inputs))
    assert ("masked", False) in kinds
    assert "right where every step counts, wrong where m leaves some out: look for where m is not asked" in lines


def test_what_is_wrong_without_masks_too_is_not_blamed_on_them():
    """The control: half of everything, masked or not."""
    text = changed(MASKED, ("a_bar = np.where(keep, y_bar, 0.0)", "a_bar = np.where(keep, y_bar * x[0, 0, 0], 0.0)"))
    kinds, _ = described(subject_of(text, inputs=INPUTS))
    assert "masked" not in [kind for kind, _ in kinds]


_W = ("W_bar = y_bar.T @ x", "W_bar = {} * (y_bar.T @ x)")
_U = ("    return x_bar, h_bar, W_bar, U", "    return x_bar, h_bar, W_bar, {} * U")
NAMED = {
    "B": (LINEAR, _W, "len(x)"),
    "1/B": (LINEAR, _W, "(1 / len(x))"),
    "D": (LINEAR, _W, "len(W[0])"),
    "2": (LINEAR, _W, "2"),
    "1/2": (LINEAR, _W, "0.5"),
    "T": (RNN, _U, "len(x)"),
    "1/T": (RNN, _U, "(1 / len(x))"),
}


@pytest.mark.parametrize("factor", NAMED)
def test_factors_are_named(factor):
    """A gradient that is a size, its inverse, 2 or ½ times the derivative is said to be so many times it."""
    source, (old, new), text = NAMED[factor]
    causes, _ = recognised(wrong(source, (old, new.format(text))))
    leaf = "W" if source == LINEAR else "U"
    assert [(cause.kind, cause.claim) for cause in causes[:1]] == [
        ("constant-ratio", f"the gradient of {leaf} is {factor} times the derivative")
    ]
