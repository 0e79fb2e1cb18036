"""Leaving ball arithmetic, open questions, references of no use, rounded constants: all provoked."""

import jax
import jax.numpy as jnp
import pytest
from meta_tools import messages, on_trial, outcome, pair

from oracle import verify
from oracle.forms.form import SubjectError
from oracle.verdict import Verdict

TANH = """
import math
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    {}
    return (1 - np.tanh(x) ** 2) * y_bar
"""


def tanh(line="pass", reference=jnp.tanh):
    """tanh, with one more line in its backward."""
    return pair(TANH.format(line.replace("\n", "\n    ")), inputs={"x": "D"}, reference=reference)


# ---- leaving ball arithmetic


WAYS_OUT = {
    "text": (
        "x = np.array([float(str(v)) for v in x])",
        "text was turned into a number: it may have been a ball, at {}:7: {}",
    ),
    "bytes": (
        "x = np.frombuffer(np.asarray(x).tobytes())",
        "ndarray.tobytes has no rule for balls, at {}:7: {}",
    ),
    "a buffer": (
        "x = np.array(memoryview(np.asarray(x)))",
        "raised TypeError in balls only: memoryview: a bytes-like object is required, not 'BallArray', at {}:7: {}",
    ),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_leaving_ball_arithmetic_is_named(way):
    """Code through which balls would turn into floats is judged in floats, and the report names line and reason."""
    line, why = WAYS_OUT[way]
    subject = tanh(line)
    report = verify(subject, cases=4, explain=False)
    assert report.verdict is Verdict.CONSISTENT
    file = subject.form.forward_function.__code__.co_filename
    assert report.notes[0] == f"left ball arithmetic: {why.format(file, line)}"


@pytest.mark.parametrize("way", WAYS_OUT)
def test_leaving_ball_arithmetic_with_a_wrong_backward(way):
    """The control: the same way out does not let a wrong backward pass."""
    line, _ = WAYS_OUT[way]
    assert outcome(tanh(f"{line}\ny_bar = 1.001 * y_bar"), D=3).verdicts == {"x": Verdict.INCONSISTENT}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_swallowed_refusal_is_remembered(way):
    """Catching the exception does not bring the certificate back."""
    line, _ = WAYS_OUT[way]
    trial = on_trial(tanh(f"try:\n    {line}\nexcept Exception:\n    pass"))
    assert outcome(trial, D=3).verdicts == {"x": Verdict.CONSISTENT}
    assert len(trial.left) == 1


def test_a_swallowed_open_question_is_remembered():
    """Catching the exception of an open comparison leaves the case undecided."""
    line = "try:\n    bool((np.sin(x) ** 2 + np.cos(x) ** 2).sum() > len(x))\nexcept Exception:\n    pass"
    heard = outcome(tanh(line), D=3)
    assert heard.verdict is Verdict.UNDECIDED
    assert " bits: np.greater of overlapping balls, at " in messages(heard)[0]


CASTS = {
    "x = x.astype(np.float32)": ["casts to"],
    "x = np.float32(x)": ["casts to"],
    "x = np.array(x, dtype=np.float32)": ["allocates", "casts to"],
}


@pytest.mark.parametrize("line", CASTS)
def test_casts_to_float32_are_noted(line):
    """A cast to float32 is the identity in balls, so the report says where the code rounds."""
    subject = tanh(line)
    place = f"{subject.form.forward_function.__code__.co_filename}:7: {line}"
    notes = [f"the code {verb} float32, at {place}: judged as float32" for verb in CASTS[line]]
    assert list(verify(subject, cases=1, explain=False).notes) == notes


# ---- references


@jax.custom_vjp
def _lying_tanh(x):
    return jnp.tanh(x)


_lying_tanh.defvjp(lambda x: (jnp.tanh(x), x), lambda x, y_bar: (7 * y_bar,))

UNTRUSTED = {
    "the reference uses stop_gradient, so its gradient is not that of the function it computes": (
        lambda x: jnp.tanh(x) + 0 * jax.lax.stop_gradient(x)
    ),
    "the reference has a custom_vjp rule, which need not be the derivative of the function": _lying_tanh,
}


@pytest.mark.parametrize("why", UNTRUSTED)
def test_untrusted_references_are_reported(why):
    """A reference that brings its own derivative is reported, and finite differences alone certify."""
    report = verify(tanh(reference=UNTRUSTED[why]), cases=4, explain=False)
    assert (report.verdict, report.witnesses) == (Verdict.CERTIFIED, ("finite_difference",))
    assert report.notes == (f"the reference's own derivative is not trusted: {why}",)


@pytest.mark.parametrize("why", UNTRUSTED)
@pytest.mark.parametrize("line", ["y_bar = 1.5 * y_bar", "return 7 * y_bar"])
def test_untrusted_references_excuse_nothing(why, line):
    """The control: a wrong backward is refuted all the same, even where it has the reference's own derivative."""
    assert outcome(tanh(line, UNTRUSTED[why]), D=3).verdicts == {"x": Verdict.REFUTED}


USELESS = {
    "a branch on values": (
        lambda x: jnp.tanh(x) if x[0] > 0 else x,
        r"JAX cannot trace the reference at \{'D': 3\}: TracerBoolConversionError: ",
    ),
    "writing in place": (
        lambda x: x.__setitem__(0, 1.0),
        r"JAX cannot trace the reference at \{'D': 3\}: TypeError: JAX arrays are immutable",
    ),
    "a primitive without a rule": (
        lambda x: jnp.tanh(x) + 0 * jax.scipy.special.i0(x),
        "the reference needs the primitive 'bessel_i0e', which has no rule; write it with others, please$",
    ),
    "a primitive that is refused": (
        lambda x: jnp.tanh(x) + 0 * jnp.fft.fft(x).real,
        "the reference needs the primitive 'fft', which is not computed in balls here; write the function without it$",
    ),
}


@pytest.mark.parametrize("what", USELESS)
def test_references_of_no_use(what):
    """A reference that cannot be traced or run is misuse, said in one sentence."""
    reference, why = USELESS[what]
    with pytest.raises(SubjectError, match=rf"^the reference of planted is of no use: {why}"):
        outcome(tanh(reference=reference), D=3)


def test_a_reference_of_another_shape():
    """A reference whose output has another shape is misuse, with both shapes."""
    expected = r"^the output out of planted has shape \(3,\), but that of the reference \(\), at D=3, generic, seed 7$"
    with pytest.raises(SubjectError, match=expected):
        outcome(tanh(reference=lambda x: jnp.tanh(x).sum()), D=3)


def test_a_reference_that_branches_on_sizes():
    """Where the symbolic trace answers a comparison of sizes otherwise, the reference is traced at each sizes."""
    subject = pair(
        """
        def forward(x, y):
            if len(x) == len(y):
                return x * y, (x, y)
            return x * y.sum(), (x, y)
        def backward(z_bar, cache):
            x, y = cache
            if len(x) == len(y):
                return z_bar * y, z_bar * x
            return z_bar * y.sum(), np.zeros_like(y) + (z_bar * x).sum()
        """,
        inputs={"x": "D", "y": "H"},
        reference=lambda x, y: x * y if x.shape == y.shape else x * y.sum(),
    )
    report = verify(subject, cases=6, explain=False)
    assert report.verdict is Verdict.CERTIFIED
    assert report.notes == ("the reference branches on sizes: it is traced anew at each of them",)


def test_a_reference_that_rounds_a_constant_is_not_said_to_branch():
    """The control: tracing anew does not help against 1 / 3, and zeros, which agree anyway, are no sign of it."""
    subject = pair(
        """
        def forward(x):
            return np.tanh(x) * (1 / 3), x
        def backward(y_bar, x):
            return y_bar * (1 - np.tanh(x) ** 2) * (1 / 3)
        """,
        inputs={"x": "B D"},
        reference=lambda x: jnp.tanh(x) * (1 / 3),
    )
    report = verify(subject, cases=40, explain=False)
    assert report.verdict is Verdict.CONSISTENT
    assert not [note for note in report.notes if "branches on sizes" in note]


# ---- rounded constants


BATCH_NORM = """
def forward(x):
    N = x.shape[0]
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    var = 1. / N * np.sum(xmu ** 2, axis=0)
    ivar = 1. / np.sqrt(var + 1e-5)
    return xmu * ivar, (xmu, ivar, N)
def backward(y_bar, cache):
    xmu, ivar, N = cache
    var_bar = np.sum(y_bar * xmu, axis=0) * -0.5 * ivar ** 3
    xmu_bar = y_bar * ivar + {} * 2 * xmu * var_bar
    return xmu_bar - 1. / N * np.sum(xmu_bar, axis=0)
"""


def batch_norm(factor, reference):
    """A batch norm with a reference, and this factor in its backward."""
    return pair(BATCH_NORM.format(factor), inputs={"x": "N D"}, reference=reference)


def _batch_norm(x):
    centred = x - x.mean(0)
    return centred / jnp.sqrt((centred**2).mean(0) + 1e-5)


@pytest.mark.parametrize("reference", [_batch_norm, None])
@pytest.mark.parametrize("N", [3, 5, 7])
def test_reciprocals_of_sizes_are_not_rounded(N, reference):
    """A batch norm that multiplies by 1 / N is certified: Python's arithmetic on sizes is lifted."""
    assert outcome(batch_norm("1. / N", reference), N=N, D=2).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("N", [3, 5, 7])
def test_a_wrong_reciprocal_is_refuted(N):
    """The control: 1 / (N - 1) in the backward alone is refuted."""
    assert outcome(batch_norm("1. / (N - 1)", _batch_norm), N=N, D=2).verdicts == {"x": Verdict.REFUTED}


THIRD = """
THIRD = 1 / 3
def forward(x):
    return x * x * {}, x
def backward(y_bar, x):
    return 2 * x * {} * y_bar
"""


def test_a_constant_rounded_at_import_is_consistent():
    """A third rounded when the module was loaded differs from a third by a rounding: neither refuted nor certified."""
    subject = pair(THIRD.format("THIRD", "THIRD"), inputs={"x": "D"}, reference=lambda x: x**2 / 3)
    heard = outcome(subject, D=3)
    assert heard.verdicts == {"x": Verdict.CONSISTENT}
    assert heard.comparisons["x"].rounded == 3


def test_a_constant_rounded_in_the_backward_alone_is_consistent():
    """The same where finite differences are the judge."""
    heard = outcome(pair(THIRD.format("(1 / 3)", "THIRD"), inputs={"x": "D"}), D=3)
    assert heard.verdicts == {"x": Verdict.CONSISTENT}


def test_a_constant_that_is_more_than_a_rounding_away():
    """The control: a third to eleven digits is refuted, with and without a reference."""
    for reference in (lambda x: x**2 / 3, None):
        subject = pair(THIRD.format("(1 / 3)", "0.33333333333"), inputs={"x": "D"}, reference=reference)
        assert outcome(subject, D=3).verdicts == {"x": Verdict.REFUTED}


def test_an_epsilon_that_the_backward_leaves_out():
    """An epsilon inside a logarithm, small as it is, is no rounding: refuted."""
    subject = pair(
        """
        def forward(p):
            return np.log(p * p + 1e-9), p
        def backward(y_bar, p):
            return 2 * p / (p * p) * y_bar
        """,
        inputs={"p": "D"},
        reference=lambda p: jnp.log(p * p + 1e-9),
    )
    assert outcome(subject, D=3).verdicts == {"p": Verdict.REFUTED}


INFLATING = """
def forward(x):
    y = x
    for _ in range(100):
        y = y + np.sin(y) - np.sin(y) * 1.0
    return np.tanh(y), y
def backward(y_bar, y):
    return {} * (1 - np.tanh(y) ** 2) * y_bar
"""


def test_wide_balls_excuse_no_wrong_factor():
    """A factor of 2 is no rounded constant, however wide the balls of a long computation have become."""
    heard = outcome(pair(INFLATING.format(2), inputs={"x": "D"}), D=3)
    assert heard.verdicts == {"x": Verdict.REFUTED}
