"""What a long run has found, kept line by line as it goes, so that a run that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class OtherRun(ValueError):
    """The file was kept by a run of other code, or with other options."""


class Kept:
    """Records by name in a file, each of them appended as soon as it is there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "kept.jsonl"
    ...     Kept(path, {"seed": 0}).add("a", {"entries": 3})
    ...     Kept(path, {"seed": 0}).known
    {'a': {'entries': 3}}
    """

    def __init__(self, path: Path | None, about: Mapping[str, Any]) -> None:
        """What was kept there before; without a path nothing is kept.

        Raises
        ------
        OtherRun
            If what was kept there is about something else.
        """
        self.path, self.known = path, dict[str, Any]()
        if path is None:
            return
        lines = _whole_lines(path)
        if not lines:
            self._write({"about": dict(about)})
            return
        before = lines[0].get("about")
        if before != dict(about):
            changed = sorted(name for name in {*before, *about} if before.get(name) != about.get(name))
            raise OtherRun(f"{path} was kept by a run with another {changed[0]}; delete it, or name another file")
        self.known = {one["name"]: one["found"] for one in lines[1:]}

    def add(self, name: str, found: Mapping[str, Any]) -> None:
        """Keep a record."""
        self.known[name] = dict(found)
        if self.path is not None:
            self._write({"name": name, "found": dict(found)})

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self.path is not None
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(path: Path) -> list[Any]:
    """The lines of a file; one at its end that was not written to its end is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.decode().splitlines()]


def digest(*folders: str) -> str:
    """A digest of all Python sources below some folders of the repository."""
    found = hashlib.blake2b(digest_size=8)
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()
