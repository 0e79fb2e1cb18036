"""Calls of NumPy's functions on traced values: `jax.numpy` computes them, NumPy itself where no value is traced.

What holds no traced value and gives integers, booleans or Python's things (shapes, indices, masks by size) is NumPy's
own answer, so that code can branch on it. Floats are always computed by JAX, which notes each operation: a constant
such as `np.sin(k)` is then as exact as everything else. Results of functions that may be views of their arguments are
tied to them.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar, Final

import numpy as np

from oracle.program.dimensions import is_symbolic
from oracle.program.errors import CannotTrace
from oracle.program.traced_array import Traced, TracedArray, TracedScalar, admitted, plain_key
from oracle.program.traced_cells import is_traced, jax_array, jax_numpy
from oracle.program.traced_names import ALLOCATED, EMPTY, EXACT, FRESH, SEQUENCES, WRITING

MOST_CALLS: Final = 5000  # some seconds


class FloatType(type):
    """The stand-in for `float`: a traced number passes unchanged."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, float) or (isinstance(value, TracedScalar) and value.dtype.kind == "f")

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(other, float)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is float

    def __hash__(cls) -> int:
        return hash(float)

    def __call__(cls, value: Any = 0.0) -> Any:
        """The number as it is, if it is traced."""
        if isinstance(value, Traced) and value.size == 1 and value.dtype.kind in "fiub":
            return TracedScalar(jax_array(value.value).astype(float).reshape(()))
        return value if is_traced(value) else float(value)


class Float(float, metaclass=FloatType):
    """`float` while JAX traces."""


def plain(value: Any) -> Any:
    """A value, or a container of values, with what JAX knows in place of traced arrays."""
    if isinstance(value, Traced):
        return value.value
    if value is Float:
        return float
    if type(value) is np.ndarray:
        return value.copy()  # whoever holds it may write into it later
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {key: plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, range) else value


def wrap(value: Any, scalar: bool = True) -> Any:
    """A result as the code under trace gets it."""
    if isinstance(value, tuple | list):
        parts = [wrap(one, scalar) for one in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, np.ndarray) or is_traced(value) or hasattr(value, "aval"):
        return TracedScalar(value) if scalar and value.ndim == 0 else TracedArray(value)
    return value


def leaves(value: Any) -> list[Any]:
    """What stands in containers."""
    if isinstance(value, tuple | list):
        return [leaf for one in value for leaf in leaves(one)]
    return [leaf for one in value.values() for leaf in leaves(one)] if isinstance(value, dict) else [value]


def _known(values: list[Any]) -> bool:
    """Whether nothing in the arguments of a call is traced or symbolic."""
    return not any(is_traced(one) or is_symbolic(one) or hasattr(one, "aval") for one in values)


