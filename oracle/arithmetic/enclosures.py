"""Questions about enclosures that comparing needs: do they meet, how thin are they, how far apart.

All functions take raw arrays (object arrays of real balls). A ball that is not finite meets nothing and is never
thin: `arb('nan').overlaps(1)` is true, so finiteness is asked first, always.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import acb, arb, ctx

Raw = npt.NDArray[Any]
BITS_PER_DIGIT = math.log2(10)
_MOST_DIGITS = 60  # two numbers that need more to be told apart are shown to few
EXACT = 2**30  # accuracy, in bits, that an exact ball is said to have

_is_real = np.frompyfunc(lambda v: isinstance(v, arb) or (isinstance(v, acb) and v.imag == 0), 1, 1)
_real_part = np.frompyfunc(lambda v: v.real if isinstance(v, acb) else v, 1, 1)
_is_finite = np.frompyfunc(arb.is_finite, 1, 1)
_overlaps = np.frompyfunc(arb.overlaps, 2, 1)
_accuracy = np.frompyfunc(arb.rel_accuracy_bits, 1, 1)
_is_zero = np.frompyfunc(arb.is_zero, 1, 1)
_contains_zero = np.frompyfunc(operator.methodcaller("contains", arb(0)), 1, 1)
_upper = np.frompyfunc(lambda v: _up(v.abs_upper()), 1, 1)
_radius = np.frompyfunc(lambda v: _up(v.rad()), 1, 1)


def _up(v: arb) -> float:
    """A float64 that is not below the exact ball `v`."""
    return 0.0 if v.is_zero() else math.nextafter(float(v), math.inf)


def real(a: Raw) -> Raw | None:
    """The balls as real ones; None if some are complex with a nonzero imaginary part."""
    if set(map(type, a.ravel().tolist())) <= {arb}:
        return np.asarray(a, dtype=object)
    if not np.asarray(_is_real(a), dtype=bool).all():
        return None
    return np.asarray(_real_part(a), dtype=object)


def finite(a: Raw) -> npt.NDArray[np.bool_]:
    """Which balls have finite bounds."""
    return np.asarray(_is_finite(a), dtype=bool)


def meet(a: Raw, b: Raw) -> npt.NDArray[np.bool_]:
    """Which pairs are finite and have a point in common."""
    return np.asarray(np.asarray(_overlaps(a, b), dtype=bool) & finite(a) & finite(b))


def accuracy_bits(a: Raw) -> npt.NDArray[np.int64]:
    """Relative accuracy of each ball in bits: negative where it contains zero or is not finite."""
    clipped = np.clip(np.asarray(_accuracy(a), dtype=np.int64), -EXACT, EXACT)
    return np.where(finite(a), clipped, -EXACT)


def working_bits() -> int:
    """The precision in force: an exact ball is known to no more, for its last operation would have rounded."""
    return int(ctx.prec)


def exactly_zero(a: Raw) -> npt.NDArray[np.bool_]:
    """Which balls are the number zero, with radius zero."""
    return np.asarray(_is_zero(a), dtype=bool)


def contains_zero(a: Raw) -> npt.NDArray[np.bool_]:
    """Which balls contain zero."""
    return np.asarray(_contains_zero(a), dtype=bool)


def magnitude(a: Raw) -> npt.NDArray[np.float64]:
    """An upper bound of the absolute value of each ball."""
    return np.asarray(_upper(a), dtype=float)


def radius(a: Raw) -> npt.NDArray[np.float64]:
    """An upper bound of the radius of each ball."""
    return np.asarray(_radius(a), dtype=float)


def gap(a: Raw, b: Raw) -> npt.NDArray[np.float64]:
    """An upper bound of the distance between any two points of each pair."""
    return magnitude(np.asarray(a - b, dtype=object))


def widened(ball: Any, error: Any) -> Any:
    """A ball that also encloses what lies no further from `ball` than `error`, itself a ball.

    >>> widened(arb(1), arb(0.25)).contains(arb(1.25))
    True
    """
    return ball + arb(0, 1) * error


def show(ball: Any, digits: int = 6) -> str:
    """The midpoint of one ball, to so many digits; `nan` for a ball of which nothing is known.

    >>> show(arb(1) / 3), show(arb(5, 10)), show(arb("-inf"))
    ('0.333333', '5.00000', '-inf')
    """
    if not ball.is_finite():
        return str(float(ball)) if ball.is_exact() else "nan"
    return str(ball.mid().str(digits, radius=False))


def told_apart(one: Any, other: Any, digits: int = 6) -> tuple[str, str]:
    """The midpoints of two balls, or floats, to as many digits as it takes to see that they differ.

    >>> told_apart(0.25, arb(1) / 3), told_apart(1e-7, arb(1.00000001e-7)), told_apart(0.5, arb(0.5))
    (('0.250000', '0.333333'), ('1.00000000e-7', '1.00000001e-7'), ('0.500000', '0.500000'))
    """
    a, b = (ball if isinstance(ball, arb) else arb(ball) for ball in (one, other))
    for more in range(digits, _MOST_DIGITS):
        texts = show(a, more), show(b, more)
        if texts[0] != texts[1]:
            return texts
    return show(a, digits), show(b, digits)


def enclosure(ball: Any) -> str:
    """One ball with its radius, as Arb prints it."""
    return str(ball.str(25))


def decimal_digits(bits: float) -> float:
    """Bits as decimal digits."""
    return bits / BITS_PER_DIGIT
