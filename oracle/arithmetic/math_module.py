"""Python's `math` in balls."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import apply_ufunc, made
from oracle.arithmetic.operands import REAL, holds_balls, operand, rule_for
from oracle.arithmetic.plain_numbers import settled
from oracle.arithmetic.refusals import left, note

_SAME_NAME = "sqrt exp expm1 log2 log10 log1p sin cos tan sinh cosh tanh degrees radians erf erfc gamma cbrt exp2 fmod"
_UFUNCS = dict.fromkeys(_SAME_NAME.split()) | {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "pow": "power",
    "fabs": "absolute",
    "copysign": "copysign",
    "lgamma": "gammaln",
    "isnan": "isnan",
    "isinf": "isinf",
    "isfinite": "isfinite",
}


def _ufunc(name: str) -> Callable[..., Any]:
    """A function of `math` that is a ufunc."""
    return lambda *values: apply_ufunc(_UFUNCS[name] or name, "__call__", values, {})


def _integer(name: str) -> Callable[[Any], int]:
    """A function of `math` that gives an integer."""
    return lambda value: int(apply_ufunc(name, "__call__", (value,), {}))


def _log(value: Any, base: Any = None) -> Any:
    """The logarithm, natural unless a base is given."""
    natural = apply_ufunc("log", "__call__", (value,), {})
    return natural if base is None else natural / apply_ufunc("log", "__call__", (base,), {})


def _hypot(*coordinates: Any) -> Any:
    """The length of a vector."""
    raw, _ = operand(list(coordinates))
    return made(kernels.UNARY["sqrt"](kernels.reduce_sum(kernels.UNARY["square"](raw))), REAL)


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> bool:
    """Whether |a - b| <= max(rel_tol max(|a|, |b|), abs_tol), where decided."""
    sizes = [abs(made(*operand(value))) for value in (a, b)]
    larger = apply_ufunc("maximum", "__call__", tuple(sizes), {})
    return bool(abs(made(*operand(a)) - b) <= apply_ufunc("maximum", "__call__", (larger * rel_tol, abs_tol), {}))


RULES: dict[str, Callable[..., Any]] = {name: _ufunc(name) for name in _UFUNCS}
RULES |= {"floor": _integer("floor"), "ceil": _integer("ceil"), "trunc": _integer("trunc")}
RULES |= {
    "log": _log,
    "hypot": _hypot,
    "isclose": _isclose,
    "dist": lambda p, q: _hypot(*(made(*operand(x)) - y for x, y in zip(p, q, strict=True))),
    "fsum": lambda values: rule_for(np.sum)(list(values)),
    "prod": lambda values, *, start=1: rule_for(np.prod)([*values, start]),
    "ldexp": lambda value, i: made(*operand(value)) * 2.0**i,
}
"""What the functions of `math` do on balls, by name."""


def function_in_balls(real: Callable[..., Any]) -> Callable[..., Any]:
    """The counterpart of one function of `math`."""
    name = real.__name__

    @functools.wraps(real)
    def counterpart(*values: Any, **options: Any) -> Any:
        values = tuple(list(value) if hasattr(value, "__next__") else value for value in values)
        if any(map(holds_balls, values)):
            if name not in RULES:
                raise left(f"math.{name} has no rule for balls")
            return RULES[name](*values, **options)
        plain = real(*values, **options)
        if not isinstance(plain, float) or name == "fmod":
            return plain
        if name not in RULES:
            note(f"math.{name} rounds to float64")
            return plain
        return settled(plain, made(*operand(RULES[name](*values, **options))))

    return counterpart


def module_in_balls() -> types.ModuleType:
    """The module `math`, its functions in balls and its constants as they are."""
    module = types.ModuleType("math", math.__doc__)
    for name, value in vars(math).items():
        if not name.startswith("__"):
            setattr(module, name, function_in_balls(value) if callable(value) else value)
    return module
