"""`oracle watch`."""

from __future__ import annotations

import sys

import click

from oracle.commands.common import EXIT_OK, Misuse, everything


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option(
    "--cases", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Random cases a subject."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="From which all cases follow.")
@click.option("--digits", type=click.FloatRange(1, 200), default=30, show_default=True, help="To know every entry to.")
def watch(subjects: tuple[str, ...], cases: int, seed: int, digits: float) -> None:
    """Judge subjects again at each save of their code; by default everything of lstm_ref.

    A few cases are heard at once, the others until the next save. A file that cannot be loaded, or is gone for a
    while, is waited for. Ctrl-C ends, with exit code 0. Watching a file runs it at each save, as Python would.
    """
    from oracle.loading import UnknownSubject
    from oracle.watching import Watch
    from oracle.watching.display import Display

    watched = Watch(subjects or everything(), Display(), cases=cases, seed=seed, digits=digits)
    try:
        watched.begin()
        watched.forever()
    except UnknownSubject as error:
        raise Misuse(str(error.args[0])) from error
    except KeyboardInterrupt:
        click.echo()
        sys.exit(EXIT_OK)
