"""The smallest statements and whole expressions in which two syntax trees differ."""

from __future__ import annotations

import ast
from typing import Any

from oracle.mutation.source import PlantingError

Change = tuple[ast.AST, Any]  # what stands there, and what takes its place: an expression, or a list of statements
_ATOMIC = (ast.JoinedStr,)  # positions inside are not those of the file


def difference(old: ast.AST, new: ast.AST) -> list[Change]:
    """What to replace in `old` so that it becomes `new`: the smallest nodes for which that can be done, in order.

    Raises
    ------
    PlantingError
        If no statement or expression can be replaced.

    >>> a, b = ast.parse("x = y + z"), ast.parse("x = y - z")
    >>> [(ast.unparse(one), ast.unparse(other)) for one, other in difference(a, b)]
    [('y + z', 'y - z')]
    """
    found = _of_nodes(old, new)
    if found is None:
        raise PlantingError("the changed tree differs in what is neither a statement nor an expression")
    return found


def _of_nodes(old: ast.AST, new: ast.AST) -> list[Change] | None:
    """The same; None if a node around these must be replaced."""
    if alike(old, new):
        return []
    found = _of_fields(old, new) if type(old) is type(new) and not isinstance(old, _ATOMIC) else None
    if found is None and _replaceable(old, new):
        return [(old, [new] if isinstance(new, ast.stmt) else new)]
    return found


def _of_fields(old: ast.AST, new: ast.AST) -> list[Change] | None:
    found: list[Change] = []
    for field in old._fields:
        inside = _of_values(getattr(old, field, None), getattr(new, field, None))
        if inside is None:
            return None
        found += inside
    return found


def _of_values(one: Any, other: Any) -> list[Change] | None:
    """The differences between two values of a field."""
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return _of_nodes(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return _of_lists(one, other)
    return [] if type(one) is type(other) and one == other else None


def _of_lists(one: list[Any], other: list[Any]) -> list[Change] | None:
    if len(one) != len(other):
        return _of_suites(one, other)
    found: list[Change] = []
    for a, b in zip(one, other, strict=True):
        inside = _of_values(a, b)
        if inside is None:
            return None
        found += inside
    return found


def _of_suites(one: list[Any], other: list[Any]) -> list[Change] | None:
    """Statements that were put in or taken out: what is alike at both ends stays."""
    if not one or not all(isinstance(statement, ast.stmt) for statement in [*one, *other]):
        return None
    head = _common(one, other)
    tail = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - head)
    if head + tail == len(one):  # put in only: with the statement before, or after
        head, tail = (head - 1, tail) if head else (head, tail - 1)
    old, new = one[head : len(one) - tail], other[head : len(other) - tail]
    return [(old[0], new), *((statement, []) for statement in old[1:])]


def _common(one: list[Any], other: list[Any]) -> int:
    """How many statements are alike at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((k for k, (a, b) in pairs if not alike(a, b)), min(len(one), len(other)))


def alike(one: Any, other: Any) -> bool:
    """Whether two trees are the same but for positions, and for `pass` where it means nothing.

    >>> alike(ast.parse("f( x )"), ast.parse("f(x); pass"))
    True
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.AST):
        return all(alike(getattr(one, name, None), getattr(other, name, None)) for name in one._fields)
    if isinstance(one, list):
        a, b = ([node for node in nodes if not isinstance(node, ast.Pass)] for nodes in (one, other))
        return len(a) == len(b) and all(map(alike, a, b))
    same: bool = one == other and repr(one) == repr(other)  # 0.0 is not -0.0
    return same


def _replaceable(old: ast.AST, new: ast.AST) -> bool:
    """Whether one may stand where the other stood: a value for a value, a statement for a statement."""
    if isinstance(old, ast.stmt) and isinstance(new, ast.stmt):
        return True
    if not isinstance(old, ast.expr) or not isinstance(new, ast.expr):
        return False
    return not any(isinstance(part, (ast.Slice, ast.Starred)) for one in (old, new) for part in _parts(one))


def _parts(node: ast.expr) -> list[ast.expr]:
    """A node, and its elements if it is a tuple: what can stand only inside brackets or a call."""
    return [node, *node.elts] if isinstance(node, ast.Tuple) else [node]
