"""One side of a comparison, in a process of its own: it loads a subject from one tree, and answers lines of JSON.

Nothing but JSON goes in and out. What the code under test prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, TextIO

import numpy as np

from oracle.arithmetic import adapter, decimal_grid
from oracle.arithmetic.decimal_grid import PLACES, Rounded
from oracle.binding import modules_of
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.loading import load
from oracle.records.certificate_making import NoCertificate, rounded_gradients
from oracle.runs import Run, evaluate, in_floats, quiet
from oracle.subject import Subject
from oracle.trial import Trial

_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
BITS = 384


class Worker:
    """Answers questions about one subject of one tree."""

    def __init__(self) -> None:
        self.trial: Trial | None = None
        self._elsewhere = ""
        self._here: tuple[str, ...] = ()

    def load(self, *, text: str, digits: float, paths: list[str], tree: str, top: str) -> dict[str, Any]:
        """Load the subject, from this tree and from no other."""
        sys.path[:0] = paths
        (subject,) = load(text)
        self._elsewhere, self._here = top + os.sep, (tree + os.sep, _OWN)
        self._check_origin(subject)
        self.trial = Trial(subject, digits)
        return {"inputs": {name: _said(spec) for name, spec in subject.leaves.items()}}

    def case(self, *, case: Mapping[str, Any]) -> dict[str, Any]:
        """The gradients of a case on their grids: exact ones, or those of floats, and why; the float error in ulps."""
        hearing = self._hearing(case)
        run = in_floats(hearing.point, hearing.trial.binding)
        if run.error is not None:
            raise run.error
        self._check_origin(hearing.trial.subject)
        outputs = {name: list(np.shape(value)) for name, value in run.outputs.items()}
        try:
            gradients, _ = rounded_gradients(hearing.trial, hearing.point, alone=True)
        except NoCertificate as why:
            rounded = {leaf: _of_floats(run, leaf) for leaf in hearing.point.differentiated}
            return {"outputs": outputs, "floats": str(why), "gradients": _texts(rounded), "ulps": {}}
        ulps = {leaf: _ulps(np.asarray(run.gradients[leaf]), one) for leaf, one in gradients.items()}
        return {"outputs": outputs, "floats": "", "gradients": _texts(gradients), "ulps": ulps}

    def time(self, *, case: Mapping[str, Any], repeat: int) -> dict[str, float]:
        """Seconds of the untouched forward and backward, together over so many runs."""
        hearing, took = self._hearing(case), [0.0, 0.0]
        for _ in range(repeat):
            measured: list[float] = []

            @contextlib.contextmanager
            def timed(into: list[float] = measured) -> Iterator[None]:
                began = time.perf_counter()
                yield
                into.append(time.perf_counter() - began)

            with hearing.trial.binding.untouched(), quiet():
                evaluate(Run(), hearing.point, adapter.Floats(), lines=timed)
            if len(measured) != 2:
                raise RuntimeError("it did not run through")
            took = [before + one for before, one in zip(took, measured, strict=True)]
        return {"forward": took[0], "backward": took[1]}

    def _check_origin(self, subject: Subject) -> None:
        """Refuse modules of the repository that come from another tree than this: the code may import when it runs."""
        for scope in modules_of(subject.form.code, subject.modules):
            file = os.path.realpath(scope.get("__file__") or os.devnull)
            if file.startswith(self._elsewhere) and not file.startswith(self._here):
                raise LookupError(f"{scope['__name__']} is not there")

    def _hearing(self, case: Mapping[str, Any]) -> Hearing:
        assert self.trial is not None, "a subject is loaded first"
        return Hearing(self.trial, Case(case["sizes"], case["regime"], case["seed"]), thorough=False)


def largest(subject: Subject, seed: int) -> Case:
    """The case at which runs are timed: every size the largest of its range."""
    return Case({name: high for name, (_, high) in Trial(subject, 30).sizes.items()}, seed=seed)


def _said(spec: Any) -> list[Any]:
    """What the values of an input follow from."""
    return [spec.kind, spec.shape.text, spec.differentiated, spec.low, spec.high, spec.below]


def _texts(gradients: Mapping[str, Any]) -> dict[str, Any]:
    return {
        leaf: None if one is None else [list(one.shape), one.exponent, list(one.integers)]
        for leaf, one in gradients.items()
    }


def _of_floats(run: Run, leaf: str) -> Rounded | None:
    """A float gradient on its grid, exactly as it is; None if it is not finite."""
    with adapter.precision(BITS):
        return decimal_grid.rounded(adapter.lift(np.asarray(run.gradients[leaf], dtype=float)), BITS)


def _ulps(value: Any, exact: Rounded) -> float | None:
    """The largest error of a float gradient in units in the last place of the exact one; None if it is not finite."""
    if not np.isfinite(value).all():
        return None
    grid = Fraction(10) ** ((exact.exponent or 0) - PLACES)
    worst = 0.0
    for got, k in zip(value.ravel().tolist(), exact.integers, strict=True):
        truth = k * grid
        place = float(np.spacing(abs(np.asarray(float(truth), dtype=value.dtype))))
        worst = max(worst, float(abs(Fraction(got) - truth) / Fraction(place)))
    return worst


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    worker = Worker()
    for line in questions:
        question = json.loads(line)
        try:
            answer = getattr(worker, question.pop("ask"))(**question)
        except (Exception, SystemExit) as error:
            first = next(iter(str(error.args[0] if error.args else error).splitlines()), "")
            answer = {"error": f"{type(error).__name__}: {first}" if not isinstance(error, LookupError) else first}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve standard input; what the code reads or prints must not get between questions and answers."""
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    serve(questions, answers)
