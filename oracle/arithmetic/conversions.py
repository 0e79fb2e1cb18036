"""From numbers to raw arrays of balls and back.

A *raw* array is an object ndarray whose elements are `flint.arb` (real balls) or `flint.acb` (complex balls).
Lifting is exact. The way back gives midpoints and radii, for reports alone: nothing computed in balls returns to
floats through here.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import acb, arb, ctx

from oracle.arithmetic.refusals import left

Raw = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@contextlib.contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls computed inside the block carry `bits` bits; the previous precision returns afterwards."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def boxed(element: Any) -> Raw:
    """`element` itself if it is an array, else a 0-d raw array that holds it."""
    if type(element) is np.ndarray:
        return element
    box = np.empty((), object)
    box[()] = element
    return box


def filled(shape: tuple[int, ...], ball: Any) -> Raw:
    """An array that holds one ball everywhere."""
    result = np.empty(shape, object)
    result.fill(ball)
    return result


def _ball(value: Any) -> Any:
    """One number as a ball, exactly."""
    if isinstance(value, (arb, acb)):
        return value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return arb(int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return acb(float(value.real), float(value.imag))
    if isinstance(value, (float, np.floating)) and (float(value) == value or value != value):
        return arb(float(value))
    raise left(f"{type(value).__name__} {value!r} has no exact ball")


_each_ball = np.frompyfunc(_ball, 1, 1)
_each_arb = np.frompyfunc(arb, 1, 1)
_each_acb = np.frompyfunc(acb, 1, 1)
_real_part = np.frompyfunc(operator.attrgetter("real"), 1, 1)
_imaginary_part = np.frompyfunc(operator.attrgetter("imag"), 1, 1)
_bounded_real = np.frompyfunc(arb.is_finite, 1, 1)
_bounded = np.frompyfunc(operator.methodcaller("is_finite"), 1, 1)


def lift(value: object) -> Raw:
    """A fresh raw array with exactly the values of `value`: a number, a NumPy array or a nested list.

    Not-a-number and infinities become balls without finite bounds, which nothing certifies.

    >>> lift([0.5, 2])
    array([0.500000000000000, 2.00000000000000], dtype=object)
    """
    array = np.asarray(value)
    kind = array.dtype.kind
    if kind not in "biufcO" or (kind in "fc" and array.dtype.itemsize > (8 if kind == "f" else 16)):
        raise left(f"values of dtype {array.dtype} have no exact balls")
    if kind == "f":
        return boxed(_each_arb(array.astype(np.float64, copy=False)))
    return boxed(_each_ball(array if kind == "O" else array.astype(object)))


def complexified(a: Raw) -> Raw:
    """The same numbers as complex balls."""
    return boxed(_each_acb(a))


def real_part(a: Raw) -> Raw:
    """The real parts, as real balls."""
    return boxed(_real_part(a))


def imaginary_part(a: Raw) -> Raw:
    """The imaginary parts, as real balls."""
    return boxed(_imaginary_part(a))


def is_finite(a: Raw) -> Bools:
    """True where the ball has finite bounds; False for infinities, not-a-number and balls without bounds."""
    try:
        answers = _bounded_real(a)
    except TypeError:  # some are complex
        answers = _bounded(a)
    return np.asarray(answers, dtype=bool)


def midpoints(a: Raw) -> np.ndarray[Any, Any]:
    """The midpoints, rounded to float64, or to complex128 where any ball is complex."""
    kinds = set(map(type, a.ravel().tolist()))
    if acb in kinds:
        return np.asarray(np.frompyfunc(complex, 1, 1)(complexified(a)), dtype=np.complex128)
    return np.asarray(np.frompyfunc(float, 1, 1)(a), dtype=np.float64)


def _radius(value: Any) -> float:
    """An upper bound of the radius; infinite where there is none."""
    if not value.is_finite():
        return float("inf")
    parts = (value.rad(),) if type(value) is arb else (value.real.rad(), value.imag.rad())
    total = sum(float(np.nextafter(float(part), np.inf)) for part in parts if not part.is_zero())
    return total if len(parts) == 1 or total == 0 else float(np.nextafter(total, np.inf))


def radii(a: Raw) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Upper bounds of the distances between each midpoint and any point of its ball."""
    return np.asarray(np.frompyfunc(_radius, 1, 1)(a), dtype=np.float64)
