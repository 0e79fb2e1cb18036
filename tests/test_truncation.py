"""Truncated backpropagation: beyond its number of steps a reference that is cut alike decides, and no other."""

import numpy as np
import pytest

import oracle
from oracle import Verdict
from oracle.cases import Case

STEPS = 3


def forward(x, w, h0):
    """h_t = tanh(x_t + w ⊙ h_{t-1})."""
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t + w * h[-1]))
    return np.stack(h[1:]), (w, h)


def backward_of(steps, factor=1.0):
    """The backward that pushes every output back through `steps` steps; `factor` spoils the carry beyond STEPS."""

    def backward(y_bar, cache):
        w, h = cache
        T = len(y_bar)
        x_bar, w_bar, h0_bar = np.zeros((T, len(w))), np.zeros_like(w), np.zeros_like(w)
        for t in range(T):
            h_bar = y_bar[t]
            for k in range(t, max(t - steps, -1), -1):
                a_bar = h_bar * (1 - h[k + 1] ** 2)
                x_bar[k] += a_bar
                w_bar += a_bar * h[k]
                h_bar = a_bar * w * (factor if t >= STEPS else 1.0)
            if t < steps:
                h0_bar += h_bar
        return x_bar, w_bar, h0_bar

    return backward


def twin_of(steps):
    """The same for JAX: every output from a state that is cut `steps` steps before it; with None, not cut."""

    def twin(x, w, h0):
        import jax.numpy as jnp
        from jax import lax

        def state(t, start):
            if t < 0:
                return h0
            before = lax.stop_gradient(state(t - 1, 0)) if t == start and t else state(t - 1, start)
            return jnp.tanh(x[t] + w * before)

        T = x.shape[0]
        return jnp.stack([state(t, 0 if steps is None else max(t - steps + 1, 0)) for t in range(T)])

    return twin


def subject(backward, twin, **more):
    """The pair with truncate=STEPS declared."""
    sizes = {"T": (1, 6), "H": (1, 3)}
    given = {"truncate": STEPS, "sizes": sizes, **more}
    return oracle.Subject.from_functions(
        forward, backward, inputs={"x": "T H", "w": "H", "h0": "H"}, reference=twin, **given
    )


