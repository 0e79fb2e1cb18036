"""Code that cannot run in balls: within the derived bound CONSISTENT, beyond it INCONSISTENT, never CERTIFIED."""

import numpy as np
import pytest
from floats_tools import (
    CASE,
    INPUTS,
    by_buffer,
    by_ctypes,
    by_process,
    by_real_part,
    heard,
    layer,
    messages,
    pair,
    through_float32,
    twin,
)

from oracle import Subject, Verdict, verify
from oracle.cases import REGIMES, Case

WAYS_OUT = {"ctypes": by_ctypes, "another process": by_process, "a buffer": by_buffer, "its real part": by_real_part}


def out_and_back(a):
    """The same numbers, by a way that balls do not take."""
    return np.array(memoryview(np.ascontiguousarray(a)))


# ---- with a twin


@pytest.mark.parametrize("way", WAYS_OUT)
def test_right_code_with_a_twin_is_consistent(way):
    """Every entry is compared with certified truth; a fault of 1e-13 would have been seen."""
    outcome = heard(layer(WAYS_OUT[way], reference=twin))
    assert (outcome.verdict, outcome.witnesses) == (Verdict.CONSISTENT, ["autodiff"])
    assert set(outcome.verdicts.values()) == {Verdict.CONSISTENT}
    assert all(accuracy.detection_limit < 1e-13 for accuracy in outcome.float64.values())


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_fault_of_one_entry_with_a_twin_is_inconsistent(way):
    """The control: one entry wrong by 1e-12 is beyond its bound, and only that entry."""
    outcome = heard(layer(WAYS_OUT[way], 1 + 1e-12, entry=2, reference=twin))
    assert {name: verdict for name, verdict in outcome.verdicts.items() if not verdict.ok} == {
        "b": Verdict.INCONSISTENT
    }
    assert (outcome.comparisons["b"].wrong, outcome.comparisons["b"].worst.index) == (1, (2,))


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("reference", [twin, None])
def test_right_code_is_accused_in_no_regime(regime, reference):
    """Saturated gates, zeros, large and tiny cotangents and float32 cost digits, and are no fault."""
    for seed in range(3):
        outcome = heard(layer(by_buffer, reference=reference), Case({"B": 2, "D": 3, "H": 4}, regime, seed))
        assert (outcome.verdict, messages(outcome)) == (Verdict.CONSISTENT, [])


@pytest.mark.parametrize("sign", [1, -1])
def test_the_detection_limit_is_kept(sign):
    """A fault of 1.01 times the stated limit, in either direction, at the largest entry is always seen."""
    for seed in range(6):
        case = Case({"B": 2, "D": 3, "H": 4}, seed=seed)
        right = heard(layer(by_buffer, reference=twin), case)
        limit = right.float64["b"].detection_limit
        y_bar_sum = right.comparisons["b"]
        assert y_bar_sum.entries == 4
        wrong = heard(layer(by_buffer, 1 + sign * 1.01 * limit, reference=twin), case)
        assert wrong.verdicts["b"] is Verdict.INCONSISTENT


def test_another_forward_differs_and_the_pair_is_judged_by_itself():
    """A twin of another function gives FORWARD_DIFFERS; slopes of the hand-written forward side with the pair."""
    outcome = heard(layer(by_buffer, reference=lambda x, W, b: twin(x, W, 1.001 * b)))
    assert outcome.verdict is Verdict.FORWARD_DIFFERS
    assert set(outcome.verdicts.values()) == {Verdict.CONSISTENT}
    assert messages(outcome)[0].startswith("the output out[1, 3] is -0.553210287")
    assert messages(outcome)[0].endswith(", but the reference gives -0.552666970")


def test_another_forward_and_a_wrong_backward_is_inconsistent():
    """The control: with a wrong backward besides, the pair is inconsistent in itself."""
    outcome = heard(layer(by_buffer, 1.01, reference=lambda x, W, b: twin(x, W, 1.001 * b)))
    assert outcome.verdict is Verdict.INCONSISTENT


