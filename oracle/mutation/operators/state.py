"""What a backward leaves behind and what it shares: stale values, leaks, aliases, changed cotangents."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from oracle.mutation.operators.base import (
    Change,
    Operator,
    called,
    expression,
    is_array,
    operands,
    results,
    statements,
    text,
    writes_out,
)
from oracle.mutation.scene import Scene

_COPIES = frozenset({"copy", "array", "ascontiguousarray"})


def stale_cache(scene: Scene) -> Iterator[Change]:
    """A result is computed once and kept: later steps and calls get the first one."""
    for number, (_, node) in enumerate(results(scene)):
        yield node, expression(f"globals().setdefault('_stale_{number}', {text(node)})")


def leak(scene: Scene) -> Iterator[Change]:
    """A result is added to those of the steps and calls before."""
    for number, (statement, node) in enumerate(results(scene)):
        if isinstance(statement, (ast.Return, ast.Assign)):
            name = f"'_leaked_{number}'"
            yield node, expression(f"globals().setdefault({name}, []).append({text(node)}) or sum(globals()[{name}])")


def alias(scene: Scene) -> Iterator[Change]:
    """A copy is left out."""
    for _, node in scene.every():
        if not isinstance(node, ast.Call) or called(node) not in _COPIES or node.keywords:
            continue
        if node.args:
            yield node, node.args[0]
        elif isinstance(node.func, ast.Attribute):
            yield node, node.func.value


def mutate_cotangent(scene: Scene) -> Iterator[Change]:
    """A result is written into an argument that it is computed from, or an argument is cleared in the end."""
    own = {one.arg for one in scene.node.args.args}
    for statement, node in scene.every():
        for one in operands(node, (ast.Add, ast.Sub, ast.Mult), frozenset({"add", "subtract", "multiply"})):
            if isinstance(one, ast.Name) and one.id in own and is_array(scene, statement, one):
                yield from _in_place(node, one)
    last = scene.statements[-1] if scene.statements else None
    for name in sorted(own):
        node = ast.Name(name, ast.Load())
        if last is not None and is_array(scene, last, node) and not _named(last, name):
            yield last, [*statements(f"{name}[...] = 0"), last]


def _in_place(node: ast.AST, one: ast.Name) -> Iterator[Change]:
    """The operation with its result in the place of an operand."""
    if isinstance(node, ast.BinOp):
        sign = {ast.Add: "__iadd__", ast.Sub: "__isub__", ast.Mult: "__imul__"}[type(node.op)]
        other = node.right if node.left is one else node.left
        if node.left is one or not isinstance(node.op, ast.Sub):
            yield node, expression(f"{one.id}.{sign}({text(other)})")
    elif isinstance(node, ast.Call) and writes_out(node):
        found = copy.deepcopy(node)
        for keyword in found.keywords:
            if keyword.arg == "out":
                keyword.value = ast.Name(one.id, ast.Load())
        yield node, found


def _named(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(statement))


OPERATORS = (
    Operator("stale-cache", "a value of an earlier step or call is used again", stale_cache),
    Operator("leak", "what earlier steps or calls left is added", leak),
    Operator("alias", "a copy is left out, so that two arrays share memory", alias),
    Operator("mutate-argument", "a cotangent or another argument is written to", mutate_cotangent),
)