def test_a_twin_that_is_cut_alike_certifies_every_length():
    """Cases have up to six steps, and the report says whose word it is beyond three."""
    report = oracle.verify(subject(backward_of(STEPS), twin_of(STEPS)), cases=16, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report
    assert max(case.sizes["T"] for case in report.heard) > STEPS + 1
    assert (
        "truncate=3: verified for T up to 3; beyond, against the reference, which alone says what is cut"
        in report.notes
    )


@pytest.mark.parametrize(
    "backward",
    [backward_of(STEPS, factor=2.0), backward_of(STEPS - 1), backward_of(STEPS + 1), backward_of(99)],
    ids=["carry beyond", "one step less", "one step more", "not at all"],
)
def test_whatever_is_cut_otherwise_is_refuted(backward):
    """A wrong carry beyond three steps, and a cut elsewhere: nothing of it shows within three steps but the second."""
    report = oracle.verify(subject(backward, twin_of(STEPS)), cases=16, explain=False)
    assert report.verdict is Verdict.REFUTED, report


def test_a_wrong_carry_beyond_passes_without_such_a_twin():
    """The control of the control: today's rule without a twin sees nothing of it, and says how far it looked."""
    report = oracle.verify(subject(backward_of(STEPS, factor=2.0), None), cases=8, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report
    assert "truncate=3: verified for T up to 3; beyond, only that something is cut" in report.notes


def test_a_twin_that_does_not_truncate_is_told_apart():
    """Nothing is compared with it beyond; what is cut must still show."""
    report = oracle.verify(subject(backward_of(STEPS), twin_of(None)), cases=8, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report
    assert max(case.sizes["T"] for case in report.heard) == STEPS
    assert (
        "the reference does not truncate: at T=4 it still gives the whole derivative, so nothing is compared beyond; "
        "cut it with jax.lax.stop_gradient where the backward cuts" in report.notes
    )


def test_nothing_cut_beside_a_twin_that_does_not_truncate():
    """Both give the whole derivative: the declaration is false."""
    report = oracle.verify(subject(backward_of(99), twin_of(None)), cases=8, explain=False)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "truncate=3 is declared, but at T=4 the gradient is still the whole derivative" in str(report)


@pytest.mark.parametrize("modes", [("cut", "whole"), ("whole", "cut")])
def test_nothing_cut_with_one_of_the_options(modes):
    """What is declared must show with every choice of options, in whatever order they are given."""

    def backward(y_bar, cache):
        cut, mode = cache
        return backward_of(STEPS if mode == "cut" else 99)(y_bar, cut)

    def run(x, w, h0, mode):
        h, cache = forward(x, w, h0)
        return h, (cache, mode)

    def verdict_of(*options):
        inputs = {"x": "T H", "w": "H", "h0": "H", "mode": oracle.choice(*options)}
        sizes = {"T": (1, 6), "H": (1, 3)}
        pair = oracle.Subject.from_functions(run, backward, inputs=inputs, truncate=STEPS, sizes=sizes)
        return oracle.verify(pair, cases=8, explain=False).verdict

    assert verdict_of("cut", "cut") is Verdict.CERTIFIED
    assert verdict_of(*modes) is Verdict.BROKEN_CONTRACT


def test_a_twin_that_cuts_too_early_is_not_believed():
    """It is not the derivative where nothing may be cut; its like is refuted by finite differences."""
    why = (
        "the reference is not the derivative at T=3, where truncate=3 cuts nothing yet, so it is not believed: "
        "where does it apply stop_gradient?"
    )
    right = oracle.verify(subject(backward_of(STEPS), twin_of(STEPS - 1)), cases=8, explain=False)
    assert (right.verdict, why in right.notes) == (Verdict.CERTIFIED, True), right
    alike = oracle.verify(subject(backward_of(STEPS - 1), twin_of(STEPS - 1)), cases=8, explain=False)
    assert (alike.verdict, why in alike.notes) == (Verdict.REFUTED, True), alike


def test_a_twin_that_cuts_too_late_is_told_apart():
    """At one step beyond it still gives the whole derivative."""
    report = oracle.verify(subject(backward_of(STEPS + 1), twin_of(STEPS + 1)), cases=8, explain=False)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert any(note.startswith("the reference does not truncate: at T=4") for note in report.notes)


def test_another_forward_beyond_is_found():
    """A twin whose forward differs only at five steps or more is another function."""

    def twin(x, w, h0):
        return twin_of(STEPS)(x, w, h0) * (1.25 if x.shape[0] > STEPS + 1 else 1.0)

    report = oracle.verify(subject(backward_of(STEPS), twin), cases=16, explain=False)
    assert report.verdict is Verdict.FORWARD_DIFFERS, report


def test_stopped_gradients_without_a_declared_truncation_are_not_trusted():
    """The excuse is for declared truncations alone: else finite differences refute what is cut."""
    report = oracle.verify(subject(backward_of(STEPS), twin_of(STEPS), truncate=None), cases=8, explain=False)
    assert report.verdict is Verdict.REFUTED, report
    assert any("stop_gradient" in note and "not trusted" in note for note in report.notes)


def test_one_case_beyond_is_judged_only_with_such_a_twin():
    """In a property test: certified, refuted, or refused with a sentence."""
    case = Case({"T": 5, "H": 2}, seed=3)
    assert oracle.verify_case(subject(backward_of(STEPS), twin_of(STEPS)), case).verdict is Verdict.CERTIFIED
    wrong = subject(backward_of(STEPS, 2.0), twin_of(STEPS))
    assert oracle.verify_case(wrong, case).verdict is Verdict.REFUTED
    assert oracle.check_in_floats(subject(backward_of(STEPS), twin_of(STEPS)), case).ok
    assert oracle.check_in_floats(wrong, case).verdict is Verdict.INCONSISTENT
    for judge in (oracle.verify_case, oracle.check_in_floats):
        with pytest.raises(ValueError, match=r"^truncate=3 says nothing of T=5 without a reference that truncates too"):
            judge(subject(backward_of(STEPS), None), case)
