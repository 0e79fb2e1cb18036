"""`oracle.check_in_floats`: one case, every entry, within the derived bound; balls judge suspects alone."""

import dataclasses
import math

import numpy as np
import pytest
from floats_tools import CASE, by_buffer, layer, pair, twin

import oracle
from oracle import Verdict, subjects
from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.ball_program import Balls
from oracle.arithmetic.floats import Floats
from oracle.cases import Case, schedule
from oracle.float_arrays import QuickLook
from oracle.point import Point
from oracle.program.quick import LONGER, QuickProgram
from oracle.runs import in_floats
from oracle.trial import Trial

LSTMS = ("lstm-seed", "lstm-standard", "lstm-classic-node")


class Planted:
    """The form of a subject with a fault in one gradient."""

    def __init__(self, form, leaf, spoil):
        self.form, self.leaf, self.spoil = form, leaf, spoil

    def __getattr__(self, name):
        return getattr(self.form, name)

    def backward(self, owner, cotangents, slots):
        """The gradients, one of them spoilt."""
        gradients = self.form.backward(owner, cotangents, slots)
        return {**gradients, self.leaf: self.spoil(np.array(gradients[self.leaf]))}


def planted(subject, leaf, spoil):
    """The subject with a fault."""
    return dataclasses.replace(subject, form=Planted(subject.form, leaf, spoil))


def times(factor, index=...):
    """Multiplies an entry, or all."""

    def spoil(value):
        value[index] *= factor
        return value

    return spoil


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LSTMS)
def test_right_code_is_consistent(name, dtype, quick):
    """Every regime, in both float types: nothing is accused, and every entry counted."""
    subject = subjects.load(name)
    for case in schedule(18, 4, subject.sizes):
        check = oracle.check_in_floats(subject, case, dtype=dtype, quick=quick)
        assert (check.verdict, check.suspects) == (Verdict.CONSISTENT, ())
        shapes = [spec.shape.concrete(case.sizes) for spec in subject.leaves.values() if spec.kind == "real"]
        assert check.entries == sum(int(np.prod(shape)) for shape in shapes)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("index", [..., (2, 1)])
def test_a_relative_error_of_1e11_is_seen(quick, index):
    """The control: a gradient, or one entry of it, wrong by 1e-11 is INCONSISTENT, and named."""
    subject = planted(subjects.load("lstm-standard"), "W", times(1 + 1e-11, index))
    check = oracle.check_in_floats(subject, Case({"T": 3, "B": 2, "D": 3, "H": 4}, seed=6), quick=quick)
    assert (check.verdict, check.stage) == (Verdict.INCONSISTENT, 3)
    assert [suspect.name for suspect in check.suspects] == ["W"]
    assert str(check).startswith("lstm-standard: INCONSISTENT in float64 (T=3 B=2 D=3 H=4, generic, seed 6): W[")


def test_in_float32_a_relative_error_of_1e2_is_seen():
    """The control in float32."""
    subject = planted(subjects.load("lstm-standard"), "b", times(1.01))
    check = oracle.check_in_floats(subject, Case({"T": 3, "B": 2, "D": 3, "H": 4}, seed=6), dtype="float32")
    assert (check.verdict, [one.name for one in check.suspects]) == (Verdict.INCONSISTENT, ["b"])


@pytest.mark.parametrize("quick", [False, True])
def test_the_limit_is_kept(quick):
    """A fault of 1.2 times the stated limit moves the largest entry beyond the first step, on every seed."""
    subject = subjects.load("lstm-classic-node")
    for seed in range(8):
        case = Case({"H": 3, "D": 4}, seed=seed)
        limit = oracle.check_in_floats(subject, case, quick=quick).limits["x"]

        def spoil(value, limit=limit):
            value[np.argmax(np.abs(value))] *= 1 + 1.2 * limit  # a fifth, for limits of few roundings
            return value

        check = oracle.check_in_floats(planted(subject, "x", spoil), case, quick=quick)
        assert check.stage > (0 if quick else 1)


