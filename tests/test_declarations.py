"""Declarations that do not fit, options that a case draws, and what a report says of both."""

import re

import numpy as np
import pytest

import oracle
from oracle import Verdict
from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.point import Point
from oracle.reference import OTHER, ROUNDED, other
from oracle.trial import Trial


def forward(x):
    """tanh."""
    return np.tanh(x), x


def backward(y_bar, x):
    """Its gradient."""
    return (1 - np.tanh(x) ** 2) * y_bar


def pair(run=forward, back=backward, **more):
    """The two as a subject."""
    return oracle.Subject.from_functions(run, back, **{"inputs": {"x": "B D"}, **more})


# ---- misuse


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"mean_over": "Z"}, "a declared deviation names the size 'Z', but the inputs have only the sizes B, D"),
        ({"scale": "Z"}, "a declared deviation names the size 'Z', but the inputs have only the sizes B, D"),
        (
            {"gradients": ("x",)},
            'gradients= is of type tuple; expected the naming rule of a returned mapping, such as "d{}": a tuple that '
            "the backward returns is in the order of inputs=, with nothing to declare",
        ),
        (
            {"reference": 3},
            "reference= is of type int; expected the same forward for JAX, a function of the same arguments",
        ),
    ],
)
def test_what_does_not_fit_is_refused_when_the_subject_is_made(given, sentence):
    """One sentence: what was given, what was expected."""
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        pair(**given)


def test_a_size_that_only_the_object_knows_may_be_declared():
    """The control: `make` takes it."""

    class Layer:
        def __init__(self, Z):
            self.Z = Z

        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, y_bar):
            return (1 - self.y**2) * y_bar / self.Z

    made = oracle.Subject.from_object(
        Layer, forward="forward", backward="backward", inputs={"x": "B D"}, parameters={}, mean_over="Z"
    )
    assert oracle.verify(made, cases=4, explain=False).verdict is Verdict.CERTIFIED


def test_a_shape_given_as_a_tuple_of_numbers_is_refused():
    """With the text that was meant."""
    sentence = 'the spec of x is (3, 4); a shape is written as text: "3 4"'
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        pair(inputs={"x": (3, 4)})


def test_digits_given_as_text_are_refused():
    """A number was expected."""
    with pytest.raises(ValueError, match=r"^digits='30' must be a number between 1 and 200$"):
        oracle.verify(pair(), digits="30")


def test_integer_outputs_have_no_derivative():
    """Named with their kind."""
    report = oracle.verify(pair(lambda x: (np.round(x).astype(int), x)), cases=2)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "returned nothing that has a derivative (out is an array of int64); expected an array of floats" in str(
        report
    )


def test_an_update_that_takes_no_step_is_explained():
    """Every gradient is zero, and the report says why that may be."""

    class Layer:
        def __init__(self):
            self.W = np.zeros((2, 2))

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, y_bar):
            self.dW = self.x.T @ y_bar
            return y_bar @ self.W.T

        def step(self, lr):
            self.W -= lr * self.dW

    def made(**more):
        named = {"inputs": {"x": "B 2"}, "parameters": {"W": "2 2"}, "gradients": "update"}
        return oracle.Subject.from_object(Layer, forward="forward", backward="backward", **named, **more)

    note = (
        'gradients="update" reads gradients off a step, but no parameter ever changed: '
        "name the function that takes the step with update="
    )
    without = oracle.verify(made(), cases=3, explain=False)
    assert (without.verdict, note in without.notes) == (Verdict.REFUTED, True)
    stepping = oracle.verify(made(update="step"), cases=3, explain=False)
    assert (stepping.verdict, note in stepping.notes) == (Verdict.CERTIFIED, False)


def test_gradients_that_are_zero_throughout_are_explained():
    """Nothing was compared, and the report says which and asks for the weights."""
    nothing = pair(lambda x: (0.0 * x, x), lambda y_bar, x: 0.0 * y_bar)
    report = oracle.verify(nothing, cases=3, explain=False)
    assert report.verdict is Verdict.NOTHING_COMPARED
    assert any(
        note.startswith("exactly zero on both sides in every case: x; is it multiplied by") for note in report.notes
    )


# ---- gradients that are not finite


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_gradient_that_is_not_finite_is_accused(value, in_place):
    """The forward and the derivative are finite: the gradient is named, with its entry, whichever witness speaks."""

    def run(x):
        y = np.zeros_like(x)
        y[...] = np.tanh(x)
        return y, x

    def back(y_bar, x):
        x_bar = backward(y_bar, x) * 1.0
        x_bar[-1] = value
        return x_bar

    report = oracle.verify(pair(run if in_place else forward, back, inputs={"x": "D"}), cases=1, explain=False)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert f"the gradient x[2] is {value}, although the forward is finite there and its derivative is " in str(report)


