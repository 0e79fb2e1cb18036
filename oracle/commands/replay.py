"""`oracle replay`."""

from __future__ import annotations

import sys
from typing import Any

import click

from oracle.commands.common import EXIT_NOT_OK, EXIT_OK, EXIT_OURS, Misuse, only_subject


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--subject",
    "texts",
    metavar="SUBJECT",
    multiple=True,
    help="What to load, for each subject that is not registered, in the order of the file.",
)
def replay(file: str, texts: tuple[str, ...]) -> None:
    """Run the failing case of a record, or all cases of a certificate, in FILE again.

    A file may come from a stranger, so a module or file that it names is not loaded unless you repeat the name with
    --subject. Exit codes: 0 the case is ok now, or the certificate holds and every digit is the same; 1 otherwise;
    2 misuse; 3 the witnesses contradict each other.
    """
    from oracle.records import InvalidRecord, Record
    from oracle.records.certificate_store import load_any
    from oracle.report.terminal import Terminal
    from oracle.verdict import WitnessesDisagree

    try:
        found = load_any(file)
        ok = _record(file, found, texts) if isinstance(found, Record) else _certificate(file, found, texts)
    except WitnessesDisagree as contradiction:
        Terminal().error(str(contradiction))
        sys.exit(EXIT_OURS)
    except (InvalidRecord, ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
    sys.exit(EXIT_OK if ok else EXIT_NOT_OK)


# ---- a failing case


def _record(file: str, record: Any, texts: tuple[str, ...]) -> bool:
    """Whether the case is ok now."""
    from oracle.records.replay import replay as run
    from oracle.report.terminal import Terminal

    if len(texts) > 1:
        raise Misuse(f"--subject was given {len(texts)} times; a record of a failing case is of one subject")
    again = run(record, only_subject(texts[0] if texts else _trusted(file, record)))
    Terminal().end(again.report)
    _say(again.sentences)
    return bool(again.report.ok)


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


# ---- a certificate


def _certificate(file: str, recorded: Any, texts: tuple[str, ...]) -> bool:
    """Whether every subject is certified now, with the same digits."""
    from oracle.records.certificate_replay import replay as run
    from oracle.records.certificate_replay import whole
    from oracle.report.terminal import Terminal

    again, terminal = [], Terminal()
    for one, text in zip(recorded.subjects, _named(file, recorded, texts), strict=True):
        progress = terminal.begin(one.name, len(one.cases))
        again.append(run(one, only_subject(text), progress))
        terminal.end(again[-1].report)
        _say([f"{one.name}: {sentence}" for sentence in again[-1].sentences()])
    _say(whole(again, recorded))
    return all(one.same for one in again)


def _named(file: str, recorded: Any, texts: tuple[str, ...]) -> list[str]:
    """What to load for each subject of a certificate: the registered one, or what the user named, in order."""
    from oracle import subjects

    foreign = [one for one in recorded.subjects if one.spec not in subjects.REGISTERED]
    if len(texts) != len(foreign):
        import shlex

        names = ", ".join(one.name if one.spec is None else one.spec for one in foreign) or "none"
        options = [f"--subject {shlex.quote(one.spec or 'path/to/file.py:name')}" for one in foreign]
        line = " ".join([f"oracle replay {shlex.quote(file)}", *options])
        raise Misuse(
            f"the certificate is of {_counted(len(foreign))} not registered ({names}), and {len(texts) or 'none'} "
            f"{'was' if len(texts) == 1 else 'were'} named with --subject; loading them runs their code, so nothing "
            f"was loaded. If you trust it: {line}"
        )
    rest = iter(texts)
    return [str(one.spec) if one.spec in subjects.REGISTERED else next(rest) for one in recorded.subjects]


def _counted(subjects: int) -> str:
    return f"{subjects or 'no'} subject{' that is' if subjects == 1 else 's that are'}"


def _say(sentences: list[str]) -> None:
    from oracle.report.text import one_line

    for sentence in sentences:
        click.echo(one_line(sentence))
