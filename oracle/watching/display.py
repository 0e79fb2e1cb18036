"""What somebody who is editing sees: one line for each verdict, and below it what is wrong and where."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from oracle.report.source import raised
from oracle.report.text import claim, details, one_line, safe
from oracle.verdict import Report, Verdict
from oracle.watching.judging import Docket

_COLOURS = {Verdict.CERTIFIED: "green", Verdict.CONSISTENT: "green", Verdict.UNDECIDED: "yellow"}


class Display:
    """Writes lines to standard output, each at once."""

    def first(self, docket: Docket, after: float | None) -> None:
        """The verdict after the first few cases."""
        verdict, heard = docket.verdict, f"{docket.heard} of {docket.cases} cases"
        word = verdict.name if docket.finished else f"{verdict.name} so far"
        saved = "" if after is None else f", {after:.2f} s after the save"
        self._line(word, one_line(docket.subject.name), f"({heard}{saved})", verdict)

    def last(self, report: Report) -> None:
        """The verdict after all cases, or at the first that failed; the line of the bug stands beside it."""
        if report.ok:
            self._say(f"          {one_line(claim(report))}", "green")
            return
        cause = next((cause for cause in report.diagnosis.causes if cause.file), None)
        if cause is not None:
            sure = "" if cause.certain else "perhaps "
            place = one_line(f"{sure}{cause.place}   {cause.statement}")
            self._line(report.verdict.name, one_line(report.subject), place, report.verdict)
        for line in [claim(report), *details(report)]:
            self._say(f"          {one_line(line)}")

    def failed(self, names: Sequence[str], error: BaseException) -> None:
        """The code cannot be loaded or judged; the next save will be looked at."""
        self._say(f"{_clock()}  waiting for the next save of {', '.join(map(one_line, names))}:", "yellow")
        for line in raised(error):
            self._say(f"          {safe(line)}")

    def gone(self, file: str) -> None:
        """A file is not there any more."""
        self._say(f"{_clock()}  {one_line(file)} is gone; waiting for it", "yellow")

    def watching(self, files: int, subjects: int) -> None:
        """Everything that there is to say has been said."""
        who = f"{subjects} subject{'' if subjects == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
        self._say(f"{_clock()}  watching {who}; Ctrl-C ends")

    def _line(self, word: str, name: str, rest: str, verdict: Verdict) -> None:
        click.echo(f"{_clock()}  {click.style(word, fg=_COLOURS.get(verdict, 'red'), bold=True)}  {name}  {rest}")

    def _say(self, text: str, colour: str | None = None) -> None:
        click.secho(text, fg=colour)


def _clock() -> str:
    return time.strftime("%H:%M:%S")
