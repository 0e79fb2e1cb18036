"""Integers and booleans: computed exactly, and refused where the declared dtype would wrap around."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.errors import IntegerOverflow
from oracle.program.rules.registry import Site, Step, rule


def _quotient(a: Any, b: Any) -> Any:
    """a / b towards zero, as C divides."""
    if b == 0:
        raise IntegerOverflow("an integer of the reference is divided by zero; JAX leaves the result open")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _shift(operation: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """A shift by a number of places that every integer dtype allows."""
    if not 0 <= b < 31:
        raise IntegerOverflow(f"an integer of the reference is shifted by {b} places; shift by 0 to 30")
    return operation(a, b)


INTEGER_UNARY: Mapping[str, Callable[..., Any]] = {
    "neg": operator.neg,
    "abs": abs,
    "sign": lambda a: (a > 0) - (a < 0),
    "square": lambda a: a * a,
}
INTEGER_BINARY: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "add_any": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "max": max,
    "min": min,
    "div": _quotient,
    "rem": lambda a, b: a - b * _quotient(a, b),
    "shift_left": lambda a, b: _shift(operator.lshift, a, b),
    "shift_right_arithmetic": lambda a, b: _shift(operator.rshift, a, b),
}
_EXACT = {"add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative}


def is_boolean(dtype: Any) -> bool:
    """Whether a dtype is NumPy's bool."""
    return getattr(dtype, "kind", "?") == "b"


def fitted(exact: Any, dtype: Any) -> Array:
    """Python's integers as an array of `dtype`.

    Raises
    ------
    IntegerOverflow
        If one does not fit.
    """
    values = np.asarray(exact, object)
    if is_boolean(dtype):
        return values.astype(bool)
    bounds = np.iinfo(dtype)
    if values.size and not (bounds.min <= values.min() and values.max() <= bounds.max):
        raise IntegerOverflow(
            f"an integer of the reference does not fit {dtype}, where JAX would wrap it around; use a wider dtype"
        )
    return values.astype(dtype)


def integer_step(site: Site, table: Mapping[str, Callable[..., Any]]) -> Step:
    """The step that applies an exact function of Python's integers to each entry."""
    dtype = site.outs[0].dtype
    if getattr(dtype, "kind", "?") not in "iub" or site.name not in table:
        raise site.refuse(f"on {dtype}")
    loop: Any = _EXACT.get(site.name) or np.frompyfunc(table[site.name], len(site.ins), 1)
    if is_boolean(dtype) and site.name in ("add", "add_any", "max"):
        loop = np.logical_or
    if is_boolean(dtype) and site.name in ("mul", "min"):
        loop = np.logical_and

    def step(A: Arithmetic, *operands: Array) -> Array:
        return fitted(loop(*[operand.astype(object) for operand in operands]), dtype)

    return step


@rule("shift_left", "shift_right_arithmetic")
def _shifted(site: Site) -> Step:
    return integer_step(site, INTEGER_BINARY)


@rule("shift_right_logical")
def _shifted_logically(site: Site) -> Step:
    if site.outs[0].dtype.kind != "u":
        raise site.refuse(f"on {site.outs[0].dtype}")
    return integer_step(site, {"shift_right_logical": INTEGER_BINARY["shift_right_arithmetic"]})


_LOGIC = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}


@rule(*_LOGIC)
def _logic(site: Site) -> Step:
    loop = _LOGIC[site.name]
    return lambda A, a, b: np.asarray(loop(a, b))


@rule("not")
def _not(site: Site) -> Step:
    return lambda A, a: np.asarray(np.invert(a))


@rule("platform_index", params=("platforms",))
def _platform_index(site: Site) -> Step:
    """The branch that JAX would take on a CPU."""
    platforms = list(site.params["platforms"])
    named = [k for k, names in enumerate(platforms) if names is not None and "cpu" in names]
    unnamed = [k for k, names in enumerate(platforms) if names is None]
    chosen = np.asarray(next(iter([*named, *unnamed])), np.int32)
    return lambda A: chosen
