"""What each statement of a source file stores and reads, as far as its text tells.

Stores are assignments, augmented assignments, unpackings, `name[...] =`, `out=name`, methods and functions that work
in place, and the targets of `for` and `with`.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

IN_PLACE_METHODS = frozenset({"fill", "sort", "put", "partition", "itemset", "setfield"})
IN_PLACE_FUNCTIONS = frozenset({"at", "copyto", "put", "place", "fill_diagonal", "putmask", "put_along_axis"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False)
class Statement:
    """A statement, or the heading of a compound one."""

    file: str
    line: int
    text: str  # its first line, as it stands in the file
    node: ast.stmt
    loops: tuple[int, ...]  # the first lines of the loops around it in its function, the outermost first
    binds: list[tuple[ast.expr, ast.expr | None]] = field(default_factory=list)  # target, and value where they pair up
    writes: list[ast.expr] = field(default_factory=list)  # arrays that it writes into
    reads: list[ast.expr] = field(default_factory=list)  # names, attributes and parts that it reads
    conditions: tuple[int, ...] = ()  # the first lines of the branches around it in its function
    function: int = 0  # the first line of its function

    @property
    def targets(self) -> set[str]:
        """What it stores to, as text."""
        return {ast.unparse(target) for target in (*self.writes, *(target for target, _ in self.binds))}

    @property
    def is_loop(self) -> bool:
        """Whether it is the heading of a loop."""
        return isinstance(self.node, ast.For | ast.While)

    @property
    def is_plain(self) -> bool:
        """Whether it gives names to what is there already, and computes nothing."""
        if not isinstance(self.node, ast.Assign | ast.AnnAssign) or self.node.value is None:
            return isinstance(self.node, ast.Return)
        value = self.node.value
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        return all(is_chain(part) for part in parts)


def is_chain(node: ast.AST) -> bool:
    """Whether an expression is a name, or attributes and parts of one."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name)


def root(node: ast.expr) -> str:
    """The name that a chain starts from."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def title(node: ast.expr) -> str:
    """What a chain calls its value: the last name in it, its index left out."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return title(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def statements(file: str) -> dict[int, Statement]:
    """The statements of a file by their first line; none where there is no source text."""
    return _statements(file, "".join(linecache.getlines(file)))


@functools.lru_cache(maxsize=64)
def _statements(file: str, source: str) -> dict[int, Statement]:
    """The statements of a source text."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    lines = source.splitlines()
    found: dict[int, Statement] = {}
    for node, around in _walk(tree, _Around()):
        text = lines[node.lineno - 1].strip()
        one = Statement(
            file, node.lineno, text, node, around.loops, conditions=around.conditions, function=around.function
        )
        _describe(one)
        if (before := found.get(node.lineno)) is not None and not isinstance(before.node, _FUNCTIONS):
            before.binds += one.binds  # two statements on one line
            before.writes += one.writes
            before.reads += one.reads
        else:
            found[node.lineno] = one
    return found


@dataclass(frozen=True)
class _Around:
    """What is around a statement in its function, by first lines."""

    loops: tuple[int, ...] = ()
    conditions: tuple[int, ...] = ()
    function: int = 0

    def inside(self, node: ast.stmt) -> _Around:
        """What is around the statements of another one; of a loop, around its heading too."""
        if isinstance(node, _FUNCTIONS):
            return _Around(function=node.lineno)
        if isinstance(node, ast.For | ast.While):
            conditions = (*self.conditions, node.lineno) if isinstance(node, ast.While) else self.conditions
            return replace(self, loops=(*self.loops, node.lineno), conditions=conditions)
        if isinstance(node, ast.If | ast.Try | ast.Match):
            return replace(self, conditions=(*self.conditions, node.lineno))
        return self


def _walk(node: ast.AST, around: _Around) -> Iterator[tuple[ast.stmt, _Around]]:
    """Every statement with what is around it in its function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            inside = around.inside(child)
            yield child, inside if isinstance(child, ast.For | ast.While) else around
            yield from _walk(child, inside)
        elif not isinstance(child, ast.expr):
            yield from _walk(child, around)


def _describe(one: Statement) -> None:
    """Fill in what a statement stores and reads."""
    match one.node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _pair(one, target, value)
            _read(one, value)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            _pair(one, target, value)
            _read(one, value)
        case ast.AugAssign(target=target, value=value):
            one.writes.append(target)
            if isinstance(target, ast.Name | ast.Attribute):
                one.binds.append((target, None))
            _read(one, target)
            _read(one, value)
        case ast.For(target=target, iter=value):
            _pair(one, target, None)
            _read(one, value)
        case ast.If(test=value) | ast.While(test=value) | ast.Expr(value=value):
            _read(one, value)
        case ast.Return(value=value) if value is not None:
            _read(one, value)
        case ast.With(items=items):
            for item in items:
                _read(one, item.context_expr)


