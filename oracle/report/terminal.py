"""What a person at a terminal sees: progress while it runs, a table for each subject, one closing line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oracle.report.text import details, digits_text, safe, witnesses
from oracle.verdict import FloatAccuracy, LeafReport, Report, Verdict
from oracle.verify import Progress as Told

_STYLES = {Verdict.CERTIFIED: "bold green", Verdict.CONSISTENT: "green", Verdict.UNDECIDED: "bold yellow"}


class _Speed(ProgressColumn):
    """Cases per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f} cases/s" if speed else "")


def styled(verdict: Verdict) -> Text:
    """The name of a verdict in its colour."""
    return Text(verdict.name, style=_STYLES.get(verdict, "bold red"))


class Terminal:
    """Writes results to standard output and progress to standard error, where it is a terminal."""

    def __init__(self) -> None:
        self.out, self.err = Console(highlight=False, emoji=False), Console(stderr=True, highlight=False)
        self._progress: Progress | None = None

    def begin(self, subject: str, cases: int) -> Told:
        """Show a bar for this subject."""
        if not self.err.is_terminal:
            return lambda done, total, verdict: None
        columns = (TextColumn("{task.fields[subject]}", markup=False), BarColumn(), MofNCompleteColumn(), _Speed())
        self._progress = Progress(*columns, TimeElapsedColumn(), console=self.err, transient=True)
        task = self._progress.add_task("", total=cases, subject=safe(subject))
        self._progress.start()

        def told(done: int, total: int, verdict: Verdict) -> None:
            if self._progress is not None:
                self._progress.update(task, completed=done)

        return told

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def end(self, report: Report) -> None:
        """The table of a subject, and what is wrong with it."""
        self._end_progress()
        title = Text.assemble(styled(report.verdict), "  ", (safe(report.subject), "bold"), "  ")
        title.append(f"{report.cases} cases, {report.entries:,} entries, {report.seconds:.1f} s", style="dim")
        self.out.print(title)
        table = _table(report)
        width = max(self.out.width, _least_width(self.out, table))
        self.out.print(table, width=width, crop=False)
        if not report.ok:
            self.out.print(Text(safe("\n".join(f"  {line}" for line in details(report)))), soft_wrap=True)
        else:
            for note in (f"witnesses: {witnesses(report)}", *report.notes):
                self.out.print(Text(f"  {safe(note)}", style="dim"), soft_wrap=True)
        self.out.print()

    def close(self, reports: Sequence[Report], seconds: float) -> None:
        """One line for all."""
        self._end_progress()
        bad = [report for report in reports if not report.ok]
        entries = sum(report.entries for report in reports)
        count = f"{len(reports)} subject{'' if len(reports) == 1 else 's'}"
        if bad:
            names = ", ".join(f"{report.subject} {report.verdict.name}" for report in bad)
            line = Text(safe(f"{len(bad)} of {count} not ok: {names}; {seconds:.1f} s"), style="bold red")
        else:
            certified = [report for report in reports if report.verdict is Verdict.CERTIFIED]
            digits = digits_text(min((report.digits for report in certified), default=0.0))
            word = f"CERTIFIED to {digits}" if len(certified) == len(reports) else "ok"
            line = Text(f"{count} {word}: {entries:,} gradient entries, every one; {seconds:.1f} s", style="bold green")
        self.out.print(line, soft_wrap=True)

    def error(self, message: str) -> None:
        """Something that is our fault."""
        self._end_progress()
        self.err.print(Text(safe(message), style="bold red"), soft_wrap=True)


def _least_width(console: Console, table: Table) -> int:
    """The width below which names and numbers would be cut: a narrow terminal wraps lines, and nothing is lost."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).minimum


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), header_style="dim")
    table.add_column("gradient", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for heading in ("entries", "digits", "float64 ulps", "float32 ulps"):
        table.add_column(heading, justify="right", min_width=7)
    in_floats_alone = any(leaf.verdict is Verdict.CONSISTENT for leaf in report.leaves)
    if in_floats_alone:
        table.add_column("would see", justify="right")
    for leaf in report.leaves:
        limit = [_limit(leaf)] if in_floats_alone else []
        table.add_row(Text(safe(leaf.name)), styled(leaf.verdict), f"{leaf.entries:,}", *_numbers(leaf), *limit)
    return table


def _limit(leaf: LeafReport) -> str:
    """The smallest relative error that would have been seen, in float64."""
    return "-" if leaf.float64 is None else f"{leaf.float64.detection_limit:.0e}"


def _numbers(leaf: LeafReport) -> tuple[str, str, str]:
    digits = str(math.floor(leaf.digits)) if leaf.verdict is Verdict.CERTIFIED else "-"
    return digits, _ulps(leaf.float64), _ulps(leaf.float32)


def _ulps(accuracy: FloatAccuracy | None) -> str:
    if accuracy is None or math.isnan(accuracy.max_ulps):
        return "-"
    return f"{accuracy.max_ulps:.1f}" if accuracy.max_ulps < 1000 else f"{accuracy.max_ulps:.0e}"
