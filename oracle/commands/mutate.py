"""`oracle mutate`."""

from __future__ import annotations

import sys

import click

from oracle.commands.common import EXIT_NOT_OK, EXIT_OK, Misuse, everything, load_all
from oracle.commands.outputs import expect_writable

SAMPLE, SMALL = 1200, 100  # mutants


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option("--function", "functions", multiple=True, help="Plant faults in this function only; may be repeated.")
@click.option("--operators", help="Only these operators, separated by commas.")
@click.option("--limit", type=click.IntRange(1), help="At most so many mutants, evenly spread over all.")
@click.option("--fast", is_flag=True, help=f"A sample of {SMALL} mutants.")
@click.option("--all", "every", is_flag=True, help=f"Every mutant; by default a sample of {SAMPLE}.")
@click.option("--jobs", type=click.IntRange(1), help="How many processes share the work; by default one a core.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write the matrix there, with every mutant.")
def mutate(
    subjects: tuple[str, ...],
    functions: tuple[str, ...],
    operators: str | None,
    limit: int | None,
    fast: bool,
    every: bool,
    jobs: int | None,
    json_path: str | None,
) -> None:
    """Plant faults in backwards and show which check convicts which; by default in all of lstm_ref.

    Exit code 1 if a mutant survives that is neither proven nor presumed equivalent.
    """
    from oracle.mutation.campaign import mutate as judge
    from oracle.parallel import cores
    from oracle.report.matrix import MatrixTerminal

    expect_writable({"--json": json_path})
    loaded = load_all(subjects or _all_of_lstm_ref())
    chosen = [name.strip() for name in operators.split(",")] if operators is not None else []
    terminal = MatrixTerminal()
    try:
        with terminal.progress() as told:
            matrix = judge(
                loaded,
                functions=functions,
                operators=chosen,
                limit=_limit(limit, fast, every),
                jobs=jobs or cores(),
                told=told,
            )
    except (ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
    terminal.show(matrix)
    if json_path is not None:
        _write(json_path, matrix.to_dict())
    sys.exit(EXIT_OK if matrix.ok else EXIT_NOT_OK)


def _limit(limit: int | None, fast: bool, every: bool) -> int | None:
    """How many mutants are wanted; None for all."""
    if (limit is not None) + fast + every > 1:
        raise Misuse("--limit, --fast and --all exclude each other: give one of them")
    return limit or (SMALL if fast else None if every else SAMPLE)


def _all_of_lstm_ref() -> list[str]:
    """The registered subjects, and around them the parts that are on trial by themselves here."""
    from oracle.subjects import parts

    return [*parts.names(), *everything(), *parts.corners()]


def _write(path: str, found: dict[str, object]) -> None:
    """Write the matrix, whole or not at all."""
    from pathlib import Path

    from oracle.report.json import dumps, write_atomically

    try:
        write_atomically(Path(path), dumps(found))
    except OSError as error:
        raise Misuse(f"cannot write {path}: {error.strerror or error}") from error