def _pair(one: Statement, target: ast.expr, value: ast.expr | None) -> None:
    """Targets with the values that they get, where both sides are written out."""
    if isinstance(target, ast.Tuple | ast.List):
        paired = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        paired = paired and not any(isinstance(part, ast.Starred) for part in target.elts)
        for k, part in enumerate(target.elts):
            _pair(one, part, value.elts[k] if paired and isinstance(value, ast.Tuple) else None)
    elif isinstance(target, ast.Starred):
        _pair(one, target.value, None)
    elif isinstance(target, ast.Subscript):
        one.writes.append(target)
        _read(one, target.slice)
    else:
        one.binds.append((target, value))


def _read(one: Statement, node: ast.AST) -> None:
    """Collect what an expression reads and writes."""
    if is_chain(node):
        one.reads.append(node)  # type: ignore[arg-type]
        return
    if isinstance(node, ast.Call):
        _read_call(one, node)
        return
    for child in ast.iter_child_nodes(node):
        _read(one, child)


def _read_call(one: Statement, call: ast.Call) -> None:
    """A call: arguments are read, but for those that it writes into."""
    arguments: list[Any] = list(call.args)
    if isinstance(call.func, ast.Attribute):
        if call.func.attr in IN_PLACE_METHODS and is_chain(call.func.value) and not _is_module(call.func.value):
            one.writes.append(call.func.value)
        if call.func.attr in IN_PLACE_FUNCTIONS and arguments and is_chain(arguments[0]):
            one.writes.append(arguments[0])
            if call.func.attr == "copyto" and len(arguments) == 2 and not call.keywords:
                del arguments[0]  # what it held is lost, and not read
        _read(one, call.func.value)
    else:
        _read(one, call.func)
    for argument in arguments:
        _read(one, argument)
    for keyword in call.keywords:
        if keyword.arg == "out":
            targets = keyword.value.elts if isinstance(keyword.value, ast.Tuple) else [keyword.value]
            one.writes += [target for target in targets if is_chain(target)]
        else:
            _read(one, keyword.value)


def _is_module(node: ast.expr) -> bool:
    """Whether a chain looks like NumPy itself."""
    return root(node) in ("np", "numpy")


def operands(one: Statement, target: str = "") -> list[ast.expr]:
    """What a statement reads to store under the name `target`; all that it reads where that cannot be told apart."""
    for bound, value in one.binds:
        if (
            value is not None
            and ast.unparse(bound) == target
            and isinstance(getattr(one.node, "value", None), ast.Tuple)
        ):
            part = Statement(one.file, one.line, one.text, one.node, one.loops)
            _read(part, value)
            return part.reads
    return one.reads


def tells_apart(one: Statement) -> bool:
    """Whether a statement treats some entries of what it stores otherwise than others: by parts that it puts together.

    >>> rows = [Statement("", 1, text, ast.parse(text).body[0], ()) for text in ("a[:] = b * c[t]", "a[:] = b[[1, 0]]")]
    >>> [tells_apart(one) for one in rows]
    [False, True]
    """
    for node in ast.walk(one.node):
        if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
            return True
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            parts = [part for part in ast.walk(node.slice) if isinstance(part, ast.Constant)]
            if any(isinstance(part.value, int) for part in parts):
                return True
    return False


def prefixes(node: ast.expr) -> list[ast.expr]:
    """A chain and what it begins with, the whole first: `a.b[t]`, `a.b`, `a`."""
    found = [node]
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
        found.append(node)
    return found


def indexes(node: ast.expr) -> list[ast.expr]:
    """The chains in the indexes of a chain."""
    found: list[ast.expr] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript):
            found += chains(node.slice)
        node = node.value
    return found


def chains(node: ast.AST) -> list[ast.expr]:
    """The chains in an expression."""
    if is_chain(node):
        return [node, *indexes(node)]  # type: ignore[list-item, arg-type]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        inner = [node.func.value, *node.args, *(keyword.value for keyword in node.keywords)]
        return [chain for child in inner for chain in chains(child)]
    return [chain for child in ast.iter_child_nodes(node) for chain in chains(child)]
