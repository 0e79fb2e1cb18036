"""What happens when code under test asks a ball for something that only a float could answer.

Every refusal is recorded in the current run *before* it is raised, because the code under test may catch it: a run
with a recorded refusal is never certified. The exceptions derive from `Exception` directly, since NumPy turns
TypeError and ValueError into others.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import NamedTuple

import numpy as np

ARITHMETIC_HOME = os.path.dirname(os.path.abspath(__file__)) + os.sep
CONDITION = "condition"  # what a comparison inside one line is called that sizes or other plain numbers answer
TEXT = "text of a ball was read"  # a note: people may read it, but a number that is read back is none of its balls
NUMPY_HOME = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


@dataclass(frozen=True)
class Place:
    """A statement of the code under test."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f": {self.code}" if self.code else "")


class Question(NamedTuple):
    """Where the code under test decides something by values, and how."""

    file: str
    line: int
    name: str  # of NumPy's function, or what else is asked
    at: int = 0  # the place in the code object: one line may ask the same thing twice


@dataclass(frozen=True)
class Refusal:
    """One thing that was refused, and where."""

    kind: str  # the name of the exception: LeftArithmetic or Undecided
    why: str
    place: Place

    def __str__(self) -> str:
        return f"{self.why}, at {self.place}"


class LeftArithmetic(Exception):
    """A ball was about to turn into a float: the code cannot be judged in balls."""


class Undecided(Exception):
    """The answer depends on where in its ball a value lies: more precision may decide it, a kink never."""


@dataclass
class Record:
    """What one run in balls refused, and what it noted without refusing."""

    refusals: list[Refusal] = field(default_factory=list)
    notes: dict[str, Place] = field(default_factory=dict)  # first place of each, e.g. "casts to float32"
    ties: dict[str, Place] = field(default_factory=dict)  # exact ties between values: kinks
    ways: dict[Question, set[Hashable]] = field(default_factory=dict)  # which answers decisions by value had


_current: ContextVar[Record | None] = ContextVar("current_record", default=None)
_open: list[Record] = []  # of all runs under way


@contextlib.contextmanager
def recording() -> Iterator[Record]:
    """A fresh record for the run inside the block."""
    record = Record()
    token = _current.set(record)
    _open.append(record)
    try:
        yield record
    finally:
        _open[:] = [other for other in _open if other is not record]
        _current.reset(token)


def _records() -> list[Record]:
    """The record of the current run; of every run, in a thread that the code under test has started."""
    current = _current.get()
    return list(_open) if current is None else [current]


def place() -> Place:
    """The innermost frame that belongs neither to this arithmetic nor to NumPy."""
    frame = _where()
    file, line = frame.f_code.co_filename, frame.f_lineno
    return Place(file, line, linecache.getline(file, line).strip())


def _where() -> FrameType:
    """That frame."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((ARITHMETIC_HOME, NUMPY_HOME)):
        frame = frame.f_back
    return frame


def left(why: str) -> LeftArithmetic:
    """The exception to raise when a value would leave ball arithmetic; recorded first."""
    refusal = Refusal("LeftArithmetic", why, place())
    for record in _records():
        record.refusals.append(refusal)
    return LeftArithmetic(str(refusal))


def undecided(why: str) -> Undecided:
    """The exception to raise when overlapping balls leave a question open; recorded first."""
    refusal = Refusal("Undecided", why, place())
    for record in _records():
        record.refusals.append(refusal)
    return Undecided(str(refusal))


def note(what: str) -> None:
    """Remember something the report should say, with the first place where it happened."""
    for record in _records():
        if what not in record.notes:
            record.notes[what] = place()


def tie(what: str) -> None:
    """Remember that two values were exactly equal where a function has a kink."""
    for record in _records():
        if what not in record.ties:
            record.ties[what] = place()


def answered(name: str, answers: Callable[[], Iterable[Hashable]]) -> None:
    """Remember how a question of order was answered; code that asks one decides something by values.

    Nothing is worked out where no run of code under test is recorded, as in the gradient program, or where two
    different answers are known.
    """
    if not (records := _records()):
        return
    frame = _where()
    question = Question(frame.f_code.co_filename, frame.f_lineno, name, frame.f_lasti)
    for record in records:
        known = record.ways.setdefault(question, set())
        if len(known) < 2:
            known.update(answers())
