"""A function as the operators see it: its statements and expressions, and what their values were in one float run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from oracle.mutation.checking import only_checks
from oracle.mutation.lending import SHAPED, SHAPES, only_shapes
from oracle.mutation.source import DEFINITIONS, Definition, Home, home
from oracle.tracing import layout

PLACES = (ast.Name, ast.Attribute, ast.Subscript)
_NO_VALUES = (ast.JoinedStr, *DEFINITIONS)


@dataclass(frozen=True)
class Seen:
    """The value that an expression had when its statement began."""

    shape: tuple[int, ...]
    kind: str  # of a dtype: f, i, b …; empty for None
    number: int | None = None  # the value of an integer
    identity: int = 0  # of its memory: another place with the same one is no other array


Sights = Mapping[int, Mapping[str, Seen]]  # by line of the statement and text of the expression


@dataclass(frozen=True)
class Scene:
    """One function under mutation."""

    home: Home
    sights: Sights = field(default_factory=dict)
    square: frozenset[str] = frozenset()  # the expressions that held square matrices where all sizes were equal

    @property
    def function(self) -> Any:
        """The function."""
        return self.home.function

    @functools.cached_property
    def node(self) -> Definition:
        """Its tree, of which operators replace nodes."""
        return self.home.node

    @functools.cached_property
    def statements(self) -> list[ast.stmt]:
        """Every statement that does something, those inside others too; not those that only raise or check."""
        return [one for one in _suite(self.node) if not self._idle(one)]

    def _idle(self, statement: ast.stmt) -> bool:
        raising = layout(self.home.file).raising
        if isinstance(statement, ast.Raise) or statement.lineno in raising or only_checks(statement, self.function):
            return True
        if isinstance(statement, ast.Expr):
            return isinstance(statement.value, ast.Constant)
        return isinstance(statement, (*DEFINITIONS, ast.ClassDef, ast.Pass, ast.Import, ast.ImportFrom))

    @functools.cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in ast.walk(self.node) for child in ast.iter_child_nodes(node)}

    def expressions(self, statement: ast.stmt) -> Iterator[ast.expr]:
        """The expressions that a statement itself evaluates, those of the statements inside it left out."""
        for field_name, value in ast.iter_fields(statement):
            if field_name in ("body", "orelse", "finalbody", "handlers", "annotation", "decorator_list"):
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    yield from _expressions(one)

    def every(self) -> Iterator[tuple[ast.stmt, ast.expr]]:
        """Every expression that is read, with its statement; not those of which only the shape or type is looked at."""
        for statement in self.statements:
            for one in self.expressions(statement):
                if isinstance(getattr(one, "ctx", ast.Load()), ast.Load) and not self._lends_shape(one):
                    yield statement, one

    def _lends_shape(self, node: ast.AST) -> bool:
        """Whether nothing but the shape or type of an expression, or of what it is a part of, is looked at."""
        parent = self.parents.get(node)
        while isinstance(parent, (ast.Attribute, ast.Subscript, ast.Tuple, ast.Call)):
            if isinstance(parent, ast.Attribute) and parent.attr in SHAPES:
                return True
            if isinstance(parent, ast.Call) and node is not parent.func:
                if only_shapes(parent, node, self.function):
                    return True
                names = {getattr(one, "attr", getattr(one, "id", "")) for one in (parent.func, *parent.args[:1])}
                return bool(names & SHAPED)
            node, parent = parent, self.parents.get(parent)
        return False

    def seen(self, statement: ast.stmt, expression: ast.AST) -> Seen | None:
        """The value of a name, attribute or subscript when a statement began; None if that is not known."""
        return self.sights.get(statement.lineno, {}).get(ast.unparse(expression))

    def alike(self, statement: ast.stmt, expression: ast.expr) -> list[str]:
        """Other places that held arrays of the same shape when a statement began, the most similar names first."""
        held, known = self.seen(statement, expression), self.sights.get(statement.lineno, {})
        own = ast.unparse(expression)
        if held is None or not held.shape or held.kind != "f":
            return []
        found = [text for text, one in known.items() if text != own and _other(one, held)]
        return sorted(found, key=lambda text: (_distance(own, text), text))


def scene_of(function: Any, sights: Sights | None = None) -> Scene:
    """The scene of a function.

    Raises
    ------
    PlantingError
        If the function has no source that can be edited.
    """
    return Scene(home(function), sights or {})


def _suite(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements below a node in order, without those of functions and classes inside."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, (*DEFINITIONS, ast.ClassDef, ast.expr)):
            yield from _suite(child)


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, _NO_VALUES):
        return
    if isinstance(node, ast.expr):
        yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func and isinstance(child, ast.Name)):
            yield from _expressions(child)


def _other(one: Seen, held: Seen) -> bool:
    """Whether one value is another array of the same shape."""
    return (one.shape, one.kind) == (held.shape, "f") and one.identity != held.identity


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, taken out or exchanged."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
