"""Where a function stands in the text of its file, and that text with everything else blanked out.

Source text is trusted only if compiling it gives exactly the code that the function has.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any

from oracle.arithmetic.rewriting import FUTURE_FLAGS, fingerprint, nested

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
Path = tuple[int, ...]


class PlantingError(ValueError):
    """An edit that cannot be planted: one sentence says why."""


@dataclass(frozen=True)
class Home:
    """Where a function stands."""

    function: Any  # a FunctionType, which type checkers would take for a method here
    file: str  # the name that its code carries
    text: str
    path: Path  # which definition of the file, which one inside that, and so on

    @property
    def flags(self) -> int:
        """The future statements under which the function was compiled."""
        flags: int = self.function.__code__.co_flags
        return flags & FUTURE_FLAGS

    @property
    def node(self) -> Definition:
        """The function's own node in a fresh tree of the whole text."""
        return at(parsed(self.text), self.path)


def plain(given: Any) -> FunctionType:
    """The function written in Python behind a method, a static or class method, a partial or a wrapper."""
    found = given
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        inner = getattr(found, "__wrapped__", None) or getattr(found, "__func__", None)
        if inner is None and isinstance(found, functools.partial):
            inner = found.func
        if inner is None:
            raise PlantingError(f"an edit names a function written in Python, but got {_described(given)}")
        found = inner
    return found


def home(given: Any) -> Home:
    """Where the function behind `given` stands.

    Raises
    ------
    PlantingError
        If it is no function written in Python, has no source text, or its text compiles to something else.

    >>> from oracle import paths
    >>> home(paths.split).node.name
    'split'
    """
    function = plain(given)
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise PlantingError(f"{code.co_qualname} has no source text, so no fault can be planted in it")
    path = _path_of(code, text)
    if path is None:
        linecache.checkcache(code.co_filename)
        text = "".join(linecache.getlines(code.co_filename, function.__globals__))
        path = _path_of(code, text)
    if path is None:
        raise PlantingError(
            f"the code of {code.co_qualname} is not what its source compiles to "
            f"({code.co_filename}:{code.co_firstlineno}): edited since, or rewritten by a tool"
        )
    return Home(function, code.co_filename, text, path)


@functools.lru_cache(maxsize=64)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def parsed(text: str) -> ast.Module:
    """A tree of a text, not to be changed; copy what you change.

    Raises
    ------
    PlantingError
        If the text is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _tree(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise PlantingError(f"the edited source is not Python: {error}") from error


def compiled(text: str, file: str, flags: int) -> CodeType:
    """The code of a text under a file name, with the future statements of the code it replaces."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(text, file, "exec", flags & FUTURE_FLAGS, dont_inherit=True)
            return code
    except (SyntaxError, ValueError, RecursionError) as error:
        raise PlantingError(f"the edited source cannot be compiled: {error}") from error


def at(tree: ast.AST, path: Path) -> Definition:
    """The definition at a path."""
    node: Any = tree
    for position in path:
        inside = list(inner(node))
        if position >= len(inside):
            raise PlantingError("the edited source has lost the function that was to be edited")
        node = inside[position]
    assert isinstance(node, DEFINITIONS)
    return node


