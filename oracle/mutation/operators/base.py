"""What an operator is, and how operators look at arithmetic: written with signs, or as calls of NumPy."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from oracle.mutation.scene import Scene

Change = tuple[ast.AST, Any]  # what stands there, and its place: an expression, or a list of statements
Generate = Callable[[Scene], Iterator[Change]]

PRODUCTS = frozenset({"multiply"})
SUMS = {"add": "subtract", "subtract": "add"}
MATRIX_PRODUCTS = frozenset({"dot", "matmul", "outer", "inner"})
REDUCTIONS = frozenset({"sum", "mean", "max", "min", "prod"})
FRESH = frozenset({"empty", "empty_like", "zeros", "zeros_like"})
_NUMERIC = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Attribute, ast.Subscript)


@dataclass(frozen=True)
class Operator:
    """A kind of fault: its name, a sentence, the class of `FAULTS` that it stands for, and where it can be planted."""

    name: str
    sentence: str
    generate: Generate


def text(node: ast.AST) -> str:
    """Source of a node."""
    return ast.unparse(node)


def expression(source: str) -> ast.expr:
    """The expression that a source text is."""
    return ast.parse(source, mode="eval").body


def statements(source: str) -> list[ast.stmt]:
    """The statements that a source text is."""
    return ast.parse(source).body


def called(node: ast.AST) -> str:
    """The last part of the name of what a call calls; empty if it is no call by name."""
    if not isinstance(node, ast.Call):
        return ""
    return str(getattr(node.func, "attr", "") or getattr(node.func, "id", ""))


def writes_out(node: ast.AST) -> bool:
    """Whether a call names an array to write its result into."""
    return isinstance(node, ast.Call) and any(one.arg == "out" for one in node.keywords)


def operands(node: ast.AST, kinds: type | tuple[type, ...], calls: frozenset[str] | dict[str, str]) -> list[ast.expr]:
    """The two operands of `a + b` or `np.add(a, b)`, of the given operators or functions; otherwise none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, kinds):
        return [node.left, node.right]
    if isinstance(node, ast.Call) and called(node) in calls:
        return node.args[:2] if len(node.args) >= 2 else []
    return []


def factors(node: ast.AST) -> list[ast.expr]:
    """The factors of a product."""
    return operands(node, ast.Mult, PRODUCTS)


def summands(node: ast.AST) -> list[ast.expr]:
    """The summands of a sum or difference."""
    return operands(node, (ast.Add, ast.Sub), SUMS)


def numpy_name(scene: Scene) -> str:
    """The name under which the function's module knows NumPy; empty if it does not."""
    import numpy

    return next((name for name, value in scene.function.__globals__.items() if value is numpy), "")


def is_array(scene: Scene, statement: ast.stmt, node: ast.AST) -> bool:
    """Whether an expression held a float array with at least one axis when its statement began."""
    seen = scene.seen(statement, node)
    return seen is not None and seen.kind == "f" and bool(seen.shape)


def outermost(scene: Scene, node: ast.AST) -> bool:
    """Whether a name, attribute or subscript is not the beginning of a longer one."""
    parent = scene.parents.get(node)
    return not (isinstance(parent, (ast.Attribute, ast.Subscript)) and parent.value is node)


def results(scene: Scene) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """The expressions that make a statement's result: what is assigned, added or returned, and what is written out."""
    for statement in scene.statements:
        for value in _values(statement):
            fresh = called(value) in {*FRESH, "map"} or (
                isinstance(value, ast.Name) and _uninitialised(scene, value.id)
            )
            if isinstance(value, _NUMERIC) and not fresh and _is_float(scene, statement, value):
                yield statement, value


def _values(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() | ast.Subscript()], value=value):
            return [value]
        case ast.AnnAssign(value=ast.expr() as value) | ast.AugAssign(value=value):
            return [value]
        case ast.Expr(value=ast.Call() as call) if writes_out(call) and call.args:
            return [call.args[0]]
        case ast.Return(value=ast.Tuple(elts=elements)):
            return elements
        case ast.Return(value=ast.Call(args=arguments) as call) if called(call)[:1].isupper():
            return arguments
        case ast.Return(value=ast.expr() as value):
            return [value]
    return []


def _uninitialised(scene: Scene, name: str) -> bool:
    """Whether a function binds a name to fresh memory and does nothing with it but hand it out."""
    bound: set[str] = set()
    for statement in scene.statements:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=sources)):
                pairs = list(zip(targets, sources, strict=False))
            case ast.Assign(targets=[target], value=source):
                pairs = [(target, source)]
            case _:
                continue
        bound |= {called(source) for target, source in pairs if isinstance(target, ast.Name) and target.id == name}
    uses = [one for one in ast.walk(scene.node) if isinstance(one, ast.Name) and one.id == name]
    handed = [one for one in uses if isinstance(one.ctx, ast.Load)]
    return bool(bound) and bound <= {"empty", "empty_like"} and len(handed) == 1


def _is_float(scene: Scene, statement: ast.stmt, value: ast.expr) -> bool:
    """Whether a value holds floats: it is seen to, or what it is stored in is, or it is computed from floats."""
    if (seen := scene.seen(statement, value)) is not None:
        return seen.kind == "f"
    targets: list[ast.expr] = getattr(statement, "targets", None) or [getattr(statement, "target", value)]
    stored = {seen[name].kind for seen in scene.sights.values() for name in map(text, targets) if name in seen}
    if stored:
        return stored == {"f"}
    seen_inside = (scene.seen(statement, one) for one in ast.walk(value))
    return any(one is not None and one.kind == "f" for one in seen_inside)


def zero(node: ast.AST) -> ast.expr:
    """Zero in the shape of an expression."""
    return expression(f"0 * ({text(node)})")
