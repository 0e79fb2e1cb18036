"""A declared clip: it must show, every place that it cuts has its turn, and what it cut lies beyond it."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

import oracle
from oracle import Verdict
from oracle.cases import Case
from oracle.steps import clipping
from oracle.trial import Trial


def forward(x, W):
    """tanh(x W)."""
    return np.tanh(x @ W), (x, W)


def forward_untraced(x, W):
    """The same with a branch on values, which JAX does not trace, so that finite differences judge alone."""
    y = np.tanh(x @ W)
    assert (y < 2.0).all()
    return y, (x, W)


def backward_of(cut):
    """The backward, with what `cut` makes of its two gradients."""

    def backward(y_bar, cache):
        x, W = cache
        a_bar = y_bar * (1 - np.tanh(x @ W) ** 2)
        return cut(a_bar @ W.T, x.T @ a_bar)

    return backward


def both(limit):
    """Both gradients clipped."""
    return lambda x_bar, W_bar: (np.clip(x_bar, -limit, limit), np.clip(W_bar, -limit, limit))


def subject(cut, clip, run=forward, **more):
    """The pair with a declared clip."""
    inputs = {"x": "B D", "W": "D H"}
    return oracle.Subject.from_functions(run, backward_of(cut), inputs=inputs, clip=clip, **more)


@pytest.mark.parametrize("run", [forward, forward_untraced])
@pytest.mark.parametrize("cases", [1, 4])
def test_a_clip_that_is_not_done_is_refuted_however_few_cases(run, cases):
    """Further cases have cotangents so large that it must bite."""
    report = oracle.verify(subject(lambda x_bar, W_bar: (x_bar, W_bar), 5.0, run), cases=cases, explain=False)
    assert report.verdict is Verdict.REFUTED, report


def test_the_notes_on_witnesses_do_not_contradict_each_other():
    """Where the clip is not done, JAX and finite differences are at one, and JAX is not called no witness."""
    report = oracle.verify(subject(lambda x_bar, W_bar: (x_bar, W_bar), 5.0), cases=4, explain=False)
    assert report.witnesses == ("autodiff", "finite_difference")
    assert not any("no witness" in note for note in report.notes)


@pytest.mark.parametrize("run", [forward, forward_untraced])
def test_a_clip_that_is_done_is_certified(run):
    """The control."""
    report = oracle.verify(subject(both(5.0), 5.0, run), cases=4, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report


@pytest.mark.parametrize("run", [forward, forward_untraced])
def test_one_gradient_that_is_not_clipped_is_refuted(run):
    """Forgotten for the parameter alone."""
    report = oracle.verify(subject(lambda x_bar, W_bar: (np.clip(x_bar, -5, 5), W_bar), 5.0, run), cases=4)
    assert [leaf.name for leaf in report.leaves if leaf.verdict is Verdict.REFUTED] == ["W"], report


def test_a_clip_that_never_cuts_is_undecided():
    """Done or not: nothing shows it."""
    report = oracle.verify(subject(lambda x_bar, W_bar: (x_bar, W_bar), 1e12), cases=4, explain=False)
    assert report.verdict is Verdict.UNDECIDED
    assert (
        "clip=1e+12 cut no entry of any gradient in any case, so nothing shows that it is done; "
        "give larger values, as oracle.reals(..., high=...), larger sizes= or more cases" in str(report)
    )


def test_a_gradient_that_is_never_cut_is_named():
    """One gradient is far smaller than the other: the report says that its clip was not seen."""

    pair = oracle.Subject.from_functions(
        lambda x, b: (np.tanh(x) + 1e-12 * b, x),
        lambda y_bar, x: (np.clip((1 - np.tanh(x) ** 2) * y_bar, -5, 5), 1e-12 * y_bar),
        inputs={"x": "D", "b": "D"},
        clip=5.0,
    )
    report = oracle.verify(pair, cases=4, explain=False)
    assert report.verdict is Verdict.CERTIFIED, report
    assert "clip=5 cut no entry of b in any case: whether it is done there was not seen" in report.notes


def hidden(place):
    """Clipped, but one entry of W_bar that is not beyond the clip is moved there as well."""

    def cut(x_bar, W_bar):
        x_bar, W_bar = both(0.001)(x_bar, W_bar)
        if W_bar.shape[0] > place[0] and W_bar.shape[1] > place[1]:
            W_bar[place] = 0.001
        return x_bar, W_bar

    return cut


@pytest.mark.parametrize("place", [(0, 0), (5, 5), (7, 6)])
def test_every_place_has_its_turn(place):
    """A sign that is wrong at one of some fifty cut entries, where finite differences judge alone, is found."""
    sizes = {"B": (2, 3), "D": (8, 8), "H": (7, 7)}
    report = oracle.verify(subject(hidden(place), 0.001, forward_untraced, sizes=sizes), cases=8, explain=False)
    assert report.verdict is Verdict.REFUTED, report
    assert any(f"W[{place[0]}, {place[1]}] is cut by the clip at 0.001" in one.message for one in report.findings)


def test_places_are_chosen_in_turn():
    """All while few were judged, then new places, then sixteen in each case, until each of 200 had its turn again."""
    trial = Trial(subject(both(1.0), 1.0), 30)
    few, many = [(k,) for k in range(40)], [(k,) for k in range(200)]
    hearing = SimpleNamespace(trial=trial, case=Case({"B": 1, "D": 1, "H": 1}, seed=1))
    assert sorted(clipping.chosen(hearing, "x", few)) == few
    seen = Counter()
    for seed, count in enumerate([128, 72, *[16] * 13]):
        hearing.case = Case({"B": 1, "D": 1, "H": 1}, seed=seed)
        chosen = clipping.chosen(hearing, "W", many)
        assert len(chosen) == len(set(chosen)) == count
        seen.update(chosen)
    assert set(seen) == set(many)
    assert set(seen.values()) == {2, 3}


def test_a_place_that_only_wide_arrays_have_is_judged():
    """A wrong sign at one of a hundred cut entries of a wide array, where finite differences judge alone, is found."""

    def run(x):
        y = np.zeros(x.shape)
        y[...] = 20.0 * x * x * x
        return y, x

    def backward_with(sign):
        def backward(y_bar, x):
            x_bar = np.clip(60.0 * x * x * y_bar, -5, 5)
            if x.shape[0] > 2 and x.shape[1] > 13:
                x_bar[2, 13] *= sign if abs(x_bar[2, 13]) == 5 else 1.0
            return x_bar

        return backward

    def verdict_of(sign):
        pair = oracle.Subject.from_functions(run, backward_with(sign), inputs={"x": "D H"}, clip=5.0)
        return oracle.verify(pair, cases=30, explain=False).verdict

    assert verdict_of(1.0) is Verdict.CERTIFIED
    assert verdict_of(-1.0) is Verdict.REFUTED


def test_each_choice_of_options_has_its_own_turns():
    """That a place was judged in one mode says nothing of another mode."""
    pair = oracle.Subject.from_functions(
        lambda x, mode: (x, x),
        lambda y_bar, x: np.clip(y_bar, -1, 1),
        inputs={"x": "D", "mode": oracle.choice("one", "other")},
        clip=1.0,
    )
    trial = Trial(pair, 30)
    modes = {id(one): one for one in (trial.settled(Case({"D": 2}, seed=seed)) for seed in range(20))}
    assert len({id(one.cut) for one in modes.values()}) == 2
