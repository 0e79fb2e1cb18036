"""The slope of the forward along a direction by a complex step, for code that accepts complex numbers.

With v a direction and g(z) = ⟨ȳ, f(x + z v)⟩, analytic where f is written without absolute values and the like,

    Im g(i h) / h = g'(0) + O(h²),                                                      (1)

and nothing is subtracted: h = 2^-100 leaves rounding alone. Such a witness sees as many digits as the float gradient
itself has. It is believed only where it agrees with central differences, since code may drop imaginary parts.

Its own rounding is seen by running it again at points and steps that differ in some places. What the hand-written
gradient may lose by rounding is seen by running it in float32 beside float64, which shows what perturbed inputs cannot
(a saturated gate's 1 - σ). Code that does not answer in float32 gives no such evidence, and is left to (larger) bounds
of central differences. Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM
Review 40(1), 1998.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.accuracy import FACTOR, FEW
from oracle.binding import Binding
from oracle.draws import bits, key
from oracle.point import Point
from oracle.runs import forward_in_floats, in_floats, in_single

_STEP = 2.0**-100
_MAGNIFIED = 2.0**-38  # as in oracle.sensitivity
_UNIT, _SINGLE = 2.0**-53, 2.0**-24
_SUM = 8.0  # roundings, in units of u, of the sum over outputs


@dataclass(frozen=True)
class ComplexSlope:
    """An estimate of ⟨ȳ, f'(x) v⟩, and how far rounding may have moved it."""

    estimate: float
    error: float


def complex_slope(point: Point, binding: Binding, direction: Mapping[str, Any]) -> ComplexSlope | None:
    """The slope by equation (1); None if the code does not take complex numbers.

    Some code takes complex numbers only if all its inputs are complex: that is tried second.
    """
    for everything in (False, True):
        first = _once(point, binding, direction, 0, everything)
        if first is not None:
            break
    else:
        return None
    estimate, size = first
    squares = 0.0
    for sample in range(1, FEW):
        again = _once(point, binding, direction, sample, everything)
        if again is None:
            return None
        squares += ((again[0] - estimate) * (_UNIT / _MAGNIFIED)) ** 2 / (FEW - 1)
    return ComplexSlope(estimate, FACTOR * float(np.sqrt(squares)) + _SUM * _UNIT * size)


def _once(
    point: Point, binding: Binding, direction: Mapping[str, Any], sample: int, everything: bool
) -> tuple[float, float] | None:
    """The slope and the sum of the magnitudes of its terms; from sample 1 on, of a point that is moved a little."""
    values = dict(point.values)
    for name, value in values.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            moved = value * (1.0 + _MAGNIFIED * noise(point, name, value.shape, sample))
            values[name] = moved.astype(complex) if everything else moved
    step = _STEP * (1.0 + 0.37 * sample / FEW)
    values |= {name: values[name] + 1j * step * v for name, v in direction.items()}
    run = forward_in_floats(point, binding, values)
    total, size = 0.0, 0.0
    for name, value in run.outputs.items():
        array = np.asarray(value)
        if array.dtype.kind == "c":
            terms = point.cotangent(name, array.shape) * (array.imag / step)
            total, size = total + float(terms.sum()), size + float(np.abs(terms).sum())
    if run.error is not None or not np.isfinite(size) or not any(np.iscomplexobj(v) for v in run.outputs.values()):
        return None
    return total, size


def noise(point: Point, name: str, shape: tuple[int, ...], sample: int) -> Any:
    """Uniform numbers in [-1, 1] that follow from the case; zero for sample 0."""
    if sample == 0:
        return np.zeros(shape)
    words = bits(key(point.case.seed, "complex step", name, sample), 0, int(np.prod(shape, dtype=np.int64)))
    return ((words >> np.uint64(11)).astype(float) * 2.0**-52 - 1.0).reshape(shape)


def own_rounding(point: Point, binding: Binding, samples: int = 4) -> dict[str, Any] | None:
    """How far rounding moves each gradient in float64, judged by float32 runs of the same code beside float64 runs.

    None if the code does not answer in float32.
    """
    squares: dict[str, Any] = {}
    for sample in range(1, samples + 1):
        near = point.moved({name: _single(point, name, value, sample) for name, value in point.values.items()})
        narrow, wide = in_single(near, binding), in_floats(near, binding)
        if narrow.error is not None or wide.error is not None:
            return None
        for leaf in point.differentiated:
            small = np.asarray(narrow.gradients[leaf])
            if small.dtype != np.float32 or not np.isfinite(small).all():
                return None
            gap = small.astype(float) - np.asarray(wide.gradients[leaf], dtype=float)
            squares[leaf] = squares.get(leaf, 0.0) + (gap * (_UNIT / _SINGLE)) ** 2 / samples
    return {leaf: np.sqrt(square) for leaf, square in squares.items()}


def _single(point: Point, name: str, value: Any, sample: int) -> Any:
    """A float array moved a little and rounded to float32."""
    if not (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return value
    moved = value * (1.0 + 2.0**-12 * noise(point, name, value.shape, sample))
    return moved.astype(np.float32).astype(np.float64)
