"""`oracle vectors`."""

from __future__ import annotations

import sys
from typing import Any

import click

from oracle.commands.common import EXIT_NOT_OK, EXIT_OURS, Misuse, everything, only_subject
from oracle.commands.outputs import expect_folder


@click.command()
@click.option(
    "--subject", "names", metavar="SUBJECT", multiple=True, help="Of what; by default everything of lstm_ref."
)
@click.option("--out", "folder", metavar="DIR", type=click.Path(file_okay=False), required=True, help="Where to write.")
@click.option("--cases", type=click.IntRange(1, 1_000), default=4, show_default=True, help="Cases a subject.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="From which all cases follow.")
@click.option(
    "--format",
    "which",
    type=click.Choice(["both", "json", "safetensors"]),
    default="both",
    show_default=True,
    help="Which files to write.",
)
def vectors(names: tuple[str, ...], folder: str, cases: int, seed: int, which: str) -> None:
    """Write known answers: inputs, outputs and gradients, certified and correctly rounded.

    DIR gets NAME.json and NAME.safetensors for each SUBJECT, a registered name, module:name or path/to/file.py:name;
    docs/vectors.md describes them. Exit codes: 0 written, 1 an answer is not certified, 2 misuse, 3 the witnesses
    contradict each other.
    """
    from pathlib import Path

    from oracle.vectors import write
    from oracle.verdict import WitnessesDisagree

    expect_folder(folder)
    subjects = [only_subject(text) for text in names or everything()]
    for subject in subjects:
        try:
            files = _files(subject, cases, seed, which)
            write(Path(folder), files)
        except WitnessesDisagree as contradiction:
            click.echo(str(contradiction), err=True)
            sys.exit(EXIT_OURS)
        except OSError as error:
            raise Misuse(f"cannot write to {folder}: {error.strerror or error}") from error
        for name, data in files.items():
            click.echo(f"{Path(folder) / name}  {len(data):,} bytes")


def _files(subject: Any, cases: int, seed: int, which: str) -> dict[str, bytes]:
    """The files of one subject, by name."""
    from oracle.report.text import safe
    from oracle.vectors import Refused, answers, document, dumps, tensors
    from oracle.vectors.files import file_name
    from oracle.vectors.tensors import NoSafetensors

    try:
        found = answers(subject, cases=cases, seed=seed)
        files = {
            "json": lambda: dumps(document(subject, found)).encode(),
            "safetensors": lambda: tensors(subject, found),
        }
        wanted = files if which == "both" else [which]
        return {f"{file_name(subject.name)}.{ending}": files[ending]() for ending in wanted}
    except Refused as refusal:
        click.echo(f"Error: {safe(str(refusal))}", err=True)
        sys.exit(EXIT_NOT_OK)
    except (NoSafetensors, ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
