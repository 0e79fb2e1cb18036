"""Output whose reader has gone, as in `oracle verify | head -1`: the work goes on, and the exit code is the verdict."""

from __future__ import annotations

import os
from typing import Any


class Unbroken:
    """A stream that lets what nobody reads any more go nowhere."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, if there is somebody to read it."""
        try:
            return int(self._stream.write(text))
        except BrokenPipeError:
            self._go_nowhere()
            return len(text)

    def flush(self) -> None:
        """Hand over what is waiting, if there is somebody to read it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._go_nowhere()

    def _go_nowhere(self) -> None:
        """From now on, and for what is waiting too: else Python would complain of it at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        finally:
            os.close(nowhere)
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
