"""What the commands share: exit codes, misuse as a sentence, loading what the user names, writing files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

EXIT_OK, EXIT_NOT_OK, EXIT_MISUSE, EXIT_OURS = 0, 1, 2, 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Misuse(click.ClickException):
    """A sentence for the user, and exit code 2."""

    exit_code = EXIT_MISUSE

    def format_message(self) -> str:
        """The sentence, without control characters."""
        from oracle.report.text import safe

        return safe(self.message)


def everything() -> tuple[str, ...]:
    """The names of all registered subjects."""
    from oracle import subjects

    return tuple(subjects.names())


def load_subjects(text: str) -> list[Any]:
    """The subjects of one argument; what the user's file raises is shown as Python shows it."""
    from oracle.loading import UnknownSubject, load

    try:
        return load(text)
    except UnknownSubject as error:
        raise Misuse(str(error.args[0])) from error
    except click.ClickException:
        raise
    except Exception as error:
        from oracle.report.source import raised

        lines = "\n".join(raised(error))
        raise Misuse(f"loading {text} raised {type(error).__name__}:\n{lines}") from error


def load_all(texts: Iterable[str]) -> list[Any]:
    """The subjects of all arguments, each once, however often it was named."""
    found = [subject for text in texts for subject in load_subjects(text)]
    return list({subject.spec or id(subject): subject for subject in found}.values())


def write_json(path: str, reports: list[Any], seconds: float, **further: Any) -> None:
    """Write the machine-readable report, with further keys beside the usual ones, whole or not at all."""
    from pathlib import Path

    from oracle.report.json import dumps, to_dict, write_atomically

    try:
        write_atomically(Path(path), dumps({**to_dict(reports, seconds), **further}))
    except OSError as error:
        raise Misuse(f"cannot write {path}: {error.strerror or error}") from error


def only_subject(text: str) -> Any:
    """The one subject that `text` names."""
    found = load_subjects(text)
    if len(found) != 1:
        names = ", ".join(subject.name for subject in found)
        raise Misuse(f"{text} names {len(found)} subjects; expected one of {names}")
    return found[0]
