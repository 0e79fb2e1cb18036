"""The kill matrix at a terminal: progress, operators down and checks across, survivors with their diff."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oracle.mutation.campaign import Told
from oracle.mutation.checks import CHECKS
from oracle.mutation.matrix import Entry, Fate, Matrix
from oracle.report.consoles import output
from oracle.report.text import safe

_STYLES = {Fate.SURVIVED: "bold red", Fate.PRESUMED: "yellow", Fate.PROVEN: "green"}
_WIDTH = 112  # so that no heading is cut
_HEADINGS = {
    "certified path": "certified\npath",
    "autodiff in balls": "autodiff\nin balls",
    "finite differences in balls": "differences\nin balls",
    "central differences": "central\ndiff.",
    "complex step": "complex\nstep",
}
_SHOWN = (Fate.SURVIVED, Fate.PRESUMED, Fate.PROVEN)


class MatrixTerminal:
    """Writes the matrix to standard output and progress to standard error, where it is a terminal."""

    def __init__(self) -> None:
        self.out, self.err = output(), Console(stderr=True, highlight=False)
        self.out.width = max(self.out.width, _WIDTH)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Told]:
        """Inside the block, what is going on is shown."""
        if not self.err.is_terminal:
            yield lambda doing, done, total: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("preparing", total=None)
            yield lambda doing, done, total: bar.update(task, description=doing, completed=done, total=total)

    def show(self, matrix: Matrix) -> None:
        """The whole story."""
        self.out.print(_table(matrix))
        for line in summary(matrix):
            self.out.print(Text(safe(line)), soft_wrap=True)
        for fate in _SHOWN:
            for entry in matrix.of(fate):
                self._survivor(entry)

    def _survivor(self, entry: Entry) -> None:
        self.out.print()
        mutant = entry.row.mutant
        self.out.print(Text.assemble((entry.fate.value, _STYLES[entry.fate]), f"  {safe(mutant.id)}"), soft_wrap=True)
        self.out.print(Text(safe(f"  {entry.reason}")), soft_wrap=True)
        for line in mutant.diff.splitlines():
            style = "red" if line.startswith("-") else "green" if line.startswith("+") else "dim"
            self.out.print(Text(safe(f"  {line}"), style=style), soft_wrap=True)


def _table(matrix: Matrix) -> Table:
    """Operators down, checks across; each cell says how many mutants the check alone convicts."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operator", no_wrap=True)
    table.add_column("mutants", justify="right")
    for check in CHECKS:
        table.add_column(_HEADINGS.get(check, check), justify="right", style="red" if check in matrix.struck else "")
    for name in matrix.operators:
        kills = (str(matrix.kills(check, name)) for check in CHECKS)
        table.add_row(name, str(matrix.count(name)), *kills)
    totals = (str(matrix.kills(check)) for check in CHECKS)
    table.add_row("all", str(len(matrix.entries)), *totals, style="bold")
    return table


def summary(matrix: Matrix) -> list[str]:
    """The numbers below the table, one sentence a line."""
    of = {fate: len(matrix.of(fate)) for fate in Fate}
    lines = [
        "",
        f"{of[Fate.CONVICTED]} of {len(matrix.entries)} mutants convicted on the certified path ({matrix.raw:.1%})",
        f"of these, {', '.join(f'{count} {name}' for name, count in matrix.manners.items())}",
        f"{of[Fate.PROVEN]} proven equivalent, {of[Fate.PRESUMED]} presumed equivalent, {of[Fate.SURVIVED]} survived",
        f"{matrix.speed:.0f} mutants a second on the certified path, one core; {matrix.seconds:.0f} s in all",
        f"subjects: {', '.join(matrix.subjects)}",
        f"functions: {', '.join(matrix.functions)}",
    ]
    if matrix.possible > len(matrix.entries):
        lines.append(f"a sample: {len(matrix.entries)} of {matrix.possible} possible mutants; --all plants every one")
    if matrix.shared:
        lines.append(f"left alone, since the forward runs them too: {', '.join(matrix.shared)}")
    lines += [f"{check} convicts nothing: it {why}" for check, why in matrix.struck.items()]
    return lines
