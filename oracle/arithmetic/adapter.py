"""What the rest of the oracle needs of ball arithmetic, in one place, so that it never touches a ball library."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, BallScalar, wrap
from oracle.arithmetic.kernels import Raw as Raw
from oracle.arithmetic.kernels import lift as lift
from oracle.arithmetic.kernels import midpoints as midpoints
from oracle.arithmetic.kernels import precision as precision
from oracle.arithmetic.namespace import stand_for as stand_for


def is_ball(value: Any) -> bool:
    """Whether a value of the code under test is balls."""
    return isinstance(value, BallArray | BallScalar)


def raw(value: Any) -> Raw:
    """The balls in a value of the code under test; plain numbers and float arrays are lifted exactly."""
    return value._raw if isinstance(value, BallArray | BallScalar) else lift(value)


def wrapped(balls: Raw) -> Any:
    """Balls as the code under test sees them: an array, or a scalar where there is no dimension."""
    return wrap(balls)


def inner(a: Raw, b: Raw) -> Any:
    """The sum of the products of all entries, as one ball."""
    products = kernels.BINARY["multiply"](a, b)
    return kernels.reduce_sum(products, tuple(range(products.ndim)))[()]


def scaled(balls: Raw, numerator: float, denominator: float) -> Raw:
    """Balls times an exact number, divided by another."""
    product = kernels.BINARY["multiply"](balls, lift(numerator))
    return kernels.BINARY["divide"](product, lift(denominator))


def clipped(balls: Raw, bound: float) -> Raw:
    """Balls clipped to [-bound, bound], rigorously."""
    return kernels.BINARY["maximum"](kernels.BINARY["minimum"](balls, lift(bound)), lift(-bound))


class Floats:
    """Runs the untouched code: arrays are NumPy's own, on request not contiguous, and scalar inputs Python's own."""

    def __init__(self, dtype: npt.DTypeLike = np.float64, strided: bool = False, plain: bool = False) -> None:
        self.dtype, self.strided, self.plain = np.dtype(dtype), strided, plain

    def argument(self, value: Any) -> Any:
        """A fresh array for an input; where there is no dimension a NumPy scalar, or a Python float if `plain`."""
        return float(self.array(value)) if self.plain and not np.ndim(value) else self.array(value)

    def array(self, value: Any) -> Any:
        """A fresh array, or a NumPy scalar where there is no dimension."""
        fresh = np.array(value, dtype=self.dtype)
        if self.strided and fresh.ndim:
            fresh = np.repeat(fresh, 2, axis=-1)[..., ::2]
        return fresh if fresh.ndim else fresh[()]

    def shape(self, value: Any) -> tuple[int, ...] | None:
        """The shape of a value that holds real numbers; None for integers, booleans and everything else."""
        if isinstance(value, np.ndarray | np.generic):
            return value.shape if value.dtype.kind == "f" else None
        return () if isinstance(value, float) else None


class Balls:
    """Runs the bound code: arrays are arrays of balls."""

    def argument(self, value: Any) -> Any:
        """A fresh array of exact balls for an input, or a scalar where there is no dimension."""
        return self.array(value)

    def array(self, value: Any) -> Any:
        """A fresh array of exact balls, or a scalar where there is no dimension."""
        return wrap(lift(value))

    def shape(self, value: Any) -> tuple[int, ...] | None:
        """The shape of a value that holds real numbers; None for integers, booleans and everything else."""
        if isinstance(value, BallArray | BallScalar):
            return tuple(value.shape)
        if isinstance(value, np.ndarray | np.generic):
            return value.shape if value.dtype.kind == "f" else None
        return () if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral | bool) else None
