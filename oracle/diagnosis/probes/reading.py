"""Reads names, attributes and parts of variables out of a running frame, without calling anything of the code."""

from __future__ import annotations

import ast
import builtins
import inspect
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.diagnosis.probes.declared import RETURNED

MISSING = object()
_OF_ARRAYS = frozenset({"T", "shape", "ndim", "size"})
_NUMBERS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


@dataclass(frozen=True, eq=False)
class Seen:
    """A value as it was at one moment."""

    value: Any  # a copy of the balls of an array; anything else itself
    memory: Any = None  # the array that they were copied from

    @property
    def is_array(self) -> bool:
        """Whether it is an array of balls, or one ball."""
        return self.memory is not None


def seen(value: Any) -> Seen:
    """A value as it is now."""
    if adapter.is_ball(value):
        raw = np.asarray(adapter.raw(value), dtype=object)
        return Seen(raw.copy(), raw)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return Seen(adapter.lift(value.copy()), value)
    return Seen(value)


def is_changed(one: Seen) -> bool:
    """Whether the array that balls were copied from holds others now.

    Notes
    -----
    Balls are immutable, so that the same objects are the same values.
    """
    if not one.is_array or one.memory.dtype != object or one.value.shape != one.memory.shape:
        return False
    return any(map(operator.is_not, one.memory.flat, one.value.flat))


def memory(value: Any) -> Any:
    """The array that holds a value, if it is one."""
    if adapter.is_ball(value):
        return np.asarray(adapter.raw(value), dtype=object)
    return value if isinstance(value, np.ndarray) else None


def overlap(a: Any, b: Any) -> bool:
    """Whether two arrays share an entry."""
    if a is None or b is None:
        return False
    if a is b:
        return True
    return bool(np.may_share_memory(a, b) and np.shares_memory(a, b))


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of a chain of names, attributes and parts; MISSING where there is none, or it would take a call."""
    match node:
        case ast.Name(id=name):
            return names.get(name, MISSING)
        case ast.Constant(value=value):
            return value
        case ast.Attribute(value=owner, attr=attribute):
            return _attribute(evaluate(owner, names), attribute)
        case ast.Subscript(value=owner, slice=index):
            return _item(evaluate(owner, names), index_of(index, names))
    return MISSING


def _attribute(owner: Any, name: str) -> Any:
    """An attribute that is no property of the code's own: reading that would run it."""
    if owner is MISSING:
        return MISSING
    if adapter.is_ball(owner) or isinstance(owner, np.ndarray):
        return getattr(owner, name) if name in _OF_ARRAYS else MISSING
    if isinstance(inspect.getattr_static(type(owner), name, None), property):
        return MISSING
    if inspect.getattr_static(type(owner), "__getattr__", None) is not None:
        return vars(owner).get(name, MISSING) if hasattr(owner, "__dict__") else MISSING
    try:
        return getattr(owner, name)
    except Exception:
        return MISSING


def _item(owner: Any, index: Any) -> Any:
    """A part of an array or of a plain container."""
    arrays = adapter.is_ball(owner) or isinstance(owner, np.ndarray)
    if owner is MISSING or index is MISSING or not (arrays or isinstance(owner, dict | list | tuple)):
        return MISSING
    try:
        return owner[index]
    except Exception:
        return MISSING


def index_of(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an index made of plain numbers, names, slices and text."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _plain(evaluate(node, names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = index_of(operand, names)
            return -value if isinstance(value, int) else MISSING
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _NUMBERS:
            a, b = index_of(left, names), index_of(right, names)
            return _NUMBERS[type(op)](a, b) if isinstance(a, int) and isinstance(b, int) else MISSING
        case ast.Slice(lower=lower, upper=upper, step=step):
            ends = [None if part is None else index_of(part, names) for part in (lower, upper, step)]
            return MISSING if MISSING in ends else slice(*ends)
        case ast.Tuple(elts=parts):
            found = tuple(index_of(part, names) for part in parts)
            return MISSING if MISSING in found else found
    return MISSING


def written_by(target: ast.expr, names: Mapping[str, Any]) -> Any:
    """The memory that a store to a target writes: a part of its owner's, all of it where the part cannot be told."""
    if not isinstance(target, ast.Subscript):
        return memory(evaluate(target, names))
    owner, index = memory(evaluate(target.value, names)), index_of(target.slice, names)
    if owner is None:
        return memory(evaluate(target, names))  # an array in a list or a dictionary
    if index is MISSING:
        return owner
    places = index if isinstance(index, tuple) else (index,)
    try:
        return owner[places if any(one is Ellipsis for one in places) else (*places, ...)]
    except Exception:
        return owner


def _plain(value: Any) -> Any:
    """An integer, text, slice or array of integers; nothing else is an index here."""
    if isinstance(value, int | np.integer | str | slice | None):
        return value
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "biu" else MISSING


def names_of(frame: Any, returned: Any = MISSING) -> dict[str, Any]:
    """The local variables of a frame, and the names around them."""
    local = dict(frame.f_locals)
    if returned is not MISSING:
        local[RETURNED] = returned
    return _Names(local, frame.f_globals)


class _Names(dict[str, Any]):
    """Local names before global ones."""

    def __init__(self, local: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        super().__init__(local)
        self._around = around

    def get(self, name: str, default: Any = None) -> Any:
        """The local variable of this name, else the global one, else Python's own."""
        return self[name] if name in self else self._around.get(name, getattr(builtins, name, default))
