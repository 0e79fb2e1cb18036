"""The slope of the forward along a direction in float64, for code that neither ball arithmetic nor JAX can run.

A central difference over a ladder of steps, each half of the one before,

    g(t) = ⟨ȳ, f(x + t v)⟩,   D(h) = (g(h) - g(-h)) / 2h,   R(h) = (4 D(h/2) - D(h)) / 3.         (1)

R errs by a truncation that falls as h⁴ and by a rounding that grows as 1/h, so neighbouring R differ by about what
the worse of them errs. The rung with the least error is taken, and its error is said to be

    100 max |R(h) - R(h/2)| over it and its neighbours + 8 u S / h,   S = Σ |ȳ f|,                (2)

where the second term is there for differences that agree by luck, because their values were rounded alike. A kink
nearby makes rungs differ until the steps are too short to reach it. A kink at the point itself leaves them alike, and
shows in the jump between the slopes to both sides,

    J(h) = (g(h) - 2 g(0) + g(-h)) / h = h g''(0) + O(h³),   at a kink a constant.                 (3)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.binding import Binding
from oracle.point import Point
from oracle.runs import forward_in_floats

FEW_RUNGS, MANY_RUNGS = 14, 22
_FIRST = 4  # the first step is 2^-4 of the size of the inputs
_FIRSTS = (_FIRST, 12, 20, 28, 36)  # where a forward takes no long step
_LAST = 44  # shorter steps leave hardly any digits
_SAFETY = 100.0  # how many times the seen error of a difference a gap must be
_UNIT = 2.0**-53
_LASTS = 6  # by how many halvings of the step a jump must survive to be a kink


@dataclass(frozen=True)
class FloatSlope:
    """An estimate of ⟨ȳ, f'(x) v⟩, its error by equation (2), and the jump of the slope, if that is a kink's."""

    estimate: float
    error: float
    kink: float = 0.0


def nearest_slope(
    point: Point,
    binding: Binding,
    direction: Mapping[str, Any],
    rungs: int,
    *,
    coarsest: float = math.inf,
    narrow: bool = False,
) -> FloatSlope | None:
    """The slope from the longest steps at which the forward is finite and has no kink nearby.

    A kink at the point itself is there at every step, and is told with the slope; None where no step is short enough,
    or only steps so short that they see it no better than to `coarsest`. In `narrow` code, which computes in float32,
    short steps move nothing: there the longest ones are all there is.
    """
    seen = None
    for first in _FIRSTS[: 1 if narrow else None]:
        found = central_slope(point, binding, direction, rungs, first)
        if found is None or (first != _FIRST and found.error > coarsest):
            continue
        if not found.kink:
            return found
        seen = found
    return seen


def central_slope(
    point: Point, binding: Binding, direction: Mapping[str, Any], rungs: int, first: int = _FIRST
) -> FloatSlope | None:
    """The slope by equation (1); None where the forward is not finite around the point."""
    ladder = _Ladder(point, binding, direction)
    middle = ladder.value(0.0)
    steps = [ladder.unit * 2.0 ** -(first + k) for k in range(rungs) if first + k <= _LAST]
    pairs = [(ladder.value(h), ladder.value(-h)) for h in steps]
    quotients = [(up - down) / (2 * h) for h, (up, down) in zip(steps, pairs, strict=True)]
    jumps = [abs(up - 2 * middle + down) / h for h, (up, down) in zip(steps, pairs, strict=True)]
    floors = [8 * _UNIT * ladder.size / h for h in steps]
    best = _best(quotients, floors)
    if best is None:
        return None
    return FloatSlope(*best, kink=_kink(jumps, floors))


def _best(quotients: list[float], floors: list[float]) -> tuple[float, float] | None:
    """The rung with the least error by equation (2)."""
    rungs = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(quotients)]
    gaps = [abs(fine - coarse) for coarse, fine in itertools.pairwise(rungs)]
    found = None
    for k in range(1, len(gaps) - 1):
        error = _SAFETY * max(gaps[k - 1], gaps[k], gaps[k + 1]) + floors[k + 2]
        if math.isfinite(error) and (found is None or error < found[1]):
            found = rungs[k + 1], error
    return found


def _kink(jumps: list[float], floors: list[float]) -> float:
    """The jump of the slope, where it stays the same while the step falls by 2^-6 and is no rounding; otherwise 0."""
    for k in range(len(jumps) - _LASTS):
        lasting = jumps[k : k + _LASTS + 1]
        steady = all(lasting[0] / 2 < jump < 2 * lasting[0] for jump in lasting)  # NaN is not
        if steady and lasting[-1] > 100 * floors[k + _LASTS]:
            return lasting[-1]
    return 0.0


class _Ladder:
    """⟨ȳ, f⟩ of the untouched code in float64 along a line."""

    def __init__(self, point: Point, binding: Binding, direction: Mapping[str, Any]) -> None:
        self.point, self.binding, self.direction = point, binding, direction
        largest = max(float(np.max(np.abs(point.values[name]), initial=0.0)) for name in direction)
        self.unit = 2.0 ** round(math.log2(largest)) if largest > 0 else 1.0
        self.size = 0.0

    def value(self, step: float) -> float:
        """g(step); NaN where the code raises or an output is not finite."""
        moved = {name: self.point.values[name] + step * v for name, v in self.direction.items()}
        run = forward_in_floats(self.point, self.binding, {**self.point.values, **moved})
        if run.error is not None:
            return math.nan
        with np.errstate(all="ignore"):  # what is not finite makes a sum that is not
            return self._weighed(run.outputs)

    def _weighed(self, outputs: Mapping[str, Any]) -> float:
        """⟨ȳ, outputs⟩, whose terms' magnitudes are remembered."""
        total = 0.0
        for name, value in outputs.items():
            array = np.asarray(value)
            if array.dtype.kind == "f":
                terms = self.point.cotangent(name, array.shape) * array
                total += float(terms.sum())
                size = float(np.abs(terms).sum())
                self.size = max(self.size, size) if math.isfinite(size) else self.size
        return total
