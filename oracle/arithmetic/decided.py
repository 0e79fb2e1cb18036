"""What functions with a corner or a jump decided: the sides their arguments lay on, the whole numbers they gave.

Where the balls leave it open, nothing was decided and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

import numpy as np

from oracle.arithmetic import elements
from oracle.arithmetic.conversions import Raw
from oracle.arithmetic.refusals import answered

Answers = Iterable[Hashable]


def signs(values: Raw) -> set[bool]:
    """True where some number is positive, False where one is negative; nothing of complex numbers."""
    try:
        met = (True, np.any(np.greater(values, 0))), (False, np.any(np.less(values, 0)))
    except TypeError:
        return set()
    return {answer for answer, seen in met if seen}


def signs_beside_zero(a: Raw, b: Raw) -> set[bool]:
    """The signs of those numbers in `a` whose partner in `b` is exactly 0."""
    a, b = np.broadcast_arrays(a, b)
    return signs(a[np.asarray(np.equal(b, 0), dtype=bool)])


def wholes(values: Raw) -> set[int]:
    """The whole numbers among some balls."""
    return {n for ball in values.ravel().tolist() if (n := elements.whole_number(ball)) is not None}


def quotients(a: Raw, b: Raw) -> set[int]:
    """The whole quotients that a remainder leaves out, rounded down."""
    return wholes(np.asarray(_quotient(a, b)))


def truncated_quotients(a: Raw, b: Raw) -> set[int]:
    """The same, rounded towards 0."""
    return wholes(np.asarray(_truncated_quotient(a, b)))


_quotient = np.frompyfunc(elements.floor_quotient, 2, 1)
_truncated_quotient = np.frompyfunc(lambda a, b: elements.truncated(a / b), 2, 1)


def winners(chosen: Raw, lanes: Raw, same: Callable[[Raw, Raw], np.ndarray]) -> set[int]:
    """At which places along the first axis the very balls in `chosen` stand."""
    found = same(lanes, chosen)
    return set(np.argmax(found, axis=0)[np.any(found, axis=0)].ravel().tolist())


def of_operands(name: str, loop: Callable[..., Raw], answers: Callable[..., Answers]) -> Callable[..., Raw]:
    """The loop, which also remembers what its operands decided."""

    def decide(*operands: Raw) -> Raw:
        result = loop(*operands)
        answered(name, lambda: answers(*operands))
        return result

    decide.__name__ = name
    return decide


def of_result(name: str, loop: Callable[..., Raw]) -> Callable[..., Raw]:
    """The loop, which also remembers the whole numbers that it gave."""

    def decide(*operands: Raw) -> Raw:
        result = loop(*operands)
        answered(name, lambda: wholes(result))
        return result

    decide.__name__ = name
    return decide
