"""Float64 witnesses of a gradient, for tests: XLA, central differences and the complex step, each with its error.

Every one is compared with certified truth (balls), so each states how far it may be from it:

- XLA computes in float64 what the gradient program computes in balls: 8 √3 times the spread under stochastic rounding
  (`oracle.accuracy`).
- A central difference of the float64 code along one direction, D(h) = (g(h) - g(-h)) / 2h, errs by h² |g'''| / 6 and by
  the rounding of g over h; `central_slope` returns the seen error of a Richardson step on a ladder of h.
- The complex step g'(0) = Im g(i h) / h has no cancellation: with h = 1e-100 it errs by rounding alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

STEPS = tuple(2.0**-k for k in range(5, 18))
COMPLEX_STEP = 1e-100
SEEN = 10.0  # how many times the change between neighbouring rungs a central difference may be off


def inner(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """⟨a, b⟩ over all names of b."""
    return float(sum(np.sum(np.asarray(a[name]) * np.asarray(b[name])) for name in b))


def size(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """The sum of the magnitudes of the terms of `inner`."""
    return float(sum(np.sum(np.abs(np.asarray(a[name]) * np.asarray(b[name]))) for name in b))


def central_slope(objective: Callable[[float], float], terms: float = 0.0) -> tuple[float, float]:
    """The slope of `objective` at 0 by central differences, and how far it may be off.

    R(h) = (4 D(h/2) - D(h)) / 3 cancels the h² term; among neighbouring R the closest pair is taken, and ten times
    their distance, or the rounding of the objective over the step if that is more, is the error. `terms` is the sum of
    the magnitudes of the terms that the objective adds up, where it is more than the objective itself.

    >>> slope, error = central_slope(lambda t: np.exp(t))
    >>> abs(slope - 1) <= error < 1e-9
    True
    """
    around = {h: (objective(h), objective(-h)) for h in STEPS}
    quotients = [(plus - minus) / (2 * h) for h, (plus, minus) in around.items()]
    rungs = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(quotients)]
    gaps = [abs(fine - coarse) for coarse, fine in itertools.pairwise(rungs)]
    best = int(np.argmin(gaps))
    h = STEPS[best + 2]
    rounding = np.finfo(float).eps * max(terms, *map(abs, around[h])) / h
    return rungs[best + 1], SEEN * max(gaps[best], rounding)


def complex_slope(objective: Callable[[complex], complex]) -> float:
    """The slope of an analytic `objective` at 0: the imaginary part at i h, over h.

    >>> complex_slope(lambda t: np.exp(2 * t))
    2.0
    """
    return float(np.imag(objective(1j * COMPLEX_STEP)) / COMPLEX_STEP)
