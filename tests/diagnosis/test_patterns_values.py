"""What is said of gradients that are a multiple, the transpose or a cut of the derivative; of each, and no more."""

import pytest
from patterns_tools import LINEAR, RNN, changed, described, recognised, subject_of, wrong

BY_NORM = """n = np.sqrt(sum((v**2).sum() for v in (x_bar, W_bar, b_bar)))
    k = 0.25 / n if n > 0.25 else 1.0
    return [k * v for v in (x_bar, W_bar, b_bar)]"""
MULTIPLES = [
    pytest.param(
        LINEAR,
        [("W_bar = y_bar.T @ x", "W_bar = y_bar.T @ x / len(x)")],
        {},
        [("constant-ratio", True)],
        ["the gradient of W is 1/B times the derivative", "  every entry, in 12 cases"],
        id="a mean for a sum",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = 3 * y_bar.sum(axis=0)")],
        {},
        [("constant-ratio", True)],
        ["the gradient of b is 3 times the derivative", "  every entry, in 13 cases"],
        id="an unnamed constant",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0) * x[0, 0]")],
        {},
        [("changing-ratio", True), ("parameters-only", False)],
        [
            "the gradient of b is the derivative times one factor, which changes with the case",
            "  every entry, in 13 cases",
            "only b is wrong; x is right: the cotangents passed on are right, "
            "and what is made of them for a parameter is not",
            "  in 13 cases",
        ],
        id="a factor that changes",
    ),
    pytest.param(
        LINEAR,
        [("x_bar = y_bar @ W", "x_bar = -y_bar @ W")],
        {},
        [("sign", True)],
        ["the gradient of x has the wrong sign", "  every entry, in 13 cases"],
        id="the wrong sign",
    ),
    pytest.param(
        LINEAR,
        [("x, W = cache", "x, W = cache\n    y_bar = y_bar / 2")],
        {},
        [("constant-ratio", True)],
        ["every gradient is 1/2 times the derivative", "  every entry, in 13 cases"],
        id="half of everything",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = 0 * y_bar.sum(axis=0)")],
        {},
        [("zero", True)],
        ["the gradient of b is exactly zero", "  every entry, in 13 cases"],
        id="a gradient of zero",
    ),
    pytest.param(
        LINEAR,
        [("W_bar = y_bar.T @ x", "W_bar = y_bar[-1:].T @ x[-1:]")],
        {},
        [("batch", True), ("batch", False), ("parameters-only", False)],
        [
            "the gradient of W is that of the last row of the batch alone",
            "  every entry, in 2 cases",
            "right with one row, B = 1, wrong from B = 2 on: look at how rows are summed",
            "  wrong in 12 cases with B >= 2, right in 2 cases with B = 1",
            (
                "only W is wrong; x is right: the cotangents passed on are right, and what is made of "
                "them for a parameter is not"
            ),
            "  in 14 cases",
        ],
        id="the last row alone",
    ),
    pytest.param(
        RNN,
        [("return x_bar, h_bar, W_bar, U_bar", "return x_bar, h_bar, W_bar, U_bar.T")],
        {},
        [("transpose", True)],
        ["the gradient of U is the transpose of the derivative", "  every entry, in 11 cases"],
        id="a transpose",
    ),
    pytest.param(
        LINEAR,
        [("return x_bar, W_bar, b_bar", "return [np.clip(v, -0.75, 0.75) for v in (x_bar, W_bar, b_bar)]")],
        {},
        [("clip", True)],
        [
            "every gradient is the derivative with every entry clipped to ±0.75",
            "  95 wrong entries in 13 cases, all of them there",
        ],
        id="an undeclared clip",
    ),
    pytest.param(
        LINEAR,
        [
            (
                "return x_bar, W_bar, b_bar",
                BY_NORM,
            )
        ],
        {},
        [("norm-clip", True)],
        ["all gradients are the derivative scaled down to the joint norm 0.25", "  every entry, in 13 cases"],
        id="a clip by norm",
    ),
    pytest.param(
        LINEAR,
        [("b_bar = y_bar.sum(axis=0)", "b_bar = 1 * y_bar[0]")],
        {},
        [("batch", True), ("batch", False), ("parameters-only", False)],
        [
            "the gradient of b is that of the first row of the batch alone",
            "  every entry, in 2 cases",
            "right with one row, B = 1, wrong from B = 2 on: look at how rows are summed",
            "  wrong in 12 cases with B >= 2, right in 2 cases with B = 1",
            "only b is wrong; x is right: the cotangents passed on are right, "
            "and what is made of them for a parameter is not",
            "  in 14 cases",
        ],
        id="the first row alone",
    ),
]