def test_longer_floats_come_nearer_to_the_truth():
    """Run in them, the program is off by far less than in float64, or by as much where C has none longer."""
    subject = subjects.load("lstm-standard")
    trial = Trial(subject, 30)
    point = Point(subject, Case({"T": 4, "B": 2, "D": 3, "H": 5}, seed=3))
    outputs = {key: np.asarray(value) for key, value in in_floats(point, trial.binding).outputs.items()}
    with adapter.precision(256):
        _, truth = trial.reference.run(Balls(), point, outputs)
        both = [trial.reference.run_quickly(point, outputs, fine)[1] for fine in (False, True)]
        plain, fine = (max(_off(found[leaf], truth[leaf]) for leaf in truth) for found in both)
    assert 1e-17 < plain < 1e-14
    assert fine <= plain * (2.0**-8 if LONGER else 1.0)


def _off(found, truth):
    """How far longer floats are from balls, the high part and the rest taken apart."""
    high = np.asarray(found, dtype=float)
    exact = adapter.lift(high) + adapter.lift(np.asarray(found - high, dtype=float))
    return float(np.max(enclosures.magnitude(exact - truth)))


def test_where_the_program_is_inexact_longer_floats_decide(monkeypatch):
    """Cases whose program rounds too much for the quick step end there all the same, if C has longer floats."""
    subject = subjects.load("lstm-standard")
    cases = [Case({"T": 1, "B": 1, "D": 1, "H": 1}, seed=seed) for seed in range(120)]
    stages = []
    for longer in (False, LONGER):
        monkeypatch.setattr("oracle.float_mode.LONGER", longer)
        stages.append([oracle.check_in_floats(subject, case, quick=True).stage for case in cases])
    before, after = stages
    assert sum(before) > 5
    assert all(now <= then for then, now in zip(before, after, strict=True))
    assert sum(after) < sum(before) or not LONGER


def test_longer_floats_pass_no_fault():
    """A fault of 40 roundings of the largest entry is beyond both looks."""
    subject = subjects.load("lstm-standard")
    for seed in range(10):
        case = Case({"T": 2, "B": 1, "D": 1, "H": 2}, seed=seed)
        check = oracle.check_in_floats(planted(subject, "W", _lifted), case, quick=True)
        assert check.stage > 0


def _lifted(value):
    value[np.unravel_index(np.argmax(np.abs(value)), value.shape)] *= 1 + 40 * 2.0**-53
    return value


def test_a_quick_check_is_blind_to_small_entries():
    """What is said of `quick`: a fault of an entry far below the largest passes it, and not the derived bound."""
    import jax.numpy as jnp

    scales = np.array([1.0, 1e-12])

    def subject(factor):
        return pair(
            lambda x: (x**2 * scales, x),
            lambda y_bar, x: 2 * x * y_bar * scales * np.array([1.0, factor]),
            reference=lambda x: x**2 * jnp.array([1.0, 1e-12]),
            sizes={"D": (2, 2)},
        )

    case = Case({"D": 2}, seed=3)
    assert oracle.check_in_floats(subject(1 + 1e-8), case, quick=True).verdict is Verdict.CONSISTENT
    assert oracle.check_in_floats(subject(1 + 1e-8), case).verdict is Verdict.INCONSISTENT
    assert oracle.check_in_floats(subject(1.0), case).verdict is Verdict.CONSISTENT


def test_another_forward_differs():
    """A twin of another function is found by its outputs."""
    subject = layer(np.tanh, reference=lambda x, W, b: twin(x, W, 1.001 * b))
    check = oracle.check_in_floats(subject, CASE)
    assert check.verdict is Verdict.FORWARD_DIFFERS
    assert [suspect.name for suspect in check.suspects] == ["out"]


def test_code_that_raises_or_returns_no_gradient_breaks_the_contract():
    """Both are told apart from a wrong number."""

    def raising(y_bar, x):
        raise KeyError("W")

    check = oracle.check_in_floats(pair(lambda x: (x**2, x), raising), Case({"D": 2}))
    assert (check.verdict, check.why) == (Verdict.BROKEN_CONTRACT, "the code raised KeyError: 'W'")
    missing = oracle.check_in_floats(pair(lambda x: (x**2, x), lambda y_bar, x: {"x": None}), Case({"D": 2}))
    assert missing.verdict is Verdict.BROKEN_CONTRACT
    assert missing.why == "the gradient of x is missing; expected a float64 array of shape (2,)"


