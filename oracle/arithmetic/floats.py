"""Floats as the number system of a gradient program, so that the executor has a witness in plain NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Raw = np.ndarray[Any, Any]

_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def expit(x: Raw) -> Raw:
    """1 / (1 + exp(-x)), which does not overflow and keeps its relative accuracy in the tail.

    >>> expit(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    if x.dtype.kind == "c":
        return np.asarray(1 / (1 + np.exp(-x)))
    tail = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, tail) / (1 + tail))


def error_function(x: Raw) -> Raw:
    """erf, from C's library, in the dtype of `x`."""
    return np.asarray(_erf(x) if x.size else x).astype(x.dtype)


def complementary_error_function(x: Raw) -> Raw:
    """erfc, from C's library, in the dtype of `x`."""
    return np.asarray(_erfc(x) if x.size else x).astype(x.dtype)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "expit": expit,
    "erf": error_function,
    "erfc": complementary_error_function,
}
"""Functions that NumPy lacks; all others go by NumPy's name."""


class Floats:
    """NumPy's own floats of one dtype.

    >>> Floats("float32").unary("sqrt", Floats("float32").lift(2.0))
    array(1.4142135, dtype=float32)
    """

    def __init__(self, dtype: npt.DTypeLike = "float64") -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.name not in ("float32", "float64"):
            raise ValueError(f"Floats computes in float32 or float64, but {self.dtype} was asked for")
        self._complex = np.dtype(np.complex64 if self.dtype == np.float32 else np.complex128)

    def lift(self, value: Any) -> Raw:
        """The numbers rounded to this dtype."""
        array = np.asarray(value)
        return array.astype(self._complex if array.dtype.kind == "c" else self.dtype, copy=False)

    def unary(self, name: str, x: Raw) -> Raw:
        """NumPy's function of each entry."""
        function = FUNCTIONS.get(name) or getattr(np, name)
        with np.errstate(all="ignore"):
            return np.asarray(function(x))

    def binary(self, name: str, a: Raw, b: Raw) -> Raw:
        """NumPy's function of each pair of entries."""
        with np.errstate(all="ignore"):
            return np.asarray(getattr(np, name)(a, b))

    def power(self, x: Raw, exponent: int) -> Raw:
        """Whole powers by repeated squaring, as compilers do."""
        with np.errstate(all="ignore"):
            return repeated_squares(x, exponent)

    def compare(self, name: str, a: Raw, b: Raw) -> Raw:
        """NumPy's comparison."""
        return np.asarray(getattr(np, name)(a, b))

    def sum(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Sums over `axes`, pairwise as in NumPy."""
        with np.errstate(all="ignore"):
            return np.asarray(np.add.reduce(x, axis=tuple(axes)))

    def product(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Products over `axes`."""
        with np.errstate(all="ignore"):
            return np.asarray(np.multiply.reduce(x, axis=tuple(axes)))

    def extreme(self, name: str, x: Raw, axes: Sequence[int]) -> Raw:
        """Largest or smallest entries over `axes`."""
        identity = -np.inf if name == "maximum" else np.inf
        return np.asarray(getattr(np, name).reduce(x, axis=tuple(axes), initial=identity))

    def matmul(self, a: Raw, b: Raw) -> Raw:
        """Products of matrices, by BLAS."""
        with np.errstate(all="ignore"):
            return np.asarray(np.matmul(a, b))

    def select(self, mask: Raw, a: Raw, b: Raw) -> Raw:
        """`a` where the mask is true, else `b`."""
        return np.where(mask, a, b)

    def is_finite(self, x: Raw) -> Raw:
        """Which entries are finite."""
        return np.asarray(np.isfinite(x))

    def truncated(self, x: Raw) -> Raw:
        """Integer parts towards zero, as Python's integers."""
        return np.asarray(np.frompyfunc(math.trunc, 1, 1)(x), object)

    def order(self, x: Raw, axis: int) -> Raw:
        """NumPy's stable order, NaN last."""
        return np.argsort(x, axis, kind="stable")

    def complex(self, real: Raw, imag: Raw) -> Raw:
        """Complex numbers from their parts."""
        result = np.empty(np.broadcast_shapes(real.shape, imag.shape), self._complex)
        result.real, result.imag = real, imag
        return result

    def part(self, name: str, x: Raw) -> Raw:
        """The real or imaginary part."""
        return np.asarray(np.real(x) if name == "real" else np.imag(x))


def repeated_squares(x: Raw, exponent: int) -> Raw:
    """`x` to a whole power of either sign."""
    if exponent < 0:
        return np.asarray(1 / repeated_squares(x, -exponent))
    result, square = np.ones_like(x), x
    while exponent:
        if exponent & 1:
            result = result * square
        exponent >>= 1
        square = square * square
    return np.asarray(result)
