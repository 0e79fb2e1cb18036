"""Arithmetic on plain numbers in a trace: what Python would round is noted as an operation, exact like all others."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from oracle.program.traced_array import Constant
from oracle.program.traced_calls import function_of_numpy

_OPERATIONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, "add"),
    "-": (operator.sub, "subtract"),
    "*": (operator.mul, "multiply"),
    "/": (operator.truediv, "true_divide"),
    "//": (operator.floordiv, "floor_divide"),
    "%": (operator.mod, "mod"),
    "**": (operator.pow, "power"),
}


def operate(symbol: str, a: Any, b: Any) -> Any:
    """`a symbol b`: Python's own result where it is exact, else a value that JAX traces.

    >>> operate("/", 1, 4), operate("+", 2, 3)
    (0.25, 5)
    """
    ordinary, name = _OPERATIONS[symbol]
    with np.errstate(all="ignore"):
        result = ordinary(a, b)
    if not isinstance(result, float | np.floating) or not math.isfinite(result) or symbol in ("//", "%"):
        return result
    if _is_exact(ordinary, a, b, result):
        return result
    return Constant(function_of_numpy(name)(np.float64(a), np.float64(b)).value, float(result))


def _is_exact(ordinary: Callable[[Any, Any], Any], a: Any, b: Any, result: Any) -> bool:
    """Whether the operation on the numbers themselves gives this very number."""
    x, y = Fraction(float(a)), Fraction(float(b))
    if ordinary is operator.pow and (y.denominator != 1 or abs(y) > 64):
        return False
    return bool(ordinary(x, y) == Fraction(float(result)))
