"""Counts the lines that the code under test runs, so that what a search may compute is the same on every machine."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any


class TooLong(BaseException):
    """The code ran more lines than it may; no code under test catches this by accident."""


class Counter:
    """Counts the lines of the code under test, up to a number."""

    def __init__(self, allowed: int, scopes: Sequence[Any]) -> None:
        self.lines, self._allowed = 0, allowed
        self._scopes = {id(scope) for scope in scopes}

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Inside the block lines are counted; a tracer that was set before is set again afterwards."""
        before = sys.gettrace()
        try:
            sys.settrace(self._on_call)
            yield
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._on_line if id(frame.f_globals) in self._scopes else None

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.lines += 1
        if self.lines > self._allowed:
            raise TooLong
        return self._on_line