@pytest.mark.parametrize(("source", "changes", "sizes", "expected", "lines"), MULTIPLES)
def test_wrong_values_are_recognised(source, changes, sizes, expected, lines):
    """The values are recognised for what they are, in these words, and nothing else is said."""
    subject = wrong(source, *changes)
    assert described(subject, **sizes) == (expected, lines)


def test_right_gradients_give_nothing():
    """The control: of a right backward nothing is said, and nothing is ruled out."""
    subject = wrong(LINEAR)
    assert recognised(subject) == ([], [])


TWINS = """
def forward(x, V, W):
    return x @ V.T + np.tanh(x @ W.T), (x, V, W)
def backward(y_bar, cache):
    x, V, W = cache
    a_bar = y_bar * (1 - np.tanh(x @ W.T) ** 2)
    V_bar, W_bar = y_bar.T @ x, a_bar.T @ x
    return y_bar @ V + a_bar @ W, V_bar, W_bar
"""
TWIN_SHAPES = {"x": "B D", "V": "H D", "W": "H D"}


def test_exchanged_gradients_are_named_in_both_directions():
    """Two gradients that stand in each other's place are one finding."""
    subject = subject_of(changed(TWINS, (", V_bar, W_bar\n", ", W_bar, V_bar\n")), inputs=TWIN_SHAPES)
    assert described(subject) == (
        [("other-gradient", True)],
        ["the gradients of V and W are exchanged", "  every entry, in 13 cases"],
    )


def test_a_gradient_that_is_another_is_named():
    """A gradient that is a copy of another one's is said to be that."""
    subject = subject_of(changed(TWINS, (", V_bar, W_bar\n", ", V_bar, V_bar.copy()\n")), inputs=TWIN_SHAPES)
    assert described(subject) == (
        [("other-gradient", True)],
        ["the gradient of W is that of V", "  every entry, in 13 cases"],
    )


ALMOST = [
    pytest.param([("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0) * W[:, 0]")], id="no ratio"),
    pytest.param([("x_bar = y_bar @ W", "x_bar = -y_bar @ W\n    x_bar[0, 0] *= -1")], id="no sign"),
    pytest.param([("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0)\n    b_bar[1:] = 0")], id="no zero"),
    pytest.param([("W_bar = y_bar.T @ x", "W_bar = 1.25 * y_bar[-1:].T @ x[-1:]")], id="not the last row"),
    pytest.param([("b_bar = y_bar.sum(axis=0)", "b_bar = np.clip(y_bar.sum(axis=0), -1, 0.5)")], id="no clip"),
]


@pytest.mark.parametrize("changes", ALMOST)
def test_what_holds_of_most_entries_only_is_not_said(changes):
    """The control: a fact that one entry breaks is no finding, and nothing is called certain."""
    assert not any(certain for _, certain in described(wrong(LINEAR, *changes))[0])


def test_what_was_tried_in_vain_is_ruled_out():
    """The families that do not hold are listed, in words."""
    causes, ruled_out = recognised(wrong(LINEAR, ("b_bar = y_bar.sum(axis=0)", "b_bar = y_bar.sum(axis=0) * W[:, 0]")))
    assert [cause.kind for cause in causes] == ["parameters-only"]
    assert ruled_out == [
        "a clip of entries",
        "a clip by norm",
        "overwriting",
        "a constant ratio",
        "zero",
        "a transpose",
        "another gradient",
        "the derivative with one summand missing or one factor replaced",
        "truncation",
        "one row of the batch alone",
        "permuted blocks",
        "one block alone",
        "one step alone",
        "a condition on sizes",
    ]
