"""Backwards that are wrong where part of the cotangent is zero, and right ones that take a shortcut there."""

import jax.numpy as jnp
import numpy as np
import pytest
from meta_tools import messages, outcome, pair

from oracle import verify
from oracle.cases import Case
from oracle.steps.partial import divisions
from oracle.verdict import Verdict

MANY_TO_ONE = """
def forward(x, W):
    h, hs = np.zeros(W.shape[0]), []
    for t in range(len(x)):
        h = np.tanh(x[t] + W @ h)
        hs.append(h)
    return np.stack(hs), (hs, W)
def backward(h_bar, cache):
    hs, W = cache
    x_bar, W_bar, carry = np.zeros_like(h_bar), np.zeros_like(W), np.zeros(W.shape[0])
    for t in reversed(range(len(hs))):
        {}
        da = (1 - hs[t] ** 2) * dh
        x_bar[t] = da
        if t > 0:
            W_bar += np.outer(da, hs[t - 1])
        carry = W.T @ da
    return x_bar, W_bar
"""
INPUTS = {"x": "T H", "W": "H H"}
RIGHT = "dh = h_bar[t] + carry if h_bar[t].any() else carry"
WRONG = "dh = h_bar[t] + carry if h_bar[t].any() else np.zeros_like(carry)"


def test_a_loss_on_the_last_step_only():
    """A recurrent backward that forgets what is carried where a step has no cotangent of its own is refuted."""
    heard = outcome(pair(MANY_TO_ONE.format(WRONG), inputs=INPUTS), T=3, H=2)
    assert heard.verdict is Verdict.REFUTED
    assert set(heard.verdicts.values()) == {Verdict.CERTIFIED}
    last = "with a cotangent that is zero but for the last entry of out, "
    assert messages(heard) == [
        last + "x[0, 0] is 0, but the derivative is -0.0604056",
        last + "W[0, 1] is 0.00705135, but the derivative is -0.0260177",
    ]


@pytest.mark.parametrize(
    "line", [RIGHT, "dh = carry if not h_bar[t].any() else h_bar[t] + carry", "dh = h_bar[t] + carry"]
)
def test_a_shortcut_that_is_right(line):
    """The control: what is right for such a cotangent stays certified, without a note on what was not seen."""
    report = verify(pair(MANY_TO_ONE.format(line), inputs=INPUTS), cases=12)
    assert (report.verdict, report.findings) == (Verdict.CERTIFIED, ())


SHORTCUT = """
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    if {}:
        return {}
    return (1 - np.tanh(x) ** 2) * y_bar
"""


@pytest.mark.parametrize("asked", ["not np.any(y_bar)", "not y_bar.any()", "np.count_nonzero(y_bar) == 0"])
def test_a_line_that_only_a_cotangent_of_zero_reaches(asked):
    """It is reached, and judged, by a cotangent of zero."""
    assert verify(pair(SHORTCUT.format(asked, "np.zeros_like(x)"), inputs={"x": "D"}), cases=6).ok


def test_a_line_that_only_a_cotangent_of_zero_reaches_and_that_is_wrong():
    """The control: where it returns something else, that is found."""
    heard = outcome(pair(SHORTCUT.format("not np.any(y_bar)", "np.ones_like(x)"), inputs={"x": "D"}), D=3)
    assert not heard.verdict.ok
    assert messages(heard)[0] == "a cotangent of zero gives x[0] = 1; expected 0"


def test_a_threshold_is_not_a_question_about_zero():
    """A line behind a threshold that only zero was seen to be below says nothing of what lies between."""
    report = verify(pair(SHORTCUT.format("np.abs(y_bar).max() < 1e-12", "2 * y_bar"), inputs={"x": "D"}), cases=6)
    assert report.verdict is Verdict.UNDECIDED
    assert [finding.message.split(":")[0] for finding in report.findings] == [
        "no case reached this line of the backward"
    ]


TWO = """
def forward(x):
    return np.tanh(x), np.sinh(x), x
def backward(a_bar, b_bar, x):
    g = (1 - np.tanh(x) ** 2) * a_bar + np.cosh(x) * b_bar
    return {}
"""


def test_a_loss_on_one_output_only():
    """A backward that forgets one output where the other has no cotangent is refuted."""
    subject = pair(TWO.format("g if b_bar.any() or not a_bar.any() else 0 * g"), inputs={"x": "D"})
    heard = outcome(subject, D=3)
    assert heard.verdict is Verdict.REFUTED
    assert messages(heard)[0].startswith("with a cotangent that is zero but for the last entry of out[0], x[2] is 0, ")
    assert outcome(pair(TWO.format("g"), inputs={"x": "D"}), D=3).verdict is Verdict.CERTIFIED


def test_single_entries_without_cotangent():
    """A backward that is right only where all entries have a cotangent, or none has, is refuted."""
    line = "(1 - np.tanh(x) ** 2) * y_bar * (0.0 if np.count_nonzero(y_bar) not in (0, y_bar.size) else 1.0)"
    source = f"def forward(x):\n    return np.tanh(x), x\ndef backward(y_bar, x):\n    return {line}\n"
    assert outcome(pair(source, inputs={"x": "D"}, reference=jnp.tanh), D=3).verdict is Verdict.REFUTED


CLIPPED = """
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    g = (1 - np.tanh(x) ** 2) * y_bar
    return np.clip(g, -0.5, 0.5) {}
"""


def test_a_clipped_gradient_does_not_add_up():
    """A declared clip is no fault in any part; one that forgets it where part is zero is found among a few cases."""
    right = pair(CLIPPED.format(""), inputs={"x": "D"}, clip=0.5)
    wrong = pair(CLIPPED.format("* (1.0 if y_bar.all() or not y_bar.any() else 0.0)"), inputs={"x": "D"}, clip=0.5)
    assert all(outcome(right, Case({"D": 4}, seed=seed)).verdict.ok for seed in range(4))
    assert any(outcome(wrong, Case({"D": 4}, seed=seed)).verdict is Verdict.REFUTED for seed in range(4))


@pytest.mark.parametrize("shapes", [{"a": (3, 2)}, {"a": (3, 2), "b": ()}, {f"out[{k}]": (2,) for k in range(5)}])
@pytest.mark.parametrize("seed", range(6))
def test_parts_add_up_to_the_whole(shapes, seed):
    """Each entry of each output is in exactly one part of a division."""
    whole = {name: np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape) for name, shape in shapes.items()}
    for division in divisions(whole, seed):
        for name, values in whole.items():
            parts = np.stack([part.cotangents[name] for part in division])
            assert np.array_equal(parts.sum(0), values)
            assert np.count_nonzero(parts) == values.size
