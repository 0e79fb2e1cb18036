"""One small case in float64, on which edited backwards are tried: which entries of which gradients come out right.

An edited function is foreign code changed by us. It runs as a hand-written backward does in any check, on copies of
its own and with its output swallowed, and besides within a number of lines: a loop that no longer ends is given up.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.diagnosis.counting import Counter, TooLong
from oracle.diagnosis.differences import by_differences
from oracle.forms.form import SubjectError
from oracle.forms.object import ObjectForm
from oracle.paths import PathError
from oracle.point import Point
from oracle.runs import Run, evaluate, quiet
from oracle.trial import Trial

Mask = npt.NDArray[np.bool_]
NEAR = 1e-7  # relative to the largest entry of a gradient
_LINES = 20  # times as many lines as the backward as it stands
NO_LINE = "no line was searched for, because JAX is no witness and {}; give a twin with reference="
AFFORDABLE = 80  # entries of all gradients of a case, where each costs two runs of the forward in balls
_BEFORE = 0.37  # in the slots of gradients that are added to: an object that was used before shows what it keeps
_EDIT, _SLOT = 400, 100  # lines that take as long as making an edit, and as one attribute


class NotKnown(Exception):
    """The true gradients of a case are not known, and why no line is searched for."""


class Bench:
    """A case with its true gradients; `right()` says which entries the backward, as it is now, gets right."""

    def __init__(self, trial: Trial, case: Case) -> None:
        self.trial, self.point = trial, Point(trial.subject, case)
        self._numbers = adapter.Floats(np.float64)
        self._allowed = sys.maxsize
        self.tried = 0
        self.work = 0  # lines run, and what takes as long
        self._each = _EDIT + _SLOT * len(trial.subject.leaves) * isinstance(trial.subject.form, ObjectForm)
        run = self._run()
        if run.error is not None:
            raise run.error
        self._outputs = {
            name: np.array(value) for name, value in run.outputs.items() if self._numbers.shape(value) is not None
        }
        self.truth = trial.declared_floats(self._derivatives(), case.sizes)
        self._room = {name: NEAR * float(np.max(np.abs(value), initial=0.0)) for name, value in self.truth.items()}
        self.leaves = np.repeat(list(self.truth), [value.size for value in self.truth.values()])
        self.values = self._entries(run)
        self.before = self._judged(self.values)

    def _derivatives(self) -> dict[str, Any]:
        """The true gradients in float64: the gradient program's, or where that is no witness finite differences."""
        reference = self.trial.reference
        if reference.speaks and not reference.distrust:
            return reference.run_quickly(self.point, self._outputs)[1]
        shapes = {leaf: np.shape(self.point.values[leaf]) for leaf in self.point.differentiated}
        if sum(math.prod(shape) for shape in shapes.values()) > AFFORDABLE:
            raise NotKnown(NO_LINE.format("gradients have too many entries for finite differences of each"))
        found = by_differences(self.trial, self.point, shapes)
        if found is None:
            raise NotKnown(NO_LINE.format("finite differences do not say what every entry should be"))
        return {leaf: np.asarray(adapter.midpoints(balls), dtype=np.float64) for leaf, balls in found.items()}

    @property
    def wrong(self) -> Mask:
        """The entries that are wrong as the code stands."""
        return ~self.before

    def right(self) -> Mask | None:
        """Which entries are right now; None where the code fails, or its forward gives something else."""
        values = self.entries()
        return None if values is None else self._judged(values)

    def entries(self) -> npt.NDArray[np.float64] | None:
        """All entries of all gradients now; None where the code fails, or its forward gives something else."""
        self.tried += 1
        run = self._run()
        if run.error is not None or set(run.outputs) < set(self._outputs):
            return None
        with np.errstate(all="ignore"):
            same = all(np.array_equal(run.outputs[name], value) for name, value in self._outputs.items())
        try:
            return self._entries(run) if same else None
        except (TypeError, ValueError, KeyError):
            return None

    def _run(self) -> Run:
        """One run of the pair, within its lines."""
        run, counter = Run(), Counter(self._allowed, self.trial.binding.scopes)
        with quiet(), counter.counting():
            try:
                evaluate(run, self.point, self._numbers, known=_BEFORE)
            except (TooLong, SubjectError, PathError) as refusal:
                run.error = refusal
        self.work += counter.lines + self._each
        if self._allowed == sys.maxsize:
            self._allowed = _LINES * (counter.lines + 50)
        return run

    def _entries(self, run: Run) -> npt.NDArray[np.float64]:
        """All entries of all gradients, one after the other, in the shapes of the true ones."""
        parts = [np.asarray(run.gradients[name], dtype=np.float64) for name in self.truth]
        for part, truth in zip(parts, self.truth.values(), strict=True):
            if part.shape != truth.shape:
                raise ValueError("another shape")
        return np.concatenate([part.ravel() for part in parts])

    def _judged(self, values: npt.NDArray[np.float64]) -> Mask:
        room = np.repeat(list(self._room.values()), [value.size for value in self.truth.values()])
        truth = np.concatenate([value.ravel() for value in self.truth.values()])
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(values - truth) <= room)


@contextlib.contextmanager
def carrying(function: FunctionType, code: CodeType) -> Iterator[None]:
    """Inside the block a function has another code."""
    own = function.__code__
    try:
        function.__code__ = code
        yield
    finally:
        function.__code__ = own
