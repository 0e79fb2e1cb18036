"""A command of a page that goes on running while its reader saves files: `oracle watch`."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LONGEST = 60.0  # seconds until what a page prints must have come out
_QUIET = 0.3  # seconds without a further line, after which nothing more is expected


class PageError(AssertionError):
    """Something on a page is not so."""


class Watching:
    """A running command, and what it has printed so far."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.command, self.folder = command, folder
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line)

    def printed(self, expected: str, same: Callable[[str, str], bool]) -> str:
        """What came out since the last question, once that is what was expected and no more comes, or time is up."""
        until, before = time.monotonic() + LONGEST, -1
        while time.monotonic() < until and self._process.poll() is None:
            now = len(self._lines)
            if now == before and same(expected, self._text()):
                break
            before = now
            time.sleep(_QUIET)
        told = self._text()
        del self._lines[: len(told.splitlines())]
        return told

    def _text(self) -> str:
        return "".join(self._lines).replace(f"{self.folder}/", "")

    def end(self) -> None:
        """Press Ctrl-C.

        Raises
        ------
        PageError
            If it had ended before, ends with another exit code than 0, or says anything more.
        """
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(timeout=LONGEST)
        self.close()
        if code != 0 or self._text().strip():
            raise PageError(f"$ {self.command}\nended with exit code {code}, and said at last:\n{self._text()}")

    def close(self) -> None:
        """Kill it if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