def test_a_derivative_that_is_not_finite_accuses_nobody():
    """The control: at zero the square root has none."""

    def back(y_bar, x):
        return y_bar * np.where(x > 10.0, 1.0, 1 / (2 * np.sqrt(x * 0)))

    report = oracle.verify(pair(lambda x: (np.sqrt(x * 0), x), back, inputs={"x": "D"}), cases=1)
    assert "although the forward is finite" not in str(report)
    assert not report.ok


# ---- options


def scaled(x, mode):
    """Twice as much in training."""
    return np.tanh(x) * (2.0 if mode == "train" else 1.0), (x, mode)


def backward_of(evaluating=1.0):
    """Its gradient, in evaluation times a factor."""

    def back(y_bar, cache):
        x, mode = cache
        x_bar = (1 - np.tanh(x) ** 2) * y_bar
        if mode == "train":
            x_bar *= 2.0
        else:
            x_bar *= evaluating
            x_bar += 0.0
        return x_bar

    return back


def twin(x, mode):
    """The same for JAX."""
    import jax.numpy as jnp

    return jnp.tanh(x) * (2.0 if mode == "train" else 1.0)


HINT = (
    'where an option leads to a line that no case reached, let cases draw it, as oracle.choice("train", "eval") or '
    'oracle.booleans(""), or make a subject for each value with oracle.fixed'
)


def test_a_branch_on_a_fixed_option_is_explained():
    """Undecided, with what to declare."""
    inputs = {"x": "D", "mode": oracle.fixed("train")}
    report = oracle.verify(pair(scaled, backward_of(), inputs=inputs), cases=4, explain=False)
    assert (report.verdict, HINT in report.notes) == (Verdict.UNDECIDED, True)


@pytest.mark.parametrize("reference", [None, twin])
def test_options_are_drawn_and_all_of_them_judged(reference):
    """Each case draws one; the reference is asked with the same; a fault in one branch is found."""
    inputs = {"x": "D", "mode": oracle.choice("train", "eval")}
    report = oracle.verify(pair(scaled, backward_of(), inputs=inputs, reference=reference), cases=8, explain=False)
    assert (report.verdict, HINT in report.notes) == (Verdict.CERTIFIED, False), report
    assert report.witnesses == ("autodiff", "finite_difference")
    wrong = oracle.verify(pair(scaled, backward_of(1.5), inputs=inputs, reference=reference), cases=8, explain=False)
    assert wrong.verdict is Verdict.REFUTED
    for seed in range(6):
        made = pair(scaled, backward_of(), inputs=inputs, reference=reference)
        assert oracle.verify_case(made, Case({"D": 2}, seed=seed)).verdict is Verdict.CERTIFIED
        assert oracle.check_in_floats(made, Case({"D": 2}, seed=seed)).ok


def test_an_option_alone_is_none():
    """One value is fixed."""
    with pytest.raises(ValueError, match=r"^choice\(\) needs at least two values, but got 1; oracle.fixed takes one$"):
        oracle.choice("train")


def test_a_reference_is_not_asked_about_another_option():
    """Whoever forgets to settle the options of a case is told, instead of comparing two different modes."""
    inputs = {"x": "D", "mode": oracle.choice("train", "eval")}
    trial = Trial(pair(scaled, backward_of(), inputs=inputs, reference=twin), 30)
    points = [Point(trial.subject, Case({"D": 2}, seed=seed)) for seed in range(12)]
    point = next(one for one in points if one.values["mode"] == "eval")
    with pytest.raises(
        ValueError, match=r"^the option 'mode' is 'eval' in this case, but the reference was asked with"
    ):
        trial.reference.run_quickly(point, {"out": np.zeros(2)})
    assert trial.settled(point.case).subject.leaves["mode"].value == "eval"


# ---- what JAX rounds


def test_constants_are_exact_in_the_trace_of_a_forward():
    """1 / 3 is no float there, so JAX stays a witness; what is rounded is told from another forward altogether."""
    third = pair(lambda x: (x / 3 * (1 / 3), x), lambda y_bar, x: y_bar / 3 * (1 / 3))
    report = oracle.verify(third, cases=3, explain=False)
    assert (report.verdict, report.witnesses) == (Verdict.CERTIFIED, ("autodiff", "finite_difference")), report
    float_third = pair(lambda x: (x / 3 * (1 / 3), x), lambda y_bar, x: y_bar / 3 * 0.3333333333333333)
    assert oracle.verify(float_third, cases=3, explain=False).verdict is Verdict.CONSISTENT
    assert other({"y": adapter.lift(np.ones(2))}, {"y": adapter.lift(np.full(2, 1 + 2.0**-50))}) == ROUNDED
    assert other({"y": adapter.lift(np.ones(2))}, {"y": adapter.lift(np.full(2, 1 + 2.0**-30))}) == OTHER