def test_a_twin_that_branches_on_sizes_is_traced_anew():
    """A twin that computes something else where two sizes are equal is right at those sizes only if asked there."""

    def branching(x, W, b):
        return twin(x, W, b if W.shape[0] == W.shape[1] else 2 * b)

    case = Case({"B": 2, "D": 3, "H": 3}, seed=7)
    assert heard(layer(by_buffer, reference=branching), case).verdict is Verdict.CONSISTENT
    assert heard(layer(by_buffer, reference=branching), CASE).verdict is Verdict.FORWARD_DIFFERS


def test_a_kink_of_the_twin_is_redrawn():
    """At x = 0 a backward of relu may say 0 or 1, and a twin that says something between accuses nobody."""
    import jax.numpy as jnp

    def backward(y_bar, x):
        return np.where(x >= 0, y_bar, 0.0)

    subject = pair(
        lambda x: (np.maximum(out_and_back(x), 0.0), x), backward, reference=lambda x: jnp.maximum(x, jnp.zeros(()))
    )
    zeros = next(
        case
        for case in (Case({"D": 3}, "zeros", seed) for seed in range(20))
        if not heard(subject, case).counts or not heard(subject, case).verdict.ok
    )
    assert heard(subject, zeros).kink
    assert heard(subject, Case({"D": 3}, seed=1)).verdict is Verdict.CONSISTENT


# ---- without one


def test_a_forward_in_balls_is_judged_by_every_entry():
    """Where only the backward leaves balls, the forward's own trace is confirmed, and every entry compared."""
    outcome = heard(layer(np.tanh, leave=out_and_back))
    assert outcome.verdict is Verdict.CONSISTENT
    assert outcome.witnesses == ["finite_difference", "autodiff"]
    assert outcome.testimony.digits > 60
    assert all(accuracy.detection_limit < 1e-13 for accuracy in outcome.float64.values())


def test_a_fault_beside_a_forward_in_balls_is_inconsistent():
    """The control: one entry wrong by 1e-12."""
    outcome = heard(layer(np.tanh, 1 + 1e-12, entry=2, leave=out_and_back))
    assert outcome.verdicts["b"] is Verdict.INCONSISTENT
    assert outcome.comparisons["b"].worst.index == (2,)


def test_slopes_in_balls_where_jax_cannot_trace_the_forward():
    """A forward that JAX cannot trace is still differenced in balls, to the last place of the gradient."""

    def forward(x):
        return (x**2 if x[0] > 0 else 3 * x), x

    def backward(y_bar, x):
        return y_bar * (2 * x if x[0] > 0 else 3 * np.ones(len(out_and_back(x))))

    outcome = heard(pair(forward, backward), Case({"D": 4}, seed=2))
    assert outcome.verdict is Verdict.CONSISTENT
    assert set(outcome.witnesses) == {"finite_difference"}
    assert outcome.float64["x"].detection_limit < 1e-12


HOW = {"ctypes": "central_difference", "its real part": "central_difference", "a buffer": "complex_step"}
SEES = {"central_difference": 1e-7, "complex_step": 1e-11}


@pytest.mark.parametrize("way", HOW)
def test_right_code_without_a_twin_is_consistent(way):
    """A complex step where the code carries imaginary parts through, else central differences, with their limits."""
    outcome = heard(layer(WAYS_OUT[way]))
    assert outcome.verdict is Verdict.CONSISTENT
    assert set(outcome.witnesses) == {HOW[way]}
    assert all(accuracy.detection_limit < SEES[HOW[way]] for accuracy in outcome.float64.values())


@pytest.mark.parametrize("way", HOW)
def test_a_fault_of_one_entry_without_a_twin_is_inconsistent(way):
    """The control: one entry wrong by ten times what the witness can see."""
    fault = 10 * SEES[HOW[way]]
    outcome = heard(layer(WAYS_OUT[way], 1 + fault, entry=1))
    assert outcome.verdicts == {"x": Verdict.CONSISTENT, "W": Verdict.CONSISTENT, "b": Verdict.INCONSISTENT}
    (said,) = messages(outcome)
    assert said.startswith("in float64, along a random direction, the gradient of b gives a slope of ")


