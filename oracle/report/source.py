"""A line of source among its neighbours, for terminals and pages."""

from __future__ import annotations

import linecache
import traceback
from dataclasses import dataclass
from pathlib import Path

from oracle.diagnosis.cause import Cause
from oracle.report.text import safe

AROUND = 2
_LONGEST = 400  # characters of a line that are shown


@dataclass(frozen=True)
class Excerpt:
    """Some lines of a file, of which one is meant."""

    file: str
    line: int
    lines: tuple[tuple[int, str], ...]  # numbers and texts

    def rows(self, marker: str = ">") -> list[str]:
        """The lines as text, numbered, the one that is meant marked.

        >>> Excerpt("cell.py", 8, ((7, "s = g * i"), (8, "h = s"))).rows()
        ['  7 | s = g * i', '> 8 | h = s']
        """
        width = max((len(str(number)) for number, _ in self.lines), default=0)
        return [
            f"{marker if number == self.line else ' '} {number:>{width}} | {text}".rstrip()
            for number, text in self.lines
        ]


def excerpt(file: str, line: int, around: int = AROUND) -> Excerpt | None:
    """The lines around a line, less their common indentation; None where the file or the line is not there.

    >>> import lstm_ref.cell
    >>> excerpt(lstm_ref.cell.__file__, 1).lines[0][0]
    1
    >>> excerpt("no/such/file.py", 3) is None
    True
    """
    if not file or line < 1:
        return None
    texts = linecache.getlines(file)
    if line > len(texts):
        return None
    numbers = range(max(1, line - around), min(len(texts), line + around) + 1)
    shown = {number: safe(texts[number - 1].rstrip("\r\n").expandtabs(4)).rstrip() for number in numbers}
    indent = min((len(text) - len(text.lstrip()) for text in shown.values() if text), default=0)
    cut = ((number, text[indent:]) for number, text in shown.items())
    return Excerpt(file, line, tuple((n, t if len(t) <= _LONGEST else f"{t[:_LONGEST]} ...") for n, t in cut))


def excerpt_of(cause: Cause, around: int = AROUND) -> Excerpt | None:
    """The lines around the statement that a cause names.

    A statement may have been edited in memory: then the file does not hold it any more, and nothing is shown.
    """
    found = excerpt(_readable(cause.file), cause.line, around)
    if found is None or not cause.statement:
        return found
    there = next((text for number, text in found.lines if number == cause.line), "")
    first = safe(cause.statement).strip().splitlines()[0] if cause.statement.strip() else ""
    return found if there.strip() in first or first in there else None


def raised(error: BaseException) -> list[str]:
    """What an exception says, below the innermost line of the user's code that raised it, as Python shows both."""
    said = traceback.format_exception_only(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    where = [] if isinstance(error, SyntaxError) else traceback.format_list(frames[-1:])
    return "".join([*where, *said]).rstrip().splitlines()


def _readable(file: str) -> str:
    """The file as it is, or as it lies below the working directory."""
    if linecache.getlines(file) or Path(file).is_absolute():
        return file
    return str(Path.cwd() / file)
