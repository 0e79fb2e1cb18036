"""Regimes, wide sizes and options meet in pairs within as many cases as the docstring of `oracle.agenda` says."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

import oracle
from oracle import agenda, coverage
from oracle.agenda import drawn, heard, is_thorough, planned, redraws, widened
from oracle.cases import CORNERS, GENERIC, REGIMES, Case, Undeclared, ranges, schedule
from oracle.coverage import Switches, gaps, goals, is_wide
from oracle.inputs import booleans, choice, fixed, integers, reals
from oracle.trial import Trial
from oracle.verdict import Verdict


def trial_of(names: int = 1, values: int = 1, switches: int = 1, **further: Any) -> Trial:
    """The identity with so many sizes, which nobody declared, and so many switches with so many values."""
    inputs: dict[str, Any] = {"x": " ".join("DHKLM"[:names])} if names else {"x": "3"}
    if values > 1:
        inputs |= {f"m{k}": choice(*[f"v{one}" for one in range(values)]) for k in range(switches)}
    return Trial(oracle.Subject.from_functions(lambda *x: (x[0], None), lambda y, _: y, inputs=inputs, **further), 30)


def unlimited(trial: Trial) -> Trial:
    """The same where every size is affordable."""
    trial.affordable = lambda sizes: True  # type: ignore[method-assign]
    return trial


def labels(trial: Trial, case: Case) -> frozenset[str]:
    """What meets in a case."""
    return (
        frozenset({case.regime})
        | coverage.wide_labels(case.sizes, trial.sizes)
        | Switches(trial.subject.leaves).at(case.seed)
    )


def met_within(trial: Trial, cases: int, seed: int, wanted: Any) -> bool:
    """Whether all goals of a kind meet within so many cases."""
    every = [labels(trial, case) for case in planned(trial, cases, seed)]
    those = [goal for goal in goals(Switches(trial.subject.leaves), trial.sizes) if wanted(goal)]
    return bool(those) and all(any(goal <= one for one in every) for goal in those)


def values_in(goal: frozenset[str]) -> int:
    """How many values of switches are in a goal."""
    return sum("=" in one for one in goal)


def is_regime(goal: frozenset[str]) -> bool:
    """A regime among the sizes that are declared."""
    return coverage.SOME_WIDE not in goal and bool(goal & set(REGIMES))


# ---- the table


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize(("sizes", "values"), [(1, 2), (4, 2), (3, 3), (2, 5)])
def test_the_table_holds(sizes: int, values: int, seed: int) -> None:
    """Every line of it, for one switch, over several seeds."""
    trial, U, V = unlimited(trial_of(sizes, values)), sizes, values

    def is_single(goal: frozenset[str]) -> bool:
        return coverage.SOME_WIDE in goal and coverage.SINGLE in goal

    def is_plain(goal: frozenset[str]) -> bool:
        return coverage.SOME_WIDE in goal and coverage.SINGLE not in goal

    assert met_within(trial, 16, seed, lambda goal: is_regime(goal) and not values_in(goal))
    assert met_within(trial, 16 * V, seed, is_regime)
    assert met_within(trial, 14 + 2 * U, seed, lambda goal: is_plain(goal) and not values_in(goal))
    assert met_within(trial, 14 + 2 * U * V, seed, is_plain)
    assert met_within(trial, 14 + 4 * U * V, seed, is_single)
    assert gaps(trial, drawn(trial, max(16 * V, 14 + 4 * U * V), seed)) == ()


@pytest.mark.parametrize(("sizes", "values", "switches"), [(4, 2, 2), (3, 3, 2), (3, 2, 3), (0, 3, 3)])
def test_a_hundred_cases_leave_no_gap(sizes: int, values: int, switches: int) -> None:
    """At the default number of cases every pair meets, those of two switches and of both with a wide size included."""
    trial = unlimited(trial_of(sizes, values, switches))
    assert gaps(trial, drawn(trial, 100, 0)) == ()


def test_the_table_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: options drawn apart from sizes leave gaps, and they are named."""
    trial = unlimited(trial_of(2, 2))
    with monkeypatch.context() as patched:
        patched.setattr(coverage, "_values", lambda spec: ())
        cases = drawn(trial, 100, 0)
    missed = gaps(trial, cases)
    assert missed
    assert all("m0='v" in one for one in missed)


