"""Which statements of the code under test were executed, and which of a function never were.

Lines are those of statements: a line inside an expression that spans several counts as the first line of its
statement, so that code rewritten for balls and the untouched code are comparable. What stands on one line is one
place: the arms of `a if c else b`, or the body of `if c: a`, cannot be told apart.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import linecache
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any, NamedTuple

from oracle.arithmetic.refusals import Place
from oracle.binding.threads import Tracer, watched_by

Line = tuple[str, int]
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Execution:
    """The code objects that were entered, and the statements that were executed, of the code under test."""

    def __init__(self) -> None:
        self._hits: dict[int, tuple[CodeType, set[int]]] = {}  # by id: code objects are slow to hash
        self.strangers: set[str] = set()  # names of code of no file and no module, whose lines are not followed

    @property
    def codes(self) -> set[CodeType]:
        """The code objects that were entered: those of rewritten functions where these ran."""
        return {code for code, _ in self._hits.values()}

    @property
    def lines(self) -> set[Line]:
        """File and first line of every statement that was executed."""
        found: set[Line] = set()
        for code, hits in self._hits.values():
            first = layout(code.co_filename).first
            found |= {(code.co_filename, first.get(line, line)) for line in hits}
        return found

    def first_difference(self, other: Execution) -> Place | None:
        """The first statement, by file and line, that only one of two runs executed; None if there is none."""
        differing = sorted(self.lines ^ other.lines)
        return _place(*differing[0]) if differing else None

    def follower(self, code: CodeType) -> Tracer:
        """The function that Python calls on every line of `code`."""
        hits = self._hits.setdefault(id(code), (code, set()))[1]

        def follow(frame: FrameType, event: str, argument: Any) -> Tracer:
            hits.add(frame.f_lineno)
            return follow

        return follow

    def add(self, frame: FrameType) -> None:
        """Take in the line at which a frame stands."""
        self._hits.setdefault(id(frame.f_code), (frame.f_code, set()))[1].add(frame.f_lineno)


_collecting: list[tuple[Execution, Callable[[FrameType], bool]]] = []  # the innermost last


def _on_line_of_thread(frame: FrameType, event: str, argument: Any) -> Tracer:
    """Whatever is collected now takes in a line of a thread that was started in this run, or in an earlier one."""
    if _collecting and _collecting[-1][1](frame):
        _collecting[-1][0].add(frame)
    return _on_line_of_thread


@contextlib.contextmanager
def executed_lines(tested: Iterable[str | Mapping[str, Any]]) -> Iterator[Execution]:
    """Inside the block, the statements executed in the code under test are collected.

    `tested` names files, or gives the globals of modules: functions of these files, or with these globals, are
    followed, in threads that were started inside the block, or inside a binding, too. A tracer that was set before, of
    a debugger or a coverage tool, sees nothing of the calls made inside the block, and is set again afterwards.

    >>> from oracle import paths
    >>> with executed_lines([vars(paths)]) as execution:
    ...     _ = paths.split("a.b")
    >>> "split" in {code.co_name for code in execution.codes}
    True
    """
    tested = list(tested)
    files = frozenset(one for one in tested if isinstance(one, str))
    scopes = frozenset(id(one) for one in tested if not isinstance(one, str))
    execution, before, followers = Execution(), sys.gettrace(), dict[int, Tracer]()

    def tests(frame: FrameType) -> bool:
        return frame.f_code.co_filename in files or id(frame.f_globals) in scopes

    def on_call(frame: FrameType, event: str, argument: Any) -> Tracer | None:
        code = frame.f_code
        if code.co_filename not in files and id(frame.f_globals) not in scopes:
            if code.co_filename[0] == "<" and _is_stranger(frame):
                execution.strangers.add(code.co_name)
            return None
        if (follow := followers.get(id(code))) is None:
            follow = followers[id(code)] = execution.follower(code)
        return follow

    def on_call_of_thread(frame: FrameType) -> Tracer | None:
        return None if on_call(frame, "call", None) is None else _on_line_of_thread

    _collecting.append((execution, tests))
    try:
        with watched_by(on_call_of_thread):
            sys.settrace(on_call)
            yield execution
    finally:
        sys.settrace(before)
        _collecting.pop()


def _is_stranger(frame: FrameType) -> bool:
    """Whether code has neither a source text nor a module: what `exec` made with globals of its own, say."""
    file, name = frame.f_code.co_filename, str(frame.f_globals.get("__name__", ""))
    if file.startswith("<frozen") or file in linecache.cache or name.startswith("namedtuple_"):
        return False
    return vars(sys.modules.get(name, object)) is not frame.f_globals


class Layout(NamedTuple):
    """The statements of a source file."""

    first: Mapping[int, int]  # the first line of the innermost statement at each line
    raising: frozenset[int]  # first lines of the statements that only raise


def layout(file: str) -> Layout:
    """The statements of a file; nothing if there is no source text."""
    return _layout("".join(linecache.getlines(file)))


@functools.lru_cache(maxsize=256)
def _layout(source: str) -> Layout:
    """The statements of a source text."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return Layout({}, frozenset())
    first: dict[int, int] = {}
    raising: set[int] = set()
    doing: set[int] = set()
    for node, raises in _blocks(tree):
        start, end = _extent(node)
        first |= dict.fromkeys(range(start, end + 1), _line(node))
        (raising if raises else doing).add(_line(node))
    return Layout(first, frozenset(raising - doing))


