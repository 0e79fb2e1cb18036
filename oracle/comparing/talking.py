"""Starts the two sides of a comparison, and asks them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from oracle.comparing.revision import CannotCompare
from oracle.subject import Subject
from oracle.subjects import REGISTERED

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_PROGRAM = "import sys; sys.path[:0] = [sys.argv[1]]; from oracle.comparing.worker import main; main()"


class Refused(Exception):
    """One side could not answer; the message says why."""


class Side:
    """A process that knows the subject as it is in one tree."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, what: str, **details: Any) -> dict[str, Any]:
        """The answer to a question.

        Raises
        ------
        Refused
            If there is none.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"ask": what, **details}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise Refused("its process ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer


@contextlib.contextmanager
def side(subject: Subject, digits: float, top: str, tree: str) -> Iterator[tuple[Side, dict[str, Any]]]:
    """A process that has loaded the subject from `tree`, which is the repository `top` or a revision of it.

    Its answer to that comes with it. Nothing is written into the tree: no compiled modules either.

    Raises
    ------
    Refused
        If the subject is not there.
    """
    within = [_in_tree(path or os.getcwd(), top, tree) for path in (os.getcwd(), *sys.path)]
    paths = list(dict.fromkeys(path for path in within if path is not None))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, _HOME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=next((path for path in paths if os.path.isdir(path)), tree),
    ) as process:
        try:
            one = Side(process)
            text = _text(subject, top, tree)
            yield one, one.ask("load", text=text, digits=digits, paths=paths, tree=tree, top=top)
        finally:
            process.kill()


def _in_tree(path: str, top: str, tree: str) -> str | None:
    """The place in the tree of a place in the repository; None if it lies outside."""
    full = os.path.realpath(path)
    inside = full == top or full.startswith(top + os.sep)
    return os.path.normpath(os.path.join(tree, os.path.relpath(full, top))) if inside else None


def _text(subject: Subject, top: str, tree: str) -> str:
    """How the subject is named there."""
    if not isinstance(subject.spec, str):
        raise CannotCompare(f"{subject.name} has no name by which it could be loaded from a revision")
    place, _, name = subject.spec.rpartition(":")
    if subject.spec in REGISTERED or not place.endswith(".py"):
        return subject.spec
    there = _in_tree(place, top, tree)
    if there is None:
        raise CannotCompare(f"{place} is not in the repository {top}")
    if not os.path.isfile(there):
        raise Refused(f"there is no file {os.path.relpath(there, tree)}")
    return f"{there}:{name}"