def test_gaps_are_named_briefly() -> None:
    """What follows from a gap is not named again."""
    trial = unlimited(trial_of(2, 2))
    missed = gaps(trial, drawn(trial, 31, 0))
    assert missed == ("tiny cotangents, m0='v0'",)
    assert gaps(trial, [])[:2] == ("generic", "size one")


# ---- the schedule


def test_without_options_and_wide_sizes_it_is_the_plain_schedule() -> None:
    """Declared sizes are never exceeded, and seeds follow as they always did."""
    trial = trial_of(2, sizes={"D": (1, 8), "H": (2, 5)})
    assert list(planned(trial, 60, 3)) == list(schedule(60, 3, trial.sizes))


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    """What a case is does not depend on how many follow."""
    trial = trial_of(3, 3)
    assert list(planned(trial, 20, 5)) == list(planned(trial, 50, 5))[:20]


def test_seeds_are_all_different() -> None:
    """No case is heard twice, and another seed has none in common."""
    trial = trial_of(3, 3)
    one, other = ({case.seed for case in planned(trial, 100, seed)} for seed in (0, 1))
    assert (len(one), len(other), one & other) == (100, 100, set())


def test_a_size_that_nobody_declared_is_exceeded_in_turn() -> None:
    """First 33 each, the others small, then 17 in float32, the others as usual; declared ranges are respected."""
    trial = unlimited(trial_of(3, sizes={"K": (1, 3)}))
    wide = [(k, case) for k, case in enumerate(planned(trial, 60, 0)) if is_wide(case, trial.sizes)]
    assert [k for k, _ in wide] == [14, 16, 18, 20]
    big = [{name: size for name, size in case.sizes.items() if size > 8} for _, case in wide]
    assert big == [{"D": 33}, {"H": 33}, {"D": 17}, {"H": 17}]
    assert [case.regime for _, case in wide] == [GENERIC, GENERIC, "float32", "float32"]
    assert all(size <= 3 for _, case in wide[:2] for size in case.sizes.values() if size < 17)


def test_wide_cases_stay_affordable() -> None:
    """The next smaller size where the larger costs too much; none where all do, which is then a gap."""

    def largest(most: int) -> tuple[int, tuple[str, ...]]:
        trial = trial_of(2)
        trial.affordable = lambda sizes: max(sizes.values()) <= most  # type: ignore[method-assign]
        cases = list(planned(trial, 40, 0))
        return max(max(case.sizes.values()) for case in cases), gaps(trial, cases)

    assert [largest(40), largest(20), largest(10)] == [(33, ()), (17, ()), (8, ("D above 8", "H above 8"))]


def test_other_sizes_give_way_before_the_wide_one() -> None:
    """As usual, else small, else as small as they can be."""
    limits = {"D": Undeclared((1, 8)), "H": (2, 9)}

    def at(most: int, usual: bool) -> Any:
        return widened("D", {"D": 5, "H": 9}, limits, lambda s: s["D"] * s["H"] <= most, usual=usual)

    assert [at(most, True) for most in (999, 100, 40)] == [{"D": 17, "H": 9}, {"D": 17, "H": 4}, {"D": 17, "H": 2}]
    assert [at(most, False) for most in (999, 70, 40, 30)] == [
        {"D": 33, "H": 4},
        {"D": 17, "H": 4},
        {"D": 17, "H": 2},
        None,
    ]


def test_the_contract_is_checked_in_every_corner_and_wide_case() -> None:
    """So it meets every regime, every wide size and every value that meets those."""
    trial = unlimited(trial_of(2, 2))
    cases = list(enumerate(planned(trial, 100, 0), 1))
    special = [(n, case) for n, case in cases if case.regime != GENERIC or is_wide(case, trial.sizes)]
    assert len(special) > 2 * len(CORNERS)
    assert all(is_thorough(n, case, trial.sizes) for n, case in special)
    assert not all(is_thorough(n, case, trial.sizes) for n, case in cases)


