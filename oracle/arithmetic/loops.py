"""Loops: functions of raw arrays made from rules for single balls, or from NumPy's own ufuncs on objects."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import acb, arb

from oracle.arithmetic import elements
from oracle.arithmetic.conversions import Bools, Raw, boxed
from oracle.arithmetic.refusals import answered, left

Loop = Callable[..., Raw]


def rule(name: str, each: Callable[..., Any], arity: int) -> Loop:
    """The loop that broadcasts a rule for single balls; what the rule lacks for complex balls is refused."""
    return native(name, np.frompyfunc(each, arity, 1))


def native(name: str, ufunc: Callable[..., Any]) -> Loop:
    """The loop around a ufunc for object arrays."""

    def loop(*operands: Raw) -> Raw:
        try:
            result = ufunc(*operands)
        except (TypeError, AttributeError) as error:
            raise left(f"np.{name} has no rule for these balls ({error})") from error
        return result if type(result) is np.ndarray else boxed(result)

    loop.__name__ = name
    return loop


_identical = np.frompyfunc(operator.is_, 2, 1)
_real = np.frompyfunc(lambda ball: type(ball) is arb, 1, 1)
_zero = boxed(elements.ZERO)


def same(a: Raw, b: Raw) -> Bools:
    """Where two arrays hold the same ball objects."""
    return np.asarray(_identical(a, b)).astype(bool)


def choosing(name: str, choose: Callable[[Any, Any], Any]) -> Loop:
    """The loop of a rule that returns one of two balls; ties are noted, and which of them it was."""
    plainly = rule(name, elements.noting_ties(choose, name), 2)

    def loop(a: Raw, b: Raw) -> Raw:
        result = plainly(a, b)
        answered(name, lambda: _sides(result, a, b))
        return result

    loop.__name__ = name
    return loop


def _sides(result: Raw, a: Raw, b: Raw) -> set[bool]:
    """True where a result is the ball of the first argument, False where it is that of the second alone."""
    first = same(result, a)
    met = (True, first.any()), (False, (same(result, b) & ~first).any())
    return {answer for answer, seen in met if seen}


def scaling(name: str, ufunc: Callable[..., Any], either: bool) -> Loop:
    """A product or quotient, in which the constant 0 stays that constant.

    It depends on nothing, and is therefore no tie with another like it.
    """
    plainly = native(name, ufunc)

    def loop(a: Raw, b: Raw) -> Raw:
        result = plainly(a, b)
        if result.item() == elements.ZERO if result.ndim == 0 else np.count_nonzero(np.equal(result, _zero)):
            constant = same(a, _zero) | same(b, _zero) if either else same(a, _zero)
            spots = np.equal(result, _zero) & constant
            if acb in set(map(type, result[spots].tolist())):
                spots = spots & np.asarray(_real(result)).astype(bool)
            result[spots] = elements.ZERO
        return result

    loop.__name__ = name
    return loop
