"""Arithmetic on plain numbers whose float result may have been rounded, carried out in balls."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import made
from oracle.arithmetic.operands import COMPLEX, REAL, Balls, cast, operand

_OPERATIONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, "add"),
    "-": (operator.sub, "subtract"),
    "*": (operator.mul, "multiply"),
    "/": (operator.truediv, "divide"),
    "//": (operator.floordiv, "floor_divide"),
    "%": (operator.mod, "remainder"),
    "**": (operator.pow, "power"),
}


def operate(symbol: str, a: Any, b: Any) -> Any:
    """`a symbol b`: Python's own result where it is exact, else the ball of the exact result.

    Integers, booleans and whatever raises are Python's own; so are balls, which compute in balls by themselves.

    >>> operate("/", 1, 4)
    0.25
    >>> type(operate("/", 1, 3)).__name__
    'RealBallScalar'
    """
    ordinary, name = _OPERATIONS[symbol]
    with np.errstate(all="ignore"):
        result = ordinary(a, b)
    if isinstance(result, Balls) or not _floating(result):
        return result
    if symbol in ("//", "%") and not isinstance(result, np.ndarray) and np.isfinite(result):
        return _exact_division(symbol, a, b, result)
    wanted = COMPLEX if np.iscomplexobj(result) else REAL
    x, y = (cast(*operand(value), wanted) for value in (a, b))
    return settled(result, made(kernels.BINARY[name](x, y), wanted))


def _floating(result: Any) -> bool:
    """Whether a result is made of floating-point numbers."""
    return isinstance(result, (float, complex)) or (
        isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind in "fc"
    )


def _exact_division(symbol: str, a: Any, b: Any, result: Any) -> Any:
    """A floor division or remainder of numbers: Python's own result if it was not rounded."""
    x, y = Fraction(float(a)), Fraction(float(b))
    exact = Fraction(x // y) if symbol == "//" else x % y
    return settled(result, made(*operand(exact.numerator)) / exact.denominator)


def settled(plain: Any, balls: Any) -> Any:
    """The plain number if it is exactly the ball, else the ball; arrays always in balls."""
    ball: Any = balls._raw[()]
    if isinstance(plain, np.ndarray) or balls._kind is not REAL:
        return balls
    return plain if ball.is_exact() and ball == float(plain) else balls
