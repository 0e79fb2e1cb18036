"""What can be changed in the source of a function: a piece of its text, or its syntax tree.

Every edit becomes a change of text that keeps the lines of what it does not touch, so that lines shown, traced or
lifted are those of the author's file.
"""

from __future__ import annotations

import ast
import copy
import warnings
from dataclasses import dataclass
from typing import Any, Protocol

from oracle.mutation.difference import Change, alike, difference
from oracle.mutation.source import Definition, PlantingError, first_line

Extent = tuple[int, int, int, int]  # first line and column, last line and column, columns in UTF-8 bytes


class Edit(Protocol):
    """A change of one function."""

    @property
    def function(self) -> Any:
        """The function that is changed, or what leads to it: a method, a wrapper."""

    def applied(self, text: str, node: Definition) -> str:
        """The text with the change made; `node` is the function's own in a tree of `text`."""


@dataclass(frozen=True)
class Text:
    """`old` becomes `new`; `old` must stand exactly once in the function's source, decorators included."""

    function: Any
    old: str
    new: str

    def applied(self, text: str, node: Definition) -> str:
        """The text with `new` in place of `old`."""
        lines = text.splitlines(keepends=True)
        start, end = first_line(node) - 1, node.end_lineno or node.lineno
        own = "".join(lines[start:end])
        count = own.count(self.old) if self.old else 0
        if count != 1:
            name = getattr(node, "name", "<lambda>")
            raise PlantingError(f"{self.old!r} stands {count} times in the source of {name}, expected once")
        return "".join([*lines[:start], own.replace(self.old, self.new), *lines[end:]])


@dataclass(frozen=True)
class Tree:
    """The function's node becomes `tree`, a changed copy of `home(function).node`; its positions do not matter."""

    function: Any
    tree: ast.AST

    def applied(self, text: str, node: Definition) -> str:
        """The text with the smallest statements or expressions replaced that hold all the differences."""
        return with_changes(text, node, difference(node, self.tree), self.tree)


@dataclass(frozen=True)
class Rewritten:
    """The function has another text, made before by another edit of the same text: `before` becomes `after`."""

    function: Any
    before: str
    after: str

    def applied(self, text: str, node: Definition) -> str:
        """The other text."""
        if text != self.before:
            raise PlantingError(f"the source of {getattr(node, 'name', '<lambda>')} is not what the edit was made for")
        return self.after


def with_changes(text: str, node: Definition, changes: list[Change], wanted: ast.AST) -> str:
    """The text with nodes of a definition replaced, so that its tree is the wanted one; with parentheses if need be.

    Raises
    ------
    PlantingError
        If the change cannot be written in place.
    """
    for parenthesised in (False, True):
        found = text
        for old, new in sorted(changes, key=lambda change: extent(change[0]), reverse=True):
            found = replaced(found, extent(old), written(old, new, parenthesised))
        if _holds(found, node, wanted):
            return found
    raise PlantingError(f"the changed tree of {getattr(node, 'name', '<lambda>')} cannot be written in place")


def extent(node: Any) -> Extent:
    """Where a statement, expression or definition stands, with its decorators."""
    start = node.lineno, node.col_offset
    if decorators := getattr(node, "decorator_list", []):
        start = first_line(node), min(one.col_offset for one in decorators) - 1
    return *start, node.end_lineno, node.end_col_offset


def replaced(text: str, where: Extent, new: str) -> str:
    """The text with another one at an extent.

    >>> replaced("a = b + c", (1, 4, 1, 5), "d")
    'a = d + c'
    """
    lines = text.splitlines(keepends=True)
    head = lines[where[0] - 1].encode()[: where[1]].decode()
    tail = lines[where[2] - 1].encode()[where[3] :].decode()
    return "".join([*lines[: where[0] - 1], head, new, tail, *lines[where[2] :]])


def written(old: ast.AST, new: ast.AST | list[ast.stmt], parenthesised: bool) -> str:
    """Source of `new` to stand in place of `old`, on no fewer lines."""
    first, column, last, _ = extent(old)
    if isinstance(old, ast.expr):
        assert isinstance(new, ast.expr), "an expression is replaced by an expression"
        source = _unparsed(new)
        return f"({source}" + "\n" * (last - first) + ")" if parenthesised or last > first else source
    statements = new if isinstance(new, list) else [new]
    source = _suite([_unparsed(one) for one in statements], " " * column)
    return source + "\n" * max(0, last - first - source.count("\n"))


def _suite(sources: list[str], indent: str) -> str:
    """Statements one after the other: on one line, unless one of them needs several."""
    if not sources:
        return "pass"
    if any("\n" in one for one in sources):
        return f"\n{indent}".join(line for one in sources for line in one.splitlines())
    return "; ".join(sources)


def _unparsed(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))


def _holds(text: str, like: Definition, wanted: ast.AST) -> bool:
    """Whether the definition that begins where `like` began is the wanted one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    start = extent(like)[:2]
    found = (one for one in ast.walk(tree) if isinstance(one, type(like)) and extent(one)[:2] == start)
    return any(alike(one, wanted) for one in found)
