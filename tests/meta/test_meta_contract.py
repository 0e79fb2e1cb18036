"""Each promise of a backward that is not a number, with a backward that breaks it, and the message it gets."""

import jax.numpy as jnp
import pytest
from meta_tools import messages, module_of, outcome, pair

from oracle import Subject
from oracle.verdict import Verdict

TANH = """
calls = []
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    g = (1 - np.tanh(x) ** 2) * y_bar
    {}
    return g
"""
BROKEN = Verdict.BROKEN_CONTRACT
CHANGES = ": a change to one changes the other"
NOT_CONTIGUOUS = "with inputs that are not contiguous, "
SECOND = "called a second time, "

LINES = {
    "g = None": (BROKEN, "{}.backward returned None; expected 1 gradient: x"),
    "g = (g, g)": (BROKEN, "{}.backward returned 2 values; expected 1 gradient: x"),
    "g = {}": (BROKEN, "{}.backward returned a mapping with nothing; expected 1 gradient: x"),
    "g = g[None]": (BROKEN, "the gradient of x has shape (1, 3); expected (3,), the shape of the input"),
    "g = g[:1]": (BROKEN, "the gradient of x has shape (1,); expected (3,), the shape of the input"),
    "g = np.ones(3, int)": (BROKEN, "the gradient of x is an array of int64; expected a float64 array of shape (3,)"),
    "g = 'g'": (BROKEN, "the gradient of x is of type str; expected a float64 array of shape (3,)"),
    "raise KeyError('k')": (BROKEN, "the code raised KeyError: 'k'"),
    "x *= 2.0": (BROKEN, "the input x was modified: x[0] is -0.686632, was -0.343316"),
    "y_bar *= 2.0": (
        BROKEN,
        "the cotangent of out was modified: it[0] is -1.074918, was -0.537459; "
        'declare mutates="cotangents" if that is meant',
    ),
    "calls.append(1); g = g * len(calls)": (
        Verdict.REFUTED,
        SECOND + "the gradient of x is another: x[0] is -0.95755093, was -0.478775465; "
        "state leaks from one call into the next",
    ),
    "calls.append(y_bar); g = (1 - np.tanh(x) ** 2) * calls[0]": (
        Verdict.REFUTED,
        SECOND + "the gradient of x is another: x[0] is -0.247729974, was -0.478775465; "
        "it depends on the cotangent of the call before",
    ),
    "calls.append(1); assert len(calls) < 2, 'used'": (BROKEN, SECOND + "the code raised AssertionError: used"),
    "np.random.rand()": (
        BROKEN,
        "forward or backward changed NumPy's global random state; pass a Generator or the drawn values instead",
    ),
    "np.random.randn()": (
        BROKEN,
        "forward or backward changed NumPy's global random state; pass a Generator or the drawn values instead",
    ),
    "g = g if y_bar.any() else g + 1.0": (BROKEN, "a cotangent of zero gives x[0] = 1; expected 0"),
    "g = g if np.abs(y_bar).max() > 0.25 else 1.5 * g": (
        BROKEN,
        "the backward is not linear in the cotangent: an eighth of it gives x[0] = -0.0897704, expected -0.0598469",
    ),
    "assert x.flags.c_contiguous, 'no'": (BROKEN, NOT_CONTIGUOUS + "the code raised AssertionError: no"),
    "g = g if x.flags.c_contiguous else 2 * g": (BROKEN, NOT_CONTIGUOUS + "the gradient of x is another"),
}


@pytest.mark.parametrize("line", LINES)
def test_broken_promises(line):
    """Each line breaks one promise, and is the only finding of a case that is otherwise right."""
    subject = pair(TANH.format(line), inputs={"x": "D"}, reference=jnp.tanh)
    heard = outcome(subject, D=3)
    verdict, message = LINES[line]
    module = subject.form.forward_function.__module__
    assert (heard.verdict, messages(heard)) == (verdict, [message.replace("{}", module, 1)])


def test_a_kept_promise():
    """The control: without such a line there is no finding."""
    heard = outcome(pair(TANH.format("pass"), inputs={"x": "D"}, reference=jnp.tanh), D=3)
    assert (heard.verdict, messages(heard)) == (Verdict.CERTIFIED, [])


MATRICES = """
def forward(x, w):
    return x @ w, (x, w)
def backward(y_bar, cache):
    x, w = cache
    return y_bar @ w.T, {}
"""


