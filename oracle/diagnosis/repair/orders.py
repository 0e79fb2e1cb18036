"""Edits of indices, ranges, axes and orders: the mistakes of boundaries, transpositions and exchanged places."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations

from oracle.diagnosis.repair.families import Replacement
from oracle.diagnosis.repair.places import Place, expression, function_name
from oracle.diagnosis.repair.sources import Edit, Slot, Source

_EXCHANGED = 1.25  # two things are changed at once
_FOLDED = 4  # axes of a `reshape` that are put in another order
_WIDEST = 10  # elements of a tuple or call of which pairs are exchanged


def _plus(node: ast.expr, step: int) -> ast.expr:
    """An index one further or one less; `t - 1` and one more is `t`."""
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value == 1:
        back = isinstance(node.op, ast.Sub) and step > 0
        if back or (isinstance(node.op, ast.Add) and step < 0):
            return node.left
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.Constant(node.value + step)
    return ast.BinOp(node, ast.Add() if step > 0 else ast.Sub(), ast.Constant(1))


def indices(place: Place) -> Iterator[Replacement]:
    """One step later or earlier, counted from the other end, or another whole number."""
    node = place.node
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Tuple):
        return
    for index in _other_indices(place, node.slice):
        yield 1.0, ast.Subscript(node.value, index, ast.Load())
    if isinstance(node.slice, ast.Slice):
        yield 1.0, node.value


def _other_indices(place: Place, index: ast.expr) -> Iterator[ast.expr]:
    numbers = [expression(text) for text, seen in place.terms.items() if seen.number is not None and "[" not in text]
    if not isinstance(index, ast.Slice):
        yield _plus(index, 1)
        yield _plus(index, -1)
        yield from numbers
        for size in numbers:
            yield ast.BinOp(ast.BinOp(size, ast.Sub(), ast.Constant(1)), ast.Sub(), index)
        return
    low, high, step = index.lower, index.upper, index.step
    ends = [*([low] if low else []), *([high] if high else [])]
    for end in ends:
        for bound in (end, _plus(end, 1), _plus(end, -1)):
            yield ast.Slice(bound, None, step)
            yield ast.Slice(None, bound, step)
        yield ast.Slice(ast.UnaryOp(ast.USub(), end), None, step)
    yield ast.Slice(ast.Constant(1), None, step)
    yield ast.Slice(None, expression("-1"), step)
    yield ast.Slice(None, None, None if step else expression("-1"))
    for size in numbers:
        yield ast.Slice(size, None, step)
        yield ast.Slice(None, size, step)
    if step is not None:
        yield ast.Slice(low, high, None)


def tuples_of_indices(place: Place) -> Iterator[Replacement]:
    """One element of an index with several."""
    node = place.node
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for k, part in enumerate(node.slice.elts):
            for other in _other_indices(place, part):
                elements = [*node.slice.elts[:k], other, *node.slice.elts[k + 1 :]]
                yield 1.0, ast.Subscript(node.value, ast.Tuple(elements, ast.Load()), ast.Load())


def ranges(place: Place) -> Iterator[Replacement]:
    """A range that begins or ends one step sooner or later, or at the beginning."""
    node = place.node
    if not (isinstance(node, ast.Call) and function_name(node) == "range"):
        return
    for k, bound in enumerate(node.args):
        for step in (1, -1):
            yield 1.0, ast.Call(node.func, [*node.args[:k], _plus(bound, step), *node.args[k + 1 :]], [])
    if len(node.args) == 1:
        yield 1.0, ast.Call(node.func, [ast.Constant(1), *node.args], [])
    else:
        yield 1.0, ast.Call(node.func, [node.args[1]], [])


def directions(place: Place) -> Iterator[Replacement]:
    """A sequence run through the other way round."""
    if isinstance(place.statement, ast.For) or (place.seen is not None and place.seen.shape):
        yield 1.5, ast.Subscript(place.node, ast.Slice(None, None, expression("-1")), ast.Load())


def transposes(place: Place) -> Iterator[Replacement]:
    """A matrix transposed, or not."""
    node, seen = place.node, place.seen
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield 1.0, node.value
    elif seen is not None and len(seen.shape or ()) == 2:
        yield 1.0, ast.Attribute(node, "T", ast.Load())


def exchanges(place: Place) -> Iterator[Replacement]:
    """Two elements of a tuple, or two arguments of a call, exchanged."""
    node = place.node
    if isinstance(node, ast.Call) and 2 <= len(node.args) <= _WIDEST:
        for elements in _exchanged(node.args):
            yield _EXCHANGED, ast.Call(node.func, elements, node.keywords)
    elif isinstance(node, ast.Tuple) and 2 <= len(node.elts) <= _WIDEST:
        for elements in _exchanged(node.elts):
            yield _EXCHANGED, ast.Tuple(elements, ast.Load())


def _exchanged(elements: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for one, other in combinations(range(len(elements)), 2):
        changed = list(elements)
        changed[one], changed[other] = elements[other], elements[one]
        yield changed


def folds(place: Place) -> Iterator[Replacement]:
    """Axes folded in another order: `a.reshape(T, B, D)` for `a.reshape(B, T, D).transpose(1, 0, 2)`, and back."""
    node = place.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.keywords:
        return
    inner = node.func.value
    if node.func.attr == "transpose" and isinstance(inner, ast.Call) and function_name(inner) == "reshape":
        numbers = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        order = [number for number in numbers if isinstance(number, int)]
        if sorted(order) == list(range(len(inner.args))):
            yield 1.0, ast.Call(inner.func, [inner.args[k] for k in order], [])
    elif node.func.attr == "reshape" and 2 <= len(node.args) <= _FOLDED:
        for one, other in combinations(range(len(node.args)), 2):
            order = list(range(len(node.args)))
            order[one], order[other] = other, one
            folded = ast.Call(node.func, [node.args[k] for k in order], [])
            yield 2.0, ast.Call(ast.Attribute(folded, "transpose", ast.Load()), list(map(ast.Constant, order)), [])


def axes(place: Place) -> Iterator[Replacement]:
    """Along another axis."""
    node = place.node
    for k, keyword in enumerate(getattr(node, "keywords", []) if isinstance(node, ast.Call) else []):
        if keyword.arg == "axis":
            for axis in (0, 1):
                other = ast.keyword("axis", ast.Constant(axis))
                keywords = [*node.keywords[:k], other, *node.keywords[k + 1 :]]
                yield 1.0, ast.Call(node.func, node.args, keywords)


def of_statements(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """Adding for overwriting and back, another sign, names of a tuple exchanged."""
    for new in _other_statements(statement):
        slot = _slot_of(source.tree, statement)
        yield Edit(source, statement, slot, new)


def _other_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.AugAssign):
        yield ast.Assign([statement.target], statement.value)
        for operator in (ast.Add, ast.Sub, ast.Mult):
            if not isinstance(statement.op, operator):
                yield ast.AugAssign(statement.target, operator(), statement.value)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            yield ast.AugAssign(target, ast.Add(), statement.value)
        elif isinstance(target, ast.Tuple) and len(target.elts) <= _WIDEST:
            for elements in _exchanged(target.elts):
                yield ast.Assign([ast.Tuple(elements, ast.Store())], statement.value)


def _slot_of(tree: ast.AST, statement: ast.stmt) -> Slot:
    """Where a statement stands."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            for k, one in enumerate(body if isinstance(body, list) else []):
                if one is statement:
                    return Slot(body, "", k)
    raise AssertionError("the statement is in the tree it was taken from")


ORDERS: tuple[Callable[[Place], Iterator[Replacement]], ...] = (
    indices,
    tuples_of_indices,
    ranges,
    directions,
    transposes,
    exchanges,
    axes,
    folds,
)
