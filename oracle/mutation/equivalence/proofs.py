"""Arguments that a changed statement does what the original does: few, and each holds without running anything.

They are about the text alone. What they take for granted is said with each.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from oracle.mutation.difference import alike
from oracle.mutation.equivalence.copies import idle_copy
from oracle.mutation.equivalence.readings import read_together
from oracle.mutation.mutants import Mutant
from oracle.mutation.operators.base import called, text, writes_out

_COMMUTE = frozenset({"multiply", "add"})


def proof(mutant: Mutant) -> str:
    """A sentence that proves a mutant equivalent; empty if none of the arguments applies."""
    return next(filter(None, (argument(mutant) for argument in ARGUMENTS)), "")


def commuted(mutant: Mutant) -> str:
    """`multiply` and `add` of float arrays commute, to the last bit, where the result goes to a third place."""
    old, new = mutant.change
    if isinstance(old, ast.Call) and isinstance(new, ast.Call) and called(old) == called(new) in _COMMUTE:
        exchanged = [text(one) for one in old.args[:2]] == [text(one) for one in new.args[1::-1]]
        if exchanged and alike(old.keywords, new.keywords) and alike(old.func, new.func) and len(old.args) == 2:
            return f"np.{called(old)} commutes"
    return ""


def neutral(mutant: Mutant) -> str:
    """A factor or divisor 1, or a summand 0, written as a number, is taken out or put in."""
    old, new = mutant.change
    if isinstance(old, ast.BinOp) and isinstance(new, ast.expr) and alike(old.left, new):
        value = getattr(old.right, "value", None)
        if isinstance(old.op, (ast.Mult, ast.Div)) and value == 1 and isinstance(value, (int, float)):
            return "a factor 1 changes nothing"
    return ""


def dead(mutant: Mutant) -> str:
    """The changed statement only binds plain names that the function never reads and no inner function knows."""
    statement = mutant.statement
    if not isinstance(statement, ast.Assign) or not all(isinstance(one, ast.Name) for one in statement.targets):
        return ""
    if any(isinstance(one, (ast.Call, ast.Await, ast.Yield, ast.NamedExpr)) for one in _changed_nodes(mutant)):
        return ""  # what is called may do something besides
    names = {one.id for one in statement.targets if isinstance(one, ast.Name)}
    if _elsewhere(mutant, statement) & names:
        return ""
    return f"{', '.join(sorted(names))} is never read"


def _changed_nodes(mutant: Mutant) -> list[ast.AST]:
    old, new = mutant.change
    nodes = [old, *(new if isinstance(new, list) else [new])]
    return [one for node in nodes for one in ast.walk(node)]


def _elsewhere(mutant: Mutant, statement: ast.stmt) -> set[str]:
    """The names that a function reads, or hands to others, outside the targets of a statement."""
    own = {id(one) for target in getattr(statement, "targets", []) for one in ast.walk(target)}
    read = {
        one.id
        for one in ast.walk(mutant.scene.node)
        if isinstance(one, ast.Name) and id(one) not in own and isinstance(one.ctx, (ast.Load, ast.Del))
    }
    shared = (one.names for one in ast.walk(mutant.scene.node) if isinstance(one, (ast.Global, ast.Nonlocal)))
    updated = {
        one.target.id
        for one in ast.walk(mutant.scene.node)
        if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)
    }
    code = mutant.scene.function.__code__
    return read | updated | {name for names in shared for name in names} | {*code.co_cellvars, *code.co_freevars}


def overwritten(mutant: Mutant) -> str:
    """A statement binds a plain name, and the very next one binds it again without reading it."""
    statement = mutant.statement
    following = _following(mutant)
    targets = getattr(statement, "targets", [])
    if not isinstance(following, ast.Assign) or len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return ""
    if any(isinstance(one, ast.Call) for one in _changed_nodes(mutant)) or writes_out(following.value):
        return ""
    name = targets[0].id
    reads = {one.id for one in ast.walk(following.value) if isinstance(one, ast.Name)}
    binds = {one.id for one in following.targets if isinstance(one, ast.Name)}
    if name in reads or name not in binds or any(isinstance(one, ast.Call) for one in ast.walk(following.value)):
        return ""
    return f"{name} is assigned again by the next statement, which does not read it"


def _following(mutant: Mutant) -> ast.stmt | None:
    """The statement after the changed one in the same suite."""
    parent = mutant.scene.parents.get(mutant.statement)
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(parent, name, None)
        if isinstance(suite, list) and mutant.statement in suite:
            position = suite.index(mutant.statement)
            return suite[position + 1] if position + 1 < len(suite) else None
    return None


ARGUMENTS: tuple[Callable[[Mutant], str], ...] = (commuted, neutral, dead, overwritten, idle_copy, read_together)
