"""Arrays of which only the shape or type is looked at: no gradient depends on their values.

Also across calls: an argument lends its shape if the function that is called does nothing with that parameter but
look at its shape or type, or pass it on to one that does no more.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from types import FunctionType

from oracle.mutation.checking import only_checks
from oracle.mutation.source import PlantingError, home

SHAPES = frozenset({"shape", "dtype", "ndim", "size"})
SHAPED = frozenset({"empty_like", "zeros_like", "ones_like", "full_like", "len", "shape", "empty", "zeros"})


def only_shapes(call: ast.Call, argument: ast.AST, function: FunctionType) -> bool:
    """Whether a function, called by name in another one, looks at nothing but the shape or type of an argument."""
    called = function.__globals__.get(call.func.id) if isinstance(call.func, ast.Name) else None
    if not isinstance(called, FunctionType) or called is function:
        return False
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return False
    code = called.__code__
    given = list(zip(code.co_varnames[: code.co_argcount], call.args, strict=False))
    given += [(str(one.arg), one.value) for one in call.keywords]
    return any(value is argument and _lends(called, name) for name, value in given)


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
    return bool(uses) and all(_looks(one, parents, function) for one in uses)


def _in_a_check(node: ast.AST, parents: Mapping[ast.AST, ast.AST], function: FunctionType) -> bool:
    """Whether a node stands in a statement that only checks."""
    while node in parents:
        if isinstance(node, ast.stmt) and only_checks(node, function):
            return True
        node = parents[node]
    return False


def _looks(use: ast.Name, parents: Mapping[ast.AST, ast.AST], function: FunctionType) -> bool:
    """Whether `x.shape`, `len(x)`, `x is None`, in a check, or a call of a function that looks at no more."""
    if _in_a_check(use, parents, function):
        return True
    parent = parents[use]
    if isinstance(parent, ast.keyword):
        parent = parents[parent]
    match parent:
        case ast.Attribute(attr=name):
            return name in SHAPES
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Call(func=called):
            return called is not use and only_shapes(parent, use, function)
    return False
