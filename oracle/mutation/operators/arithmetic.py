"""Summands, factors, signs and constants."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

from oracle.mutation.operators.base import (
    MATRIX_PRODUCTS,
    SUMS,
    Change,
    Operator,
    called,
    expression,
    factors,
    is_array,
    operands,
    results,
    statements,
    summands,
    text,
    writes_out,
)
from oracle.mutation.scene import Scene

_LARGE, _SMALL, _TINY = ("2.0", "0.5"), ("(1 + 1e-3)", "(1 - 1e-3)"), ("(1 + 1e-9)", "(1 - 1e-9)")
_SIZES = ("T", "B", "N")


def with_argument(call: ast.Call, position: int, source: str) -> ast.Call:
    """The call with another positional argument."""
    found = copy.deepcopy(call)
    found.args[position] = expression(source)
    return found


def _computed(scene: Scene) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """Every expression but arithmetic on whole numbers, which counts rows and steps."""
    for statement, node in scene.every():
        if not isinstance(node, ast.BinOp) or not _whole(scene, statement, node):
            yield statement, node


def _whole(scene: Scene, statement: ast.stmt, node: ast.AST) -> bool:
    """Whether an expression is computed from whole numbers alone."""
    if isinstance(node, ast.BinOp):
        return _whole(scene, statement, node.left) and _whole(scene, statement, node.right)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    seen = scene.seen(statement, node)
    return (seen is not None and seen.number is not None) or called(node) == "len"


def drop_summand(scene: Scene) -> Iterator[Change]:
    """`a + b` becomes `a` or `b`; a statement `x += e` goes."""
    for _, node in _computed(scene):
        for position, one in enumerate(summands(node)):
            if isinstance(node, ast.Call):
                yield node, with_argument(node, position, "0.0")
            elif isinstance(node, ast.BinOp):
                other = (node.right, node.left)[position]
                minus = isinstance(node.op, ast.Sub) and one is node.left
                yield node, expression(f"-({text(other)})") if minus else other
    yield from _dropped(scene, (ast.Add, ast.Sub))


def drop_factor(scene: Scene) -> Iterator[Change]:
    """`a * b` becomes `a` or `b`, `a / b` becomes `a`; a statement `x *= e` goes; a matrix product its matrix."""
    for _, node in _computed(scene):
        for position, _ in enumerate(factors(node)):
            if isinstance(node, ast.Call):
                yield node, with_argument(node, position, "1.0")
            elif isinstance(node, ast.BinOp):
                yield node, (node.right, node.left)[position]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield node, node.left
        for one in [] if writes_out(node) else operands(node, ast.MatMult, MATRIX_PRODUCTS):
            yield node, one
    yield from _dropped(scene, (ast.Mult, ast.Div))


def _dropped(scene: Scene, kinds: tuple[type, ...]) -> Iterator[Change]:
    for statement in scene.statements:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, kinds):
            yield statement, []


def flip_sign(scene: Scene) -> Iterator[Change]:
    """`a + b` becomes `a - b` and the reverse; a product or a result its negative."""
    for statement, node in _computed(scene):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            other: Any = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield node, ast.BinOp(node.left, other, node.right)
        elif isinstance(node, ast.Call) and called(node) in SUMS and isinstance(node.func, ast.Attribute):
            found = copy.deepcopy(node)
            found.func = ast.Attribute(node.func.value, SUMS[called(node)], ast.Load())
            yield node, found
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node, node.operand
        elif (pair := factors(node)) and not is_array(scene, statement, node):
            yield pair[0], expression(f"-({text(pair[0])})")
    for _, node in results(scene):
        yield node, expression(f"-({text(node)})")


def constant_factor(scene: Scene) -> Iterator[Change]:
    """A result is multiplied by 2 or ½, by 1 ± 1e-3, by 1 ± 1e-9, and divided by a number of steps or rows."""
    for number, (statement, node) in enumerate(results(scene)):
        for pair in (_LARGE, _SMALL, _TINY):
            yield node, expression(f"{pair[number % 2]} * ({text(node)})")
        for size in _SIZES:
            seen = scene.seen(statement, ast.Name(size))
            if seen is not None and seen.number is not None:
                yield node, expression(f"({text(node)}) / {size}")


def spurious_factor(scene: Scene) -> Iterator[Change]:
    """A result is multiplied by another array of its shape."""
    for statement, node in results(scene):
        inside = [one for one in ast.walk(node) if isinstance(one, ast.expr) and is_array(scene, statement, one)]
        others = [name for one in inside[:1] for name in scene.alike(statement, one) if name not in text(node)]
        if others:
            yield node, expression(f"({text(node)}) * {others[0]}")


def negative_statement(scene: Scene) -> Iterator[Change]:
    """`x += e` becomes `x -= e`, and the reverse."""
    for one in scene.statements:
        if isinstance(one, ast.AugAssign) and isinstance(one.op, (ast.Add, ast.Sub)):
            sign = "-" if isinstance(one.op, ast.Add) else "+"
            yield one, statements(f"{text(one.target)} {sign}= {text(one.value)}")


OPERATORS = (
    Operator("drop-summand", "a summand is missing: one path of a variable that is used twice", drop_summand),
    Operator("drop-factor", "a factor is missing: a forget gate, an activation's derivative, a weight", drop_factor),
    Operator("flip-sign", "a sign is wrong", flip_sign),
    Operator("subtract-for-add", "what should be added is subtracted", negative_statement),
    Operator("constant-factor", "a constant scale: 2, ½, 1/T, 1/B, 1 ± 1e-3, 1 ± 1e-9", constant_factor),
    Operator("spurious-factor", "a factor that does not belong there", spurious_factor),
)
