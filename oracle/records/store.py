"""Records in files: written whole or not at all, and read with suspicion."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shlex
import stat
from pathlib import Path
from typing import Any, Final

from oracle import subjects
from oracle.records.fields import LONGEST_NAME
from oracle.records.record import KIND, LONGEST_SPEC, MOST_LEAVES, SCHEMA, Record, validated
from oracle.records.strict_json import InvalidRecord, parse
from oracle.report.json import dumps, write_atomically
from oracle.report.text import one_line
from oracle.verdict import Report

FOLDER: Final = Path(".oracle/failures")
LARGEST_FILE: Final = 2**20  # bytes
_IDENTITY = ("subject", "spec", "sizes", "regime", "seed", "digits", "verdict")


def save(report: Report, folder: str | Path = FOLDER, *, spec: object = None, digits: float = 30) -> Path:
    """The file that now holds the report's failing case; the same failure always has the same name.

    Parameters
    ----------
    report : Report
        One with a `failing_case`.
    folder : path
        Made if it is not there.
    spec : str, optional
        How a user names the subject, if it has such a name.
    digits : float
        To which every entry had to be known.

    Raises
    ------
    ValueError
        If the report has no failing case; `InvalidRecord`, if a record cannot hold it.
    OSError
        If the file cannot be written.
    """
    if report.failing_case is None:
        raise ValueError(f"the report on {one_line(report.subject)} has no failing case to save")
    document = validated(_document(report, spec, digits)).to_dict()
    path = Path(folder) / f"{_digest(document)}.json"
    _keep_out_of_git(Path(folder))
    write_atomically(path, dumps(document))
    return path


def _keep_out_of_git(folder: Path) -> None:
    """Put a .gitignore into a .oracle that is made here, as pytest does in its cache."""
    above = folder.absolute().parent
    if above.name == FOLDER.parts[0] and not above.exists():
        write_atomically(above / ".gitignore", "# made by oracle; what failed here, for oracle replay\n*\n")


def saved(report: Report, *, spec: object, digits: float, root: Path | None = None) -> Report:
    """The report with the command that replays its failing case, which is saved below `root`; or with a note why not.

    A verdict is never lost because a file could not be written.
    """
    if report.ok or report.failing_case is None:
        return report
    try:
        path = save(report, (root or Path()) / FOLDER, spec=spec, digits=digits)
    except (OSError, InvalidRecord) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return dataclasses.replace(report, notes=(*report.notes, f"the failing case could not be saved: {why}"))
    return dataclasses.replace(report, replay=command((FOLDER / path.name).as_posix(), _spec(spec)))


def command(path: str, spec: str | None) -> str:
    """What to type to replay a record; unless the subject is registered, its name must be repeated."""
    words = f"oracle replay {shlex.quote(path)}"
    if spec in subjects.REGISTERED:
        return words
    return f"{words} --subject {'path/to/file.py:name' if spec is None else shlex.quote(spec)}"


def load(path: str | Path) -> Record:
    """The record in a file, which is believed in nothing that was not checked.

    Raises
    ------
    InvalidRecord
        If it cannot be read, or is not a record.
    """
    try:
        return validated(parse(content(path)))
    except InvalidRecord as error:
        raise InvalidRecord(f"{path} is not a record of a failing case: {error}") from None


def content(path: str | Path, largest: int = LARGEST_FILE) -> bytes:
    """The bytes of a regular file of bounded size: a pipe would wait, and a device never end.

    Raises
    ------
    InvalidRecord
        If it cannot be read, is no regular file, or is larger than `largest` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise InvalidRecord(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        regular = stat.S_ISREG(os.fstat(handle).st_mode)
        found = _read(handle, largest + 1) if regular else b""
    finally:
        os.close(handle)
    if not regular:
        raise InvalidRecord("it is not a regular file")
    if len(found) > largest:
        raise InvalidRecord(f"it is larger than {largest} bytes")
    return found


def _read(handle: int, most: int) -> bytes:
    with os.fdopen(handle, "rb", closefd=False) as file:
        return file.read(most)


# ---- making a record


def _document(report: Report, spec: object, digits: float) -> dict[str, Any]:
    case = report.failing_case
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "subject": _name(report.subject),
        "spec": _spec(spec),
        "sizes": {str(name): int(size) for name, size in case.sizes.items()},
        "regime": case.regime,
        "seed": int(case.seed),
        "digits": float(digits),
        "verdict": report.verdict.name,
        "leaves": [
            {"name": _name(leaf.name), "verdict": leaf.verdict.name, "wrong": leaf.wrong, "compared": leaf.compared}
            for leaf in report.leaves[:MOST_LEAVES]
        ],
        "versions": {_name(name): _name(str(version)) for name, version in report.environment.items()},
    }


def _name(text: str) -> str:
    """A name as a record may hold it: with control characters written out, and not too long."""
    return one_line(text)[:LONGEST_NAME] or "(no name)"


def _spec(spec: object) -> str | None:
    """A spec that can be typed as it is, else nothing."""
    usable = isinstance(spec, str) and spec.isprintable() and 0 < len(spec) <= LONGEST_SPEC
    return str(spec) if usable else None


def _digest(document: dict[str, Any]) -> str:
    identity = json.dumps({name: document[name] for name in _IDENTITY}, sort_keys=True)
    return hashlib.blake2b(identity.encode(), digest_size=6).hexdigest()
