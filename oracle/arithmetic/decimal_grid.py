"""Rounds balls to 40 decimal places of their array's power of ten, by integers alone, in the same way everywhere.

| symbol | name                                                                             |
| ------ | -------------------------------------------------------------------------------- |
| M      | the largest magnitude of an array                                                |
| E      | its power of ten, 10^E <= M < 10^(E+1)                                           |
| g      | the grid, g = 10^(E-40)                                                          |
| k      | an entry v in units of the grid, k = floor(v/g + 1/2): to nearest, ties upwards  |

E and k belong to real numbers, not to balls: they are given only where both ends of every ball lead to the same. The
caller raises the precision until they do. A number exactly on a boundary whose ball is not exact would stay open for
ever; so at 1536 bits and more, what cannot be told from a boundary counts as the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from flint import arb, fmpz

Raw = npt.NDArray[Any]
PLACES: Final = 40
LAST_BITS: Final = 1536  # from here on, what cannot be told from a boundary counts as one
_ALIKE: Final = Fraction(1, 10**60)  # units of the grid, or of the power of ten, that cannot be told apart
_FAINT: Final = Fraction(1, 2 ** (LAST_BITS // 2))  # a ball around zero that is smaller is zero
_LARGEST_EXPONENT: Final = 200_000  # bits; integers beyond would be slow
_HALF = arb(0.5)


@dataclass(frozen=True)
class Rounded:
    """An array as integers: entry k stands for a number that rounds to k · 10^(exponent - 40)."""

    shape: tuple[int, ...]
    exponent: int | None  # None: every entry is zero
    integers: tuple[int, ...]  # in C order

    @property
    def text(self) -> str:
        """`2x3 e-1 k k k k k k`, the canonical form of which digests are made; `2x3 zero` where all is zero.

        >>> Rounded((1, 2), 0, (5, -7)).text
        '1x2 e0 5 -7'
        """
        shape = "x".join(map(str, self.shape)) or "scalar"
        if self.exponent is None:
            return f"{shape} zero"
        return f"{shape} e{self.exponent} {' '.join(map(str, self.integers))}"


def rounded(balls: Raw, bits: int) -> Rounded | None:
    """The array on its grid; None if these balls, computed with `bits` bits, are too wide to say.

    >>> from oracle.arithmetic import kernels
    >>> with kernels.precision(384):
    ...     third = kernels.BINARY["divide"](kernels.lift([1.0]), kernels.lift([3.0]))
    ...     found = rounded(third, 384)
    >>> found.exponent, found.integers == (33333333333333333333333333333333333333333,)
    (-1, True)
    """
    entries = balls.ravel().tolist()
    if not all(entry.is_finite() for entry in entries):
        return None
    last = bits >= LAST_BITS
    scale = _scale(entries, last)
    if scale is None:
        return None
    exponent, zero = scale
    if zero:
        return Rounded(balls.shape, None, (0,) * len(entries))
    grid = Fraction(10) ** (exponent - PLACES)
    power = arb(fmpz(10) ** (PLACES - exponent)) if exponent <= PLACES else 1 / arb(fmpz(10) ** (exponent - PLACES))
    integers = [_nearest(entry, power, grid, last) for entry in entries]
    if any(k is None for k in integers):
        return None
    return Rounded(balls.shape, exponent, tuple(k for k in integers if k is not None))


def _scale(entries: Sequence[Any], last: bool) -> tuple[int, bool] | None:
    """E, and whether every entry is zero; None if that is open."""
    if all(entry.is_zero() for entry in entries):
        return 0, True
    low, high = max(map(arb.abs_lower, entries)), max(map(arb.abs_upper, entries))
    least, most = _exactly(low), _exactly(high)
    if least is None or most is None:
        return None
    if least == 0:
        return (0, True) if last and most <= _FAINT else None
    first, second = _power_of_ten(least), _power_of_ten(most)
    alike = last and most - least <= _ALIKE * Fraction(10) ** second
    return (second, False) if first == second or (alike and second == first + 1) else None


def _nearest(entry: Any, power: Any, grid: Fraction, last: bool) -> int | None:
    """k = floor(v/g + 1/2) for all v in a ball; None if that is open."""
    quick = (entry * power + _HALF).floor().unique_fmpz()
    if quick is not None:
        return int(quick)
    least, most = _exactly(entry.lower()), _exactly(entry.upper())
    if least is None or most is None:
        return None
    if entry.is_exact():
        least = most = _exactly(entry) or Fraction(0)
    first, second = _floor(least / grid + Fraction(1, 2)), _floor(most / grid + Fraction(1, 2))
    alike = last and most - least <= _ALIKE * grid
    return second if first == second or (alike and second == first + 1) else None


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def _exactly(ball: Any) -> Fraction | None:
    """An exact ball as a fraction; None if it would take too many bits."""
    mantissa, exponent = ball.man_exp()
    if abs(int(exponent)) > _LARGEST_EXPONENT:
        return None
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _power_of_ten(value: Fraction) -> int:
    """E with 10^E <= value < 10^(E+1), for a positive value."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    guess = bits * 30103 // 100000
    while Fraction(10) ** guess > value:
        guess -= 1
    while Fraction(10) ** (guess + 1) <= value:
        guess += 1
    return guess


def agreeing_places(one: Rounded, other: Rounded) -> npt.NDArray[np.float64]:
    """How many decimal places, of the larger array's power of ten, each pair of entries has in common; inf if all.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if one.shape != other.shape:
        raise ValueError(f"shapes {one.shape} and {other.shape} differ; compare like shapes")
    known = [exponent for exponent in (one.exponent, other.exponent) if exponent is not None]
    top = Fraction(10) ** max(known, default=0)
    grids = [Fraction(10) ** ((side.exponent or 0) - PLACES) for side in (one, other)]
    pairs = zip(one.integers, other.integers, strict=True)
    apart = [abs(a * grids[0] - b * grids[1]) / top for a, b in pairs]
    return np.array([_places(gap) for gap in apart]).reshape(one.shape)


def _places(gap: Fraction) -> float:
    return float("inf") if not gap else float(max(-_power_of_ten(gap) - 1, 0))
