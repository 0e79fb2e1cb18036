"""What a page shows of one case: every gradient entry by entry, hand-written beside the truth. Data, no drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle import accuracy
from oracle.arithmetic import adapter, enclosures
from oracle.cases import GENERIC, Case
from oracle.hearing import Hearing
from oracle.point import Point
from oracle.report.page.axes import Axes, axes_of
from oracle.runs import in_balls, in_floats
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Report, Verdict

FloatArray = npt.NDArray[np.float64]
ALL_ULPS = 1e17  # an error of so many units in the last place of float64 leaves no digit
_STEPS = 5  # of time, from which on a course is to be seen
_TRIED = 6  # cases heard again to find one that shows the failure


@dataclass(frozen=True)
class Gradient:
    """One gradient in one case, as matrices of floats; NaN where nothing certain is known."""

    name: str
    spec: str
    shape: tuple[int, ...]
    axes: Axes
    hand: FloatArray  # float64 results of the untouched code, (rows, columns)
    truth: FloatArray | None  # midpoints of certified balls; None where no witness says every entry
    ulps: FloatArray | None  # |hand - truth| in units in the last place of the truth
    wrong: npt.NDArray[np.bool_]  # disjoint from the truth, in balls

    @property
    def count(self) -> int:
        """How many entries are wrong."""
        return int(self.wrong.sum())


@dataclass
class Shown:
    """One case heard once more, with its arrays kept."""

    hearing: Hearing
    case: Case
    gradients: list[Gradient] = field(default_factory=list)

    @property
    def trial(self) -> Trial:
        """The trial of the case, with its options settled."""
        return self.hearing.trial

    @property
    def bits(self) -> int:
        """The precision at which the case was decided."""
        return self.hearing.found.bits or self.trial.bits

    @property
    def truth(self) -> dict[str, adapter.Raw]:
        """Certified gradients in balls; empty where there are none for every entry."""
        if self.hearing.truth:
            return self.hearing.truth
        return self.hearing.gradients if self.hearing.found.verdict is Verdict.CERTIFIED else {}


def shown(trial: Trial, report: Report) -> Shown | str:
    """A case that shows what the report says: a generic one of many entries that fails as the report does, if it fails.

    Of a subject that is right, a generic case. A sentence where no case can be heard once more.
    """
    found, why = None, "no case was heard that ended in numbers, so there is nothing to draw"
    for case in _candidates(trial.subject, report):
        hearing = Hearing(trial, case, thorough=False)
        try:
            outcome = hearing.outcome()
        except Exception as error:  # the verdict has been given; the page says less, and why
            why = f"a case could not be heard once more: {type(error).__name__}: {error}"
            continue
        if outcome.floats is None or outcome.floats.error is not None:
            continue
        one = Shown(hearing, case)
        found = found or one
        if outcome.verdict is report.verdict:
            found = one
            break
    if found is None:
        return why
    found.gradients = list(_gradients(found))
    return found


def _candidates(subject: Subject, report: Report) -> list[Case]:
    """Cases in the order in which they would show most: generic ones of many entries, then those that failed."""
    generic = [case for case in report.heard if case.regime == GENERIC]
    leaves = [leaf for leaf in report.leaves if leaf.worst_case]
    named = {leaf.worst_case for leaf in leaves}
    failed = [case for case in report.heard if str(case) in named]
    last = [report.failing_case] if report.failing_case is not None else []
    if report.ok:
        return [*_by_entries(subject, generic)[:_TRIED], *report.heard[:1]]
    failed.sort(key=lambda case: (case.regime != GENERIC, -entries(subject, case)))
    return [*_by_entries(subject, generic)[: _TRIED // 2], *failed, *last]


def _by_entries(subject: Subject, cases: Sequence[Case]) -> list[Case]:
    """The same cases, those with many entries first; where a size is 1, or time is short, a picture shows less."""

    def poor(case: Case) -> tuple[bool, bool, int]:
        sizes = case.sizes.values()
        return min(sizes, default=1) < 2, case.sizes.get("T", _STEPS) < _STEPS, -entries(subject, case)

    return sorted(cases, key=poor)


def entries(subject: Subject, case: Case) -> int:
    """How many gradient entries a case has."""
    shapes = [subject.leaves[name].shape.concrete(case.sizes) for name in subject.differentiated]
    return sum(int(np.prod(shape)) for shape in shapes)


def _gradients(one: Shown) -> Iterator[Gradient]:
    """Every gradient of the case as matrices."""
    hearing, subject, truths = one.hearing, one.trial.subject, one.truth
    for name in hearing.point.differentiated:
        value = hearing.floats.gradients.get(name)
        if value is None:
            continue
        spec = subject.leaves[name]
        shape = np.shape(hearing.point.values[name])
        axes = axes_of(spec.shape, hearing.case.sizes, subject.probes)
        hand = np.asarray(value, dtype=float).reshape(shape)
        truth, ulps, wrong = None, None, np.zeros(shape, dtype=bool)
        if name in truths:
            with adapter.precision(one.bits):
                balls_of = truths[name].reshape(shape)
                truth = np.asarray(adapter.midpoints(balls_of), dtype=float).reshape(shape)
                ulps = np.reshape(accuracy.ulps(accuracy.error(hand, balls_of), balls_of, np.float64), shape)
                wrong = _wrong(hearing, name, balls_of)
        matrices = (m if m is None else np.reshape(m, axes.shape) for m in (hand, truth, ulps))
        laid = list(matrices)
        assert laid[0] is not None
        yield Gradient(name, spec.shape.text, shape, axes, laid[0], laid[1], laid[2], np.reshape(wrong, axes.shape))


def _wrong(hearing: Hearing, name: str, truth: adapter.Raw) -> npt.NDArray[np.bool_]:
    """Which entries are wrong: apart from the truth in balls, or beyond the float bound where the code left balls."""
    comparison = hearing.found.comparisons.get(name)
    own = hearing.gradients.get(name)
    refuted = hearing.found.verdicts.get(name) in (Verdict.REFUTED, Verdict.INCONSISTENT)
    if not refuted and not (comparison is not None and comparison.wrong):
        return np.zeros(truth.shape, dtype=bool)
    if own is not None:
        return np.asarray(~enclosures.meet(own.reshape(truth.shape), truth), dtype=bool)
    errors = accuracy.error(hearing.floats.gradients[name], truth).reshape(truth.shape)
    bound = np.broadcast_to(hearing.bound(name, np.float64, accuracy.FEW), truth.shape)
    return np.asarray(errors > bound, dtype=bool)


# ---- accuracy against saturation


@dataclass(frozen=True)
class Saturation:
    """The worst error of each gradient, in ulps, as the inputs grow."""

    factors: tuple[float, ...]
    largest: tuple[float, ...]  # the largest magnitude of an input at each factor
    ulps: dict[str, list[float]]  # by gradient; NaN where the case could not be decided


def saturation(one: Shown, factors: Sequence[float]) -> Saturation:
    """What the float64 code loses when every input is multiplied by a factor, against the same code in balls.

    So a formula that is wrong is measured like one that is right: what is shown is rounding alone.
    """
    ulps: dict[str, list[float]] = {name: [] for name in one.hearing.point.differentiated}
    largest = []
    for factor in factors:
        moved = _moved(one, factor)
        largest.append(_largest(moved))
        found = _worst_ulps(one, moved)
        for name, values in ulps.items():
            values.append(found.get(name, np.nan))
    return Saturation(tuple(factors), tuple(largest), ulps)


def _moved(one: Shown, factor: float) -> Point:
    """The point with its inputs multiplied; those that may not be negative stay, as they do in the regimes."""
    leaves = one.trial.subject.leaves
    values = {
        name: value * factor if leaves[name].kind == "real" and leaves[name].low < 0 < leaves[name].high else value
        for name, value in one.hearing.point.values.items()
    }
    return one.hearing.point.moved(values)


def _largest(point: Point) -> float:
    values = [point.values[name] for name in point.differentiated]
    return max((float(np.max(np.abs(value), initial=0.0)) for value in values), default=0.0)


def _worst_ulps(one: Shown, point: Point) -> dict[str, float]:
    """The largest error of each gradient at a point; nothing where the code does not run there."""
    floats, balls = in_floats(point, one.trial.binding), in_balls(point, one.trial.binding, one.bits)
    if any(run.error is not None or run.record.refusals for run in (floats, balls)):
        return {}
    with adapter.precision(one.bits):
        both = ((name, floats.gradients[name], balls.gradients[name]) for name in point.differentiated)
        return {name: _most(value, exact) for name, value, exact in both if adapter.is_ball(exact)}


def _most(value: Any, exact: Any) -> float:
    truth = adapter.raw(exact)
    array = np.asarray(value, dtype=float).reshape(truth.shape)
    found = accuracy.ulps(accuracy.error(array, truth), truth, np.float64)
    return float(np.max(np.minimum(found, ALL_ULPS), initial=0.0))
