"""Rules for one ball: each returns a ball that encloses every value the function takes on its arguments.

A ball is a `flint.arb` (real) or `flint.acb` (complex). The rules serve `kernels`, which broadcasts them over arrays.
Where a function jumps and the ball does not say on which side it lies, the question is undecided; where a function
has a corner but no jump (maximum, absolute value), the union of both sides is returned. A value that lies exactly on
a corner or a jump is noted as a tie. Two uses of the *same* ball object are the same number, whatever its radius.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb

from oracle.arithmetic.refusals import tie, undecided

Ball = Any  # flint.arb or flint.acb: python-flint ships no complete types
ZERO, ONE = arb(0), arb(1)
HALF = arb(0.5)


def real_only(name: str, value: Ball) -> None:
    """Raise TypeError for a complex ball, which `kernels` turns into a refusal naming the function."""
    if type(value) is acb:
        raise TypeError(f"{name} of a complex ball")


# ---- powers and roots


def whole_number(value: Ball) -> int | None:
    """The integer that `value` is exactly, or None."""
    if type(value) is acb:
        return whole_number(value.real) if value.imag.is_zero() else None
    return int(value.unique_fmpz()) if value.is_exact() and value.is_integer() else None


def integer_power(base: Ball, n: int) -> Ball:
    """`base` to the `n`-th power; flint's own rule loses a real ball whose midpoint is 0."""
    if n == 0:
        return ONE if type(base) is arb else acb(1)
    if n < 0:
        return 1 / integer_power(base, -n)
    if n == 1:
        return base
    if n == 2:
        return base * base
    if type(base) is arb and not base.mid().is_zero():
        return base**n
    half = integer_power(base, n // 2)
    return half * half * base if n % 2 else half * half


def power(base: Ball, exponent: Ball) -> Ball:
    """`base` to the `exponent`: exact integers multiply, the rest is exp(exponent log base)."""
    n = whole_number(exponent)
    return base**exponent if n is None else integer_power(base, n)


def cube_root(value: Ball) -> Ball:
    """The real cube root, odd like NumPy's."""
    real_only("cbrt", value)
    return value.root(3) if value >= 0 else -((-value).root(3))


# ---- corners: enclosed, not decided


def larger(a: Ball, b: Ball) -> Ball:
    """The larger of two real balls: that very ball where it is decided, else the union of both cases."""
    if a > b or a is b:
        return a
    if b > a:
        return b
    if a >= b:
        return a
    return b if b >= a else a.max(b)


def smaller(a: Ball, b: Ball) -> Ball:
    """The smaller of two real balls: that very ball where it is decided, else the union of both cases."""
    if a < b or a is b:
        return a
    if b < a:
        return b
    if a <= b:
        return a
    return b if b <= a else a.min(b)


def noting_ties(choose: Callable[[Ball, Ball], Ball], name: str) -> Callable[[Ball, Ball], Ball]:
    """`choose`, which also notes a tie where two different balls are exactly equal."""

    def chosen(a: Ball, b: Ball) -> Ball:
        if a == b and a is not b and a.is_finite():
            tie(f"{name} of two zeros" if a == 0 else f"{name} of two equal values")
        return choose(a, b)

    return chosen


def absolute(value: Ball) -> Ball:
    """The absolute value; exactly 0 is a tie."""
    if value.is_zero():
        tie("absolute value of zero")
    return abs(value)


def sign(value: Ball) -> Ball:
    """-1, 0 or 1; a ball around 0 gives the ball that holds all three."""
    if value.is_zero():
        tie("sign of zero")
    return value.sgn()


# ---- jumps: decided or undecided


def exact_floor(value: Ball) -> Ball:
    """The floor of a ball in which every point has the same floor."""
    real_only("floor", value)
    if value.is_exact() and value.is_integer():
        return value
    below = value.floor()
    if not (below.is_exact() and below.is_finite()):
        raise undecided("the floor of a ball is not unique")
    return below


def floor(value: Ball) -> Ball:
    """The floor; an exact integer is a tie, since the function jumps there."""
    below = exact_floor(value)
    if below is value:
        tie("floor of a whole number")
    return below


def ceiling(value: Ball) -> Ball:
    """The ceiling, -floor(-x)."""
    return -floor(-value)


def truncated(value: Ball) -> Ball:
    """The integer part, rounded towards 0, which does not jump at 0."""
    real_only("trunc", value)
    if abs(value) < 1:
        return ZERO
    return ceiling(value) if value < 0 else floor(value)


def nearest(value: Ball) -> Ball:
    """The nearest integer, halves to even as in NumPy."""
    real_only("rint", value)
    if value.is_exact() and value.is_integer():
        return value
    below = exact_floor(value + HALF)
    if (below - value == HALF) and whole_number(below / 2) is None:
        tie("rounding of an exact half")
        return below - 1
    return below


def integer_part(value: Ball) -> int:
    """Python's int() of a ball whose points all have the same integer part."""
    real_only("int", value)
    if not value.is_finite():
        raise undecided("the integer part of a ball without finite bounds")
    below: Ball = ZERO if abs(value) < 1 else -exact_floor(-value) if value < 0 else exact_floor(value)
    return int(below.unique_fmpz())


def floor_quotient(a: Ball, b: Ball) -> Ball:
    """The floor of a / b."""
    return floor(a / b)


def remainder(a: Ball, b: Ball) -> Ball:
    """a - b floor(a / b), Python's remainder."""
    return a - b * floor(a / b)


def truncated_remainder(a: Ball, b: Ball) -> Ball:
    """a - b trunc(a / b), C's remainder."""
    return a - b * truncated(a / b)


def heaviside(value: Ball, at_zero: Ball) -> Ball:
    """0 below zero, 1 above it, `at_zero` on it."""
    if value > 0 or value < 0:
        return ONE if value > 0 else ZERO
    if not value.is_zero():
        raise undecided("heaviside of a ball around zero")
    tie("heaviside of zero")
    return at_zero


def copied_sign(a: Ball, b: Ball) -> Ball:
    """|a| with the sign of b; a zero has no sign in balls."""
    if not (b > 0 or b < 0):
        raise undecided("the sign of a ball around zero")
    return abs(a) if b > 0 else -abs(a)


# ---- compositions


def logistic(value: Ball) -> Ball:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + (-value).exp())


