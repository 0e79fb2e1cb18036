"""The ball counterpart of a name that code under test may hold: NumPy and its submodules, `math`, `float` and so on.

`stand_for(value)` is all that a binding needs. A counterpart computes in balls whenever an argument holds one; on
plain numbers it calls NumPy, and where the result is floating-point it computes the result again in balls, so that
nothing is rounded unseen. What has no rule in balls refuses, or on plain numbers keeps NumPy's result as an exact
constant and says so in a note.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import functions_joining, functions_products, functions_reducing, kernels
from oracle.arithmetic.allocation import CONSTRUCTORS
from oracle.arithmetic.ball_array import BallArray, apply_ufunc, made
from oracle.arithmetic.functions_elementwise import Iterated, Vectorized
from oracle.arithmetic.functions_structural import MOVERS
from oracle.arithmetic.index_tricks import INDEX_TRICKS
from oracle.arithmetic.math_module import function_in_balls, module_in_balls
from oracle.arithmetic.number_types import TYPES, real_type
from oracle.arithmetic.operands import FUNCTIONS, Balls, holds_balls, operand, rule_for
from oracle.arithmetic.random_draws import GENERATOR_TYPES, Draws, drawing
from oracle.arithmetic.refusals import left, note
from oracle.arithmetic.ufuncs import ALIASES

_REGISTERED = (functions_joining, functions_products, functions_reducing)  # imported for their entries in FUNCTIONS
_METHODS = frozenset({"reduce", "accumulate", "outer", "at", "reduceat"})
_EXACT = """absolute fabs negative positive sign floor ceil trunc rint conjugate maximum minimum fmax fmin copysign
heaviside"""
_AS_THEY_ARE = """errstate seterr geterr seterrcall geterrcall printoptions set_printoptions get_printoptions finfo
iinfo dtype promote_types ndindex isdtype"""
_EXACT_UFUNCS, _UNCHANGED = frozenset(_EXACT.split()), frozenset(_AS_THEY_ARE.split())
_TRICKS = tuple(INDEX_TRICKS)


def exact(result: Any) -> Any:
    """NumPy's floats as exact balls; integers, booleans and everything else unchanged."""
    if isinstance(result, (list, tuple)) and type(result) in (list, tuple):
        return type(result)(map(exact, result))
    if isinstance(result, np.ndarray) and result.dtype.kind in "fc":
        return BallArray(*operand(result))
    if isinstance(result, (np.floating, np.complexfloating)):
        return made(*operand(result))
    return result


def _floating(result: Any) -> bool:
    """Whether floats are in a result of NumPy's."""
    if isinstance(result, (list, tuple)):
        return any(map(_floating, result))
    return isinstance(result, (float, complex)) or (
        isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind in "fc"
    )