# ---- switches


def test_what_a_switch_is() -> None:
    """Choices, single booleans and single integers of few values; masks, counts and what is fixed are none."""
    leaves = {
        "mode": choice("a", "b", "a"),
        "flag": booleans(""),
        "kind": integers("", below=3, start=1),
        "mask": booleans("T"),
        "label": integers("", below="V"),
        "many": integers("", below=1000),
        "x": reals(""),
        "still": fixed(True),
    }
    assert Switches(leaves).labels == {
        "mode": ("mode='a'", "mode='b'"),
        "flag": ("flag=False", "flag=True"),
        "kind": ("kind=1", "kind=2"),
    }


def test_values_that_do_not_tell_themselves_apart_are_numbered() -> None:
    """No address of an object stands in a report, and no page of text."""
    long = "x" * 100
    assert Switches({"f": choice(object(), object())}).labels == {"f": ("f=option 1", "f=option 2")}
    assert Switches({"f": choice(long, "short")}).labels == {"f": ("f=option 1", "f=option 2")}
    assert Switches({"f": choice(reals, fixed)}).labels == {"f": ("f=reals", "f=fixed")}


def test_the_labels_of_a_seed_are_what_the_case_has() -> None:
    """The value drawn, by identity where it is one of several options."""
    arrays = (np.zeros(2), np.zeros(2))
    leaves = {"a": choice(*arrays), "flag": booleans(""), "kind": integers("", below=3)}
    switches = Switches(leaves)
    for seed in range(20):
        values = Case({}, seed=seed).draw().values(leaves)
        which = next(k for k, one in enumerate(arrays, 1) if one is values["a"])
        expected = {f"a=option {which}", f"flag={bool(values['flag'])}", f"kind={int(values['kind'])}"}
        assert switches.at(seed) == expected


def test_a_case_drawn_again_keeps_its_options() -> None:
    """Else a value that always meets kinks in some regime would be replaced by another, and never be judged there."""
    trial = trial_of(2, 3, 2)
    switches = Switches(trial.subject.leaves)
    for case in planned(trial, 12, 0):
        again = list(redraws(trial, case))
        assert {switches.at(one.seed) for one in again} == {switches.at(case.seed)}
        assert len({one.seed for one in again}) == 7
        assert [one.regime for one in again] == [case.regime] * 3 + [GENERIC] * 4


def test_a_declared_clip_meets_every_value() -> None:
    """Three further cases for each value; without switches there are three, and without a clip none."""
    for values, more in ((1, 3), (2, 6), (3, 9)):
        trial = unlimited(trial_of(2, values, clip=1.0))
        further = heard(trial, 5, 0)[5:]
        assert len(further) == more
        met = {(case.regime, *sorted(Switches(trial.subject.leaves).at(case.seed))) for case in further}
        assert len(met) == 2 * values
    assert len(heard(trial_of(2, 2), 5, 0)) == 5
    assert len(drawn(trial, 12, 0)) == 12


# ---- what all this is for: faults that show only where two things meet


def pair(wrong: Any, inputs: dict[str, Any] | None = None, modes: tuple[str, ...] = ("tanh", "sine")) -> oracle.Subject:
    """Two functions to choose from, of rows; `wrong(mode, x, gradient)` may plant a fault."""

    def forward(x: Any, mode: str) -> Any:
        return (np.tanh(x) if mode == modes[0] else np.sin(x)), (x, mode)

    def backward(y_bar: Any, cache: Any) -> Any:
        x, mode = cache
        slope = 1 - np.tanh(x) ** 2 if mode == modes[0] else np.cos(x)
        return wrong(mode, x, y_bar * slope)

    return oracle.Subject.from_functions(
        forward, backward, inputs=inputs or {"x": "T D", "mode": choice(*modes)}, name="pair"
    )


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("mode", ["tanh", "sine"])
def test_a_fault_of_one_option_at_wide_sizes_alone_is_refuted(mode: str, axis: int) -> None:
    """At the default settings, whichever option and size it is."""
    planted = pair(lambda now, x, g: g * 2.0 if now == mode and x.shape[axis] >= 10 else g)
    report = oracle.verify(planted, explain=False)
    assert report.verdict is Verdict.REFUTED
    assert f"mode={mode!r}" in labels_text(planted, report)


