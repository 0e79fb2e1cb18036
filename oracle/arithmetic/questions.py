"""Questions about raw arrays, answered by NumPy's bool arrays where every point agrees, else undecided."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import elements
from oracle.arithmetic.conversions import Bools, Raw, is_finite
from oracle.arithmetic.decided import of_operands, signs
from oracle.arithmetic.loops import Loop, same
from oracle.arithmetic.refusals import answered, left, tie, undecided

_vanishes = np.frompyfunc(operator.methodcaller("is_zero"), 1, 1)


def _ordered(name: str, yes: Callable[..., Any], no: Callable[..., Any], when_equal: bool, kink: bool) -> Loop:
    """A comparison that holds or fails for all points of both balls; the same ball compares as one number."""

    def compare(a: Raw, b: Raw) -> Raw:
        try:
            holds, fails = np.asarray(yes(a, b), dtype=bool), np.asarray(no(a, b), dtype=bool)
        except TypeError as error:
            raise left(f"np.{name} has no rule for these balls ({error})") from error
        open_ = ~(holds | fails)
        if open_.any():
            alike = same(a, b) & is_finite(a)
            if (open_ & ~alike).any():
                raise undecided(f"np.{name} of overlapping balls")
            holds = holds | (open_ & when_equal)
        if kink:
            note_equal(name, a, b)
        answered(name, lambda: holds.ravel().tolist())
        return holds

    compare.__name__ = name
    return compare


def note_equal(name: str, a: Raw, b: Raw) -> None:
    """Note a tie where two different balls are exactly equal."""
    equal = np.asarray(np.equal(a, b), dtype=bool)
    if not equal.any():
        return
    tied = equal & is_finite(a) & ~same(a, b)
    if tied.any():
        zeros = all(_vanishes(np.broadcast_to(a, tied.shape)[tied]))
        tie(f"{name} of two zeros" if zeros else f"{name} of two equal values")


_truth = np.frompyfunc(elements.truth, 1, 1)


def truth(a: Raw) -> Bools:
    """Where the numbers differ from 0; undecided for a ball around 0."""
    found = np.asarray(_truth(a), dtype=bool)
    answered("truth", lambda: found.ravel().tolist())
    return found


COMPARE: dict[str, Loop] = {
    "less": _ordered("less", np.less, np.greater_equal, False, True),
    "less_equal": _ordered("less_equal", np.less_equal, np.greater, True, True),
    "greater": _ordered("greater", np.greater, np.less_equal, False, True),
    "greater_equal": _ordered("greater_equal", np.greater_equal, np.less, True, True),
    "equal": _ordered("equal", np.equal, np.not_equal, True, False),
    "not_equal": _ordered("not_equal", np.not_equal, np.equal, False, False),
    "logical_and": lambda a, b: np.asarray(np.logical_and(truth(a), truth(b))),
    "logical_or": lambda a, b: np.asarray(np.logical_or(truth(a), truth(b))),
    "logical_xor": lambda a, b: np.asarray(np.logical_xor(truth(a), truth(b))),
}
"""Questions about two arrays, answered by bool arrays."""


def _predicate(rule: Callable[[Any], bool]) -> Loop:
    """The loop of a question about one ball."""
    ufunc = np.frompyfunc(rule, 1, 1)
    return lambda a: np.asarray(ufunc(a), dtype=bool)


_each_is_finite = _predicate(elements.is_finite_number)


def _is_finite(a: Raw) -> Bools:
    """Which balls are finite; where all are, the usual case, they are asked no more than that."""
    known = is_finite(a)
    return known if known.all() else _each_is_finite(a)


PREDICATE: dict[str, Loop] = {
    "isfinite": _is_finite,
    "isinf": _predicate(elements.is_infinite_number),
    "isnan": _predicate(elements.is_not_a_number),
    "signbit": of_operands("signbit", _predicate(elements.sign_bit), signs),
    "logical_not": lambda a: np.asarray(~truth(a)),
}
"""Questions about one array, answered by bool arrays."""
