"""What is said of where gradients are wrong: at which steps, in which blocks, at which sizes, on which side."""

import pytest
from patterns_tools import GATED, LINEAR, RNN, described, subject_of, wrong

TWO_STEPS = """T = len(x)
    for t in reversed(range(len(x))):
        h_bar = h_bars[t]
        if t + 1 < T:
            h_bar = h_bar + (h_bars[t + 1] * (1 - hs[t + 2] ** 2)) @ U
        a_bar = h_bar * (1 - hs[t + 1] ** 2)"""
ROWS_EXCHANGED = """H = len(W) // 3
    W_bar = a_bar.T @ x
    W_bar = np.vstack([W_bar[:H], W_bar[2 * H :], W_bar[H : 2 * H]])"""
ELSE_IN_A_SQUARE = """W_bar = y_bar.T @ x
    if W.shape[0] == W.shape[1]:
        W_bar = W_bar * x[0, 0] + y_bar.sum()"""
PLACES = [
    pytest.param(
        RNN,
        [("reversed(range(len(x)))", "reversed(range(1, len(x)))")],
        {},
        [("first-step", True)],
        [
            "the gradient of x is wrong at the first step, t=0, and right at all others, and zero there",
            "  every entry, in 3 cases",
        ],
        id="the first step skipped",
    ),
    pytest.param(
        RNN,
        [("x_bar[t] = a_bar @ W", "x_bar[t] = a_bar @ W if t < len(x) - 1 else 2 * a_bar @ W")],
        {},
        [("last-step", True), ("inputs-only", False)],
        [
            "the gradient of x is wrong at the last step, t=T-1, and right at all others",
            "  every entry, in 3 cases",
            (
                "only x is wrong; the parameters W, U and b are right: what reaches the layer is "
                "right, and the way on to its input is not"
            ),
            "  in 14 cases",
        ],
        id="the last step doubled",
    ),
    pytest.param(
        RNN,
        [
            (
                "for t in reversed(range(len(x))):\n        a_bar = (h_bar + h_bars[t]) * (1 - hs[t + 1] ** 2)",
                TWO_STEPS,
            )
        ],
        {},
        [("truncated", True), ("above-size", False)],
        [
            "a cotangent reaches x at its own step and 1 step before it, and none further back",
            "  the derivative there, exactly zero beyond: every entry, in 2 cases",
            "right up to T = 2, wrong from T = 3 on",
            "  wrong in 8 cases with T >= 3, right in 3 cases with T < 3",
        ],
        id="two steps only",
    ),
    pytest.param(
        GATED,
        [
            (
                "[g_bar * (1 - g**2), i_bar * i * (1 - i), o_bar * o * (1 - o)]",
                "[g_bar * (1 - g**2), o_bar * o * (1 - o), i_bar * i * (1 - i)]",
            )
        ],
        {},
        [("permuted-blocks", True)],
        [
            (
                "the blocks of the gradients of W and b are in another order (counted from 0): block "
                "1 holds block 2 and block 2 holds block 1"
            ),
            "  every entry, in 12 cases",
        ],
        id="two gates exchanged",
    ),
    pytest.param(
        GATED,
        [
            (
                "W_bar = a_bar.T @ x",
                ROWS_EXCHANGED,
            )
        ],
        {},
        [("permuted-blocks", True), ("parameters-only", False)],
        [
            (
                "the blocks of the gradient of W are in another order (counted from 0): block 1 holds "
                "block 2 and block 2 holds block 1"
            ),
            "  every entry, in 12 cases",
            (
                "only W is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 12 cases",
        ],
        id="rows of two gates exchanged",
    ),
    pytest.param(
        GATED,
        [
            ("i_bar * i * (1 - i)", "i_bar * i * (1 - i) * x[0, 0] * h_bar[0, 0]"),
            ("x_bar = a_bar @ W\n", "x_bar = h_bar @ W[: len(W) // 3] * 0\n"),
        ],
        {},
        [("zero", True), ("one-block", True)],
        [
            "the gradient of x is exactly zero",
            "  every entry, in 12 cases",
            "of the 3 blocks of W and b, only block 1 (counted from 0) is wrong",
            "  every entry, in 12 cases",
        ],
        id="one gate wrong",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.prod(axis=0)")],
        {},
        [("batch", False), ("parameters-only", False)],
        [
            "right with one row, B = 1, wrong from B = 2 on: look at how rows are summed",
            "  wrong in 12 cases with B >= 2, right in 2 cases with B = 1",
            (
                "only b is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 14 cases",
        ],
        id="a product for a sum over rows",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0)\n    b_bar[2:] *= x[0, 0]")],
        {},
        [("above-size", False), ("parameters-only", False)],
        [
            "right up to H = 2, wrong from H = 3 on",
            "  wrong in 10 cases with H >= 3, right in 5 cases with H < 3",
            (
                "only b is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 15 cases",
        ],
        id="wrong from the third unit",
    ),
    pytest.param(
        LINEAR,
        [
            (
                "W_bar = y_bar.T @ x",
                ELSE_IN_A_SQUARE,
            ),
        ],
        {"D": 3, "H": 3},
        [("equal-sizes", False), ("parameters-only", False)],
        [
            "wrong where D = H, right where they differ",
            "  wrong in 4 cases with D = H, right in 9 cases with D != H",
            (
                "only W is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 13 cases",
        ],
        id="wrong in a square",
    ),
    pytest.param(
        LINEAR,
        [("W_bar = y_bar.T @ x", "W_bar = y_bar.T @ x\n    W_bar[:, len(W) :] += y_bar.sum()")],
        {"D": 4, "H": 2},
        [("above-size", False), ("parameters-only", False)],
        [
            "right up to D = H, wrong where D is larger",
            "  wrong in 9 cases with D > H, right in 5 cases with D <= H",
            (
                "only W is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 14 cases",
        ],
        id="wrong where it is wider",
    ),
    pytest.param(
        LINEAR,
        [("x_bar = y_bar @ W", "x_bar = (y_bar @ W) * x")],
        {},
        [("inputs-only", False)],
        [
            (
                "only x is wrong; the parameters W and b are right: what reaches the layer is right, "
                "and the way on to its input is not"
            ),
            "  in 13 cases",
        ],
        id="x alone",
    ),
    pytest.param(
        LINEAR,
        [("W_bar = y_bar.T @ x", "W_bar = (y_bar.T @ x) * W")],
        {},
        [("parameters-only", False)],
        [
            (
                "only W is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 13 cases",
        ],
        id="W alone",
    ),
    pytest.param(
        LINEAR,
        [("x_bar = y_bar @ W", "x_bar = y_bar @ W * (1 if x.shape[1] > 1 else x[0, 0])")],
        {"D": 1},
        [("changing-ratio", True), ("above-size", False), ("inputs-only", False)],
        [
            "the gradient of x is the derivative times one factor, which changes with the case",
            "  every entry, in 5 cases",
            "wrong at D = 1, right from D = 2 on",
            "  wrong in 5 cases with D = 1, right in 8 cases with D > 1",
            "only x is wrong; the parameters W and b are right: what reaches the layer is right, "
            "and the way on to its input is not",
            "  in 13 cases",
        ],
        id="wrong in one dimension",
    ),
    pytest.param(
        RNN,
        [("h_bar = a_bar @ U", "h_bar = (a_bar @ U) * (hs[t] + x[t].sum() if t else 1)")],
        {},
        [("carry", True), ("carry", False)],
        [
            "the gradient of x is right at the last step, t=T-1, and wrong at all before it",
            "  every entry, in 6 cases",
            "right with one step, T = 1, wrong from T = 2 on: look at what a step hands to the one before",
            "  wrong in 10 cases with T >= 2, right in 2 cases with T = 1",
        ],
        id="the carry",
    ),
]


@pytest.mark.parametrize(("source", "changes", "sizes", "expected", "lines"), PLACES)
def test_places_are_recognised(source, changes, sizes, expected, lines):
    """The place or condition is named in these words, and nothing else is said."""
    subject = wrong(source, *changes)
    assert described(subject, **sizes) == (expected, lines)


LEAKING = """
held = {"x": 0.0}
def forward(x, W):
    return x @ W.T, (x, W)
def backward(y_bar, cache):
    x, W = cache
    x_bar = y_bar @ W + held["x"]
    held["x"] = x.sum()
    return x_bar, y_bar.T @ x
"""


def test_what_shows_at_the_second_call_is_said_to():
    """Gradients that are right at the first call and wrong at the second are said to be, and nothing else is."""
    kinds, lines = described(subject_of(LEAKING, inputs={"x": "B D", "W": "H D"}))
    assert kinds == [("second-call", True)]
    assert lines[0] == "right at the first call, wrong at the second: x; something is kept from one call to the next"


def test_what_is_kept_but_wrong_at_once_is_no_second_call():
    """The control: a gradient that is wrong at the first call already is not said to be right there."""
    at_once = LEAKING.replace("y_bar @ W + held", "2 * y_bar @ W + held")
    assert "second-call" not in [kind for kind, _ in described(subject_of(at_once, inputs={"x": "B D", "W": "H D"}))[0]]