def _blocks(node: ast.AST, raises: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """The statements, handlers and cases inside a node, each before those inside it, and whether they only raise."""
    for _, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        doomed = raises or (bool(children) and isinstance(children[-1], ast.Raise) and _suite_raises(children))
        for child in children:
            if isinstance(child, _BLOCKS):
                yield child, doomed or _only_raises(child)
            if isinstance(child, ast.AST):
                yield from _blocks(child, doomed and isinstance(child, _BLOCKS))


def _line(node: Any) -> int:
    """The line that stands for a statement: of a case its pattern, of a definition `def`."""
    line: int = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    return line


def _extent(node: Any) -> tuple[int, int]:
    """The first and last line of a statement with its decorators."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or node.pattern.lineno
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]), node.end_lineno


def _only_raises(node: ast.AST) -> bool:
    """Whether a statement can have no effect but an exception, as far as its form tells."""
    if isinstance(node, ast.If):
        chained = len(node.orelse) == 1 and _only_raises(node.orelse[0])  # elif
        return _suite_raises(node.body) and (not node.orelse or chained or _suite_raises(node.orelse))
    if isinstance(node, (ast.ExceptHandler, ast.match_case)):
        return _suite_raises(node.body)
    return isinstance(node, (ast.Raise, ast.Assert))


def _suite_raises(body: list[ast.stmt]) -> bool:
    """Whether a suite does nothing but raise, and give names to parts of the message before."""
    return isinstance(body[-1], ast.Raise) and all(map(_names, body[:-1]))


def _names(node: ast.stmt) -> bool:
    """Whether a statement only binds plain names."""
    return isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets)


def unreached(codes: Iterable[CodeType], executed: Collection[Line]) -> list[Place]:
    """The statements of the given code objects that are not among `executed`, those that only raise excepted.

    `codes` are code objects that were entered, of rewritten code or of the code as written; `executed` is the union
    of `Execution.lines` over all runs. Functions that were never entered are not looked at.
    """
    missing: set[Line] = set()
    for code in codes:
        missing |= {(code.co_filename, line) for line in _expected(code)}
    return [_place(file, line) for file, line in sorted(missing - set(executed))]


def _place(file: str, line: int) -> Place:
    """A statement as a report shows it."""
    return Place(file, line, linecache.getline(file, line).strip())


def _expected(code: CodeType) -> set[int]:
    """The first lines of the statements of a code object, without its heading and what only raises."""
    first, raising = layout(code.co_filename)
    lines = {line for _, _, line in code.co_lines() if line is not None}
    return {first.get(line, line) for line in lines} - {first.get(code.co_firstlineno, code.co_firstlineno)} - raising