def _is_float(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("f", "c") or isinstance(value, float | complex)


class Call:
    """A function of NumPy, for traced values; `made` counts the calls of a trace."""

    made: ClassVar[int] = 0

    def __init__(self, name: str, original: Any, counterpart: Any) -> None:
        self.__name__, self._original, self._counterpart = name, original, counterpart

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What NumPy would give."""
        Call.made += 1
        if Call.made > MOST_CALLS:
            raise CannotTrace(
                f"the forward calls NumPy more than {MOST_CALLS} times, which would take too long to trace"
            )
        out = options.pop("out", None)
        if out is not None:
            return self._into(out, arguments, options)
        if self.__name__ in ("asarray", "asanyarray") and _is_already(arguments, options):
            return arguments[0]
        result = self._result(arguments, options)
        several = self.__name__ == "einsum" and len(arguments) > 2  # of one operand it may be a view
        if not (self._is_fresh() or several) or options.get("copy") is False:
            _tie(result, [one for one in leaves([arguments, options]) if isinstance(one, Traced)])
        return result

    def _is_fresh(self) -> bool:
        return isinstance(self._original, np.ufunc) or self.__name__ in FRESH or self.__name__ in EMPTY

    def _into(self, out: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result, written into an array."""
        target = out[0] if isinstance(out, tuple) and len(out) == 1 else out
        if not isinstance(target, TracedArray) or "where" in options:
            raise CannotTrace(f"JAX cannot trace np.{self.__name__} with this out=")
        return target.change(self._result(arguments, options))

    def _result(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self.__name__ in WRITING or (self.__name__ == "nan_to_num" and options.get("copy") is False):
            raise CannotTrace(f"JAX cannot trace np.{self.__name__}, which writes into its argument")
        given, named = [plain(one) for one in arguments], {key: plain(one) for key, one in options.items()}
        scalar = self._gives_numbers(arguments)
        if _known(leaves([given, named])):
            found = self._by_numpy(given, named)
            if found is not None:
                return wrap(found, scalar)
        named.pop("order", None)
        if isinstance(self._original, np.ufunc):
            given = [jax_array(one) if is_symbolic(one) or isinstance(one, list) else one for one in given]
        elif self.__name__ not in SEQUENCES:
            given = [_array(one) for one in given]
        return wrap(self._counterpart(*given, **named), scalar)

    def _gives_numbers(self, arguments: tuple[Any, ...]) -> bool:
        """Whether a result without axes is a number, as opposed to an array, which can be written into."""
        if self.__name__ in ("copy", "astype"):
            return self._original is not np.copy and isinstance(arguments[0], TracedScalar)
        return self._is_fresh() and self.__name__ not in ALLOCATED

    def _by_numpy(self, given: list[Any], named: dict[str, Any]) -> Any:
        """NumPy's own answer, where it is exact; else None."""
        name = EMPTY.get(self.__name__, self.__name__)
        original = getattr(np, name) if self.__name__ in EMPTY else self._original
        found = original(*given, **named)
        exact = name in EXACT or not any(map(_is_float, leaves(found)))
        return found if exact else None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "at" and isinstance(self._original, np.ufunc):
            return functools.partial(_write_at, self.__name__)
        original = getattr(self._original, name)
        if callable(original) and isinstance(self._original, np.ufunc):
            return UfuncMethod(f"{self.__name__}.{name}", original, getattr(self._counterpart, name))
        return original


class UfuncMethod(Call):
    """`np.add.reduce` and its like, whose results are new."""

    def _is_fresh(self) -> bool:
        return True


def _array(value: Any) -> Any:
    """A list of numbers or traced values as an array; lists of integers may be shapes or axes, and stay."""
    if type(value) is list and any(_is_float(one) or is_traced(one) for one in leaves(value)):
        return jax_array(value)
    return value


def _is_already(arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether an argument is an array of the dtype asked for, so that it is returned itself."""
    dtype = plain(options.get("dtype", arguments[1] if len(arguments) > 1 else None))
    found = arguments[0]
    return isinstance(found, TracedArray) and (dtype is None or np.dtype(dtype) == found.dtype)


def _tie(result: Any, arguments: list[Traced]) -> None:
    """Results that may be views of arguments are tied to them."""
    for found in leaves(result):
        if isinstance(found, Traced):
            for argument in arguments:
                found._cell.tie(argument._cell)


def _write_at(name: str, target: Any, key: Any, *values: Any) -> None:
    """`np.add.at` and its like: several entries may go to one place."""
    method = {"add": "add", "subtract": "add", "multiply": "multiply", "maximum": "max", "minimum": "min"}.get(name)
    if not isinstance(target, TracedArray) or method is None or len(values) != 1 or name not in ("add", "subtract"):
        raise CannotTrace(f"JAX cannot trace np.{name}.at with these arguments")
    places, _ = plain_key(key, target)
    value = jax_array(admitted(values[0], target.dtype)).astype(target.dtype)
    value = -value if name == "subtract" else value
    target.put(getattr(jax_array(target.value).at[places], method)(value))


def shape_of(name: str, value: Any, *axes: Any) -> Any:
    """`np.shape(value)`, `np.ndim(value)` or `np.size(value)`."""
    if not isinstance(value, Traced) or axes:
        return getattr(np, name)(plain(value), *axes) if not isinstance(value, Traced) else value.shape[axes[0]]
    return getattr(value, name)


@functools.cache
def function_of_numpy(name: str) -> Call:
    """The function of NumPy of this name."""
    return Call(name, getattr(np, name), getattr(jax_numpy(), name))
