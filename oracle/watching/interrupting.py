"""Work that a save cuts short: what is being found out about the old code no longer matters."""

from __future__ import annotations

import _thread
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from oracle.watching import files as looking
from oracle.watching.files import Stamp

Result = TypeVar("Result")
_AGAIN = 0.3  # seconds: an interruption that ended nowhere, as inside of a callback of the collector, is repeated


def unless_saved(known: Mapping[str, Stamp], work: Callable[[], Result]) -> Result | None:
    """What the work gives; None if one of the files was saved meanwhile, and the work cut short.

    It is interrupted as by Ctrl-C, which everything that replaces code or names undoes its work for. The user's own
    Ctrl-C is passed on. Outside of the main thread, which alone can be interrupted, the work is done to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    lock, done, saved = threading.Lock(), threading.Event(), threading.Event()

    def look() -> None:
        while not done.wait(_AGAIN if saved.is_set() else looking.POLL):
            with lock:
                if not done.is_set() and looking.changed(known):
                    saved.set()
                    _thread.interrupt_main()

    threading.Thread(target=look, daemon=True).start()
    try:
        with _unheard_of():
            result = work()
        with lock:
            done.set()  # from here on nobody is interrupted
    except KeyboardInterrupt:
        if not saved.is_set():
            raise
        return None
    finally:
        done.set()
    if saved.is_set():
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(2 * looking.POLL)  # the interruption that was on its way ends here
        return None
    return result


@contextlib.contextmanager
def _unheard_of() -> Iterator[None]:
    """Inside the block an interruption that ends in a callback, where nobody can be told, is not printed."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