def labels_text(subject: oracle.Subject, report: oracle.Report) -> str:
    """The labels of the failing case."""
    return ", ".join(sorted(labels(Trial(subject, 30), report.failing_case)))


def test_the_same_passes_where_options_are_drawn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: it is the agenda that finds it."""
    monkeypatch.setattr(coverage, "_values", lambda spec: ())

    def missed(mode: str) -> bool:
        planted = pair(lambda now, x, g: g * 2.0 if now == mode and x.shape[1] == 33 else g)
        return oracle.verify(planted, explain=False, cases=30).ok

    assert sorted([missed("tanh"), missed("sine")]) == [False, True]


@pytest.mark.parametrize(
    "where",
    [lambda x: x.shape[0] == x.shape[1] > 1, lambda x: x.shape == (1, 1), lambda x: bool(np.max(np.abs(x)) > 3)],
    ids=["equal sizes", "size one", "saturated"],
)
@pytest.mark.parametrize("mode", ["tanh", "sine"])
def test_a_fault_of_one_option_in_one_corner_is_refuted(mode: str, where: Any) -> None:
    """Each corner meets each option within 16 cases for each value."""
    planted = pair(lambda now, x, g: g * 2.0 if now == mode and where(x) else g)
    assert oracle.verify(planted, explain=False, cases=32).verdict is Verdict.REFUTED


@pytest.mark.parametrize("mode", ["tanh", "sine"])
def test_a_contract_broken_by_one_option_at_wide_sizes_alone_is_found(mode: str) -> None:
    """Wide cases are thorough: here the backward writes into its input."""

    def writes(now: str, x: Any, g: Any) -> Any:
        if now == mode and x.shape[1] >= 10:
            x[0, 0] = 0.0
        return g

    report = oracle.verify(pair(writes), explain=False, cases=30)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "the input x was modified: x[0, 0] is 0" in str(report)


@pytest.mark.parametrize("mode", ["tanh", "sine"])
def test_digits_lost_by_one_option_in_wide_float32_alone_are_found(mode: str) -> None:
    """The second turns of wide sizes are in float32."""

    def rounds(now: str, x: Any, g: Any) -> Any:
        if now == mode and x.shape[1] >= 10 and g.dtype == np.float32:
            return g * np.float32(1.001)
        return g

    report = oracle.verify(pair(rounds), explain=False, cases=30)
    assert report.verdict is Verdict.INACCURATE


@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_is_a_switch_as_well(flag: bool) -> None:
    """As the report itself advises to declare it."""

    def forward(x: Any, train: Any) -> Any:
        return (2.0 * x if train else np.sin(x)), (x, train)

    def backward(y_bar: Any, cache: Any) -> Any:
        x, train = cache
        wrong = 2.0 if bool(train) is flag and len(x) >= 10 else 1.0
        return y_bar * wrong * (2.0 if train else np.cos(x))

    subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D", "train": booleans("")})
    assert oracle.verify(subject, explain=False, cases=20).verdict is Verdict.REFUTED


def test_seeds_for_a_purpose_do_not_end() -> None:
    """As many as are asked for, all different."""
    assert len(set(islice(agenda._again(1, "again"), 50))) == 50
    assert ranges(("D",), {})["D"] == (1, 8)


def test_what_never_met_is_told_in_one_order() -> None:
    """Sizes and regimes by name, then options: the order of a set is another in each process."""
    labels = [f"{name} above 8" for name in "QDBXHZ"]
    told = [coverage._text(frozenset({"small", label, "mode='train'", coverage.SOME_WIDE})) for label in labels]
    assert told == [f"{label}, small, mode='train'" for label in labels]
