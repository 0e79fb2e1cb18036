"""Where results are to be written: whatever keeps them from being written is said before any work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from oracle.commands.common import Misuse


def expect_writable(paths: Mapping[str, str | None], read: Mapping[str, str | None] | None = None) -> None:
    """Refuse a file that cannot be written, and one file for two purposes; by option, the paths that were given.

    Raises
    ------
    Misuse
        With a sentence that says which path, and why.
    """
    for path in paths.values():
        if path is not None:
            _expect_file(path)
    taken: dict[Path, str] = {}
    for option, path in {**(read or {}), **paths}.items():
        if path is None:
            continue
        place = Path(path).resolve()
        if place in taken and (place.is_file() or not place.exists()):  # what is no file, as /dev/stdout, takes both
            raise Misuse(f"{taken[place]} and {option} both name {_shown(path)}; give each a file of its own")
        taken[place] = option


def expect_folder(path: str) -> None:
    """Refuse a folder in which no file can be written; one that is not there is made, in one that is there.

    Raises
    ------
    Misuse
        With a sentence that says why.
    """
    if not path:
        raise Misuse("cannot write to '': expected the name of a folder")
    place = Path(path).absolute()
    _expect_room(path, place if os.path.lexists(place) else place.parent)


def expect_file_or_folders(path: str) -> None:
    """Refuse a file that cannot be written; folders above it that are not there are made later.

    Raises
    ------
    Misuse
        With a sentence that says why.
    """
    folder = Path(path).absolute().parent
    while not os.path.lexists(folder):
        folder = folder.parent
    _expect_file(path, folder)


def _expect_file(path: str, folder: Path | None = None) -> None:
    """Refuse a path at which no file can be written."""
    if not path:
        raise Misuse("cannot write '': expected the name of a file")
    try:
        place = Path(path).resolve()
    except (OSError, RuntimeError) as error:  # a link to itself
        raise Misuse(f"cannot write {_shown(path)}: {error}") from None
    if place.is_dir():
        raise Misuse(f"cannot write {_shown(path)}: it is a directory")
    if place.exists() and not place.is_file():
        if not os.access(place, os.W_OK):
            raise Misuse(f"cannot write {_shown(path)}: permission denied")
        return
    _expect_room(path, folder or place.parent, place.name)


def _expect_room(path: str, folder: Path, name: str = "") -> None:
    """Refuse a folder in which no file of this name can be made: only trying tells, as for /proc."""
    if not os.path.lexists(folder):
        raise Misuse(f"cannot write {_shown(path)}: there is no directory {_shown(str(folder))}; make it first")
    if not folder.is_dir():
        raise Misuse(f"cannot write {_shown(path)}: {_shown(str(folder))} is not a directory")
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.", suffix=".part"):
            pass
    except OSError as error:
        why = error.strerror or error
        raise Misuse(f"cannot write {_shown(path)}: no file can be made in {_shown(str(folder))}: {why}") from None


def _shown(path: str) -> str:
    from oracle.report.text import one_line

    return one_line(path)
