"""The derivative of the wrong function, or of the right one at the wrong stage."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

from oracle.mutation.operators.base import Change, Operator, expression, factors, is_array, numpy_name, text
from oracle.mutation.scene import PLACES, Scene

_SLOPE = re.compile(r"_?(slope|deriv(ative)?|prime|grad|backward|vjp)$|^d_?(?=(sigmoid|tanh|relu|softmax))", re.I)
_PAIRS = {"sigmoid": "tanh", "tanh": "sigmoid"}
_OF_TANH, _OF_SIGMOID = "(1 - ({0}) ** 2)", "(({0}) * (1 - ({0})))"


def _slopes(scene: Scene) -> Iterator[tuple[ast.Call, str]]:
    """Calls of functions named as derivatives, with the name of the function itself: `sigmoid` of `sigmoid_slope`."""
    for _, node in scene.every():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) >= 1:
            name = _SLOPE.sub("", node.func.id)
            if name and name != node.func.id:
                yield node, name


def value_for_derivative(scene: Scene) -> Iterator[Change]:
    """`tanh_slope(y)`, `1 - y²` and `y (1 - y)` become `y`, or the function itself of `y`."""
    for call, name in _slopes(scene):
        yield call, call.args[0]
        if name in scene.function.__globals__:
            yield call, expression(f"{name}({text(call.args[0])})")
    for _, node in scene.every():
        if (y := _tanh_slope(node) or _sigmoid_slope(node)) is not None:
            yield node, expression(y)


def derivative_for_value(scene: Scene) -> Iterator[Change]:
    """A factor `y` becomes `1 - y²`, or `y (1 - y)`."""
    for statement, node in scene.every():
        for one in factors(node):
            if isinstance(one, PLACES) and is_array(scene, statement, one):
                for form in (_OF_TANH, _OF_SIGMOID):
                    yield one, expression(form.format(text(one)))


def other_derivative(scene: Scene) -> Iterator[Change]:
    """`sigmoid_slope(y)` becomes `tanh_slope(y)` and the reverse, likewise `y (1 - y)` and `1 - y²`."""
    for call, _ in _slopes(scene):
        assert isinstance(call.func, ast.Name)
        for one, other in _PAIRS.items():
            name = call.func.id.replace(one, other)
            if one in call.func.id and name in scene.function.__globals__:
                found = copy.deepcopy(call)
                found.func = ast.Name(name, ast.Load())
                yield call, found
    for _, node in scene.every():
        if (y := _tanh_slope(node)) is not None:
            yield node, expression(_OF_SIGMOID.format(y))
        elif (y := _sigmoid_slope(node)) is not None:
            yield node, expression(_OF_TANH.format(y))


def _tanh_slope(node: ast.AST) -> str | None:
    """`y` if a node is `1 - y ** 2` or `1 - y * y`."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.BinOp(left=y, op=op, right=other)):
            square = isinstance(op, ast.Pow) and isinstance(other, ast.Constant) and other.value == 2
            product = isinstance(op, ast.Mult) and text(y) == text(other)
            return text(y) if square or product else None
    return None


def _sigmoid_slope(node: ast.AST) -> str | None:
    """`y` if a node is `y * (1 - y)` or `(1 - y) * y`."""
    match node:
        case ast.BinOp(left=one, op=ast.Mult(), right=other):
            for y, rest in ((one, other), (other, one)):
                if text(rest) in (f"1 - {text(y)}", f"1.0 - {text(y)}"):
                    return text(y)
    return None


def wrong_stage(scene: Scene) -> Iterator[Change]:
    """A derivative gets an activation of what it should get, or what it should get before its activation."""
    np = numpy_name(scene)
    for node, name in _slopes(scene) if np else ():
        y = text(node.args[0])
        again = f"{name}({y})" if name in scene.function.__globals__ else f"{np}.tanh({y})"
        before = f"{np}.arctanh({y})" if "tanh" in name else f"{np}.log(({y}) / (1 - ({y})))"
        for other in (again, before):
            found = copy.deepcopy(node)
            found.args[0] = expression(other)
            yield node, found


OPERATORS = (
    Operator("value-for-derivative", "a function's value where its derivative belongs", value_for_derivative),
    Operator("derivative-for-value", "a derivative where a value belongs", derivative_for_value),
    Operator("other-derivative", "the derivative of σ for that of tanh, or the reverse", other_derivative),
    Operator("wrong-stage", "a derivative of an activated value for a pre-activation, or the reverse", wrong_stage),
)
