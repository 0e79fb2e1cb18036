"""One array in the place of another that has its shape: gates, weights, cotangents, slices."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from oracle.mutation.operators.base import FRESH, Change, Operator, called, expression, is_array, outermost, text
from oracle.mutation.scene import PLACES, Scene

_MOST = 3  # other names tried at each place


def _root(name: str) -> str:
    """What an attribute belongs to: `param` in `param.wo`; empty for a plain name."""
    return name.rpartition(".")[0]


def other_parameter(scene: Scene) -> Iterator[Change]:
    """An attribute becomes another one of the same object and shape, where it is read and where it is added to."""
    for statement, node in scene.every():
        if isinstance(node, ast.Attribute) and outermost(scene, node) and is_array(scene, statement, node):
            for other in _siblings(scene, statement, node)[:2]:
                yield node, expression(other)
    for statement in scene.statements:
        target = getattr(statement, "target", None)
        if isinstance(statement, ast.AugAssign) and isinstance(target, ast.Attribute):
            for other in _siblings(scene, statement, target)[:1]:
                found = copy.deepcopy(statement)
                place = expression(other)
                assert isinstance(place, ast.Attribute)
                found.target = ast.Attribute(place.value, place.attr, ast.Store())
                yield statement, [found]


def _siblings(scene: Scene, statement: ast.stmt, node: ast.Attribute) -> list[str]:
    """The other attributes of its object that hold arrays of its shape, as far as the function names them."""
    own = text(node)
    targets = {text(one.target) for one in scene.statements if isinstance(one, ast.AugAssign)}
    alike = scene.alike(statement, node) or sorted(targets)
    same = [name for name in alike if name != own and _root(name) == _root(own) and _like(name, own)]
    return [name for name in same if (name in targets) == (own in targets)]


def _like(one: str, other: str) -> bool:
    """Whether two attributes differ in one letter: `wo_diff` and `wf_diff`."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def swap_names(scene: Scene) -> Iterator[Change]:
    """An array becomes another of the same shape: at most three, those with the most similar names."""
    for statement, node in scene.every():
        if isinstance(node, PLACES) and outermost(scene, node):
            for other in scene.alike(statement, node)[:_MOST]:
                yield node, expression(other)


def swap_order(scene: Scene) -> Iterator[Change]:
    """Two neighbours in a tuple that is unpacked, or in the values returned, are exchanged."""
    for statement in scene.statements:
        for elements in _rows(statement):
            for position in range(len(elements) - 1):
                one, other = elements[position : position + 2]
                if _exchangeable(scene, one, other) and not _empty(statement, elements, position):
                    yield statement, [_exchanged(statement, one, other)]


def _rows(statement: ast.stmt) -> list[list[ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=elements)]) | ast.Return(value=ast.Tuple(elts=elements)):
            return [elements]
        case ast.Return(value=ast.Call(args=elements) as call) if called(call)[:1].isupper():
            return [elements]
    return []


def _exchangeable(scene: Scene, one: ast.expr, other: ast.expr) -> bool:
    """Whether two places were both seen with float arrays of one shape."""
    held = [[seen[text(node)] for seen in scene.sights.values() if text(node) in seen] for node in (one, other)]
    shapes = [{seen.shape for seen in every if seen.kind == "f" and seen.shape} for every in held]
    return bool(shapes[0] & shapes[1]) and text(one) != text(other)


def _empty(statement: ast.stmt, elements: list[ast.expr], position: int) -> bool:
    """Whether two neighbours name fresh arrays, into which nothing has been written: of one shape, they are alike."""
    match statement:
        case ast.Assign(value=ast.Tuple(elts=values)) if len(values) == len(elements):
            return all(called(one) in FRESH for one in values[position : position + 2])
        case ast.Assign(value=ast.Call(args=[one, *_]) as call) if called(call) == "map":
            return text(one).rsplit(".", 1)[-1] in FRESH
    return False


def _exchanged(statement: ast.stmt, one: ast.expr, other: ast.expr) -> ast.stmt:
    """The statement with two nodes in each other's place."""

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is one or node is other:
                return copy.deepcopy(other if node is one else one)
            found = copy.copy(node)
            for name, value in ast.iter_fields(node):
                if isinstance(value, ast.AST):
                    setattr(found, name, self.visit(value))
                elif isinstance(value, list):
                    setattr(found, name, [self.visit(x) if isinstance(x, ast.AST) else x for x in value])
            return found

    found = Exchange().visit(statement)
    assert isinstance(found, ast.stmt)
    return found


def wrong_slice(scene: Scene) -> Iterator[Change]:
    """A constant index or a slice of an array becomes a neighbouring one: the wrong part of the fused gates."""
    for statement, node in scene.every():
        if isinstance(node, ast.Subscript) and is_array(scene, statement, node.value):
            yield from _neighbours(node)


def _neighbours(node: ast.Subscript) -> Iterator[Change]:
    index = node.slice
    array = text(node.value)
    match index:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            for other in (number + 1, number - 1):
                yield node, expression(f"{array}[{other}]")
        case ast.Slice(lower=None, upper=ast.expr() as upper, step=None):
            yield node, expression(f"{array}[-({text(upper)}):]")
            yield node, expression(f"{array}[1:({text(upper)}) + 1]")
        case ast.Slice(lower=ast.expr() as lower, upper=None, step=None):
            yield node, expression(f"{array}[:-({text(lower)})]")
            yield node, expression(f"{array}[({text(lower)}) - 1:-1]")


OPERATORS = (
    Operator("other-parameter", "another parameter is read, or its gradient is added to", other_parameter),
    Operator("swap-names", "a variable of the same shape in the place of the right one", swap_names),
    Operator("swap-order", "two gates or gradients exchanged where they are unpacked or returned", swap_order),
    Operator("wrong-slice", "the wrong part of an array: of the fused gates, or of the joint input", wrong_slice),
)
