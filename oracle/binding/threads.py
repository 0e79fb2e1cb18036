"""Threads that code under test starts are followed like the thread that runs it, those that outlive a run included.

A thread that was started before the first run under a binding cannot be followed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

Tracer = Callable[[FrameType, str, Any], Any]
Watcher = Callable[[FrameType], Tracer | None]

_watchers: list[Watcher] = []  # the innermost last


def _on_call(frame: FrameType, event: str, argument: Any) -> Tracer | None:
    """In a thread: whoever watches now decides whether a call is followed."""
    return _watchers[-1](frame) if _watchers else None


@contextlib.contextmanager
def followed() -> Iterator[None]:
    """A thread that is started inside the block asks, at each call, whoever watches at that time."""
    before = threading.gettrace()
    threading.settrace(_on_call)
    try:
        yield
    finally:
        threading.settrace(before)


@contextlib.contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Inside the block `watcher` is asked for what follows a call in a thread.

    >>> seen = []
    >>> with followed(), watched_by(lambda frame: seen.append(frame.f_code.co_name)):
    ...     thread = threading.Thread(target=lambda: None)
    ...     thread.start()
    ...     thread.join()
    >>> "<lambda>" in seen
    True
    """
    _watchers.append(watcher)
    try:
        with followed():
            yield
    finally:
        _watchers.remove(watcher)
