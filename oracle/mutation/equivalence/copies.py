"""The argument that a copy may be left out: what was copied is only read, and is bound anew before it is returned."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from oracle.mutation.checking import only_checks
from oracle.mutation.mutants import Mutant
from oracle.mutation.scene import Scene

_LEAVES = (ast.Break, ast.Continue, ast.Return)


def idle_copy(mutant: Mutant) -> str:
    """`n = X.copy()` becomes `n = X`, n is an operand only until a loop binds it anew, and X is not used afterwards.

    An operand of + - * / @ is read, and the result is a fresh array. Taken for granted: a size is at least 1, so the
    loop over it has a turn; and no two arguments share memory.
    """
    names = _names(mutant)
    if names is None:
        return ""
    name, source = names
    scene = mutant.scene
    code = scene.function.__code__
    if {name, source} & {*code.co_cellvars, *code.co_freevars} or source not in code.co_varnames[: code.co_argcount]:
        return ""
    if any(not _checked(scene, use) for use in _uses(scene, source) if use not in set(ast.walk(mutant.statement))):
        return ""
    loop = next((one for one in _loops(scene) if one.lineno > mutant.line and _binds(one, name)), None)
    if loop is None or not all(_reads(scene, use, mutant, loop) for use in _uses(scene, name)):
        return ""
    return f"{name} is only read, and bound anew in each turn of the loop before it is returned"


def _names(mutant: Mutant) -> tuple[str, str] | None:
    """n and X."""
    old, new = mutant.change
    match mutant.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is old:
            match old:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=source), attr="copy"), args=[], keywords=[]):
                    return (name, source) if isinstance(new, ast.Name) and new.id == source != name else None
    return None


def _uses(scene: Scene, name: str) -> Iterator[ast.Name]:
    return (one for one in ast.walk(scene.node) if isinstance(one, ast.Name) and one.id == name)


def _checked(scene: Scene, use: ast.AST) -> bool:
    """Whether a name is no more than an argument of a call that only checks."""
    call = scene.parents.get(use)
    statement = scene.parents.get(call) if call is not None else None
    return isinstance(call, ast.Call) and isinstance(statement, ast.Expr) and only_checks(statement, scene.function)


def _loops(scene: Scene) -> Iterator[ast.For]:
    """The loops over a size, in the function's own suite or in a `with` there, that end only when they are through."""
    suites = [getattr(scene.node, "body", [])]
    suites += [one.body for one in suites[0] if isinstance(one, ast.With)]
    for one in (statement for suite in suites for statement in suite):
        whole = isinstance(one, ast.For) and not one.orelse
        if whole and _over_a_size(scene, one.iter) and not any(isinstance(x, _LEAVES) for x in ast.walk(one)):
            yield one


def _over_a_size(scene: Scene, turns: ast.expr) -> bool:
    """Whether it is `range(T)`, or that reversed, and T is unpacked from a shape."""
    match turns:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            return _over_a_size(scene, inner)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=size)]):
            stores = [one for one in _uses(scene, size) if isinstance(one.ctx, ast.Store)]
            return len(stores) == 1 and ".shape" in ast.unparse(_statement(scene, stores[0]))
    return False


def _binds(loop: ast.For, name: str) -> bool:
    """Whether each turn assigns to a name."""
    targets = [target for one in loop.body if isinstance(one, ast.Assign) for target in one.targets]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _reads(scene: Scene, use: ast.Name, mutant: Mutant, loop: ast.For) -> bool:
    """Whether a use is an operand, an assignment to the whole name, or comes after the loop."""
    parent = scene.parents.get(use)
    if isinstance(use.ctx, ast.Store):
        return isinstance(parent, ast.Assign)
    after = use.lineno > (loop.end_lineno or loop.lineno)
    return after or (isinstance(parent, ast.BinOp) and use.lineno > mutant.line)


def _statement(scene: Scene, node: ast.AST) -> ast.AST:
    while not isinstance(node, ast.stmt):
        node = scene.parents[node]
    return node
