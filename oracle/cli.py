"""The command line. Every command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import sys
from typing import Any

import click

EXIT_OK, EXIT_NOT_OK, EXIT_MISUSE, EXIT_OURS = 0, 1, 2, 3


class Misuse(click.ClickException):
    """A sentence for the user, and exit code 2."""

    exit_code = EXIT_MISUSE

    def format_message(self) -> str:
        """The sentence, without control characters."""
        from oracle.report.text import safe

        return safe(self.message)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gradient-oracle", prog_name="oracle")
def main() -> None:
    """Certify hand-written backpropagation: your NumPy code and JAX's gradient program, both in ball arithmetic.

    Exit codes: 0 ok, 1 a verdict that is not ok, 2 misuse, 3 the witnesses contradict each other.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # names may hold what the terminal's encoding has not


@main.command()
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

    loaded = [subject for text in subjects or _everything() for subject in _load(text)]
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
        _write_json(json_path, reports, seconds)
    sys.exit(EXIT_OK if all(report.ok for report in reports) else EXIT_NOT_OK)


def _everything() -> tuple[str, ...]:
    from oracle import subjects

    return tuple(subjects.names())


def _load(text: str) -> list[Any]:
    """The subjects of one argument; what the user's file raises is shown as Python shows it."""
    from oracle.loading import UnknownSubject, load

    try:
        return load(text)
    except UnknownSubject as error:
        raise Misuse(str(error.args[0])) from error
    except click.ClickException:
        raise
    except Exception as error:
        import traceback

        last = "".join(traceback.format_exception(error)[-3:]).rstrip()
        raise Misuse(f"loading {text} raised {type(error).__name__}:\n{last}") from error


def _write_json(path: str, reports: list[Any], seconds: float) -> None:
    from pathlib import Path

    from oracle.report.json import dumps, to_dict, write_atomically

    try:
        write_atomically(Path(path), dumps(to_dict(reports, seconds)))
    except OSError as error:
        raise Misuse(f"cannot write {path}: {error.strerror or error}") from error


@main.command()
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
        (subject,) = _only(text or _trusted(file, record))
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


def _only(text: str) -> list[Any]:
    """The one subject that `text` names."""
    found = _load(text)
    if len(found) != 1:
        names = ", ".join(subject.name for subject in found)
        raise Misuse(f"{text} names {len(found)} subjects; expected one of {names}")
    return found


@main.command()
def subjects() -> None:
    """List the registered subjects."""
    from oracle import subjects as registered

    for name in registered.names():
        click.echo(name)


if __name__ == "__main__":
    main()
