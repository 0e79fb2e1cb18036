"""`oracle replay`."""

from __future__ import annotations

import sys
from typing import Any

import click

from oracle.commands.common import EXIT_NOT_OK, EXIT_OK, EXIT_OURS, Misuse, only_subject


@click.command()
@click.argument("file", type=click.Path())
@click.option("--subject", "text", metavar="SUBJECT", help="What to load; not needed for a registered subject.")
def replay(file: str, text: str | None) -> None:
    """Run the failing case of a record in FILE again.

    A record may come from a stranger, so a module or file that it names is not loaded unless you repeat the name with
    --subject. Exit codes: 0 the case is ok now, 1 it still fails, 2 misuse, 3 the witnesses contradict each other.
    """
    from oracle.records import InvalidRecord, load
    from oracle.records.replay import replay as run
    from oracle.report.terminal import Terminal
    from oracle.report.text import one_line
    from oracle.verdict import WitnessesDisagree

    try:
        record = load(file)
        subject = only_subject(text or _trusted(file, record))
        again = run(record, subject)
    except WitnessesDisagree as contradiction:
        Terminal().error(str(contradiction))
        sys.exit(EXIT_OURS)
    except (InvalidRecord, ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
    Terminal().end(again.report)
    for sentence in again.sentences:
        click.echo(one_line(sentence))
    sys.exit(EXIT_OK if again.report.ok else EXIT_NOT_OK)


def _trusted(file: str, record: Any) -> str:
    """The registered subject that a record names; anything else must be named by the user."""
    from oracle import subjects
    from oracle.records import command

    if record.spec in subjects.REGISTERED:
        return str(record.spec)
    if record.spec is None:
        raise Misuse(
            f"the record is of {record.subject}, but does not say where that is defined; nothing was loaded. "
            f"Name it: {command(file, None)}"
        )
    raise Misuse(
        f"the record is of {record.subject}, and replaying it would load {record.spec}, which runs that code; nothing "
        f"was loaded. If you trust it: {command(file, record.spec)}"
    )
