"""The places of a statement at which an edit may be made, with what is known there."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from oracle.diagnosis.repair.sources import Slot, Source
from oracle.diagnosis.repair.watching import Seen, Terms

Shape = tuple[int, ...]
PRODUCTS, SUMS = ("multiply", "divide"), ("add", "subtract")
_NOT_READ = ("out", "axis", "dtype", "keepdims", "strict", None)
_MOST = 24  # expressions of the function that are offered as factors and summands


@dataclass(frozen=True)
class Called:
    """A function that is called somewhere in the function under test: how it is written, and with how many values."""

    text: str
    count: int
    writes: bool  # whether it was told where to write its result


@dataclass(frozen=True)
class Words:
    """What a function says anywhere: what it calls, and its pure expressions, as text with the names they need."""

    called: tuple[Called, ...]
    expressions: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, eq=False)
class Place:
    """An expression of a statement."""

    source: Source
    statement: ast.stmt
    slot: Slot
    above: tuple[ast.AST, ...]  # the nodes around it, the innermost last
    terms: Terms
    words: Words
    observed: dict[Slot, Seen] = field(default_factory=dict)  # what expressions gave when they were first evaluated

    @property
    def node(self) -> Any:
        """The expression."""
        return self.slot.node

    @cached_property
    def text(self) -> str:
        """The expression as text."""
        return ast.unparse(self.node)

    @property
    def seen(self) -> Seen | None:
        """What the expression gave, where that was watched."""
        return self.observed.get(self.slot) or self.terms.get(self.text)

    @property
    def parent(self) -> ast.AST:
        """The node directly around it."""
        return self.above[-1]

    @cached_property
    def shapes(self) -> frozenset[Shape]:
        """The shapes of the terms that stand in the statement."""
        texts = {ast.unparse(node) for node in ast.walk(_heading(self.statement)) if isinstance(node, ast.expr)}
        found = {seen.shape for text in texts if (seen := self.terms.get(text)) is not None and seen.shape is not None}
        return frozenset(found)

    @property
    def multiplies(self) -> bool:
        """Whether the expression is a factor of a product."""
        parent = self.parent
        if isinstance(parent, ast.BinOp):
            return isinstance(parent.op, ast.Mult | ast.Div)
        return isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.Call) and function_name(parent) in PRODUCTS)

    @property
    def adds(self) -> bool:
        """Whether the expression is a summand of a sum."""
        parent = self.parent
        if isinstance(parent, ast.BinOp):
            return isinstance(parent.op, ast.Add | ast.Sub)
        return isinstance(parent, ast.Call) and function_name(parent) in SUMS

    @cached_property
    def roots(self) -> set[str]:
        """The names from which terms are read."""
        return {text.split(".")[0].split("[")[0] for text in self.terms}

    def of_shape(self, shapes: frozenset[Shape] | set[Shape]) -> list[str]:
        """The terms that hold real numbers of one of these shapes, and are something else than the expression."""
        return [text for text, seen in self.terms.items() if seen.shape in shapes and text != self.text]

    @property
    def sizes(self) -> list[str]:
        """The names of whole numbers above 1, one for each."""
        found = {seen.number: text for text, seen in self.terms.items() if (seen.number or 0) > 1 and "[" not in text}
        return list(found.values())


def _heading(statement: ast.stmt) -> ast.AST:
    return statement.iter if isinstance(statement, ast.For) else statement


@lru_cache(maxsize=4096)
def expression(text: str) -> ast.expr:
    """A text as an expression; shared, and not to be changed."""
    return ast.parse(text, mode="eval").body


def function_name(call: ast.Call) -> str:
    """The last name of what is called: `multiply` of `np.multiply`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def places(source: Source, statement: ast.stmt, terms: Terms, words: Words) -> Iterator[Place]:
    """The expressions of a statement that are read, the outer ones first; what is only written to is left out."""
    for name in ("value", "iter"):
        if isinstance(getattr(statement, name, None), ast.expr):
            yield from _below(Place(source, statement, Slot(statement, name), (statement,), terms, words))


def _below(place: Place) -> Iterator[Place]:
    """A place and those inside it."""
    yield place
    for slot in _slots(place.node):
        if isinstance(slot.node, ast.expr) and not isinstance(slot.node, ast.Starred | ast.Slice):
            yield from _below(replace(place, slot=slot, above=(*place.above, place.node)))


def _slots(node: ast.AST) -> Iterator[Slot]:
    """Where a node holds expressions that are read."""
    match node:
        case ast.Call():
            yield from (Slot(node.args, "", k) for k in range(len(node.args)))
            yield from (Slot(one, "value") for one in node.keywords if one.arg not in _NOT_READ)
            if isinstance(node.func, ast.Attribute) and not _is_plain(node.func):
                yield Slot(node.func, "value")
        case ast.Subscript():
            yield Slot(node, "value")
            if not isinstance(node.slice, ast.Tuple):
                yield Slot(node, "slice")
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
            yield Slot(node, "elt")
            yield from (Slot(one, "iter") for one in node.generators)
        case ast.Attribute(attr="T"):
            yield Slot(node, "value")
        case ast.Lambda() | ast.JoinedStr() | ast.Attribute():
            return
        case _:
            for name, value in ast.iter_fields(node):
                if isinstance(value, list):
                    yield from (Slot(value, "", k) for k in range(len(value)))
                else:
                    yield Slot(node, name)


def words_of(tree: ast.AST) -> Words:
    """What a function says."""
    called: dict[Called, None] = {}
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = ast.unparse(node.func)
            if not hasattr(builtins, name) and _is_plain(node.func):
                writes = any(keyword.arg == "out" for keyword in node.keywords)
                called[Called(name, len(node.args), writes)] = None
        if isinstance(node, ast.BinOp | ast.Call) and _is_pure(node):
            names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            found.setdefault(ast.unparse(node), frozenset(names))
    return Words(tuple(called), tuple(list(found.items())[:_MOST]))


def _is_plain(function: ast.expr) -> bool:
    """Whether what is called is a name, or an attribute of a module: `np.dot`, but not `x.sum`."""
    return isinstance(function, ast.Name) or (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("np", "numpy")
    )


def _is_pure(node: ast.AST) -> bool:
    """Whether an expression computes from values alone, without keywords: nothing is written."""
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Call, ast.Slice)
    words = (ast.expr_context, ast.unaryop, ast.operator)
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    return (
        all(isinstance(one, (*allowed, *words)) for one in ast.walk(node))
        and all(_is_plain(one.func) and not one.keywords for one in calls)
        and len(list(ast.walk(node))) < 24
    )
