"""The oracle sabotaged: kernels and witnesses broken in turn must cost a right subject its certificate."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from meta_tools import messages, on_trial, outcome, pair

from oracle import comparison, verify
from oracle.accuracy import LeafError
from oracle.arithmetic import adapter, enclosures, kernels
from oracle.reference import Reference
from oracle.steps import balls, floats, locating, second_witness
from oracle.verdict import Comparison, FloatAccuracy, Verdict, WitnessesDisagree
from oracle.witnesses import finite_difference, statement
from oracle.witnesses.finite_difference import Slope

DENSE = """
def forward(x, W, b):
    y = np.tanh(x @ W + b)
    s = 1 / (1 + np.exp(-y))
    return (y * s / (1 + y * y)).sum(axis=0), (x, W, y, s)
def backward(out_bar, cache):
    x, W, y, s = cache
    q = 1 + y * y
    y_bar = out_bar * (s / q + y * s * (1 - s) / q - 2 * y * y * s / (q * q))
    a_bar = y_bar * (1 - y * y)
    return a_bar @ W.T, x.T @ a_bar, a_bar.sum(axis=0)
"""


def _dense(x, W, b):
    y = jnp.tanh(x @ W + b)
    return (y / (1 + jnp.exp(-y)) / (1 + y * y)).sum(axis=0)


@pytest.fixture
def dense():
    """A right subject that uses sums, products, quotients, tanh, exp and matrix products."""
    return pair(DENSE, inputs={"x": "B D", "W": "D H", "b": "H"}, reference=_dense)


SIZES = {"B": 3, "D": 2, "H": 4}


def test_without_sabotage(dense):
    """The control: nothing sabotaged, the subject is certified."""
    heard = outcome(dense, **SIZES)
    assert (heard.verdict, sorted(heard.witnesses)) == (Verdict.CERTIFIED, ["autodiff", "finite_difference"])


# ---- the arithmetic, which both programs share


_SABOTAGES = """
def scaled(loop):
    return lambda *arguments: np.asarray(loop(*arguments) * lift(1 + 2.0**-20)[()], dtype=object)
def shifted(loop):
    return lambda *arguments: np.asarray(loop(*arguments) + lift(2.0**-20)[()], dtype=object)
def blunt(loop):
    return lambda *arguments: np.asarray(middle(loop(*arguments)), dtype=object)
def short_sum(whole):
    def short(a, axes=None, keepdims=False):
        return whole(a[:-1] if a.ndim == 2 and axes in (0, (0,)) and len(a) > 1 else a, axes, keepdims)
    return short
def short_product(whole):
    return lambda a, b: whole(a[..., :-1], b[..., :-1, :]) if a.shape[-1] > 1 else whole(a, b)
