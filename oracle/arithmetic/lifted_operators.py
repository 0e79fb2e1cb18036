"""What rewritten code calls in place of Python's operators.

A number that Python computes from plain numbers may be rounded: `1. / 3`, `d ** -0.5`, `0.1 * 0.1`. While lifting is
on, such an operation is handed to the arithmetic of the run; everything else is left to Python's own operator, and so
is everything while lifting is off, since a closure made in a run may outlive it.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from oracle.arithmetic import refusals

Operation = Callable[[Any, Any], Any]
Operate = Callable[[str, Any, Any], Any]

OPERATORS: Final[dict[str, tuple[Operation, Operation]]] = {
    "+": (operator.add, operator.iadd),
    "-": (operator.sub, operator.isub),
    "*": (operator.mul, operator.imul),
    "/": (operator.truediv, operator.itruediv),
    "//": (operator.floordiv, operator.ifloordiv),
    "%": (operator.mod, operator.imod),
    "**": (operator.pow, operator.ipow),
}
_KINDS: Final[dict[type, str]] = {bool: "i", int: "i", float: "f", complex: "f"} | {
    kind: "i" if issubclass(kind, (np.integer, np.bool_)) else "f"
    for kind in {np.dtype(code).type for code in "?bBhHiIlLqQefdgFDG"}
}
PLAIN: Final = frozenset(_KINDS) | {np.ndarray}
_ARRAY_KINDS: Final = {"b": "i", "i": "i", "u": "i", "f": "f", "c": "f"}


class _State:
    """The arithmetic that takes over operations on plain numbers, if any: one for the process."""

    operate: Operate | None = None


@contextlib.contextmanager
def handing_over(operate: Operate) -> Iterator[None]:
    """Inexact operations of rewritten code on plain numbers are `operate(symbol, a, b)` inside the block."""
    before, _State.operate = _State.operate, operate
    try:
        yield
    finally:
        _State.operate = before


def kind_of(value: Any) -> str:
    """`i` for integers and booleans, `f` for floating-point and complex numbers, "" for all else; arrays too."""
    if type(value) is np.ndarray:
        return _ARRAY_KINDS.get(value.dtype.kind, "")
    return _KINDS.get(type(value), "")


def may_round(symbol: str, a: Any, b: Any) -> bool:
    """Whether `a symbol b` is an operation on plain numbers whose result Python may have to round."""
    kinds = kind_of(a) + kind_of(b)
    if kinds == "ii":
        return symbol == "/" or (symbol == "**" and _negative(b))
    return len(kinds) == 2


def _negative(exponent: Any) -> bool:
    """Whether an integer exponent makes a power fractional; NumPy's own integers refuse it themselves."""
    return isinstance(exponent, int) and exponent < 0


def _binary(symbol: str, ordinary: Operation) -> Operation:
    """`a symbol b`."""

    def operation(a: Any, b: Any) -> Any:
        if type(a) in PLAIN and type(b) in PLAIN:
            operate = _State.operate
            if operate is not None and may_round(symbol, a, b):
                return operate(symbol, a, b)
        return ordinary(a, b)

    return operation


def _in_place(symbol: str, ordinary: Operation) -> Operation:
    """`a symbol= b`, whose result is to be stored where `a` came from."""

    def operation(a: Any, b: Any) -> Any:
        if type(a) in PLAIN and type(b) in PLAIN:
            operate = _State.operate
            if operate is not None and may_round(symbol, a, b):
                if type(a) is not np.ndarray:
                    return operate(symbol, a, b)
                refusals.note("rounds in a float array made before the run")  # must change in place, as written
        return ordinary(a, b)

    return operation


class _Begun:
    """A target of an augmented assignment, evaluated, with the value it held."""

    __slots__ = ("key", "owner", "value")

    def __init__(self, owner: Any, key: Any, value: Any) -> None:
        self.owner, self.key, self.value = owner, key, value


def _begin_item(owner: Any, key: Any) -> _Begun:
    """The first half of `owner[key] op= …`."""
    return _Begun(owner, key, owner[key])


def _begin_attribute(owner: Any, name: str) -> _Begun:
    """The first half of `owner.name op= …`."""
    return _Begun(owner, name, getattr(owner, name))


def _finish_item(operation: Operation) -> Operation:
    """The second half of `owner[key] op= value`."""

    def finish(begun: _Begun, value: Any) -> None:
        begun.owner[begun.key] = operation(begun.value, value)

    return finish


def _finish_attribute(operation: Operation) -> Operation:
    """The second half of `owner.name op= value`."""

    def finish(begun: _Begun, value: Any) -> None:
        setattr(begun.owner, begun.key, operation(begun.value, value))

    return finish


def _decide(value: Any) -> Any:
    """A comparison, remembered where it is Python's own: numbers that are balls remember theirs."""
    if type(value) is bool:
        refusals.answered(refusals.CONDITION, lambda: [value])
    return value


def _helpers() -> dict[str, Callable[..., Any]]:
    """A callable for each role that rewritten code knows."""
    helpers: dict[str, Callable[..., Any]] = {"item": _begin_item, "attribute": _begin_attribute, "slice": slice}
    helpers["decide"] = _decide
    for symbol, (ordinary, ordinary_in_place) in OPERATORS.items():
        in_place = _in_place(symbol, ordinary_in_place)
        helpers[symbol], helpers[symbol + "="] = _binary(symbol, ordinary), in_place
        helpers[f"item{symbol}="] = _finish_item(in_place)
        helpers[f"attribute{symbol}="] = _finish_attribute(in_place)
    return helpers


HELPERS: Final = _helpers()
