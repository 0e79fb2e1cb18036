"""The float64 and the decimal nearest to what a ball encloses, where the ball is thin enough to say which.

Both ends of a ball are exact dyadic numbers. Where both round to the same number, so does everything between them,
the exact value included; where they do not, the ball is too wide, and nothing is said.
"""

from __future__ import annotations

import decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from flint import arb

from oracle.arithmetic.conversions import Raw

_MOST_BITS = 2**20  # of an exponent: beyond, writing the number out would take too long


class Rounded(NamedTuple):
    """Arrays of the shape of the balls: the nearest float64, the nearest decimal, and whether both are decided."""

    float64: npt.NDArray[np.float64]
    decimals: npt.NDArray[Any]  # text
    decided: npt.NDArray[np.bool_]


def nearest(balls: Raw, digits: int) -> Rounded:
    """What the enclosed numbers round to, to even at ties: in float64, and as decimals of so many significant digits.

    >>> balls = np.array([arb(3) / 8, arb(2, 1)], dtype=object)
    >>> one, other = nearest(balls, 5).decimals
    >>> one, other, nearest(balls, 5).decided.tolist()
    ('3.7500e-1', '', [True, False])
    """
    rounded = [_nearest(ball, digits) for ball in balls.ravel().tolist()]
    numbers = np.array([number if number is not None else np.nan for number, _ in rounded], dtype=np.float64)
    texts = np.array([text for _, text in rounded], dtype=object)
    decided = np.array([number is not None and bool(text) for number, text in rounded], dtype=bool)
    return Rounded(numbers.reshape(balls.shape), texts.reshape(balls.shape), decided.reshape(balls.shape))


def _nearest(ball: arb, digits: int) -> tuple[float | None, str]:
    """The float64 and the text of one ball; None or nothing where its ends do not agree."""
    if not ball.is_finite():
        return None, ""
    low, high, exponent = _ends(ball)
    numbers = {_float64(end, exponent) for end in (low, high)}
    texts = {_decimal(end, exponent, digits) for end in (low, high)}
    return numbers.pop() if len(numbers) == 1 else None, texts.pop() if len(texts) == 1 else ""


def _ends(ball: arb) -> tuple[int, int, int]:
    """Integers m and n and an exponent e such that the ball is [m 2^e, n 2^e]."""
    middle, e = map(int, ball.mid().man_exp())
    radius, f = map(int, ball.rad().man_exp())
    if middle == 0:
        e = f
    if radius == 0:
        f = e
    exponent = min(e, f)
    if max(abs(e), abs(f)) > _MOST_BITS:
        raise ValueError(f"a number near 2^{e} is too large or too small to be written out")
    middle, radius = middle << (e - exponent), radius << (f - exponent)
    return middle - radius, middle + radius, exponent


def _float64(mantissa: int, exponent: int) -> float:
    """mantissa · 2^exponent, rounded to the nearest float64: Python's division of integers is, subnormals included."""
    try:
        return float(mantissa << exponent) if exponent >= 0 else mantissa / (1 << -exponent)
    except OverflowError:
        power = abs(mantissa).bit_length() + exponent - 1
        raise ValueError(f"a number near 2^{power} is larger than any float64") from None


def _decimal(mantissa: int, exponent: int, digits: int) -> str:
    """mantissa · 2^exponent, rounded to so many significant digits."""
    if mantissa == 0:
        return "0"
    exact = decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
    if exponent >= 0:
        rounded = exact.plus(decimal.Decimal(mantissa << exponent))
    else:
        rounded = exact.divide(decimal.Decimal(mantissa), decimal.Decimal(1 << -exponent))
    sign, figures, power = rounded.as_tuple()
    text = "".join(map(str, figures)).ljust(digits, "0")
    return f"{'-' if sign else ''}{text[0]}.{text[1:]}e{int(power) + len(figures) - 1:+d}"
