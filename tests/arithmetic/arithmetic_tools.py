"""One calculation written once and run twice: by NumPy in floats, and in balls by what stands for NumPy."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, BallScalar, wrap
from oracle.arithmetic.namespace import stand_for
from oracle.arithmetic.operands import Balls

BITS = 256
THINNEST = 1e-60  # radii at 256 bits stay far below it
Calculation = Callable[..., Any]
ball_numpy = stand_for(np)


class Inputs:
    """Arrays drawn from a seed that is the calculation's name, as floats or as exact balls of the same values."""

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self._random = np.random.default_rng(zlib.crc32(name.encode()))
        self._make = make

    def __call__(self, *shape: int, low: float = -2.0, high: float = 2.0) -> Any:
        """Real numbers, a scalar if no size is given."""
        return self._make(self._random.uniform(low, high, shape) if shape else self._random.uniform(low, high))

    def complex(self, *shape: int) -> Any:
        """Complex numbers."""
        return self._make(self._random.normal(size=shape) + 1j * self._random.normal(size=shape))

    def integers(self, *shape: int, below: int = 4) -> Any:
        """Integers, NumPy's own in both runs."""
        return self._random.integers(below, size=shape)


def in_floats(name: str, calculation: Calculation) -> Any:
    """The calculation by NumPy itself."""
    return calculation(np, Inputs(name, lambda drawn: drawn if np.ndim(drawn) else np.float64(drawn)))


def in_balls(name: str, calculation: Calculation) -> Any:
    """The calculation in balls at 256 bits."""
    with kernels.precision(BITS):
        return calculation(ball_numpy, Inputs(name, lambda drawn: wrap(kernels.lift(drawn))))


def on_plain_numbers(name: str, calculation: Calculation) -> Any:
    """The calculation by what stands for NumPy, on arrays of floats that were made outside."""
    with kernels.precision(BITS):
        return calculation(ball_numpy, Inputs(name, lambda drawn: drawn))


def assert_agree(name: str, expected: Any, got: Any) -> None:
    """Raise unless shapes, dtypes and kinds are the same, values agree to 12 digits and balls are thin."""
    if isinstance(expected, (list, tuple)):
        assert isinstance(got, type(expected)) or isinstance(expected, tuple), name
        assert len(got) == len(expected), name
        for one, other in zip(expected, got, strict=True):
            assert_agree(name, one, other)
    elif isinstance(expected, (np.ndarray, np.generic)) and expected.dtype.kind in "fc":
        _balls_agree(name, expected, got)
    elif isinstance(expected, (np.ndarray, np.generic)):
        assert type(got) is type(expected), f"{name}: {type(got)} for {type(expected)}"
        assert got.dtype == expected.dtype, name
        np.testing.assert_array_equal(got, expected, err_msg=name)
    elif isinstance(expected, float):
        _close(name, np.float64(expected), got if isinstance(got, Balls) else wrap(kernels.lift(got)))
    else:
        assert got == expected, f"{name}: {got!r} for {expected!r}"


def _balls_agree(name: str, expected: Any, got: Any) -> None:
    """The same for an array or scalar of floats, which must have become balls."""
    wanted = BallArray if isinstance(expected, np.ndarray) else BallScalar
    assert isinstance(got, wanted), f"{name}: {type(got).__name__} for {type(expected).__name__}"
    assert got.shape == expected.shape, f"{name}: shape {got.shape} for {expected.shape}"
    assert got.dtype == expected.dtype, f"{name}: dtype {got.dtype} for {expected.dtype}"
    _close(name, expected, got)


def _close(name: str, expected: Any, got: Any) -> None:
    """The midpoints agree with the floats, and the balls are thin where the floats are finite."""
    np.testing.assert_allclose(kernels.midpoints(got._raw), expected, rtol=1e-12, atol=1e-13, err_msg=name)
    finite = np.isfinite(expected)
    assert (kernels.radii(got._raw)[finite] < THINNEST).all(), f"{name}: radii {kernels.radii(got._raw)}"


def assert_values_agree(name: str, expected: Any, got: Any) -> None:
    """Raise unless shapes and values assert_agree, whether what is got is plain or in balls."""
    if isinstance(expected, (list, tuple)):
        assert len(got) == len(expected), name
        for one, other in zip(expected, got, strict=True):
            assert_values_agree(name, one, other)
    elif isinstance(expected, (np.ndarray, np.generic, float)):
        assert np.shape(got) == np.shape(expected), name
        plain = kernels.midpoints(got._raw) if isinstance(got, Balls) else got
        np.testing.assert_allclose(plain, expected, rtol=1e-12, atol=1e-13, err_msg=name)
    else:
        assert got == expected, f"{name}: {got!r} for {expected!r}"
