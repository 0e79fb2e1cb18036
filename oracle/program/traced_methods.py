"""Operators and methods of traced values, as NumPy's arrays and numbers have them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.program.traced_array import Constant, Traced, TracedArray, TracedScalar
from oracle.program.traced_calls import Call, function_of_numpy
from oracle.program.traced_cells import Turned, is_traced, jax_array
from oracle.program.traced_names import METHODS


def _method(self: Traced, name: str) -> Any:
    """An attribute of an array that is no operator."""
    if name == "item":
        return functools.partial(_item, self)
    if name == "tolist":
        return functools.partial(_to_list, self)
    if name in ("real", "imag", "mT"):
        return _tied(self, lambda x: getattr(x, name))()
    if name in ("transpose", "swapaxes"):
        return functools.partial(_turned, self, name)
    if name in METHODS:
        return functools.partial(Call(name, getattr(np.ndarray, name), _by_method(name)), self)
    raise AttributeError(f"JAX cannot trace the attribute {name!r} of an array")


def _tied(self: Traced, make: Callable[[Any], Any]) -> Callable[[], Any]:
    def result() -> Any:
        found = TracedArray(make(jax_array(self.value)))
        found._cell.tie(self._cell)
        return found

    return result


def _by_method(name: str) -> Callable[..., Any]:
    return lambda value, *arguments, **options: getattr(jax_array(value), name)(*arguments, **options)


def _turned(self: Traced, name: str, *axes: Any) -> Any:
    """The view with its axes in another order."""
    numbered = np.empty(tuple(range(1, self.ndim + 1)))  # each axis as long as its place says
    turned = getattr(numbered, name)(*axes)
    return self.at(Turned([size - 1 for size in turned.shape]))


def _item(self: Traced, *where: Any) -> Any:
    """One entry as a number."""
    found = self[where if len(where) != 1 or isinstance(where[0], int) else where[0]] if where else self
    if found.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    value = found.value
    return TracedScalar(value.reshape(())) if is_traced(value) or value.dtype.kind == "f" else value.item()


def _to_list(self: Traced) -> Any:
    """Lists of numbers, nested like the array."""
    return [_to_list(one) if isinstance(one, Traced) and one.ndim else one for one in self] if self.ndim else self


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "mod", "pow": "power", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift",
}  # fmt: skip
_COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
_ORDERING = frozenset(_COMPARISONS.values())
_UNARY = {"neg": "negative", "abs": "abs", "invert": "invert", "pos": "positive"}


def _install() -> None:
    """Give traced values their operators."""
    Traced.method = staticmethod(_method)
    for short, name in {**_OPERATORS, **_COMPARISONS}.items():
        setattr(Traced, f"__{short}__", lambda self, other, name=name: _binary(name, self, other))
    for short, name in _OPERATORS.items():
        setattr(Traced, f"__r{short}__", lambda self, other, name=name: _binary(name, other, self))
        setattr(TracedArray, f"__i{short}__", lambda self, other, name=name: self.change(_binary(name, self, other)))
    for short, name in _UNARY.items():
        setattr(Traced, f"__{short}__", lambda self, name=name: function_of_numpy(name)(self))


def _binary(name: str, a: Any, b: Any) -> Any:
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return NotImplemented
    if name in _ORDERING and all(isinstance(one, Constant | int | float) for one in (a, b)):
        a, b = (one.number if isinstance(one, Constant) else one for one in (a, b))
        return bool(getattr(np, name)(a, b))
    return function_of_numpy(name)(a, b)


_install()
