"""Which subjects reach the expression that a mutant changes, as far as one watched float run shows it.

A subject that never reaches it cannot convict the mutant there, so those that do are asked first.
"""

from __future__ import annotations

import ast

from oracle.mutation.mutants import Mutant
from oracle.mutation.scene import Scene


def reaches(scene: Scene, mutant: Mutant) -> bool:
    """Whether a run of a subject, of which `scene` is the function as it was seen there, came to the change."""
    statement = mutant.statement
    if statement.lineno not in scene.sights:
        return False
    node: ast.AST = mutant.change[0]
    while node is not statement:
        around = mutant.scene.parents[node]
        if isinstance(around, ast.IfExp) and node is not around.test:
            taken = _value(scene, statement, around.test)
            if taken is not None and taken is not (node is around.body):
                return False
        node = around
    return True


def _value(scene: Scene, statement: ast.stmt, test: ast.expr) -> bool | None:
    """What a condition was when its statement began: of `x`, `not x`, `x is None` and `x is not None`; else None."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            inside = _value(scene, statement, inner)
            return None if inside is None else not inside
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as sign], comparators=[ast.Constant(value=None)]):
            seen = scene.seen(statement, left)
            return None if seen is None else (seen.kind == "") is isinstance(sign, ast.Is)
    seen = scene.seen(statement, test)
    return bool(seen.number) if seen is not None and seen.number is not None else None