"""
SABOTAGE = {"np": np, "lift": adapter.lift, "middle": np.frompyfunc(lambda ball: ball.mid(), 1, 1)}
exec(compile(_SABOTAGES, "<sabotage>", "exec"), SABOTAGE)  # outside every module, so that no tracer sees it run


TABLES = [
    *(("UNARY", name) for name in ("tanh", "exp", "negative")),
    *(("BINARY", name) for name in ("add", "subtract", "multiply", "divide")),
]


@pytest.mark.parametrize(("table", "name"), TABLES)
@pytest.mark.parametrize("sabotage", ["scaled", "shifted"])
def test_a_sabotaged_loop(dense, monkeypatch, table, name, sabotage):
    """A loop that both programs share and that is off by a millionth costs the certificate."""
    monkeypatch.setitem(getattr(kernels, table), name, SABOTAGE[sabotage](getattr(kernels, table)[name]))
    trial = on_trial(dense)
    assert _verdict(trial) is not Verdict.CERTIFIED
    assert trial.left == {}


def _verdict(subject):
    """The verdict of a case; None where the witnesses contradict each other, which certifies nothing either."""
    try:
        return outcome(subject, **SIZES).verdict
    except WitnessesDisagree:
        return None


REFUTES = "finite differences refute what the gradient program certifies"
BLIND = "the forward in balls has a slope of"


def test_a_sum_that_drops_the_last_row(dense, monkeypatch):
    """A sum that forgets its last term agrees with itself in balls, but not with the untouched forward in floats."""
    monkeypatch.setattr(kernels, "reduce_sum", SABOTAGE["short_sum"](kernels.reduce_sum))
    heard = outcome(dense, **SIZES)
    assert heard.verdict is Verdict.UNDECIDED
    assert any(BLIND in message for message in messages(heard)), messages(heard)


def test_a_matrix_product_that_forgets_a_term(dense, monkeypatch):
    """The same for matrix products."""
    monkeypatch.setattr(kernels, "matmul", SABOTAGE["short_product"](kernels.matmul))
    heard = outcome(dense, **SIZES)
    assert heard.verdict is Verdict.UNDECIDED
    assert any(BLIND in message for message in messages(heard)), messages(heard)


def test_a_sabotage_that_is_its_own_derivative(monkeypatch):
    """An exponential that is off by a factor deceives every program in balls: the untouched float run shows it."""
    subject = pair(
        """
        def forward(x):
            y = np.exp(x)
            return y, y
        def backward(y_bar, y):
            return y * y_bar
        """,
        inputs={"x": "D"},
        reference=jnp.exp,
    )
    assert outcome(subject, D=3).verdict is Verdict.CERTIFIED
    monkeypatch.setitem(kernels.UNARY, "exp", SABOTAGE["scaled"](kernels.UNARY["exp"]))
    heard = outcome(subject, D=3)
    assert (heard.verdict, heard.verdicts) == (Verdict.INACCURATE, {"x": Verdict.CERTIFIED})
    assert [message.split(" is ")[0] for message in messages(heard)] == [
        "in float64 the gradient of x[2]",
        "in float64 the output out[2]",
    ]


def test_a_sabotaged_logistic_function(monkeypatch):
    """A logistic function that only the reference uses is off: the reference differs, and is not believed."""
    subject = pair(
        """
        def forward(x):
            s = 1 / (1 + np.exp(-x))
            return s, s
        def backward(y_bar, s):
            return s * (1 - s) * y_bar
        """,
        inputs={"x": "D"},
        reference=jax.nn.sigmoid,
    )
    assert outcome(subject, D=3).verdict is Verdict.CERTIFIED
    monkeypatch.setitem(kernels.UNARY, "expit", SABOTAGE["scaled"](kernels.UNARY["expit"]))
    assert outcome(subject, D=3).verdict is Verdict.FORWARD_DIFFERS


def test_balls_that_are_too_thin(dense, monkeypatch):
    """An arithmetic that loses its radii makes the two programs disjoint: no agreement is left to certify."""
    for name in ("multiply", "divide", "add"):
        monkeypatch.setitem(kernels.BINARY, name, SABOTAGE["blunt"](kernels.BINARY[name]))
    assert _verdict(dense) is not Verdict.CERTIFIED


# ---- the witnesses


def _sabotage_truth(monkeypatch, change):
    """The gradient program, with its gradients changed."""
    run = Reference.run

    def changed(self, arithmetic, point, outputs):
        found, gradients = run(self, arithmetic, point, outputs)
        return found, change(gradients)

    monkeypatch.setattr(Reference, "run", changed)


def test_a_gradient_program_that_returns_zeros(dense, monkeypatch):
    """Zeros from the gradient program contradict finite differences: a fault of ours, with an exception of its own."""
    _sabotage_truth(monkeypatch, lambda gradients: {name: value * 0 for name, value in gradients.items()})
    expected = r"^planted at B=3 D=2 H=4, generic, seed 7: finite differences confirm what the gradient program refutes"
    with pytest.raises(WitnessesDisagree, match=expected):
        outcome(dense, **SIZES)


WRONG = DENSE.replace("- 2 * y * y * s", "- y * y * s")


def test_a_gradient_program_that_repeats_the_claim(monkeypatch):
    """A gradient program that returns the hand-written gradients lets finite differences refute alone."""
    wrong = pair(WRONG, inputs={"x": "B D", "W": "D H", "b": "H"}, reference=_dense)
    ask = balls._ask_reference

    def echo(hearing, bits):
        answered = ask(hearing, bits)
        hearing.truth = dict(hearing.gradients)
        return answered

    assert outcome(wrong, **SIZES).verdict is Verdict.REFUTED
    monkeypatch.setattr(balls, "_ask_reference", echo)
    with pytest.raises(WitnessesDisagree, match=REFUTES):
        outcome(wrong, **SIZES)


def test_finite_differences_that_repeat_the_claim(monkeypatch):
    """Finite differences that confirm whatever is claimed contradict the gradient program."""
    wrong = pair(WRONG, inputs={"x": "B D", "W": "D H", "b": "H"}, reference=_dense)
    monkeypatch.setattr(
        second_witness, "testify", lambda *_, **__: statement.Statement(statement.Testimony.CONFIRMS, 80.0)
    )
    with pytest.raises(WitnessesDisagree, match="finite differences confirm what the gradient program refutes"):
        outcome(wrong, **SIZES)


def test_finite_differences_that_are_wrong(dense, monkeypatch):
    """A slope that is off contradicts the gradient program, of a right subject."""
    slope = finite_difference.slope

    def off(*arguments, **options):
        seen = slope(*arguments, **options)
        return Slope(seen.estimate * adapter.lift(1 + 2.0**-30)[()], seen.error)

    monkeypatch.setattr(finite_difference, "slope", off)
    with pytest.raises(WitnessesDisagree, match=REFUTES):
        outcome(dense, **SIZES)


def test_finite_differences_that_say_nothing(dense, monkeypatch):
    """A silent second witness leaves the subject undecided."""
    monkeypatch.setattr(
        second_witness, "testify", lambda *_, **__: statement.Statement(statement.Testimony.SILENT, why="no voice")
    )
    heard = outcome(dense, **SIZES)
    assert heard.verdict is Verdict.UNDECIDED
    assert messages(heard) == ["finite differences of the hand-written forward cannot tell: no voice"]


def test_a_reference_that_is_never_asked(dense, monkeypatch):
    """Without the gradient program there is one witness, and the outcome names that one alone."""
    monkeypatch.setattr(Reference, "truth", lambda *_: None)
    assert outcome(dense, **SIZES).witnesses == ["finite_difference"]


# ---- comparing


def _nothing(name, got, truth, **_):
    """A comparison that compares nothing and finds everything well."""
    return Comparison(name, got.shape, got.size, digits=99.0)


def test_a_comparison_that_compares_nothing(monkeypatch):
    """Finite differences refute a wrong backward that the comparison waved through."""
    wrong = pair(WRONG, inputs={"x": "B D", "W": "D H", "b": "H"}, reference=_dense)
    monkeypatch.setattr(balls, "compare", _nothing)
    with pytest.raises(WitnessesDisagree, match=REFUTES):
        outcome(wrong, **SIZES)


def test_a_comparison_of_no_entries(dense, monkeypatch):
    """A comparison that says it has compared no entry certifies nothing."""
    monkeypatch.setattr(balls, "compare", lambda name, got, truth, **_: Comparison(name, got.shape, 0, digits=99.0))
    assert verify(dense, cases=2, explain=False).verdict is Verdict.NOTHING_COMPARED


def test_balls_of_nan_overlap_everything():
    """Were finiteness not asked first, NaN would agree with everything: the comparison asks."""
    nan = adapter.lift(np.full(2, np.nan))
    assert not enclosures.meet(nan, nan).any()
    compared = comparison.compare("x", nan, nan, digits=30)
    assert (compared.agrees, compared.unsettled) == (False, 2)


def test_float_runs_that_are_never_measured(monkeypatch):
    """The test above of code that loses digits fails if its float run is not measured."""
    subject = pair(
        "def forward(x):\n    return np.log(np.exp(600 * x)), x\ndef backward(y_bar, x):\n    return 600 * y_bar",
        inputs={"x": "D"},
        reference=lambda x: 600 * x,
    )
    assert verify(subject, cases=1, explain=False).verdict is Verdict.INACCURATE
    fine = LeafError(FloatAccuracy(0.0, 0.0), None)
    monkeypatch.setattr(floats.accuracy, "measure", lambda *_: fine)
    assert verify(subject, cases=1, explain=False).verdict is Verdict.CERTIFIED


def test_refuted_entries_without_a_place(monkeypatch):
    """Where no single gradient is refuted, but the joint direction is, the finding says that."""
    wrong = pair(WRONG, inputs={"x": "B D", "W": "D H", "b": "H"})
    monkeypatch.setattr(Reference, "truth", lambda *_: None)
    assert set(outcome(wrong, **SIZES).verdicts.values()) == {Verdict.REFUTED}
    monkeypatch.setattr(locating, "_refuted", lambda *_: False)
    heard = outcome(wrong, **SIZES)
    assert heard.verdict is Verdict.REFUTED
    assert messages(heard)[0] == (
        "finite differences of the hand-written forward disagree along a joint direction of all gradients"
    )


def test_entries_are_frozen():
    """What was compared cannot be changed afterwards."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Comparison("x", (), 1).wrong = 0
