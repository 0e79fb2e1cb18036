"""Edits of one expression, by family: each is the inverse of a mistake that people make.

Every family is a function of a place that gives replacements of its expression, each with a weight: how much of an
invention it is. Leaving something out, or taking another name, weighs less than bringing something in.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any

from oracle.diagnosis.repair.places import PRODUCTS, SUMS, Called, Place, expression, function_name

Replacement = tuple[float, ast.expr]
_TERMS = 20  # locals of which products are formed
_OPPOSITE = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def _binary(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, operator, right)


def _number(value: float) -> ast.expr:
    return ast.Constant(value)


def _call(text: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(expression(text), list(arguments), [])


def _slopes(x: ast.expr) -> Iterator[ast.expr]:
    """The derivatives of tanh and σ, read off their values, and what a coupled gate leaves."""
    yield _binary(_number(1), ast.Sub(), _binary(x, ast.Pow(), _number(2)))
    yield _binary(x, ast.Mult(), _binary(_number(1), ast.Sub(), x))
    yield _binary(_number(1), ast.Sub(), x)


# ---- another name


def names(place: Place) -> Iterator[Replacement]:
    """Another local of the same shape, or another whole number; in place of a plain number, what has its place."""
    seen, node = place.seen, place.node
    if isinstance(node, ast.Constant):
        if isinstance(node.value, float | int) and (place.multiplies or place.adds):
            yield from _instead_of_numbers(place)
    elif seen is not None and seen.shape is not None:
        yield from ((1.0, expression(text)) for text in place.of_shape({seen.shape}))
    elif seen is not None:
        yield from (
            (1.5, expression(text))
            for text, other in place.terms.items()
            if other.number is not None and text != place.text
        )


def _instead_of_numbers(place: Place) -> Iterator[Replacement]:
    """Locals and their slopes, for a number that is a factor or a summand."""
    for text in place.of_shape(place.shapes):
        term = expression(text)
        yield 1.5, term
        yield from ((2.0, slope) for slope in _slopes(term))
        yield from ((2.0, _call(one.text, term)) for one in _unary(place))


def _unary(place: Place) -> Iterator[Called]:
    """The functions of one value that are called somewhere."""
    known: dict[str, Called] = {one.text: one for one in place.words.called if one.count == 1}
    yield from known.values()


# ---- another function


def values_and_slopes(place: Place) -> Iterator[Replacement]:
    """A derivative where its value stands, or the square."""
    if place.seen is not None and place.seen.shape is not None:
        yield from ((1.5, slope) for slope in _slopes(place.node))
        yield 1.5, _binary(place.node, ast.Pow(), _number(2))


def calls(place: Place) -> Iterator[Replacement]:
    """Another function of as many values, or none; the sum for the mean."""
    node = place.node
    if not isinstance(node, ast.Call):
        return
    text = ast.unparse(node.func)
    for one in place.words.called:
        if one.text != text and one.count == len(node.args):
            yield 1.0, ast.Call(expression(one.text), node.args, node.keywords)
    yield from ((1.0, argument) for argument in node.args if not isinstance(argument, ast.Starred))
    if len(node.args) == 1:
        yield from ((1.5, slope) for slope in _slopes(node.args[0]))
    if isinstance(node.func, ast.Attribute):
        yield 1.0, node.func.value
        if node.func.attr in ("mean", "sum"):
            other = ast.Attribute(node.func.value, "sum" if node.func.attr == "mean" else "mean", ast.Load())
            yield 1.0, ast.Call(other, node.args, node.keywords)


def wrapping(place: Place) -> Iterator[Replacement]:
    """A function of it, where the value itself stands."""
    if place.seen is not None and place.seen.shape is not None:
        yield from ((2.0, _call(one.text, place.node)) for one in _unary(place))


# ---- less


def dropping(place: Place) -> Iterator[Replacement]:
    """Without a factor, a summand, a sign; a factor or summand of a call becomes 1 or 0."""
    node, parent = place.node, place.parent
    if isinstance(node, ast.BinOp):
        yield 1.0, node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield 1.0, node.right
        elif isinstance(node.op, ast.Sub):
            yield 1.0, ast.UnaryOp(ast.USub(), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield 1.0, node.operand
    if isinstance(parent, ast.Call) and len(parent.args) == 2:
        if function_name(parent) in PRODUCTS:
            yield 1.0, _number(1.0)
        elif function_name(parent) in SUMS:
            yield 1.0, _number(0.0)


def alone(place: Place) -> Iterator[Replacement]:
    """The one name of which parts or values are put together: `h` for `h[1:] + h[:1]`, `x` for `x * (1 - x)`."""
    node = place.node
    if isinstance(node, ast.BinOp):
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        if len(names) == 1:
            yield 1.5, ast.Name(names.pop(), ast.Load())


def operators(place: Place) -> Iterator[Replacement]:
    """A sum for a difference, a product for a quotient, and back."""
    node = place.node
    if isinstance(node, ast.BinOp) and (other := _OPPOSITE.get(type(node.op))) is not None:
        yield 1.0, _binary(node.left, other(), node.right)
        if isinstance(node.op, ast.Sub):
            yield 1.0, _binary(node.right, ast.Sub(), node.left)


def groupings(place: Place) -> Iterator[Replacement]:
    """A product of one summand instead of the whole sum, and back."""
    match place.node:
        case ast.BinOp(factor, ast.Mult(), ast.BinOp(one, (ast.Add() | ast.Sub()) as operator, other)):
            yield 1.0, _binary(_binary(factor, ast.Mult(), one), operator, other)
            yield 1.0, _binary(one, operator, _binary(factor, ast.Mult(), other))
        case ast.BinOp(ast.BinOp(factor, ast.Mult(), one), (ast.Add() | ast.Sub()) as operator, other):
            yield 1.0, _binary(factor, ast.Mult(), _binary(one, operator, other))


# ---- more


def factors(place: Place) -> Iterator[Replacement]:
    """With another factor: a sign, a number, a size, a local, its slope, a product that stands elsewhere."""
    if place.multiplies or not _computes(place):
        return
    node = place.node
    weight = 1.5 if isinstance(place.parent, ast.AugAssign) or _has_arithmetic(node) else 2.0
    yield weight, ast.UnaryOp(ast.USub(), node)
    yield from ((weight, _binary(_number(value), ast.Mult(), node)) for value in (2, 0.5))
    sizes = [expression(text) for text in place.sizes]
    for k, size in enumerate(sizes):
        yield weight, _binary(node, ast.Mult(), size)
        yield weight, _binary(node, ast.Div(), size)
        for other in sizes[k + 1 :]:
            yield 2.0, _binary(node, ast.Mult(), _binary(size, ast.Mult(), other))
            yield 2.0, _binary(node, ast.Div(), _binary(size, ast.Mult(), other))
    for root in _roots(place, sizes):
        yield 2.0, _binary(node, ast.Div(), root)
        yield 2.0, _binary(node, ast.Mult(), root)
    for text in place.of_shape({()}):
        yield from ((2.0, by) for by in _by_number(node, expression(text)))
    for text in place.of_shape(place.shapes - {()}):
        factor = expression(text)
        yield 2.0, _binary(node, ast.Mult(), factor)
        yield from ((2.5, _binary(node, ast.Mult(), slope)) for slope in _slopes(factor))
        yield from ((2.5, _binary(node, ast.Mult(), _call(one.text, factor))) for one in _unary(place))


def _roots(place: Place, sizes: list[ast.expr]) -> Iterator[ast.expr]:
    """The square roots of sizes, in code that takes any, and those that stand in the function."""
    numpy = next((name for name in ("np", "numpy") if name in place.source.function.__globals__), "")
    if numpy and "sqrt(" in "".join(linecache.getlines(place.source.file)):
        yield from (_call(f"{numpy}.sqrt", size) for size in sizes)


def _by_number(node: ast.expr, number: ast.expr) -> Iterator[ast.expr]:
    """Times a number or divided by it, and the same with what it leaves of 1: what is kept where p is dropped."""
    for factor in (number, _binary(_number(1), ast.Sub(), number)):
        yield _binary(node, ast.Mult(), factor)
        yield _binary(node, ast.Div(), factor)


def summands(place: Place) -> Iterator[Replacement]:
    """With another summand: a local, or an expression that stands elsewhere in the function."""
    if not _computes(place) or place.multiplies or place.adds:
        return
    node = place.node
    yield from ((2.0, _binary(node, ast.Add(), expression(text))) for text in place.of_shape(place.shapes))
    terms = place.of_shape(place.shapes)
    if place.seen is not None and place.seen.shape:
        same = [text for text in terms if place.terms[text].shape == place.seen.shape]
        for one, other in combinations(same[:_TERMS], 2):
            yield 3.0, _binary(_binary(expression(one), ast.Mult(), expression(other)), ast.Add(), node)
    known = {*place.roots, "np", "numpy", *(one.text for one in place.words.called)}
    for text, needed in place.words.expressions:
        if text != place.text and needed <= known:
            yield 2.5, _binary(node, ast.Add(), expression(text))


def _computes(place: Place) -> bool:
    """Whether the expression is numbers that flow on: not an index, a tuple, a text."""
    node = place.node
    if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Starred) or _is_index(place):
        return False
    seen = place.seen
    return (seen is None or seen.shape is not None) and not isinstance(place.statement, ast.For)


def _has_arithmetic(node: ast.AST) -> bool:
    """Whether something is computed here, and not only handed over to a function or to the caller."""
    return any(
        isinstance(one, ast.BinOp | ast.UnaryOp) or (isinstance(one, ast.Attribute) and ast.unparse(one.value) == "np")
        for one in ast.walk(node)
    )


def _is_index(place: Place) -> bool:
    """Whether the expression stands inside brackets."""
    chain = [*place.above, place.node]
    return any(isinstance(one, ast.Subscript) and below is one.slice for one, below in pairwise(chain))


def beginnings(place: Place) -> Iterator[Replacement]:
    """Zero in place of all that a name is given: what a sum begins with, or a carry."""
    whole = isinstance(place.statement, ast.Assign) and place.node is place.statement.value
    numpy = next((name for name in ("np", "numpy") if name in place.source.function.__globals__), "")
    if whole and numpy and place.seen is not None and place.seen.shape:
        yield 1.5, _call(f"{numpy}.zeros_like", place.node)


# ---- constants


def constants(place: Place) -> Iterator[Replacement]:
    """Another plain number."""
    node = place.node
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return
    others: list[Any] = [0, 1, 2, -1, 0.5] if not _is_index(place) else [node.value - 1, node.value + 1]
    weight = 1.0 if place.multiplies or place.adds or _is_index(place) else 2.0
    yield from ((weight, _number(value)) for value in others if value != node.value)


Family = Callable[[Place], Iterator[Replacement]]
FAMILIES: tuple[Family, ...] = (
    names,
    dropping,
    alone,
    operators,
    groupings,
    calls,
    beginnings,
    constants,
    values_and_slopes,
)
FACTORS: tuple[Family, ...] = (factors,)
BRINGING_IN: tuple[Family, ...] = (wrapping, summands)
