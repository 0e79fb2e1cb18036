"""A limit on the time that code with a planted fault may take: it may loop for ever."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


class TookTooLong(BaseException):
    """Raised in the middle of the code under test; no handler for ordinary exceptions takes it."""


def _available() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def limited(seconds: float, inside: Callable[[str], bool]) -> Iterator[None]:
    """Inside the block, code of the files for which `inside` is true may compute for so long, then it raises.

    The clock is the processor time of this process. Only in the main thread, and where the system has interval timers;
    elsewhere there is no limit. The exception is raised only while such code is running, so that what it interrupts
    is never the machinery that puts things back.

    Raises
    ------
    TookTooLong
        When the time is up.
    """
    if not _available():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> Any:
        while frame is not None:
            if inside(frame.f_code.co_filename):
                raise TookTooLong(f"the backward did not end within {seconds:g} seconds")
            frame = frame.f_back

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds / 20)  # rings again where it could not be raised
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
