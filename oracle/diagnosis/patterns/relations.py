"""How two arrays of balls lie to each other: the same in every entry, or known to differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.comparison import compare

Raw = adapter.Raw
DIGITS = 30.0  # to which two arrays must be known to count as the same
FAR = 1e-25  # a gap this large beside the entries is no error of an estimate


def same(a: Raw, b: Raw) -> bool:
    """Whether every entry of both is known to 30 digits, and no entry differs; an empty array is the same as none."""
    return a.shape == b.shape and a.size > 0 and compare("", a, b, digits=DIGITS).agrees


def differing(a: Raw, b: Raw) -> Any:
    """Which entries are known to differ, by more than an estimate may err."""
    apart = ~enclosures.meet(a, b) & enclosures.finite(a) & enclosures.finite(b)
    found = np.zeros(a.shape, dtype=bool)
    if apart.any():
        size = np.maximum(enclosures.magnitude(a[apart]), enclosures.magnitude(b[apart]))
        found[apart] = enclosures.gap(a[apart], b[apart]) > FAR * size
    return found


def zero(a: Raw) -> bool:
    """Whether every entry is the number zero, and there is one."""
    return a.size > 0 and bool(enclosures.exactly_zero(a).all())


def nonzero(a: Raw) -> bool:
    """Whether no ball contains zero."""
    return not bool(enclosures.contains_zero(a).any())


def ratio(a: Raw, b: Raw) -> Any | None:
    """The one number by which every entry of `b` must be multiplied to give `a`; None if there is none but 0."""
    usable = ~enclosures.contains_zero(b)
    if not usable.any() or not nonzero(a[usable]):
        return None
    index = np.unravel_index(int(np.argmax(np.where(usable, enclosures.magnitude(b), -1.0))), b.shape)
    found = a[index] / b[index]
    return found if same(a, times(b, found)) else None


def times(a: Raw, number: Any) -> Raw:
    """Every entry times one ball or number."""
    factor = number if not isinstance(number, int | float) else adapter.lift(float(number))[()]
    return np.asarray(a * factor, dtype=object).reshape(a.shape)


def shown(ball: Any) -> str:
    """One ball to six digits, without zeros that say nothing.

    >>> shown(adapter.lift(0.25)[()]), shown(adapter.lift(3.0)[()])
    ('0.25', '3')
    """
    text = enclosures.show(ball)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def equal(balls: Iterable[Any]) -> bool:
    """Whether numbers are all the same, to 30 digits."""
    listed = list(balls)
    first = _array(listed[0])
    return all(same(_array(ball), first) for ball in listed[1:])


def _array(ball: Any) -> Raw:
    found = np.empty(1, dtype=object)
    found[0] = ball
    return found
