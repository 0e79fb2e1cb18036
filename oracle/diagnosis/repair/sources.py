"""The functions that a backward runs and a forward does not, as syntax trees whose statements can be exchanged.

A function is compiled from a text in which everything but itself is blank, so that an edited statement costs a
fraction of a millisecond, and it is only taken in if that text gives exactly the code it has.
"""

from __future__ import annotations

import ast
import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from oracle.arithmetic.rewriting import FUTURE_FLAGS
from oracle.mutation.edits import Tree
from oracle.mutation.planting import real_name
from oracle.mutation.source import PlantingError, at, code_at, grounds, home

SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.For)


@dataclass
class Source:
    """One function: its text, a tree of its own to be edited, and its statements."""

    function: FunctionType
    text: str  # of its file, all other definitions blank
    path: tuple[int, ...]
    tree: ast.Module
    statements: list[ast.stmt] = field(default_factory=list)

    @property
    def code(self) -> CodeType:
        """The code that the function has now."""
        return self.function.__code__

    @property
    def file(self) -> str:
        """The name of its file, as users know it."""
        return real_name(self.code.co_filename)

    def compiled(self) -> CodeType:
        """The code of the tree as it is now."""
        flags = self.code.co_flags & FUTURE_FLAGS
        whole = compile(self.tree, self.code.co_filename, "exec", flags, dont_inherit=True)
        return code_at(whole, self.tree, self.path)


def source_of(function: FunctionType) -> Source | None:
    """The function as a source that can be edited; None if its text is not what it runs."""
    try:
        found = home(function)
        text, (path,) = grounds(found.text, (found.path,), function.__code__.co_flags & FUTURE_FLAGS)
        tree = ast.parse(text)
        node = at(tree, path)
    except (PlantingError, SyntaxError):
        return None
    if isinstance(node, ast.Lambda):
        return None
    return Source(function, text, path, tree, list(_statements(node.body)))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that compute, those inside loops and branches too, in order; texts alone are left out."""
    for one in body:
        if isinstance(one, SIMPLE) and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
            yield one
        if not isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(one, name, []))


@dataclass(frozen=True, eq=False)
class Slot:
    """A place in a tree that holds a node: an attribute of a node, or an element of a list."""

    owner: Any
    name: str
    index: int = -1

    @property
    def node(self) -> Any:
        """What it holds now."""
        return getattr(self.owner, self.name) if self.name else self.owner[self.index]

    def put(self, node: Any) -> None:
        """Let it hold another node."""
        if self.name:
            setattr(self.owner, self.name, node)
        else:
            self.owner[self.index] = node


@dataclass(frozen=True)
class Edit:
    """One change of one statement: what stands in a slot becomes another node."""

    source: Source
    statement: ast.stmt
    slot: Slot
    new: Any
    weight: float = 1.0  # how much of an invention it is: the lower, the more plausible

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Inside the block the source's tree has the change."""
        old = self.slot.node
        if isinstance(old, ast.expr | ast.stmt):
            ast.copy_location(self.new, old)
        ast.fix_missing_locations(self.new)
        try:
            self.slot.put(self.new)
            yield
        finally:
            self.slot.put(old)

    def compiled(self) -> CodeType:
        """The function's code with this edit.

        Raises
        ------
        PlantingError, SyntaxError, ValueError
            If that is no Python, or another number of functions stands at its line.
        """
        with self.applied():
            return self.source.compiled()

    def planting(self) -> Tree:
        """The same edit as one that can be planted."""
        with self.applied():
            return Tree(self.source.function, copy.deepcopy(at(self.source.tree, self.source.path)))

    @property
    def line(self) -> int:
        """The line on which the statement begins."""
        return self.statement.lineno

    @property
    def length(self) -> int:
        """How many characters the edited statement has."""
        with self.applied():
            return len(ast.unparse(self.new if isinstance(self.new, ast.stmt) else self.statement))

    def texts(self) -> tuple[str, str]:
        """The statement as it stands in the file, and as it would be, each on one line; of a loop its heading."""
        with self.applied():
            new = self.new if isinstance(self.new, ast.stmt) else self.statement
            return self._as_it_stands(), written(new)

    def _as_it_stands(self) -> str:
        """The lines of the statement in its file."""
        first, last = self.statement.lineno, self.statement.end_lineno or self.statement.lineno
        if isinstance(self.statement, ast.For):
            last = self.statement.iter.end_lineno or first
        return " ".join(filter(None, (line.strip() for line in self.source.text.splitlines()[first - 1 : last])))


def written(statement: ast.stmt) -> str:
    """A statement on one line, with no parentheses that it does not need; of a loop its heading.

    >>> written(ast.parse("x = ((2)) * ((a))").body[0]), written(ast.parse("for t in (range(3)): pass").body[0])
    ('x = 2 * a', 'for t in range(3):')
    >>> written(ast.parse("return (a, ((b) + 1))").body[0])
    'return a, b + 1'
    """
    if isinstance(statement, ast.For):
        return f"for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}:"
    text = " ".join(line.strip() for line in ast.unparse(statement).splitlines())
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Tuple) and len(value.elts) > 1 and text.endswith(whole := ast.unparse(value)):
        return text.removesuffix(whole) + whole[1:-1]
    return text
