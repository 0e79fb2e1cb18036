"""The same faulty and the same correct programs before this project and the tools that people use today.

    pip install -c constraints.txt -e ".[field]"
    python -m benchmarks.field [--count N | --all] [--only faults|alarms] [--jobs N] [--keep PATH] [--json PATH]
                               [--markdown PATH]

Every tool really runs, on its own terms, at its defaults (`benchmarks.field.tools`, one module each). Each sees a
faulty program in four settings: three shapes with normal values of deviation 0.5, and one with values in ±0.1; it has
convicted the fault as soon as it rejects one. Behind a small loss, Σ c ⊙ output × 1e-6, there is one setting. Seconds
are the processor's. With --keep every mutant's line is written as soon as it is judged, and a run that was ended goes
on where it was. Exit code 1 if the certified path misses a fault or accuses a correct program.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, which NumPy must know before it is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import logging
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.field import alarms, faults, sample, showing
from benchmarks.field.tools import Tool, installed
from benchmarks.keeping import OtherRun
from benchmarks.places import markdown
from oracle.report.json import dumps, write_atomically

logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)  # it logs what a planted fault raises

_PROGRESS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@click.command()
@click.option(
    "--count",
    default=sample.COUNT,
    show_default=True,
    help="A sample of some more mutants than that, at least four of every operator that has them.",
)
@click.option("--all", "everything", is_flag=True, help="All mutants.")
@click.option("--only", type=click.Choice(["faults", "alarms"]), help="Faulty programs alone, or correct ones alone.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that judge faults.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is found there as it comes.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write everything there.")
@click.option("--markdown", "markdown_path", type=click.Path(dir_okay=False), help="Write the tables there.")
def main(
    count: int,
    everything: bool,
    only: str | None,
    jobs: int,
    keep: Path | None,
    json_path: str | None,
    markdown_path: str | None,
) -> None:
    """Judge faulty and correct programs by every tool that is installed."""
    tools, missing = installed()
    err = Console(stderr=True)
    with Progress(*_PROGRESS, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("preparing", total=None)

        def tell(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total)
            if not err.is_terminal and done % 10 == 0:
                err.print(f"{doing}: {done} of {total}")

        judged = None if only == "alarms" else _faults(tools, None if everything else count, tell, jobs, keep)
        heard = [] if only == "faults" else alarms.run(tools, tell)
    results = showing.Results(*(judged or ([], 0, 0.0)), heard, tools, missing)
    console = Console(highlight=False, emoji=False)
    console.width = max(console.width, 180)
    showing.show(console, results)
    if json_path:
        write_atomically(Path(json_path), dumps(showing.to_dict(results)))
    if markdown_path:
        text = "\n\n".join(map(markdown, showing.tables(results)))
        write_atomically(Path(markdown_path), text + "\n")
    raise SystemExit(0 if results.ok else 1)


def _faults(
    tools: Sequence[Tool], count: int | None, tell: faults.Told, jobs: int, keep: Path | None
) -> tuple[list[faults.Judged], int, float]:
    """The faulty programs; a file that another run has kept is misuse."""
    try:
        return faults.run(tools, count, tell, jobs=jobs, keep=keep)
    except OtherRun as error:
        raise click.UsageError(str(error)) from error


if __name__ == "__main__":
    main()
