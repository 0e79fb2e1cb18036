"""Arrays of which only the shape or type is looked at: no gradient depends on their values.

Also across calls: an argument lends its shape if the function that is called does nothing with that parameter but
look at its shape or type, or pass it on to one that does no more.
"""

from __future__ import annotations

import ast
import functools
from types import FunctionType

from oracle.mutation.source import PlantingError, home

SHAPES = frozenset({"shape", "dtype", "ndim", "size"})
SHAPED = frozenset({"empty_like", "zeros_like", "ones_like", "full_like", "len", "shape", "empty", "zeros"})


def only_shapes(call: ast.Call, argument: ast.AST, function: FunctionType) -> bool:
    """Whether a function, called by name in another one, looks at nothing but the shape or type of an argument."""
    called = function.__globals__.get(call.func.id) if isinstance(call.func, ast.Name) else None
    if not isinstance(called, FunctionType) or called is function:
        return False
    code = called.__code__
    names = code.co_varnames[: code.co_argcount]
    if any(isinstance(one, ast.Starred) for one in call.args):
        return False
    return any(given is argument and _lends(called, name) for name, given in zip(names, call.args, strict=False))


@functools.lru_cache(maxsize=1024)
def _lends(function: FunctionType, name: str) -> bool:
    """Whether every use of a parameter looks at its shape or type only."""
    try:
        node = home(function).node
    except PlantingError:
        return False
    if not isinstance(node, ast.FunctionDef):
        return False
    parents = {child: one for one in ast.walk(node) for child in ast.iter_child_nodes(one)}
    uses = [one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id == name]
    return bool(uses) and all(_looks(one, parents.get(one), function) for one in uses)


def _looks(use: ast.Name, parent: ast.AST | None, function: FunctionType) -> bool:
    """Whether `x.shape`, `len(x)`, or a call of a function that looks at no more."""
    if isinstance(parent, ast.Attribute):
        return parent.attr in SHAPES
    if not isinstance(parent, ast.Call) or use is parent.func:
        return False
    return (isinstance(parent.func, ast.Name) and parent.func.id == "len") or only_shapes(parent, use, function)
