"""What is added up, carried on and handed out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from oracle.mutation.operators.base import Change, Operator, is_array, results, statements, text, zero
from oracle.mutation.scene import Scene

_LOOPS = (ast.For, ast.While)


def assign_for_add(scene: Scene) -> Iterator[Change]:
    """`x += e` becomes `x = e`."""
    for one in scene.statements:
        if isinstance(one, ast.AugAssign) and isinstance(one.op, (ast.Add, ast.Sub)):
            sign = "-" if isinstance(one.op, ast.Sub) else ""
            yield one, statements(f"{text(one.target)} = {sign}({text(one.value)})")


def add_for_assign(scene: Scene) -> Iterator[Change]:
    """`x = e` becomes `x += e` where `x` held an array of floats before."""
    for one in scene.statements:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and is_array(scene, one, one.targets[0]):
            yield one, statements(f"{text(one.targets[0])} += {text(one.value)}")


def drop_carry(scene: Scene) -> Iterator[Change]:
    """What one step of a loop leaves for the next counts as zero there, or is never passed on."""
    for loop in scene.statements:
        if not isinstance(loop, _LOOPS):
            continue
        carried = _carried(scene, loop)
        for statement, node in scene.every():
            inside = loop.lineno < statement.lineno <= (loop.end_lineno or 0)
            if inside and isinstance(node, ast.Name) and node.id in carried and not _written(scene, node):
                yield node, zero(node)
        for statement in scene.statements:
            inside = loop.lineno < statement.lineno <= (loop.end_lineno or 0)
            if inside and isinstance(statement, ast.Assign) and _stored(statement) & carried:
                yield statement, []


def _carried(scene: Scene, loop: ast.stmt) -> set[str]:
    """The arrays that were there before a loop, and are read and perhaps written inside it."""
    before = {name for one in scene.statements if one.lineno < loop.lineno for name in _stored(one)}
    inside = [one for one in ast.walk(loop) if isinstance(one, ast.Name)]
    written = {one.id for one in inside if isinstance(one.ctx, ast.Store) or _written(scene, one)}
    reads = [one.id for one in inside if isinstance(one.ctx, ast.Load)]
    arrays = {name for seen in scene.sights.values() for name, one in seen.items() if one.kind == "f" and one.shape}
    return {name for name in before & arrays & set(reads) if name in written or reads.count(name) > 1}


def _stored(statement: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    return {one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _written(scene: Scene, node: ast.Name) -> bool:
    """Whether a name stands where a result is written: `out=x`."""
    parent = scene.parents.get(node)
    return isinstance(parent, ast.keyword) and parent.arg == "out"


def no_gradient(scene: Scene) -> Iterator[Change]:
    """A gradient that is returned, or left on an object, is zero."""
    for statement, node in results(scene):
        target = getattr(statement, "target", None) or (getattr(statement, "targets", None) or [None])[0]
        if isinstance(statement, ast.Return) or isinstance(target, ast.Attribute):
            yield node, zero(node)


OPERATORS = (
    Operator("assign-for-add", "`=` for `+=`: only the last of several contributions is left", assign_for_add),
    Operator("add-for-assign", "`+=` for `=`: what was there before is added", add_for_assign),
    Operator("drop-carry", "a step does not hand its cotangent on to the step before", drop_carry),
    Operator("no-gradient", "a gradient is never propagated: zero", no_gradient),
)