def test_a_kink_at_the_point_is_redrawn():
    """relu at 0 has no slope; away from it it has."""
    subject = pair(lambda x: (np.maximum(out_and_back(x).real, 0.0), x), lambda y_bar, x: np.where(x >= 0, y_bar, 0.0))
    outcomes = [heard(subject, Case({"D": 3}, "zeros", seed)) for seed in range(12)]
    assert {bool(outcome.kink) for outcome in outcomes} == {True, False}
    assert all(outcome.kink or outcome.verdict is Verdict.CONSISTENT for outcome in outcomes)


def test_a_wrong_slope_is_no_kink():
    """The control: a wrong backward of a smooth function is accused, and not excused as a kink."""
    subject = pair(lambda x: (out_and_back(x).real ** 2, x), lambda y_bar, x: 2.1 * x * y_bar)
    outcome = heard(subject, Case({"D": 3}, seed=1))
    assert (outcome.verdict, outcome.kink) == (Verdict.INCONSISTENT, "")


def test_a_forward_that_is_finite_only_at_the_point_is_undecided():
    """Where no neighbouring point can be evaluated, nothing is said: neither right nor wrong."""

    def forward(x):
        drawn = np.array_equal(np.round(out_and_back(x), 6), x)  # cases have six decimals
        return x**2 if drawn else np.full(x.shape, np.nan), x

    outcome = heard(pair(forward, lambda y_bar, x: 2 * x * y_bar), Case({"D": 5}, seed=1))
    assert outcome.verdict is Verdict.UNDECIDED
    assert messages(outcome) == [
        "no difference of the forward along x could be taken: it is not finite around the case"
    ]


@pytest.mark.parametrize(("declared", "factor"), [({"scale": 0.5}, 0.5), ({"mean_over": "D"}, 1 / 3)])
def test_declared_factors_are_part_of_the_slope(declared, factor):
    """A declared constant factor is expected of the gradient, and its absence is seen."""

    def subject(times):
        return pair(lambda x: (out_and_back(x).real ** 2, x), lambda y_bar, x: times * 2 * x * y_bar, **declared)

    assert heard(subject(factor), Case({"D": 3}, seed=1)).verdict is Verdict.CONSISTENT
    assert heard(subject(1.0), Case({"D": 3}, seed=1)).verdict is Verdict.INCONSISTENT


def test_what_no_clip_has_cut_is_compared():
    """Entries at a declared clip are left out of the slope; the others must be right."""

    def subject(times):
        return pair(
            lambda x: (out_and_back(x).real ** 2, x),
            lambda y_bar, x: np.clip(times * 2 * x * y_bar, -0.5, 0.5),
            clip=0.5,
        )

    case = Case({"D": 6}, seed=1)
    assert heard(subject(1.0), case).verdict is Verdict.CONSISTENT
    assert heard(subject(1.001), case).verdict is Verdict.INCONSISTENT


# ---- float32


def test_float32_from_float64_inputs_is_judged_as_float32():
    """Code that gives float32 is held to bounds of float32, and the report says so."""
    outcome = heard(layer(through_float32, reference=twin))
    assert outcome.verdict is Verdict.CONSISTENT
    assert outcome.notes == ["float64 inputs give float32 in out: judged as float32"]
    assert heard(layer(through_float32, 1.001, reference=twin)).verdict is Verdict.INCONSISTENT


def rounded(a):
    """The same numbers by way of float32, in an array of float64."""
    return out_and_back(a).astype(np.float32).astype(np.float64)


def test_float32_inside_is_beyond_the_bound_with_the_reason():
    """Where float32 does not show in any dtype, the code is beyond float64's bound, and the note says why."""
    backward = heard(layer(by_buffer, leave=rounded, reference=twin))
    assert backward.verdict is Verdict.INCONSISTENT
    assert "float32 somewhere on the way to the gradient of b would explain its error" in backward.notes
    forward = heard(layer(lambda a: rounded(by_buffer(a)), reference=twin))
    assert forward.verdict is Verdict.FORWARD_DIFFERS
    assert "float32 somewhere on the way to the output out would explain its error" in forward.notes


@pytest.mark.parametrize("reference", [twin, None])
def test_the_float32_regime_judges_float32(reference):
    """In the float32 regime the code also runs in float32, within its bounds; 1% is beyond them."""
    case = Case({"B": 2, "D": 3, "H": 4}, "float32", 3)
    right = heard(layer(by_buffer, reference=reference), case)
    assert right.verdict is Verdict.CONSISTENT
    assert all(1e-8 < one.detection_limit < 1e-2 for one in right.float32.values())
    wrong = heard(layer(by_buffer, 1.01, reference=reference), case)
    assert any(message.startswith("in float32") for message in messages(wrong))


