"""The recipe of the courses: central differences with h = 1e-5, and the largest relative error of all entries.

    |a - b| / max(|a| + |b|, 1e-8)

Below 1e-7 "you should be happy"; below 1e-4 is what is asked of objectives with kinks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.field.programs import Program
from benchmarks.field.tools.vectors import Vector, flat

STEP, FLOOR = 1e-5, 1e-8
STRICT, LENIENT = 1e-7, 1e-4


def error(program: Program) -> float:
    """The largest relative error of a program's gradients."""
    value, gradient, point = flat(program)
    return relative(gradient(point), np.array([_slope(value, point, k) for k in range(len(point))]))


def relative(a: Vector, b: Vector) -> float:
    """The recipe's error of two vectors.

    >>> relative(np.array([1.0, 0.0]), np.array([3.0, 0.0]))
    0.5
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), FLOOR), initial=0.0))


def _slope(value: Callable[[Vector], float], point: Vector, k: int) -> float:
    """The central difference along one entry."""
    above, below = point.copy(), point.copy()
    above[k] += STEP
    below[k] -= STEP
    slope: float = (value(above) - value(below)) / (2 * STEP)
    return slope


def readings(program: Program) -> tuple[bool, bool]:
    """Whether the error of a program is not below 1e-7, and whether it is not below 1e-4."""
    seen = error(program)
    return not seen < STRICT, not seen < LENIENT
