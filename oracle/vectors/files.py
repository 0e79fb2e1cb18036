"""Several files written together: all of them, or none."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path


def file_name(subject: str) -> str:
    """The name of a subject as the beginning of a file's name.

    >>> file_name("lstm-seed"), file_name("my/models.py:lstm")
    ('lstm-seed', 'my-models.py-lstm')
    """
    return re.sub(r"[^\w.-]+", "-", subject).strip("-.") or "subject"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if need be; a file that is there already is replaced whole.

    Everything is written beside its place first, so that a full disk leaves what was there as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, str] = {}
    try:
        for name, data in files.items():
            handle, written[name] = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(written[name], 0o644)
        for name in files:
            os.replace(written[name], folder / name)
    finally:
        for path in written.values():
            Path(path).unlink(missing_ok=True)
