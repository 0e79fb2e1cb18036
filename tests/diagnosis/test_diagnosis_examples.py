"""Every wrong version of an example comes with a cause that its reader would act on, pinned line by line."""

import re
from pathlib import Path

import pytest

import oracle
from oracle.loading import load

EXAMPLES = Path(__file__).parents[2] / "examples"
SAID = {
    "accumulating_linear": [
        (
            "one edit makes every gradient right     accumulating_linear.py:55   self.weight.grad = self.x.T @ "
            "grad_output  # wrong: what was there before is lost"
        ),
        "  certified in 6 cases to 116 digits; of N edits tried, none at another line does",
        "  right with: self.weight.grad += self.x.T @ grad_output",
    ],
    "attention": [
        (
            "every wrong gradient (x, Wq and Wk) is the derivative with y (1 - y) as the derivative of y = "
            "softmax(np.where(mask, s, -1000000000.0)), at attention.py:38 of the forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 90 digits",
    ],
    "batch_norm": [
        (
            "one edit makes every gradient right     batch_norm.py:72   dxmu = dxhat * ivar  # wrong: this is"
            " the other branch, and it wanted +="
        ),
        "  certified in 6 cases to 108 digits; of N edits tried, none at another line does",
        "  right with: dxmu += dxhat * ivar",
    ],
    "char_rnn": [
        (
            "every wrong gradient (Wxh, Whh and bh) is the derivative with one summand missing, the one "
            "through hs[t - 1] in np.dot(Whh, hs[t - 1]), at char_rnn.py:87 of the forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 90 digits",
    ],
    "conv2d": [
        "right with stride = 1, wrong with stride = 2: look for where stride is left out",
        "  wrong in 8 cases with stride >= 2, right in 2 cases with stride = 1",
        (
            "only x is wrong; the parameters w and b are right: what reaches the layer is right, and the way "
            "on to its input is not"
        ),
        "  in 7 cases",
        (
            "ruled out: a clip of entries; a clip by norm; overwriting; a constant ratio; zero; a transpose; "
            "another gradient; the derivative with one summand missing or one factor replaced; truncation; "
            "one row of the batch alone; permuted blocks; one block alone; one step alone"
        ),
    ],
    "coupled_lstm": [
        (
            "every gradient is the derivative with one summand missing, the one through 1 - it in (1 - it) * "
            "c_prev, at coupled_lstm.py:36 of the forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 91 digits",
    ],
    "course_homework": [
        (
            "one edit makes every gradient right     course_homework.py:37   da = dout * (dout > 0)  # wrong: the "
            "layer is off where its output is zero, whatever comes from above"
        ),
        "  certified in 6 cases to 116 digits; of N edits tried, none at another line does",
        "  right with: da = dout * (out > 0)",
    ],
    "gru": [
        (
            "every gradient is the derivative with the factor r of r * h left out on the way to h, at "
            "gru.py:37 of the forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 89 digits",
    ],
    "layer_norm": [
        (
            "the gradient of x is the derivative with two summands missing, those through mean = x.mean(-1, "
            "keepdims=True) and var = (xshift ** 2).mean(-1, keepdims=True), at layer_norm.py:31 of the "
            "forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 107 digits",
    ],
    "peephole_lstm": [
        (
            "one edit makes every gradient right     peephole_lstm.py:91   return 0.0 * po  # wrong: the output gate "
            "looked at c, so c hears from the output gate"
        ),
        "  certified in 6 cases to 85 digits; of N edits tried, none at another line does",
        "  right with: return do * po",
    ],
    "softmax_cross_entropy": [
        (
            "the gradient of x is the derivative with EPS left out of the derivative of "
            "np.log(p[np.arange(N), y] + EPS), at softmax_cross_entropy.py:30 of the forward"
        ),
        "  along generic directions of all gradients, in 7 cases, to 92 digits",
    ],
}


def test_every_example_is_listed():
    """The examples whose messages are pinned are all that have a wrong version."""
    with_wrong = [path.stem for path in EXAMPLES.glob("*.py") if "\nwrong = " in path.read_text(encoding="utf-8")]
    assert sorted(SAID) == sorted(with_wrong)


@pytest.mark.parametrize("name", SAID)
def test_the_wrong_version_comes_with_its_cause(name):
    """All that is said of the wrong version, in the report and line by line."""
    (subject,) = load(f"{EXAMPLES / name}.py:wrong")
    report = oracle.verify(subject, cases=8)
    said = [re.sub("of [0-9]+ edits tried", "of N edits tried", line) for line in report.diagnosis.lines()]
    assert said == SAID[name]
    shown = [line.strip() for line in str(report).splitlines()]
    assert set(shown) >= {line.strip() for line in report.diagnosis.lines()}


@pytest.mark.parametrize("name", SAID)
def test_the_right_version_comes_without_causes(name):
    """The control: of the right version nothing is said."""
    (subject,) = load(f"{EXAMPLES / name}.py:subject")
    assert oracle.verify(subject, cases=3).diagnosis.causes == ()
