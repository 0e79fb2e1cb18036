"""The same faulty and the same correct programs before this project and the tools that people use today.

    pip install -c constraints.txt -e ".[field]"
    python -m benchmarks.field [--count N | --all] [--no-alarms] [--json PATH] [--markdown PATH]

Every tool really runs, on its own terms, at its defaults (`benchmarks.field.tools`, one module each). Each sees a
faulty program in four settings: three shapes with normal values of deviation 0.5, and one with values in ±0.1; it has
convicted the fault as soon as it rejects one. Behind a small loss, Σ c ⊙ output × 1e-6, there is one setting. Seconds
are the processor's. Exit code 1 if the certified path misses a fault or accuses a correct program.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, which NumPy must know before it is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.field import alarms, faults, sample, showing
from benchmarks.field.tools import installed
from oracle.report.json import dumps, write_atomically

_PROGRESS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@click.command()
@click.option("--count", default=sample.COUNT, show_default=True, help="About so many mutants, of every operator some.")
@click.option("--all", "everything", is_flag=True, help="All mutants.")
@click.option("--no-alarms", is_flag=True, help="Leave the correct programs out.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write everything there.")
@click.option("--markdown", "markdown_path", type=click.Path(dir_okay=False), help="Write the tables there.")
def main(count: int, everything: bool, no_alarms: bool, json_path: str | None, markdown_path: str | None) -> None:
    """Judge faulty and correct programs by every tool that is installed."""
    tools, missing = installed()
    err = Console(stderr=True)
    with Progress(*_PROGRESS, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("preparing", total=None)

        def tell(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        judged, court, possible = faults.run(tools, None if everything else count, tell)
        heard = [] if no_alarms else alarms.run(tools, tell)
    results = showing.Results(judged, possible, court.preparation, heard, tools, missing)
    console = Console(highlight=False, emoji=False)
    console.width = max(console.width, 180)
    showing.show(console, results)
    if json_path:
        write_atomically(Path(json_path), dumps(showing.to_dict(results)))
    if markdown_path:
        tables = (showing.fault_rows(results), showing.operator_rows(results), showing.alarm_rows(results))
        write_atomically(Path(markdown_path), "\n\n".join(map(showing.markdown, tables)) + "\n")
    raise SystemExit(0 if results.ok else 1)


if __name__ == "__main__":
    main()
