"""Which statements of the code under test were executed, and which of a function never were.

Lines are those of statements: a line inside an expression that spans several counts as the first line of its
statement, so that code rewritten for balls and the untouched code are comparable. What stands on one line is one
place: `a if c else b`, or `if c: a`, cannot be told apart here.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import linecache
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from types import CodeType, FrameType
from typing import Any

from oracle.arithmetic.refusals import Place

Line = tuple[str, int]
Tracer = Callable[[FrameType, str, Any], Any]


class Execution:
    """The code objects that were entered, and the statements that were executed, in the files under test."""

    def __init__(self) -> None:
        self._hits: dict[CodeType, set[int]] = {}

    @property
    def codes(self) -> list[CodeType]:
        """The code objects that were entered."""
        return list(self._hits)

    @property
    def lines(self) -> set[Line]:
        """File and first line of every statement that was executed."""
        found: set[Line] = set()
        for code, hits in self._hits.items():
            first = first_lines(code.co_filename)
            found |= {(code.co_filename, first.get(line, line)) for line in hits}
        return found

    def entered(self, code: CodeType) -> set[int]:
        """The lines of a code object that were hit, to be added to."""
        return self._hits.setdefault(code, set())


@contextlib.contextmanager
def executed_lines(files: Collection[str]) -> Iterator[Execution]:
    """Inside the block, the statements executed in functions of `files` are collected, in this thread.

    A tracer that was set before, of a debugger or a coverage tool, sees nothing of the calls made inside the block,
    and is set again afterwards.

    >>> from oracle import paths
    >>> with executed_lines({paths.__file__}) as execution:
    ...     _ = paths.split("a.b")
    >>> [code.co_name for code in execution.codes]
    ['split']
    """
    execution, before = Execution(), sys.gettrace()
    try:
        sys.settrace(_tracer(execution, frozenset(files)))
        yield execution
    finally:
        sys.settrace(before)


def _tracer(execution: Execution, files: frozenset[str]) -> Tracer:
    """The function that Python calls on every call: it follows those into `files`."""
    followers: dict[CodeType, Tracer] = {}

    def on_call(frame: FrameType, event: str, argument: Any) -> Tracer | None:
        code = frame.f_code
        if code.co_filename not in files:
            return None
        follow = followers.get(code)
        if follow is None:
            follow = followers[code] = _follower(execution.entered(code), code)
        frame.f_trace_lines = follow is not _nothing
        return follow

    return on_call
