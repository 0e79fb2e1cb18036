"""Steps: indices off by one, ends left out, the order of time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from oracle.mutation.operators.base import Change, Operator, called, expression, text
from oracle.mutation.scene import Scene


def _loop_names(scene: Scene) -> set[str]:
    """The names that loops count with."""
    loops = [one for one in scene.statements if isinstance(one, ast.For)]
    return {node.id for loop in loops for node in ast.walk(loop.target) if isinstance(node, ast.Name)}


def _indices(scene: Scene) -> Iterator[tuple[ast.Subscript, int, ast.expr]]:
    """Subscripts with an index that counts steps, by position among the indices."""
    counting = _loop_names(scene)
    for statement in scene.statements:
        for node in scene.expressions(statement):
            if not isinstance(node, ast.Subscript):
                continue
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            for position, part in enumerate(parts):
                names = {one.id for one in ast.walk(part) if isinstance(one, ast.Name)}
                if names & counting and not isinstance(part, ast.Slice):
                    yield node, position, part


def _indexed(node: ast.Subscript, position: int, source: str) -> ast.Subscript:
    """The subscript with another index at a position."""
    found = copy.deepcopy(node)
    if isinstance(found.slice, ast.Tuple):
        found.slice.elts[position] = expression(source)
    else:
        found.slice = expression(source)
    return found


def time_index(scene: Scene) -> Iterator[Change]:
    """The index of a step becomes that of the step before or after; before the first stands the last, by wrapping."""
    for node, position, part in _indices(scene):
        for source in (f"({text(part)}) - 1", f"({text(part)}) + 1"):
            yield node, _indexed(node, position, source)


def wrap_to_last(scene: Scene) -> Iterator[Change]:
    """The index of a step becomes -1, or 0: the last or first step in the place of each."""
    for node, position, _ in _indices(scene):
        for source in ("-1", "0"):
            yield node, _indexed(node, position, source)


def bounds(scene: Scene) -> Iterator[Change]:
    """A bound of a slice or range moves by one."""
    for _, node in scene.every():
        if isinstance(node, ast.Slice):
            continue
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.upper is not None:
            upper = text(node.slice.upper)
            lower = text(node.slice.lower) if node.slice.lower is not None else ""
            yield node, expression(f"{text(node.value)}[{lower}:({upper}) - 1]")
        if called(node) == "range" and isinstance(node, ast.Call) and node.args and text(node) != "range(0)":
            last = len(node.args) - 1 if len(node.args) < 3 else 1
            for change in ("- 1", "+ 1"):
                found = copy.deepcopy(node)
                found.args[last] = expression(f"({text(node.args[last])}) {change}")
                yield node, found


def skip_step(scene: Scene) -> Iterator[Change]:
    """A loop leaves out its first or its last turn."""
    for statement in scene.statements:
        if isinstance(statement, ast.For):
            whole = text(statement.iter)
            for part in ("[1:]", "[:-1]"):
                yield statement.iter, expression(f"list({whole}){part}")


def wrong_order(scene: Scene) -> Iterator[Change]:
    """What should run backwards in time runs forwards."""
    for _, node in scene.every():
        if called(node) == "reversed" and isinstance(node, ast.Call) and node.args:
            yield node, node.args[0]
        if isinstance(node, ast.Subscript) and text(node.slice) == "::-1":
            yield node, node.value


OPERATORS = (
    Operator("time-index", "a step's index is off by one; before the first it wraps to the last", time_index),
    Operator("one-step", "the last or the first step in the place of each", wrap_to_last),
    Operator("bounds", "a bound of a slice or of a range is off by one", bounds),
    Operator("skip-step", "the first or last turn of a loop is left out", skip_step),
    Operator("wrong-order", "steps run forwards in time, not backwards", wrong_order),
)
