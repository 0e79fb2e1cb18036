"""The slope of the forward along a direction within one gradient, for code of which the backward leaves balls.

Where the forward stays in balls the slope is exact for all purposes, and the bound is that of the float gradient.
Where it does not, it is a central difference in float64 over a ladder of steps,

    D(h) = (g(h) - g(-h)) / 2h,      R(h) = (4 D(h/2) - D(h)) / 3,                      (1)

whose best rung is the one where neighbouring R differ least; the error that this difference shows, many times over,
is the bound. Such a witness sees some 9 digits, and says so.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.accuracy import FEW
from oracle.arithmetic import adapter
from oracle.runs import in_floats
from oracle.witnesses.finite_difference import Silent, slope

if TYPE_CHECKING:
    from oracle.hearing import Hearing

_STEPS = tuple(2.0**-k for k in range(4, 22))
_SAFETY = 100.0  # how many times the seen error of a float difference a gap must be


@dataclass(frozen=True)
class Seen:
    """A slope as the gradient claims it and as differences see it."""

    claim: float
    estimate: float
    bound: float
    size: float
    how: str

    @property
    def gap(self) -> float:
        """How far apart they are."""
        return abs(self.claim - self.estimate)

    @property
    def agrees(self) -> bool:
        """Whether the gap lies within the bound; NaN lies within nothing."""
        return self.gap <= self.bound

    @property
    def digits(self) -> float:
        """The detection limit in digits: the bound beside the size of the terms."""
        return max(0.0, -math.log10(self.bound / self.size)) if self.size > 0 and self.bound > 0 else 0.0


def compare(hearing: Hearing, leaf: str) -> Seen:
    """The slope along the generic direction of one gradient."""
    point = hearing.point
    direction = point.direction(leaf)
    gradient = np.asarray(hearing.floats.gradients[leaf], dtype=float).reshape(direction.shape)
    numerator, denominator = hearing.trial.subject.deviations.factor(hearing.case.sizes)
    terms = gradient * direction
    claim, size = float(terms.sum()), float(np.abs(terms).sum())
    room = float(np.sum(np.abs(direction) * hearing.bound(leaf, np.float64, FEW)))
    try:
        seen = slope(point, hearing.trial.binding, {leaf: adapter.lift(direction)})
        estimate, error = float(seen.estimate), float(seen.error.abs_upper())
        how = "finite differences in balls"
    except Silent:
        estimate, error = _ladder(hearing, leaf, direction)
        how = "central differences in float64"
    factor = numerator / denominator
    return Seen(claim, estimate * factor, room + abs(factor) * error, size, how)


def _ladder(hearing: Hearing, leaf: str, direction: Any) -> tuple[float, float]:
    """The best rung of equation (1) and a bound of its error."""
    quotients = [
        (_objective(hearing, leaf, h * direction) - _objective(hearing, leaf, -h * direction)) / (2 * h) for h in _STEPS
    ]
    rungs = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(quotients)]
    gaps = [abs(fine - coarse) for coarse, fine in itertools.pairwise(rungs)]
    best = int(np.argmin(gaps))
    seen = max(gaps[max(best - 1, 0) : best + 2])  # the least gap alone may be small by luck
    return rungs[best + 1], _SAFETY * max(seen, float(np.finfo(float).eps) * abs(rungs[best]))


def _objective(hearing: Hearing, leaf: str, step: Any) -> float:
    """⟨ȳ, f⟩ of the untouched code in float64, with one input moved."""
    values = hearing.point.values
    moved = hearing.point.moved({**values, leaf: values[leaf] + step})
    run = in_floats(moved, hearing.trial.binding)
    total = 0.0
    for name, value in run.outputs.items():
        array = np.asarray(value)
        if array.dtype.kind == "f":
            total += float(np.sum(hearing.point.cotangent(name, array.shape) * array))
    return total
