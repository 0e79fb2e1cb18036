"""Programs written to be certified although they are wrong: none is."""

import jax.numpy as jnp
import pytest
from meta_tools import module_of, pair

from oracle import Subject, verify
from oracle.verdict import Verdict

X = {"inputs": {"x": "D"}}
SQUARE = """
from fractions import Fraction
from decimal import Decimal
import ast
def forward(x):
    s = {}
    return x * s, x
def backward(y_bar, x):
    return x * y_bar
"""
LOST = {
    "parsed": "np.array(ast.literal_eval('[' + ','.join(map(str, x)) + ']'))",
    "fraction": "np.array([float(Fraction(str(v))) for v in x])",
    "decimal": "np.array([float(Decimal(f'{v:.17g}')) for v in x])",
    "array of text": "np.array([str(v) for v in x]).astype(float)",
    "rounded": "np.round(x, 15)",
    "whole numbers": "np.array([int(v * 2**60 + 0.5) for v in x]) / 2**60",
    "memory of the balls": "x._raw.astype(float) if hasattr(x, '_raw') else x",
}


@pytest.mark.parametrize("way", LOST)
def test_a_value_that_leaves_balls_unseen(way):
    """A forward that depends on its input where balls see a constant is not certified with half its derivative."""
    report = verify(pair(SQUARE.format(LOST[way]), **X), cases=3, explain=False)
    assert report.verdict is Verdict.UNDECIDED
    assert report.findings[0].message.startswith("along a random direction of all inputs the gradients give a slope")


def test_a_value_that_stays():
    """The control: with the derivative of the whole forward the same program is certified."""
    source = SQUARE.format("1.0 * x").replace("return x * y_bar", "return 2 * x * y_bar")
    assert verify(pair(source, **X), cases=3, explain=False).verdict is Verdict.CERTIFIED


CUT = """
def forward(x):
    y = {}
    return y, x
def backward(y_bar, x):
    g = (np.cos(x) + 2) * y_bar
    return {}
"""
FORWARDS = {
    "twin": "np.sin(x) + 2 * x",
    "traced": "np.sin(x) + 2 * x",
    "differences alone": "np.zeros_like(x)\n    y[...] = np.sin(x) + 2 * x",
}
BACKWARDS = {
    "wrong side": "np.clip(np.where(np.abs(g) > 0.5, np.abs(g), g), -0.5, 0.5)",
    "cut too early": "np.clip(np.where(np.abs(g) > 0.4, 2 * g, g), -0.5, 0.5)",
    "never cut": "g",
}


def _cut(forward, backward):
    """The verdict on a backward that is declared to clip at one half."""
    twin = (lambda x: jnp.sin(x) + 2 * x) if forward == "twin" else None
    return verify(
        pair(CUT.format(FORWARDS[forward], backward), **X, clip=0.5, reference=twin), cases=4, explain=False
    ).verdict


@pytest.mark.parametrize("forward", FORWARDS)
@pytest.mark.parametrize("backward", BACKWARDS)
def test_a_clip_hides_nothing(forward, backward):
    """Entries that a declared clip has cut must have a derivative beyond it on the same side, and be cut there."""
    assert _cut(forward, BACKWARDS[backward]) is Verdict.REFUTED


@pytest.mark.parametrize("forward", FORWARDS)
def test_a_clip_as_declared(forward):
    """The control: the clipped derivative is certified by each of the witnesses."""
    assert _cut(forward, "np.clip(g, -0.5, 0.5)") is Verdict.CERTIFIED


FAINT = """
def forward(x, z):
    x, z = x.astype(float), z.astype(float)
    y = np.zeros_like(x)
    y[...] = np.sin(x)
    return y + {scale} * np.sum(np.sin(z)), (x, z)
def backward(y_bar, cache):
    x, z = cache
    return {factor} * np.cos(x) * y_bar, {scale} * np.cos(z) * y_bar.sum()
"""


@pytest.mark.parametrize("scale", ["1e20", "1e98"])
@pytest.mark.parametrize(("factor", "verdict"), [(2, Verdict.REFUTED), (1, Verdict.CERTIFIED)])
def test_a_gradient_beside_a_huge_one(scale, factor, verdict):
    """Where finite differences judge alone, neither errors nor bounds of a huge gradient excuse a small one."""
    subject = pair(FAINT.format(scale=scale, factor=factor), inputs={"x": "D", "z": "H"})
    assert verify(subject, cases=2, explain=False).verdict is verdict


CANCELLED = """
def forward(x, b):
    y = np.zeros_like(x)
    y[...] = np.tanh(x) + b
    return y - y.mean(axis=0), x
def backward(y_bar, x):
    z_bar = y_bar - y_bar.mean(axis=0)
    return (1 - np.tanh(x)**2) * z_bar, z_bar.sum(axis=0)
"""


