"""What stands for NumPy's and `math`'s names while JAX traces hand-written code.

Functions are `jax.numpy`'s, on arrays that can be written into (`traced_array`). Whatever has no counterpart (views by
strides, C extensions) raises while the code is traced, and that means: this code cannot be its own reference. A
forward traced this way must always be compared with the original before it is used.
"""

from __future__ import annotations

import contextlib
import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.program import traced_methods as traced_methods  # gives traced values their operators
from oracle.program.drawing import stand_for_draws
from oracle.program.errors import CannotTrace
from oracle.program.traced_array import TracedArray
from oracle.program.traced_calls import Call, Float, shape_of

_MATH = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "pow": "power",
    "fabs": "abs",
    "prod": "prod",
}
_SAME = [
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log10",
    "log1p",
    "log2",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "cbrt",
    "degrees",
    "radians",
    "isfinite",
]
_MATH |= {name: name for name in _SAME}
_ERROR_FUNCTIONS = ("erf", "erfc")
_OTHER_NAMES = {"row_stack": "vstack"}  # names that NumPy still has and jax.numpy has not
_PASSING = ("errstate", "seterr", "geterr", "ndindex", "dtype", "finfo", "iinfo", "broadcast_shapes")
_SHAPES = ("shape", "ndim", "size")


def stand_for(value: object) -> object:
    """What stands for `value` in a trace; `value` itself if it is neither NumPy's nor `math`'s.

    >>> stand_for(np).tanh is stand_for(np.tanh), stand_for(len) is len
    (True, True)
    """
    if value is np:
        return _module(np.__name__)
    if (drawing := stand_for_draws(value)) is not None:
        return drawing
    if isinstance(value, types.ModuleType):
        return _for_module(value)
    if value is np.ndarray:
        return TracedArray
    if value is float:
        return Float
    if type(value) is np.ndarray and value.dtype.kind in "fiubc":
        return TracedArray(value)
    if isinstance(value, type) and issubclass(value, np.generic):
        return getattr(_jax().numpy, value.__name__, value)
    if isinstance(value, (np.ufunc, types.BuiltinFunctionType)) or callable(value):
        return _for_function(value)
    return value


def _jax() -> Any:
    import jax

    return jax


def _for_module(module: types.ModuleType) -> object:
    """The counterpart of `numpy.linalg`, `math` …"""
    if module is math:
        return _MathNamespace("math")
    if module.__name__.startswith("numpy."):
        return _module(module.__name__)
    return module


def _for_function(value: Any) -> object:
    """The counterpart of a function imported from NumPy or `math`."""
    name, home = getattr(value, "__name__", ""), getattr(value, "__module__", "") or ""
    if name.startswith("__"):  # `from numpy import *` brings one along
        return value
    if getattr(math, name, None) is value:
        return getattr(_MathNamespace("math"), name)
    if isinstance(getattr(value, "__self__", None), np.random.RandomState):
        return getattr(stand_for_draws(np.random), name)
    if isinstance(value, np.ufunc) or home.split(".")[0] == "numpy":
        for path in ("numpy", "numpy.linalg", "numpy.fft"):
            if getattr(_original(path), name, None) is value:
                return getattr(_module(path), name)
        return _Refusing(f"np.{name}", "has no counterpart in jax.numpy")
    return value


def _original(path: str) -> Any:
    """A module of NumPy, by its dotted name."""
    return functools.reduce(getattr, path.split(".")[1:], np)


@functools.cache
def _module(path: str) -> types.ModuleType:
    return _Namespace(path)


@functools.cache
def _call(path: str, name: str) -> Any:
    """A function of one of NumPy's modules, for traced values; None if `jax.numpy` has no counterpart."""
    original = getattr(_original(path), name)
    home = functools.reduce(lambda module, part: getattr(module, part, None), path.split(".")[1:], _jax().numpy)
    counterpart = getattr(home, _OTHER_NAMES.get(name, name), None)
    counterpart = _pad if name == "pad" else counterpart
    return None if counterpart is None else Call(name, original, counterpart)


def _pad(array: Any, width: Any, *arguments: Any, **options: Any) -> Any:
    """`jax.numpy.pad`, with a width in any of the forms that NumPy spreads over axes and ends."""
    with contextlib.suppress(TypeError, ValueError):  # of symbolic widths, which stay as they are
        width = np.broadcast_to(width, (array.ndim, 2)).tolist()
    return _jax().numpy.pad(array, width, *arguments, **options)


class _Namespace(types.ModuleType):
    """NumPy's names, with `jax.numpy`'s meaning."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        original = getattr(_original(self.__name__), name)
        if name in _PASSING or not callable(original):
            return stand_for(original) if isinstance(original, types.ModuleType) else original
        if original is np.ndarray or (isinstance(original, type) and issubclass(original, np.generic)):
            return stand_for(original)
        if name in _SHAPES and self.__name__ == "numpy":
            return functools.partial(shape_of, name)
        counterpart = _call(self.__name__, name)
        return _Refusing(f"np.{name}", "has no counterpart in jax.numpy") if counterpart is None else counterpart


class _MathNamespace(types.ModuleType):
    """`math`, with traced arrays allowed; what must give a Python integer stays Python's own."""

    def __getattr__(self, name: str) -> Any:
        original = getattr(math, name)
        if name in _ERROR_FUNCTIONS:
            return Call(name, original, getattr(_jax().scipy.special, name))
        return Call(name, original, getattr(_jax().numpy, _MATH[name])) if name in _MATH else original


class _Refusing:
    """A name without counterpart: any use of it ends the trace."""

    def __init__(self, name: str, why: str) -> None:
        self._name, self._why = name, why

    def _refuse(self) -> CannotTrace:
        return CannotTrace(f"JAX cannot trace {self._name}, which {self._why}")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        raise self._refuse()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Refusing(f"{self._name}.{name}", self._why)
