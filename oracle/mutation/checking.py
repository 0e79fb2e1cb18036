"""Functions and calls that only check their arguments: no gradient depends on them, so no fault is planted there."""

from __future__ import annotations

import ast
import functools
from types import FunctionType

from oracle.mutation.source import PlantingError, home

_NOTING = frozenset({"update", "setdefault", "append", "add"})


def only_checks(statement: ast.stmt, function: FunctionType) -> bool:
    """Whether a statement of a function is a call `f(...)` of one that can only raise, or a loop over such calls."""
    match statement:
        case ast.Expr(value=ast.Call() as call):
            return _call_checks(call, function)
        case ast.For(body=body, orelse=[]):
            return all(only_checks(one, function) for one in body)
    return False


def _call_checks(call: ast.Call, function: FunctionType) -> bool:
    """Whether a call by name can only raise."""
    called = function.__globals__.get(call.func.id) if isinstance(call.func, ast.Name) else None
    return isinstance(called, FunctionType) and checks(called)


@functools.lru_cache(maxsize=1024)
def checks(function: FunctionType) -> bool:
    """Whether a function can do nothing but raise: it returns nothing, writes into no array, and raises somewhere.

    What it notes in a mapping or list of its own counts as nothing.
    """
    try:
        node = home(function).node
    except PlantingError:
        return False
    if not isinstance(node, ast.FunctionDef):
        return False
    return all(_checks(one, function) for one in node.body) and any(_may_raise(one, function) for one in node.body)


def _checks(statement: ast.stmt, function: FunctionType) -> bool:
    match statement:
        case ast.Raise() | ast.Assert() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in _NOTING
        case ast.Expr(value=ast.Call() as call):
            return _call_checks(call, function)
        case ast.Assign(targets=targets):
            return all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
        case ast.AnnAssign(target=ast.Name()):
            return True
        case ast.If(body=body, orelse=orelse) | ast.For(body=body, orelse=orelse):
            return all(_checks(one, function) for one in [*body, *orelse])
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            suites = [*body, *orelse, *final, *(one for handler in handlers for one in handler.body)]
            return all(_checks(one, function) for one in suites)
    return False


def _may_raise(statement: ast.stmt, function: FunctionType) -> bool:
    """Whether a statement raises by itself or calls a function that checks."""
    return any(
        isinstance(one, (ast.Raise, ast.Assert)) or (isinstance(one, ast.Call) and _call_checks(one, function))
        for one in ast.walk(statement)
    )