def test_a_gradient_that_cancels():
    """The control: a gradient that is zero but for the radii of its balls is not faint, and is certified."""
    subject = pair(CANCELLED, inputs={"x": "N D", "b": "D"}, sizes={"N": (3, 3)})
    assert verify(subject, cases=1, explain=False).verdict is Verdict.CERTIFIED


TIED = """
def forward(x):
    return np.tanh(x) + (np.maximum(x - x, 0.0).sum() if len(x) > 2 else 0.0), x
def backward(y_bar, x):
    return (1 - np.tanh(x)**2) * y_bar * (1.0 if len(x) <= {} else 3.0)
"""


def test_ties_hide_no_sizes():
    """A fault at those sizes at which a tie is met, on a line that other sizes reach, is not redrawn away."""
    report = verify(pair(TIED.format(2), **X), cases=6, explain=False)
    assert (report.verdict, report.redrawn) == (Verdict.REFUTED, 0)


def test_ties_that_hide_nothing():
    """The control: the same ties with a right backward are certified."""
    assert verify(pair(TIED.format(100), **X), cases=6, explain=False).verdict is Verdict.CERTIFIED


NOISY = """
import struct
def forward(x):
    struct.pack("d", x[0])
    return np.tanh(x) + 1e-3 * np.sin(1e12 * x), x
def backward(y_bar, x):
    struct.pack("d", x[0])
    return 7 * (1 - np.tanh(x)**2) * y_bar
"""


def test_a_bound_that_excuses_everything():
    """Float-only code so rough that a gradient of zeros would be consistent too is compared with nothing."""
    assert verify(pair(NOISY, **X), cases=2, explain=False).verdict is Verdict.NOTHING_COMPARED


MORE = """
import types
def forward(x):
    more = {}
    return np.tanh(x), more, x
def backward(y_bar, more_bar, x):
    return (1 - np.tanh(x) ** 2) * y_bar
"""


def test_an_output_that_is_an_object():
    """Numbers inside an object that is returned are compared with nothing, and the report says so."""
    report = verify(pair(MORE.format("types.SimpleNamespace(h=np.sin(x))"), **X), cases=1)
    assert "the output out[1] is a SimpleNamespace, which is compared with nothing" in report.notes


def test_an_output_that_is_complex():
    """A complex output beside a real one certifies nothing."""
    report = verify(pair(MORE.format("np.exp(1j * x)"), **X), cases=1)
    assert report.verdict.ok is False
    assert report.findings[0].message == "the output out[1] is complex128, which is not compared; return real arrays"


COUNTING = """
import numpy as np
class Scale:
    def __init__(self):
        self.w, self.dw, self.calls = np.zeros(()), np.zeros(()), 0
    def forward(self, x):
        self.calls += 1
        self.x = x
        return (self.w if self.calls < {} else 2 * self.w) * x
    def backward(self, y_bar):
        self.dw = (self.x * y_bar).sum()
        return self.w * y_bar
"""


@pytest.mark.parametrize(("calls", "verdict"), [(2, Verdict.BROKEN_CONTRACT), (100, Verdict.CERTIFIED)])
def test_a_forward_that_changes_when_it_is_called_again(calls, verdict):
    """An object whose second forward is another function, while its backward stays, does not pass."""
    scale = module_of(COUNTING.format(calls)).Scale
    subject = Subject.from_object(scale, inputs={"x": "D"}, parameters={"w": ""}, gradients="d{}")
    assert verify(subject, cases=1, explain=False).verdict is verdict


ORTHOGONAL = """
from oracle import inputs
from oracle.cases import schedule
def looked_along(x):
    for case in schedule(4, 0, {"D": (2, 8)}):
        draw = case.draw()
        values = draw.value("x", inputs.reals("D"))
        if len(values) == len(x) and bool(np.all(np.abs(x - values) < 1e-9)):
            draw.cotangents({"out": (len(x),)})
            return draw.direction("x 0", (len(x),))
    return np.zeros_like(x)
def forward(x):
    y = np.zeros_like(x)
    y[...] = np.tanh(x)
    return y, x
def backward(y_bar, x):
    v, error = looked_along(x), np.zeros_like(x)
    error[0], error[1] = v[1], -v[0]
    return (1 - np.tanh(x) ** 2) * y_bar + error * y_bar[0]
"""


def test_an_error_that_is_orthogonal_to_the_first_direction():
    """A backward that guesses the case, and errs where no fixed direction looks, is refuted."""
    report = verify(pair(ORTHOGONAL, **X, sizes={"D": (2, 8)}), cases=4, explain=False)
    assert report.verdict is Verdict.REFUTED
