"""Whether files have changed, by looking at them again and again: without a library, however an editor saves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, ...] | None  # None: there is no such file

POLL = 0.02  # seconds between two looks
_SETTLED = 0.01  # a save is over when this long nothing more happens
_LONGEST = 0.2  # but nobody is waited for longer


def stamp(path: str) -> Stamp:
    """What changes when a file does: a file that replaced another has another number, though time and size agree."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def stamp_before(path: str, began: int) -> Stamp:
    """The stamp of a file that was loaded from this moment on; None if it was saved since.

    What was loaded may then be older than the file. The moment is in nanoseconds, as `time.time_ns` gives it.
    """
    now = stamp(path)
    return None if now is not None and max(now[:2]) > began else now


def stamps(paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of some files."""
    return {path: stamp(path) for path in paths}


def changed(known: Mapping[str, Stamp]) -> list[str]:
    """The files that are no longer as they were."""
    return [path for path, before in known.items() if stamp(path) != before]


def settle(paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of some files once nobody is writing to them any more."""
    paths, until = list(paths), time.monotonic() + _LONGEST
    now = stamps(paths)
    while time.monotonic() < until:
        time.sleep(_SETTLED)
        before, now = now, stamps(paths)
        if now == before:
            break
    return now
