"""Python's operators on balls: the arithmetic ones, the comparisons, and those that work in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels, ufuncs
from oracle.arithmetic.operands import COMPLEX, REAL, Balls, operand

_PARTNERS = (bool, int, float, complex, np.generic, np.ndarray, list, tuple)
_ARITHMETIC = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
}
_COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def _kernel(name: str) -> Callable[..., kernels.Raw]:
    """The kernel of an operator, as it is now."""
    return kernels.matmul if name == "matmul" else kernels.BINARY[name]


def _binary(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    """The operator, or with the operands swapped the one that Python tries second."""

    def operate(self: Balls, other: Any) -> Any:
        plain = not isinstance(other, Balls)
        if plain and not isinstance(other, _PARTNERS):
            return NotImplemented
        raw, kind = operand(other) if plain else (other._raw, other._kind)
        loop = _kernel(name)
        result = loop(raw, self._raw) if swapped else loop(self._raw, raw)
        return self._made(result, COMPLEX if kind is COMPLEX or self._kind is COMPLEX else REAL)

    return operate


def _in_place(name: str, ordinary: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The operator that stores its result where the left operand was; an immutable scalar gives a new one."""

    def operate(self: Balls, other: Any) -> Any:
        if self._immutable or not isinstance(other, (Balls, *_PARTNERS)):
            return ordinary(self, other)
        ufuncs.call(name, (self, other), (self,))
        return self

    return operate


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    """The comparison, answered by a NumPy bool or an array of them."""

    def compare(self: Balls, other: Any) -> Any:
        if not isinstance(other, (Balls, *_PARTNERS)):
            return NotImplemented
        return kernels.COMPARE[name](self._raw, operand(other)[0])[()]

    return compare


class Operators(Balls):
    """Balls with operators."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        if other is None or isinstance(other, str):
            return np.zeros(self._raw.shape, bool)[()]
        return _equal(self, other)

    def __ne__(self, other: object) -> Any:
        if other is None or isinstance(other, str):
            return np.ones(self._raw.shape, bool)[()]
        return _not_equal(self, other)

    def __neg__(self) -> Any:
        return self._made(kernels.UNARY["negative"](self._raw), self._kind)

    def __pos__(self) -> Any:
        return self._made(kernels.UNARY["positive"](self._raw), self._kind)

    def __abs__(self) -> Any:
        return self._made(kernels.UNARY["absolute"](self._raw), REAL)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self


_equal, _not_equal = _comparison("equal"), _comparison("not_equal")
for _symbol, _name in _ARITHMETIC.items():
    setattr(Operators, f"__{_symbol}__", _binary(_name, swapped=False))
    setattr(Operators, f"__r{_symbol}__", _binary(_name, swapped=True))
    setattr(Operators, f"__i{_symbol}__", _in_place(_name, _binary(_name, swapped=False)))
for _symbol, _name in _COMPARISONS.items():
    setattr(Operators, f"__{_symbol}__", _comparison(_name))