def logarithm_of_sum(a: Ball, b: Ball) -> Ball:
    """log(exp a + exp b)."""
    return (a.exp() + b.exp()).log()


def binary_logarithm_of_sum(a: Ball, b: Ball) -> Ball:
    """log2(2^a + 2^b)."""
    return (arb(2) ** a + arb(2) ** b).log() / arb.const_log2()


def hypotenuse(a: Ball, b: Ball) -> Ball:
    """The square root of a² + b²."""
    real_only("hypot", a)
    return (a * a + b * b).sqrt()


def angle(y: Ball, x: Ball) -> Ball:
    """The angle of the point (x, y)."""
    real_only("arctan2", y)
    if y.is_zero() and x.is_zero():
        tie("arctan2 at the origin")
    return arb.atan2(y, x)


def conjugate(value: Ball) -> Ball:
    """The complex conjugate; a real ball is its own."""
    return value if type(value) is arb else value.conjugate()


# ---- questions


def truth(value: Ball) -> bool:
    """Whether the number is different from 0."""
    if value != 0:
        return True
    if value.is_zero():
        return False
    raise undecided("the truth value of a ball around zero or without finite bounds")


def infinite(value: Ball) -> bool | None:
    """True for an exact infinity, False for a finite ball, None where it may be anything."""
    if value.is_finite():
        return False
    known = type(value) is arb and value.is_exact() and not value.is_nan()
    return True if known else None


def _question(name: str, answer: Callable[[bool], bool]) -> Callable[[Ball], bool]:
    """A predicate that follows from `infinite`, undecided where that is unknown."""

    def ask(value: Ball) -> bool:
        known = infinite(value)
        if known is None:
            raise undecided(f"{name} of a ball without finite bounds")
        return answer(known)

    return ask


is_finite_number = _question("isfinite", lambda known: not known)
is_infinite_number = _question("isinf", lambda known: known)
is_not_a_number = _question("isnan", lambda known: False)


def sign_bit(value: Ball) -> bool:
    """Whether the number is negative; the sign of a zero does not exist in balls."""
    if value > 0 or value < 0:
        return bool(value < 0)
    raise undecided("the sign of a ball around zero")