def test_nan_is_within_no_bound():
    """A NaN among right entries is INCONSISTENT."""
    subject = planted(subjects.load("lstm-classic-node"), "x", times(np.nan, 1))
    check = oracle.check_in_floats(subject, Case({"H": 3, "D": 4}))
    assert (check.verdict, check.suspects[0].index) == (Verdict.INCONSISTENT, (1,))


def test_zero_on_both_sides_compared_nothing():
    """A case of zeros alone says nothing."""
    subject = pair(lambda x: (0.0 * x, x), lambda y_bar, x: 0.0 * x)
    assert oracle.check_in_floats(subject, Case({"D": 2})).verdict is Verdict.NOTHING_COMPARED


def test_a_kink_is_undecided():
    """At a tie the twin's choice is not held against the code."""
    import jax.numpy as jnp

    subject = pair(
        lambda x: (np.maximum(x, 0.0), x),
        lambda y_bar, x: np.where(x >= 0, y_bar, 0.0),
        reference=lambda x: jnp.maximum(x, 0.0),
    )
    verdicts = {oracle.check_in_floats(subject, Case({"D": 2}, "zeros", seed)).verdict for seed in range(12)}
    assert verdicts <= {Verdict.UNDECIDED, Verdict.CONSISTENT, Verdict.NOTHING_COMPARED}
    assert {Verdict.UNDECIDED, Verdict.CONSISTENT} <= verdicts


def test_without_a_gradient_program_there_is_nothing_to_compare_with():
    """Code that JAX cannot trace, without a twin, is refused: `verify` has other witnesses."""
    with pytest.raises(ValueError, match="layer has no gradient program to compare with"):
        oracle.check_in_floats(layer(by_buffer), CASE)


def test_misuse_is_named():
    """What was given, what was expected."""
    subject = layer(np.tanh)
    with pytest.raises(TypeError, match="takes a Subject and a Case, but got a str and a Case"):
        oracle.check_in_floats("lstm", CASE)
    with pytest.raises(ValueError, match="dtype='float16' must be float64 or float32"):
        oracle.check_in_floats(subject, CASE, dtype="float16")
    with pytest.raises(ValueError, match="the sizes are B, D, H, but the case has B"):
        oracle.check_in_floats(subject, Case({"B": 1}))
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(oracle.check_in_floats(subject, CASE))


@pytest.mark.parametrize("name", [*LSTMS, "lstm-classic-network"])
def test_the_quick_program_gives_the_same_bits(name):
    """The quick binding of the gradient program and the general one agree in every bit, at many sizes."""
    subject = subjects.load(name)
    trial = Trial(subject, 30)
    for case in schedule(12, 8, subject.sizes):
        point = Point(subject, case)
        run = in_floats(point, trial.binding)
        outputs = {key: np.asarray(value) for key, value in run.outputs.items()}
        quick, general = (
            trial.reference.run_quickly(point, outputs),
            trial.reference.run(Floats(), point, outputs),
        )
        for one, other in zip(quick, general, strict=True):
            assert {key: value.tobytes() for key, value in one.items()} == {
                key: value.tobytes() for key, value in other.items()
            }


def test_the_quick_program_takes_other_primitives_too():
    """Repeated and out-of-range places, integers and branches go the general way, with the same bits."""
    import jax.numpy as jnp
    from jax import lax

    from oracle.program import trace

    def reference(x, k):
        twice = x[jnp.array([0, 0, 1])].sum() + jnp.take(x, k, mode="clip").sum()
        return lax.cond(k[0] > 1, lambda v: jnp.sin(v) * twice, lambda v: v**3 + twice, x), jnp.cumsum(x) / 3

    program = trace(reference, {"x": "D", "k": "N"}, kinds={"k": "int"})
    for first in (0, 2):
        inputs = {"x": np.array([0.3, -1.2, 0.7, 2.0]), "k": np.array([first, 3, 3])}
        cotangents = [np.array([1.0, 2.0, -1.0, 0.5]), np.array([0.1, 0.2, 0.3, 0.4])]
        sizes = {"D": 4, "N": 3}
        quick, general = (
            QuickProgram(program).run(sizes, inputs, cotangents),
            program.run(Floats(), sizes, inputs, cotangents),
        )
        assert [value.tobytes() for value in quick[0]] == [value.tobytes() for value in general[0]]
        assert quick[1]["x"].tobytes() == general[1]["x"].tobytes()


