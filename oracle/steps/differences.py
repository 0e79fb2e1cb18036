"""Gradients of code without a gradient program, judged by slopes of its own forward along generic directions.

Single entries would cost too much; a wrong entry moves the slope along any generic direction within its gradient.
Where the forward stays in balls the slope is exact for all purposes, and the bound is that of the float gradient.
Where it does not, the slope is a complex step or a central difference in float64, with its own error added. A suspect
is heard again along another direction, with a finer ladder and a bound from more samples, before it is accused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.accuracy import FACTOR, FEW, MANY
from oracle.arithmetic import adapter
from oracle.steps import float_clipping
from oracle.verdict import Comparison, Entry, FloatAccuracy, Verdict
from oracle.witnesses.central_difference import FEW_RUNGS, MANY_RUNGS, central_slope
from oracle.witnesses.complex_step import complex_slope, own_rounding
from oracle.witnesses.finite_difference import Silent, slope, smooth

if TYPE_CHECKING:
    from oracle.hearing import Hearing
    from oracle.runs import Run

_BALLS = "finite differences in balls"
_COMPLEX = "a complex step in float64"
_CENTRAL = "central differences in float64"
_NAMES = {_BALLS: "finite_difference", _COMPLEX: "complex_step", _CENTRAL: "central_difference"}


@dataclass(frozen=True)
class Seen:
    """A slope as differences see it: of the derivative as declared, and how far it is known."""

    estimate: float
    error: float
    how: str
    kink: float = 0.0
    rounding: Any = 0.0  # by which the gradient may err besides its bound, entry by entry

    @property
    def verb(self) -> str:
        """Whether one or several give it."""
        return "gives" if self.how == _COMPLEX else "give"


@dataclass(frozen=True)
class Claimed:
    """A gradient beside a slope."""

    claim: float
    seen: Seen
    bound: float
    limit: float  # the smallest fault of one entry, relative to the largest, that would have been seen

    @property
    def gap(self) -> float:
        """How far apart they are."""
        return abs(self.claim - self.seen.estimate)

    @property
    def accuracy(self) -> FloatAccuracy:
        """The gap as a share of the bound, and the detection limit; there are no ulps of single entries."""
        return FloatAccuracy(math.nan, self.gap / self.bound, self.limit)

    @property
    def agrees(self) -> bool:
        """Whether the gap lies within the bound; NaN lies within nothing."""
        return self.gap <= self.bound


def judge(hearing: Hearing, dtype: Any) -> None:
    """A verdict for every gradient of the float64 run, against bounds of the float type that it computes in."""
    slopes = Slopes(hearing)
    for leaf in hearing.point.differentiated:
        gradient = np.asarray(hearing.floats.gradients[leaf]).reshape(np.shape(hearing.point.values[leaf]))
        if not gradient.size or float_clipping.uncut(hearing, gradient).any():
            _record(hearing, leaf, _judge(hearing, slopes, leaf, hearing.floats, dtype))
        float_clipping.judge_cut(hearing, slopes, leaf, gradient)


def judge_single_precision(hearing: Hearing, run: Run) -> None:
    """The same for a float32 run, against bounds of float32."""
    slopes = Slopes(hearing)
    for leaf in hearing.point.differentiated:
        gradient = np.asarray(run.gradients[leaf])
        if gradient.size and not float_clipping.uncut(hearing, gradient).any():
            continue  # no slope speaks of what is cut; entries of the float64 run were asked for on their own
        if (heard := _judge(hearing, slopes, leaf, run, np.float32)) is not None:
            hearing.found.float32[leaf] = heard.accuracy
            _accuse(hearing, leaf, heard, "float32")


def _judge(hearing: Hearing, slopes: Slopes, leaf: str, run: Run, dtype: Any) -> Claimed | None:
    """A gradient beside a slope; a suspect beside a second one too. None, and a finding, if there is no slope."""
    gradient = np.asarray(run.gradients[leaf])
    heard = slopes.beside(leaf, gradient, dtype, number=0, samples=FEW)
    if heard is not None and not heard.agrees:
        again = slopes.beside(leaf, gradient, dtype, number=1, samples=MANY)
        if again is None or again.agrees:
            heard = again
    if heard is None:
        message = f"no difference of the forward along {leaf} could be taken: it is not finite around the case"
        hearing.find(Verdict.UNDECIDED, message, leaf=leaf)
    elif not heard.agrees and slopes.kinked(heard):
        hearing.redraw(kink=f"the slope of the forward along {leaf} jumps")
    return heard


def _record(hearing: Hearing, leaf: str, heard: Claimed | None) -> None:
    """What was heard of one gradient of the float64 run."""
    if heard is None:
        return
    gradient = np.asarray(hearing.floats.gradients[leaf])
    hearing.found.witnesses.append(_NAMES[heard.seen.how])
    hearing.found.float64[leaf] = heard.accuracy
    hearing.found.verdicts[leaf] = Verdict.CONSISTENT if heard.agrees else Verdict.INCONSISTENT
    hearing.found.comparisons[leaf] = Comparison(
        leaf,
        gradient.shape,
        gradient.size,
        wrong=int(not heard.agrees),
        zeros=gradient.size if heard.agrees and abs(heard.seen.estimate) <= heard.bound else 0,  # as zeros would
        digits=-math.log10(heard.limit) if 0 < heard.limit < 1 else 0.0,
        worst=None if heard.agrees else _slopes_apart(heard),
        at_least=True,
    )
    _accuse(hearing, leaf, heard, "float64")


def _accuse(hearing: Hearing, leaf: str, heard: Claimed, dtype: str) -> None:
    """A finding, where a gradient is beyond its bound."""
    if not heard.agrees:
        message = (
            f"in {dtype}, along a random direction, the gradient of {leaf} gives a slope of {heard.claim:.9g}, "
            f"but {heard.seen.how} {heard.seen.verb} {heard.seen.estimate:.9g}; they may differ by {heard.bound:.1e}"
        )
        hearing.find(Verdict.INCONSISTENT, message, leaf=leaf)


def _slopes_apart(heard: Claimed) -> Entry:
    """Two slopes in the place of an entry."""
    got, derivative = (f"a slope of {value!r}" for value in (heard.claim, heard.seen.estimate))
    return Entry((), got, derivative, got, f"{derivative} by {heard.seen.how}", gap=heard.gap)


class Slopes:
    """Slopes of the forward along directions within each gradient, by the best witness that can speak."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing
        self.point, self.binding = hearing.point, hearing.trial.binding
        self._own: dict[str, Any] | None = None
        self._asked = False

    def beside(self, leaf: str, gradient: Any, dtype: Any, *, number: int, samples: int) -> Claimed | None:
        """A gradient beside the slope along its direction of this number; None if no witness can speak."""
        direction = self._direction(leaf, gradient, number)
        seen = self.seen(leaf, direction, MANY_RUNGS if samples == MANY else FEW_RUNGS)
        if seen is None:
            return None
        floats = np.reshape(np.asarray(gradient, dtype=float), direction.shape)
        claim = float(np.sum(floats * direction))
        allowed = self.hearing.bound(leaf, dtype, samples) + seen.rounding * (np.finfo(dtype).eps / 2.0**-52)
        bound = float(np.sum(np.abs(direction) * allowed)) + seen.error
        size = float(np.max(np.abs(floats), initial=0.0))
        least = float(np.min(np.abs(direction[direction != 0.0]), initial=math.inf))
        limit = (bound + abs(claim - seen.estimate)) / (least * size) if size else math.inf
        return Claimed(claim, seen, bound, limit)

    def kinked(self, heard: Claimed) -> bool:
        """Whether the forward has no slope at this point that could be compared."""
        return self.kinked_by(heard.seen, heard.gap)

    def kinked_by(self, seen: Seen, gap: float) -> bool:
        """Whether a kink may explain so large a gap."""
        return not smooth(self.point, self.binding) if seen.how == _BALLS else seen.kink > gap / 4

    def _direction(self, leaf: str, gradient: Any, number: int) -> Any:
        """A generic direction; entries that a declared clip has cut take no part."""
        direction = self.point.direction(leaf, number)
        return np.where(np.reshape(float_clipping.uncut(self.hearing, gradient), direction.shape), direction, 0.0)

    def seen(self, leaf: str, direction: Any, rungs: int = MANY_RUNGS) -> Seen | None:
        """The slope along a direction within a gradient, as declared; None if no witness can speak."""
        numerator, denominator = self.hearing.trial.subject.deviations.factor(self.hearing.case.sizes)
        factor = numerator / denominator
        seen = self._in_balls(leaf, direction) or self._in_floats(leaf, direction, rungs)
        if seen is None:
            return None
        error = abs(factor) * seen.error
        return Seen(factor * seen.estimate, error, seen.how, abs(factor) * seen.kink, seen.rounding)

    def _in_balls(self, leaf: str, direction: Any) -> Seen | None:
        try:
            seen = slope(self.point, self.binding, {leaf: adapter.lift(direction)})
        except Silent:
            return None
        error = float(seen.error.abs_upper())
        estimate = float(seen.estimate)
        return Seen(estimate, error, _BALLS) if math.isfinite(error) and math.isfinite(estimate) else None

    def _in_floats(self, leaf: str, direction: Any, rungs: int) -> Seen | None:
        central = central_slope(self.point, self.binding, {leaf: direction}, rungs)
        if central is None:
            return None
        rough = Seen(central.estimate, central.error, _CENTRAL, central.kink)
        own = self._own_rounding()
        fine = complex_slope(self.point, self.binding, {leaf: direction}) if own is not None else None
        if own is None or fine is None or abs(fine.estimate - central.estimate) > central.error:
            return rough
        room = FACTOR * float(np.sum(np.abs(direction) * np.reshape(own[leaf], direction.shape)))
        if fine.error + room >= central.error:
            return rough
        return Seen(fine.estimate, fine.error, _COMPLEX, central.kink, FACTOR * np.reshape(own[leaf], direction.shape))

    def _own_rounding(self) -> dict[str, Any] | None:
        """What float32 runs of the code show of its rounding; asked for only where the code takes complex numbers."""
        if not self._asked:
            self._asked = True
            first = self.point.differentiated[0]
            if complex_slope(self.point, self.binding, {first: self.point.direction(first)}) is not None:
                self._own = own_rounding(self.point, self.binding)
        return self._own
