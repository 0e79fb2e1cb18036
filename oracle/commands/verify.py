"""`oracle verify`."""

from __future__ import annotations

import sys

import click

from oracle.commands.common import EXIT_NOT_OK, EXIT_OK, EXIT_OURS, Misuse, everything, load_subjects, write_json


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option(
    "--cases", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Random cases a subject."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="From which all cases follow.")
@click.option("--digits", type=click.FloatRange(1, 200), default=30, show_default=True, help="To know every entry to.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write the machine-readable report there.")
@click.option("--records/--no-records", default=True, help="Save failing cases below .oracle/failures, for replay.")
def verify(
    subjects: tuple[str, ...], cases: int, seed: int, digits: float, json_path: str | None, records: bool
) -> None:
    """Verify subjects; by default everything of lstm_ref.

    A SUBJECT is a registered name, module:name, path/to/file.py:name, or path/to/file.py for all subjects in it.
    Verifying a file runs it, as Python runs any script: do not verify files that you would not run.
    """
    from oracle.report.terminal import Terminal
    from oracle.session import run_session
    from oracle.verdict import WitnessesDisagree

    loaded = [subject for text in subjects or everything() for subject in load_subjects(text)]
    terminal = Terminal()
    try:
        reports, seconds = run_session(
            loaded, cases=cases, seed=seed, digits=digits, terminal=terminal, records=records
        )
    except WitnessesDisagree as contradiction:
        terminal.error(str(contradiction))
        sys.exit(EXIT_OURS)
    except (ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
    if json_path is not None:
        write_json(json_path, reports, seconds)
    sys.exit(EXIT_OK if all(report.ok for report in reports) else EXIT_NOT_OK)