@pytest.mark.parametrize("fill", [0.0, 1.0, -1.0, 2.5])
def test_what_is_filled_is_no_entry_of_the_quick_program(fill):
    """Places outside an array are filled with a number that could be taken for that of an entry."""
    import jax.numpy as jnp

    from oracle.program import trace

    program = trace(lambda x: x.at[jnp.array([1, 99])].get(mode="fill", fill_value=fill), {"x": "D"})
    ((found,), _) = QuickProgram(program).run({"D": 4}, {"x": np.array([10.0, 20.0, 30.0, 40.0])}, [np.ones(2)])
    assert found.tolist() == [20.0, fill]


def test_a_gradient_that_takes_what_was_dropped_is_seen_quickly():
    """The update of a place that does not exist has no cotangent: a backward that gives it another entry's is wrong."""
    import jax.numpy as jnp

    def reference(x):
        return x.at[jnp.array([0, 99])].add(jnp.array([1.0, 4.0]) * x[0], mode="drop")

    def forward(x):
        return x + x * (np.arange(len(x)) == 0), x

    def verdict_of(factor):
        def backward(y_bar, x):
            return np.concatenate([factor * y_bar[:1], y_bar[1:]])

        subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}, reference=reference)
        return oracle.check_in_floats(subject, Case({"D": 3}, seed=3), quick=True).verdict

    assert verdict_of(2.0) is Verdict.CONSISTENT
    assert verdict_of(6.0) is Verdict.INCONSISTENT


def test_a_step_bound_at_some_sizes_is_bound_anew_at_others():
    """Steps are kept by the sizes that they depend on: at 60 cases, one program and fresh ones agree."""
    subject = subjects.load("lstm-standard")
    trial, kept = Trial(subject, 30), set()
    for case in schedule(60, 21, subject.sizes):
        point = Point(subject, case)
        outputs = {key: np.asarray(value) for key, value in in_floats(point, trial.binding).outputs.items()}
        _, known = trial.reference.run_quickly(point, outputs)
        trial.reference._quick, before = None, trial.reference._quick
        _, fresh = trial.reference.run_quickly(point, outputs)
        trial.reference._quick = before
        kept.add(id(before))
        assert {key: value.tobytes() for key, value in known.items()} == {k: v.tobytes() for k, v in fresh.items()}
    assert len(kept) == 1


def test_a_quick_look_names_each_arrays_own_largest_gap():
    """Arrays looked at together keep their own bounds; empty ones pass; NaN lies within nothing."""
    one, two, none = np.array([1.0, -4.0]), np.array([[1e-3, 2e-3]]), np.zeros((0, 3))
    arrays = [("y", "outputs", one, one), ("e", "gradients", none, none), ("W", "gradients", two + 1e-18, two)]
    look = QuickLook(arrays, ["float64"] * 3)
    assert look.largest.tolist() == [4.0, 0.0, 2e-3]
    assert not look.beyond
    assert look.limits() == {"e": math.inf, "W": pytest.approx(16 * 2**-53, rel=0.1)}
    assert QuickLook([("W", "gradients", two + 1e-15, two)], ["float64"]).beyond
    assert not QuickLook([("W", "gradients", two + 1e-15, two)], ["float32"]).beyond
    assert QuickLook([*arrays, ("b", "gradients", np.array([np.nan, 1.0]), one)], ["float64"] * 4).beyond
    assert QuickLook([("b", "gradients", one, np.array([np.inf, 1.0]))], ["float64"]).beyond
