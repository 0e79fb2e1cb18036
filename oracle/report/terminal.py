"""What a person at a terminal sees: progress while it runs, a table for each subject, one closing line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from oracle.diagnosis.cause import Cause
from oracle.report.consoles import output
from oracle.report.source import excerpt_of
from oracle.report.table import ASCII_BAR, BAR, fits, narrow, styled, table, worst_case, worst_in_floats
from oracle.report.text import (
    after_diagnosis,
    before_diagnosis,
    counted,
    digits_text,
    one_line,
    only_witness,
    remarks,
    safe,
    witnesses,
)
from oracle.verdict import Report, Verdict
from oracle.verify import Progress as Told

_BESIDES_NAME = 90  # columns of a progress line beside the name
_EXCERPTS = 3  # places of the diagnosis whose source is shown


class _Speed(ProgressColumn):
    """Cases per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f} cases/s" if speed else "")


class Terminal:
    """Writes results to standard output and progress to standard error, where it is a terminal."""

    def __init__(self, brief: bool = False) -> None:
        self.brief = brief  # a subject that is ok takes one line: many of them fit on one screen
        self.out, self.err = output(), Console(stderr=True, highlight=False)
        self._progress: Progress | None = None
        self._shown = False  # whether the table of the subject that is being judged was shown

    def begin(self, subject: str, cases: int) -> Told:
        """Show a bar for this subject."""
        if not self.err.is_terminal:
            return lambda done, total, verdict: None
        name, verdict = (TextColumn(f"{{task.fields[{field}]}}", markup=False) for field in ("subject", "verdict"))
        count = (MofNCompleteColumn(), _Speed())
        wide = self.err.width >= _BESIDES_NAME + len(one_line(subject))
        columns = (name, verdict, BarColumn(), *count, TimeElapsedColumn()) if wide else (verdict, *count)
        self._progress = Progress(*columns, console=self.err, transient=True)
        task = self._progress.add_task("", total=cases, subject=one_line(subject), verdict="")
        self._progress.start()

        def told(done: int, total: int, verdict: Verdict) -> None:
            if self._progress is not None:
                self._progress.update(task, completed=done, verdict=_so_far(verdict))

        return told

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def judged(self, report: Report) -> None:
        """The table of a subject that failed, and what is being done until there is more to say."""
        self._end_progress()
        self._verdict(report)
        if self.err.is_terminal:
            columns = (SpinnerColumn(), TextColumn("looking for the smallest failing sizes and the cause"))
            self._progress = Progress(*columns, TimeElapsedColumn(), console=self.err, transient=True)
            self._progress.add_task("", total=None)
            self._progress.start()

    def end(self, report: Report) -> None:
        """The table of a subject, if it was not shown before, and what is wrong with it."""
        self._end_progress()
        if self.brief and report.ok:
            self.out.print(_in_one_line(report), soft_wrap=True)
            for note in report.notes:
                self._say(note, "dim")
            return
        if not self._shown:
            self._verdict(report)
        self._shown = False
        if report.ok:
            for note in (f"witnesses: {witnesses(report)}", *remarks(report)):
                self._say(note, "dim")
        else:
            self._failure(report)
        self.out.print()

    def _verdict(self, report: Report) -> None:
        """Verdict, name and counts, and the table."""
        self._shown = True
        title = Text.assemble(styled(report.verdict), "  ", (safe(report.subject), "bold"), "  ")
        numbers = [counted(report.cases, "case"), counted(report.entries, "entry", "entries")]
        numbers += [f"{report.seconds:.1f} s", *([alone] if (alone := only_witness(report)) else [])]
        title.append(", ".join(numbers), style="dim")
        self.out.print(title, soft_wrap=True)
        self._table(report)

    def _table(self, report: Report) -> None:
        """All gradients; below each other where the terminal is too narrow for a table."""
        bar = BAR if _writes(self.out, BAR) else ASCII_BAR
        if any(map(worst_case, report.leaves)) and fits(self.out, found := table(report, bar=bar, with_case=True)):
            self.out.print(found)
            return
        if fits(self.out, found := table(report, bar=bar)):
            self.out.print(found)
        else:
            for line in narrow(report, bar=bar):
                self.out.print(line, soft_wrap=True)
        if report.ok and (worst := worst_in_floats(report)):
            self._say(worst, "dim")

    def _failure(self, report: Report) -> None:
        """Claim, where, numbers, how much, likely cause with its source, replay."""
        for line in before_diagnosis(report):
            self._say(line)
        shown: set[tuple[str, int]] = set()
        for cause in report.diagnosis.causes:
            for number, line in enumerate(cause.lines()):
                self._say(one_line(line), "" if number else "bold")
            if (cause.file, cause.line) not in shown and len(shown) < _EXCERPTS:
                shown.add((cause.file, cause.line))
                self._source(cause)
        for line in report.diagnosis.lines()[sum(len(cause.lines()) for cause in report.diagnosis.causes) :]:
            self._say(one_line(line))
        for line in after_diagnosis(report):
            self._say(line)

    def _source(self, cause: Cause) -> None:
        """The statement among its neighbours, marked also where there are no colours."""
        found = excerpt_of(cause)
        for row in [] if found is None else found.rows():
            self._say(f"  {row}", "bold red" if row.startswith(">") else "dim")

    def _say(self, line: str, style: str = "") -> None:
        self.out.print(Text(f"  {safe(line)}", style=style), soft_wrap=True)

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
            every = counted(entries, "gradient entry", "gradient entries, every one")
            line = Text(f"{count} {word}: {every}{_without_program(reports)}; {seconds:.1f} s", style="bold green")
        self.out.print(line, soft_wrap=True)

    def interrupted(self, reports: Sequence[Report], of: int, seconds: float) -> None:
        """One line for those that were judged before Ctrl-C."""
        self._end_progress()
        judged = f"{len(reports)} of {of} subject{'' if of == 1 else 's'} judged"
        bad = ", ".join(f"{report.subject} {report.verdict.name}" for report in reports if not report.ok)
        line = f"interrupted: {judged}{f', not ok: {bad}' if bad else ''}; {seconds:.1f} s"
        self.out.print(Text(safe(line), style="bold yellow"), soft_wrap=True)

    def error(self, message: str) -> None:
        """Something that is our fault."""
        self._end_progress()
        self.err.print(Text(safe(message), style="bold red"), soft_wrap=True)


def _in_one_line(report: Report) -> Text:
    """What is said of one subject among many."""
    numbers = f"{report.cases:>4} cases {report.entries:>9,} entries {digits_text(report.digits):>10}"
    line = Text.assemble(styled(report.verdict), "  ", (f"{one_line(report.subject):<22}", "bold"))
    alone = f"  {found}" if (found := only_witness(report)) else ""
    return line.append(f"{numbers}{report.seconds:>7.1f} s{alone}", style="dim")


def _without_program(reports: Sequence[Report]) -> str:
    """`; of 2 subjects by finite differences alone, one random direction of all entries in each case`."""
    alone = [report for report in reports if only_witness(report)]
    of = f"of {counted(len(alone), 'subject')} " if len(reports) > 1 else ""
    return f"; {of}by finite differences alone, one random direction of all entries in each case" if alone else ""


def _so_far(verdict: Verdict) -> str:
    """A word where the verdict is not ok already."""
    return "" if verdict.ok else verdict.name


def _writes(console: Console, text: str) -> bool:
    """Whether the encoding of a console has these characters."""
    try:
        text.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