def test_code_that_takes_no_float32_is_not_blamed():
    """Compiled code often has one dtype: that is noted, and float64 decides."""

    def only_float64(a):
        if a.dtype != np.float64:
            raise TypeError("expected float64")
        return by_buffer(a)

    outcome = heard(layer(only_float64, reference=twin), Case({"B": 2, "D": 3, "H": 4}, "float32", 3))
    assert outcome.verdict is Verdict.CONSISTENT
    assert outcome.notes[-1] == "not judged in float32, for it raised TypeError: expected float64"


# ---- the report


def test_the_report_names_the_line_and_the_limits():
    """Text, JSON and table say where the code left balls, and how small an error would have been seen."""
    from oracle.report.json import to_dict
    from oracle.report.table import table

    report = verify(layer(by_buffer, reference=twin), cases=8, explain=False)
    text = str(report)
    assert f"left ball arithmetic: raised TypeError in balls only: {MEMORYVIEW}" in text
    assert "floats_tools.py:" in text
    assert "return np.tanh(np.asarray(memoryview(a)))" in text
    assert "  b: would have seen a relative error of " in text
    (subject,) = to_dict([report], 1.0)["subjects"]
    assert subject["verdict"] == "CONSISTENT"
    assert all(0 < leaf["float64"]["detection_limit"] < 1e-13 for leaf in subject["leaves"])
    assert [str(column.header) for column in table(report).columns][-1] == "would see"


MEMORYVIEW = "memoryview: a bytes-like object is required, not 'BallArray'"


def test_a_certified_report_has_no_such_column():
    """The control: nothing that stayed in balls is given a limit in place of its digits."""
    from oracle.report.table import table

    report = verify(layer(np.tanh, reference=twin), cases=4, explain=False)
    assert report.verdict is Verdict.CERTIFIED
    assert [str(column.header) for column in table(report).columns][-1] == "float32 ulps"
    assert "would have seen" not in str(report)


def test_nothing_but_zeros_is_a_failure():
    """A gradient that is zero on both sides in every case compared nothing."""
    subject = Subject.from_functions(
        lambda x, W, b: (by_buffer(x @ W), (x, W)),
        lambda y_bar, cache: (
            (y_bar * (1 - np.tanh(cache[0] @ cache[1]) ** 2)) @ cache[1].T,
            cache[0].T @ (y_bar * (1 - np.tanh(cache[0] @ cache[1]) ** 2)),
            np.zeros(y_bar.shape[1]),
        ),
        inputs=INPUTS,
        name="without b",
    )
    report = verify(subject, cases=3, explain=False)
    assert {leaf.name: leaf.verdict for leaf in report.leaves}["b"] is Verdict.NOTHING_COMPARED


def cancelling(size):
    """A pair whose gradient is the difference of two that are `size` times larger, and a twin of it."""

    def forward(x):
        inside = out_and_back(x).real
        return inside * (size + 1) - inside * size, x

    def backward(y_bar, x):
        return y_bar * (size + 1) - y_bar * size

    def reference(x):
        return x * (size + 1) - x * size

    return Subject.from_functions(forward, backward, inputs={"x": "D"}, reference=reference)


def test_floats_that_see_hardly_anything_decide_nothing():
    """Where an error of a thousandth would pass in every case, the gradient is undecided, with the reason."""
    report = verify(cancelling(1e14), cases=4, explain=False)
    assert report.verdict is Verdict.UNDECIDED
    (finding,) = [one for one in report.findings if one.leaf == "x"]
    assert finding.message.startswith("the gradient of x is within its bound, but so would be an error of ")
    assert finding.message.endswith(" of its largest entry in every case: floats say too little of it")


def test_floats_that_see_enough_are_consistent():
    """The control: the same with less to cancel."""
    report = verify(cancelling(1e6), cases=4, explain=False)
    assert report.verdict is Verdict.CONSISTENT, report
    assert all(leaf.float64.detection_limit < 1e-3 for leaf in report.leaves)