def inner(node: ast.AST) -> Iterator[Definition]:
    """The definitions inside a node that are not inside another one, in order."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, DEFINITIONS):
            yield child
        else:
            yield from inner(child)


def first_line(node: Any) -> int:
    """The first line of a definition or class, with its decorators."""
    lines: list[int] = [decorator.lineno for decorator in getattr(node, "decorator_list", [])]
    first: int = min([*lines, node.lineno])
    return first


def _name(node: ast.AST) -> str:
    """The name that the code of a definition carries."""
    return getattr(node, "name", "<lambda>")


def code_at(code: CodeType, tree: ast.AST, path: Path) -> CodeType:
    """The code object that was compiled from the definition at a path; `code` is that of the whole tree."""
    node: ast.AST = tree
    for depth in range(1, len(path) + 1):
        node = at(tree, path[:depth])
        heading = _name(node), first_line(node)
        code = _only([one for one in _below(code) if (one.co_name, one.co_firstlineno) == heading], heading)
    return code


def _below(code: CodeType) -> Iterator[CodeType]:
    """The code of functions inside a code object: also those in class bodies and comprehensions."""
    for one in nested(code):
        yield one
        if not one.co_flags & inspect.CO_OPTIMIZED or (one.co_name.startswith("<") and one.co_name != "<lambda>"):
            yield from _below(one)


def _only(codes: list[CodeType], heading: tuple[str, int]) -> CodeType:
    if len(codes) != 1:
        raise PlantingError(f"line {heading[1]} holds {len(codes)} functions called {heading[0]}, expected one")
    return codes[0]


def _path_of(code: CodeType, text: str) -> Path | None:
    """The path of the definition that compiles to exactly this code; None if there is none."""
    try:
        tree, whole = parsed(text), _compiled_once(text, code.co_flags & FUTURE_FLAGS)
    except PlantingError:
        return None
    key = fingerprint(code)
    for path, node in _all(tree):
        if (_name(node), first_line(node)) == (code.co_name, code.co_firstlineno):
            with contextlib.suppress(PlantingError):
                return path if fingerprint(code_at(whole, tree, path)) == key else None
    return None


@functools.lru_cache(maxsize=64)
def _compiled_once(text: str, flags: int) -> CodeType:
    return compiled(text, "<source>", flags)


def _all(tree: ast.AST, path: Path = ()) -> Iterator[tuple[Path, Definition]]:
    """Every definition with its path."""
    for position, node in enumerate(inner(tree)):
        yield (*path, position), node
        yield from _all(node, (*path, position))


# ---- blanking


@functools.lru_cache(maxsize=256)
def grounds(text: str, paths: tuple[Path, ...], flags: int) -> tuple[str, tuple[Path, ...]]:
    """A text that compiles to the same functions at the same lines, as short as possible, and their paths in it.

    All lines are blank but those of the outermost definitions and of the classes around them. Where that gives other
    code, it is the whole text.
    """
    short = _blanked(text, paths)
    try:
        found = tuple(_moved(text, short, path) for path in paths)
        whole, part = (_compiled_once(one, flags) for one in (text, short))
        pairs = [
            (code_at(whole, parsed(text), p), code_at(part, parsed(short), q))
            for p, q in zip(paths, found, strict=True)
        ]
    except PlantingError:
        return text, paths
    same = all(fingerprint(one) == fingerprint(other) for one, other in pairs)
    return (short, found) if same else (text, paths)


def _blanked(text: str, paths: tuple[Path, ...]) -> str:
    """The text with all other lines blank."""
    tree, lines = parsed(text), text.splitlines(keepends=True)
    kept: set[int] = set()
    for path in paths:
        kept |= _kept(tree, at(tree, path[:1]))
    return "".join(line if number in kept else "\n" for number, line in enumerate(lines, 1))


def _kept(tree: ast.AST, target: Definition) -> set[int]:
    """The lines of a definition, and of the headings of the classes around it."""
    kept = set(range(first_line(target), (target.end_lineno or target.lineno) + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(one is target for one in ast.walk(node)):
            kept |= set(range(first_line(node), first_line(node.body[0])))
    return kept


def _moved(text: str, short: str, path: Path) -> Path:
    """The path in the shortened text of what stands at a path of the text."""
    node = at(parsed(text), path)
    for found, other in _all(parsed(short)):
        if (other.lineno, other.col_offset) == (node.lineno, node.col_offset):
            return found
    raise PlantingError("the shortened text has lost a function")


def _described(given: Any) -> str:
    """What was given instead of a function."""
    if isinstance(given, MethodType) or callable(given):
        return f"{getattr(given, '__name__', given)!s}, which is not"
    return f"a {type(given).__name__}"
