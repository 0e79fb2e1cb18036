"""Transposes, orders of factors, axes and reductions."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from oracle.mutation.operators.base import (
    MATRIX_PRODUCTS,
    Change,
    Operator,
    called,
    expression,
    operands,
    text,
)
from oracle.mutation.scene import Scene


def _matrices(scene: Scene) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """The operands of matrix products that are matrices, seen so or transposed."""
    for statement, node in scene.every():
        for one in operands(node, ast.MatMult, MATRIX_PRODUCTS):
            seen = scene.seen(statement, one)
            if (isinstance(one, ast.Attribute) and one.attr == "T") or (seen is not None and len(seen.shape) == 2):
                yield statement, one


def transpose(scene: Scene) -> Iterator[Change]:
    """`X.T` becomes `X`, and a matrix in a product its transpose."""
    for _, node in _matrices(scene):
        yield node, _transposed(node)


def _transposed(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return expression(f"({text(node)}).T")


def transpose_if_square(scene: Scene) -> Iterator[Change]:
    """A matrix in a product is transposed where it is square: only equal sizes betray it."""
    for _, node in _matrices(scene):
        whole, other = text(node), text(_transposed(node))
        if {whole, other} & scene.square:
            yield node, expression(f"({other} if {other}.shape == {whole}.shape else {whole})")


def swap_operands(scene: Scene) -> Iterator[Change]:
    """The factors of a matrix product are exchanged."""
    for _, node in scene.every():
        pair = operands(node, ast.MatMult, MATRIX_PRODUCTS)
        if not pair:
            continue
        found = copy.deepcopy(node)
        if isinstance(found, ast.BinOp):
            found.left, found.right = found.right, found.left
        elif isinstance(found, ast.Call):
            found.args[:2] = found.args[1::-1]
        yield node, found


def elementwise(scene: Scene) -> Iterator[Change]:
    """A matrix product becomes an elementwise one."""
    for _, node in scene.every():
        pair = operands(node, ast.MatMult, MATRIX_PRODUCTS - {"outer"})
        if pair and not any(one.arg == "out" for one in getattr(node, "keywords", [])):
            yield node, expression(f"({text(pair[0])}) * ({text(pair[1])})")


def wrong_axis(scene: Scene) -> Iterator[Change]:
    """`axis=0` becomes `axis=1` and the reverse; a transpose exchanges two other axes."""
    for _, node in scene.every():
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg == "axis" and isinstance(keyword.value, ast.Constant):
                yield keyword.value, ast.Constant(1 if keyword.value.value == 0 else 0)
        if called(node) in ("transpose", "moveaxis") and len(node.args) >= 2:
            found = copy.deepcopy(node)
            found.args[-2:] = found.args[:-3:-1]
            yield node, found


def drop_reduction(scene: Scene) -> Iterator[Change]:
    """A sum over an axis becomes its first or last element: one row in the place of the batch."""
    for _, node in scene.every():
        if (array := _summed(node)) is not None:
            for row in ("0", "-1"):
                yield node, expression(f"({array})[{row}]")


def _summed(node: ast.AST) -> str | None:
    """What is summed over its first axis; None if that is not what a node does."""
    if not isinstance(node, ast.Call) or called(node) not in ("sum", "mean"):
        return None
    axes = [one.value for one in node.keywords if one.arg == "axis"]
    if not axes or not isinstance(axes[0], ast.Constant) or axes[0].value != 0:
        return None
    return text(node.args[0] if node.args else node.func.value)  # type: ignore[attr-defined]


def mean_for_sum(scene: Scene) -> Iterator[Change]:
    """A sum becomes a mean, and the reverse."""
    for _, node in scene.every():
        if called(node) in ("sum", "mean") and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found = copy.deepcopy(node)
            found.func = ast.Attribute(node.func.value, "mean" if called(node) == "sum" else "sum", ast.Load())
            yield node, found


def wrong_reshape(scene: Scene) -> Iterator[Change]:
    """A reshape takes the first two axes in the other order: rows and steps are mixed up."""
    for statement, node in scene.every():
        if called(node) != "reshape" or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        array, shape = text(node.func.value), [text(one) for one in node.args]
        seen = scene.seen(statement, node.func.value)
        if seen is not None and len(seen.shape) >= 2 and len(shape) < len(seen.shape):
            yield node, expression(f"{array}.swapaxes(0, 1).reshape({', '.join(shape)})")
        elif len(shape) >= 3:
            mixed = ", ".join([shape[1], shape[0], *shape[2:]])
            yield node, expression(f"{array}.reshape({mixed}).swapaxes(0, 1)")


OPERATORS = (
    Operator("transpose", "a matrix is transposed, or not", transpose),
    Operator("transpose-if-square", "a transposition that only equal sizes betray", transpose_if_square),
    Operator("swap-operands", "a matrix product in the wrong order", swap_operands),
    Operator("elementwise-product", "an elementwise product for a matrix product", elementwise),
    Operator("wrong-axis", "a reduction or transpose over the wrong axis", wrong_axis),
    Operator("wrong-reshape", "steps and rows mixed up in a reshape", wrong_reshape),
    Operator("drop-reduction", "one row or step in the place of the sum over all", drop_reduction),
    Operator("mean-for-sum", "a mean for a sum, or a sum for a mean", mean_for_sum),
)