@pytest.mark.parametrize(
    ("wrong", "shape"),
    [
        ("y_bar.T @ x", (3, 7)),
        ("(x.T @ y_bar).T", (3, 7)),
        ("(x.T @ y_bar)[None]", (1, 7, 3)),
        ("(x.T @ y_bar).ravel()", (21,)),
    ],
)
def test_a_gradient_of_another_shape(wrong, shape):
    """A gradient with as many entries in another shape is one sentence, whether or not its entries are right."""
    subject = pair(MATRICES.format(wrong), inputs={"x": "B D", "w": "D H"})
    heard = outcome(subject, B=1, D=7, H=3)
    assert messages(heard)[0] == f"the gradient of w has shape {shape}; expected (7, 3), the shape of the input"
    assert not heard.verdict.ok


ALIASES = {
    "x[:] = g; g = x": "the input x",
    "y_bar[:] = g; g = y_bar": "the cotangent of out",
}


@pytest.mark.parametrize("line", ALIASES)
def test_a_gradient_that_is_another_array(line):
    """A gradient written into an argument and returned is two broken promises: modified, and shared."""
    heard = outcome(pair(TANH.format(line), inputs={"x": "D"}, reference=jnp.tanh), D=3)
    assert (heard.verdict, heard.verdicts) == (BROKEN, {"x": Verdict.CERTIFIED})
    assert len(messages(heard)) == 2
    assert messages(heard)[0].startswith(f"{ALIASES[line]} was modified: ")
    assert messages(heard)[1] == (
        f"the gradient of x shares memory with {ALIASES[line]}: a change to one changes the other"
    )


SUM = """
def forward(x, y):
    return x + y, None
def backward(z_bar, _):
    {}
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("g = 1.0 * z_bar; return g, g", ["the gradient of y shares memory with the gradient of x" + CHANGES]),
        ("g = np.stack([z_bar, z_bar]); return g[0], g[1]", []),
    ],
)
def test_two_gradients_that_are_one_array(line, expected):
    """One array for two gradients is found; two rows of one array share nothing."""
    subject = pair(SUM.format(line), inputs={"x": "D", "y": "D"}, reference=lambda x, y: x + y)
    heard = outcome(subject, D=3)
    assert messages(heard) == expected
    assert set(heard.verdicts.values()) == {Verdict.CERTIFIED}


def test_a_gradient_that_is_missing():
    """A mapping without one of the gradients is named with what it holds."""
    subject = pair(SUM.format("return {'dx': 1.0 * z_bar}"), inputs={"x": "D", "y": "D"})
    expected = (
        f"{subject.form.forward_function.__module__}.backward returned a mapping with dx; expected 2 gradients: x, y"
    )
    assert messages(outcome(subject, D=3)) == [expected]


SCALE = """
import numpy as np
class Scale:
    def __init__(self, D):
        self.w, self.dw, self.calls = np.zeros(D), np.zeros(D), 0
    def forward(self, x):
        self.x, self.calls = x, self.calls + 1
        return self.w * x
    def backward(self, y_bar):
        self.dw {}
        return self.w * y_bar
"""


def scale(line, **options):
    """An object that multiplies by w, and writes the gradient of w so."""
    return Subject.from_object(
        module_of(SCALE.format(line)).Scale,
        inputs={"x": "D"},
        parameters={"w": "D"},
        gradients="d{}",
        reference=lambda p, x: p["w"] * x,
        **options,
    )


def test_a_reused_object_that_remembers():
    """An object whose second sequence gives another gradient is refuted, though its first is certified."""
    heard = outcome(scale("= self.x * y_bar * self.calls"), D=3)
    assert (heard.verdict, heard.verdicts["w"]) == (Verdict.REFUTED, Verdict.CERTIFIED)
    assert messages(heard) == [
        "called a second time, the gradient of w is another: w[0] is 0.369036548, was 0.184518274; "
        "state leaks from one call into the next"
    ]


def test_accumulation_is_declared_or_refuted():
    """Adding to the slots is right where it is declared, and refuted where it is not."""
    assert outcome(scale("+= self.x * y_bar", accumulates=True), D=3).verdict is Verdict.CERTIFIED
    heard = outcome(scale("+= self.x * y_bar"), D=3)
    assert heard.verdict is Verdict.REFUTED
    assert messages(heard) == [
        "the backward adds to what the gradient slots held before: w; declare accumulates=True if that is meant"
    ]


def test_declared_accumulation_that_overwrites():
    """A backward that overwrites where it should add is refuted, and the opposite declaration certified."""
    assert outcome(scale("= self.x * y_bar", accumulates=True), D=3).verdicts["w"] is Verdict.REFUTED
    assert outcome(scale("= self.x * y_bar"), D=3).verdict is Verdict.CERTIFIED
