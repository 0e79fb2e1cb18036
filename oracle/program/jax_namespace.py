"""The `jax.numpy` counterpart of what hand-written NumPy code holds under its names, so that JAX can trace it.

Whatever has no counterpart (writing in place, random numbers, C extensions) raises while the code is traced, and
that means: this code cannot be its own reference. An in-place operator on an alias (`h = h0; h += x`) changes `h0`
in NumPy and not here; so a forward traced this way must always be compared with the original before it is used.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.program.errors import CannotTrace

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


def stand_for(value: object) -> object:
    """The `jax.numpy` counterpart of `value`; `value` itself if it is neither NumPy's nor `math`'s.

    >>> stand_for(np).tanh is stand_for(np.tanh), stand_for(len) is len
    (True, True)
    """
    if value is np:
        return _module(np.__name__)
    if isinstance(value, types.ModuleType):
        return _for_module(value)
    if value is np.ndarray:
        return _jax().Array
    if isinstance(value, type) and issubclass(value, np.generic):
        return getattr(_jax().numpy, value.__name__, value)
    if isinstance(value, (np.ufunc, types.BuiltinFunctionType)) or callable(value):
        return _for_function(value)
    return value


def _jax() -> Any:
    import jax

    return jax


def _for_module(module: types.ModuleType) -> object:
    """The counterpart of `numpy.random`, `numpy.linalg`, `math` …"""
    if module is np.random:
        return _Refusing("np.random", "draws random numbers; draw them outside and pass them in")
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


class _Namespace(types.ModuleType):
    """NumPy's names, with `jax.numpy`'s meaning."""

    def __getattr__(self, name: str) -> Any:
        path = self.__name__.split(".")[1:]
        if name.startswith("__"):
            raise AttributeError(name)
        original = getattr(_original(self.__name__), name)
        if isinstance(original, types.ModuleType) or original is np.ndarray:
            return stand_for(original)
        home = functools.reduce(lambda module, part: getattr(module, part, None), path, _jax().numpy)
        counterpart = getattr(home, _OTHER_NAMES.get(name, name), None)
        if counterpart is not None:
            return counterpart
        return _Refusing(f"np.{name}", "has no counterpart in jax.numpy") if callable(original) else original


class _MathNamespace(types.ModuleType):
    """`math`, with traced arrays allowed; what must give a Python integer stays Python's own."""

    def __getattr__(self, name: str) -> Any:
        original = getattr(math, name)
        if name in _ERROR_FUNCTIONS:
            return getattr(_jax().scipy.special, name)
        return getattr(_jax().numpy, _MATH[name]) if name in _MATH else original


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