class UfuncInBalls:
    """A ufunc that computes in balls."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.__name__ = real.__name__
        self.__doc__ = real.__doc__

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r} in balls>"

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The ufunc, elementwise."""
        if len(inputs) > self.real.nin:
            options["out"] = inputs[self.real.nin :]
            inputs = inputs[: self.real.nin]
        for value in inputs:
            if isinstance(value, Balls) and not options:
                return apply_ufunc(self.__name__, "__call__", inputs, {})
        return self._apply("__call__", inputs, options)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return lambda *inputs, **options: self._apply(name, inputs, options)
        return getattr(self.real, name)

    def _apply(self, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A method of the ufunc, in balls unless all is exact without."""
        options = {name: real_type(value) for name, value in options.items()}
        out = options.pop("out", None)
        if out is not None and not (isinstance(out, tuple) and all(part is None for part in out)):
            options["out"] = out if isinstance(out, tuple) else (out,)
        if any(map(holds_balls, (*inputs, *options.values()))):
            return apply_ufunc(self.__name__, method, inputs, options)
        with np.errstate(all="ignore"):
            result = (self.real if method == "__call__" else getattr(self.real, method))(*inputs, **options)
        return self._from_plain(method, inputs, options, result)

    def _from_plain(self, method: str, inputs: tuple[Any, ...], options: dict[str, Any], result: Any) -> Any:
        """NumPy's result on plain numbers if it is exact, else the same in balls."""
        if not _floating(result):
            return result
        name = ALIASES.get(self.__name__, self.__name__)
        if "out" in options:
            note(f"np.{name} rounds in a float array made before the run")
            return result
        if name in _EXACT_UFUNCS or not _has_rule(name):
            if name not in _EXACT_UFUNCS:
                note(f"np.{name} rounds to float64")
            return exact(result)
        return apply_ufunc(self.__name__, method, inputs, options)


def _has_rule(name: str) -> bool:
    """Whether balls know the ufunc."""
    return name in kernels.UNARY or name in kernels.BINARY or name in ("matmul", "divmod")


def function_of_numpy(real: Callable[..., Any]) -> Callable[..., Any]:
    """The counterpart of a function of NumPy's."""

    @functools.wraps(real)
    def counterpart(*arguments: Any, **options: Any) -> Any:
        arguments = tuple(map(real_type, arguments))
        options = {name: real_type(value) for name, value in options.items()}
        if any(map(holds_balls, (*arguments, *options.values()))):
            return rule_for(real)(*arguments, **options)
        with np.errstate(all="ignore"):
            result = real(*arguments, **options)
        if not _floating(result) or real in MOVERS:
            return result if arguments and isinstance(arguments[0], np.ndarray) else exact(result)
        if options.get("out") is not None or real not in FUNCTIONS:
            note(f"np.{real.__name__} rounds to float64")
            return result if options.get("out") is not None else exact(result)
        return FUNCTIONS[real](*arguments, **options)

    return counterpart


def _constructor(rule: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    """A constructor, with the real classes for dtypes."""

    @functools.wraps(real)
    def construct(*arguments: Any, **options: Any) -> Any:
        return rule(*map(real_type, arguments), **{name: real_type(value) for name, value in options.items()})

    return construct


class Namespace(types.ModuleType):
    """A module of NumPy's, or one of SciPy's with ufuncs, whose floats are balls."""

    def __init__(self, real: types.ModuleType) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_real"] = real
        self.__dict__["__path__"] = getattr(real, "__path__", [])

    def __getattr__(self, name: str) -> Any:
        real = self.__dict__["_real"]
        value = self.__dict__[name] = stand_for(getattr(real, name))
        return value

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_real"])


def reading_refused(name: str) -> Callable[..., Any]:
    """What replaces a reader of numbers from text or bytes, which may have been balls."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise left(f"np.{name} turned text or bytes into numbers: they may have been balls")

    return refuse


READERS = (np.fromstring, np.frombuffer, np.fromfile, np.loadtxt, np.genfromtxt, np.fromregex)


def _iterator(op: Any, *arguments: Any, **options: Any) -> Any:
    """np.nditer on an array of balls, or NumPy's own."""
    return Iterated(op, *arguments, **options) if holds_balls(op) else np.nditer(op, *arguments, **options)


def _enumerator(arr: Any) -> Any:
    """np.ndenumerate on an array of balls, or NumPy's own."""
    return rule_for(np.ndenumerate)(arr) if isinstance(arr, Balls) else np.ndenumerate(arr)


_SPECIAL: dict[Any, Any] = {np.nditer: _iterator, np.ndenumerate: _enumerator, np.vectorize: Vectorized}
_SPECIAL |= {np.random.default_rng: drawing(np.random, "default_rng"), **GENERATOR_TYPES}
_SPECIAL |= {reader: reading_refused(reader.__name__) for reader in READERS}


@functools.cache
def _module(value: types.ModuleType) -> Any:
    """The counterpart of a module, always the same one."""
    if value is math:
        return module_in_balls()
    if value is np.random:
        return Draws(value)
    if value.__name__ == "numpy" or value.__name__.startswith(("numpy.", "scipy.special")):
        return Namespace(value)
    return value


def stand_for(value: Any) -> Any:
    """The ball counterpart of `value`; `value` itself if it has none.

    >>> import math
    >>> print(stand_for(math).exp(1), stand_for(len) is len)
    2.718281828459045 True
    """
    if isinstance(value, types.ModuleType):
        return _module(value)
    if isinstance(value, (np.ndarray, np.floating, np.complexfloating)):
        return exact(value)
    if isinstance(value, np.vectorize):
        return Vectorized(value.pyfunc)
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return Draws(value)
    if isinstance(value, _TRICKS):
        return INDEX_TRICKS[type(value)](value)
    return _callable(value) if callable(value) else value


def _callable(value: Any) -> Any:
    """The counterpart of a class or function."""
    try:
        if value in TYPES:
            return TYPES[value]
        if value in CONSTRUCTORS:
            return _constructor(CONSTRUCTORS[value], value)
        if value in _SPECIAL:
            return _SPECIAL[value]
    except TypeError:  # not hashable
        return value
    owner = getattr(value, "__self__", None)
    if owner is math:
        return function_in_balls(value)
    if isinstance(owner, (np.random.RandomState, np.random.Generator)):
        return drawing(owner, value.__name__)
    if isinstance(value, np.ufunc):
        return UfuncInBalls(value)
    module = getattr(value, "__module__", None) or ""
    name = getattr(value, "__name__", None)  # some of NumPy's callables, such as its test runner, have none
    if isinstance(value, type) or module.split(".")[0] != "numpy" or name is None or name in _UNCHANGED:
        return value
    return function_of_numpy(value)
