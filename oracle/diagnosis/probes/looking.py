"""One case: the author's cotangents beside those that they should be, each from the author's own upstream values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.refusals import recording
from oracle.cases import Case
from oracle.comparison import compare
from oracle.diagnosis.probes.capture import Capture, Stored, tracing
from oracle.diagnosis.probes.reading import memory
from oracle.diagnosis.probes.samples import NoSamples, Sampled, WrongLoop, disorder, sampled
from oracle.diagnosis.probes.truth import Asked, Truth, Twin
from oracle.forms.form import Slots
from oracle.point import Point
from oracle.program import CannotTrace, ProgramError
from oracle.runs import Run, evaluate, quiet, slots_for
from oracle.tracing import executed_lines
from oracle.trial import Trial

Raw = np.ndarray[Any, Any]
Judgement: TypeAlias = Literal["right", "wrong", "undecided"]
HALF_THE_DIGITS = 2.0**-26  # of float64: a smaller gap may be a rounded constant, and accuses nobody


class CannotLook(Exception):
    """Why a case says nothing about probes."""


@dataclass(eq=False)
class Look:
    """What one case shows: every probe at every step, and every gradient, given the author's upstream values."""

    case: Case
    point: Point
    run: Run
    capture: Capture
    asked: Asked
    samples: dict[str, Sampled]  # by probe
    places: dict[str, str]  # of the twin, by probe
    truth: Truth  # local
    whole: Truth
    unsampled: dict[str, NoSamples] = field(default_factory=dict)  # why, by probe
    rules: dict[tuple[str, int | None], Judgement] = field(default_factory=dict)  # local, by probe and step
    values: dict[tuple[str, int | None], Judgement] = field(default_factory=dict)  # of the whole program
    leaves: dict[str, Judgement] = field(default_factory=dict)  # local
    gradients: dict[str, Raw] = field(default_factory=dict)
    forward_lines: set[tuple[str, int]] = field(default_factory=set)  # where the outputs are the reference's

    @staticmethod
    def lifted(value: Any) -> Raw:
        """Float64 numbers as balls."""
        return np.asarray(adapter.lift(np.asarray(value)), dtype=object)

    @property
    def ordered(self) -> list[tuple[str, int | None]]:
        """The probes and steps in the order in which the backward computed them."""
        return sorted(self.rules, key=lambda key: self.samples[key[0]].event(key[1]).serial)


def look(trial: Trial, twin: Twin, case: Case) -> Look:
    """Run the backward under the tracer and the twin beside it, and judge every rule.

    Raises
    ------
    CannotLook
        If the code leaves ball arithmetic, raises, meets a tie, or the twin cannot be asked.
    """
    point = Point(trial.subject, case)
    run, capture = _captured(trial, point)
    with adapter.precision(trial.bits), recording() as record:
        try:
            found = _asked(trial, twin, point, run, capture)
        except (CannotTrace, ProgramError, ValueError) as error:
            raise CannotLook(f"the probed reference cannot be run: {_first(error)}") from error
        if record.refusals or record.ties:
            raise CannotLook("the reference has a tie here")
        _judge(found, trial.digits)
        _check_order(found)
    return found


def _first(error: BaseException) -> str:
    """The first line of an error."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _captured(trial: Trial, point: Point) -> tuple[Run, Capture]:
    """The run in balls, its backward traced."""
    run, capture = Run(), Capture(trial.subject.probes, trial.binding)
    contexts: Any = iter([executed_lines(trial.binding.scopes), tracing(capture)])
    with (
        trial.binding.bound(adapter.stand_for),
        adapter.precision(trial.bits),
        quiet(),
        recording() as run.record,
    ):
        numbers = adapter.Balls()
        slots = _Watching(slots_for(trial.subject, numbers, 0.37))
        evaluate(run, point, numbers, lines=lambda: next(contexts), slots=slots)  # type: ignore[arg-type]
    if run.error is not None or run.record.refusals or run.record.ties:
        raise CannotLook("the code left ball arithmetic, raised, or met a tie")
    if capture.failed is not None:
        raise CannotLook(f"the tracer failed: {type(capture.failed).__name__}: {_first(capture.failed)}")
    if capture.full:
        raise CannotLook("the backward is too long to be followed statement by statement")
    capture.kept = {name: memory(value) for name, value in {**run.originals, **slots.values}.items()}
    return run, capture


class _Watching:
    """Gradient slots that remember the arrays that were read from them."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.values: dict[str, Any] = {}

    def prepare(self, name: str, present: Any) -> Any:
        """What the slots prepare."""
        return self._slots.prepare(name, present)

    def read(self, name: str, value: Any) -> Any:
        """What the slots read."""
        self.values[name] = value
        return self._slots.read(name, value)


def _asked(trial: Trial, twin: Twin, point: Point, run: Run, capture: Capture) -> Look:
    """The samples of all probes, and the twin's two answers."""
    subject = trial.subject
    outputs = {name: value for name, value in run.outputs.items() if adapter.Balls().shape(value) is not None}
    cotangents = [point.cotangent(name, tuple(np.shape(adapter.raw(value)))) for name, value in outputs.items()]
    everything = Asked(twin, point, cotangents, sorted({p for n, one in subject.probes.items() for p in one.places(n)}))
    known = everything.program.places
    places = {
        name: place
        for name, one in subject.probes.items()
        if (place := next((p for p in one.places(name) if p in known), "")) and place
    }
    unsampled = {
        name: NoSamples(f"the reference has no place for {name}") for name in subject.probes if name not in places
    }
    samples: dict[str, Sampled] = {}
    for name, place in places.items():
        try:
            samples[name] = sampled(name, capture, known[place], everything.shapes[place])
        except NoSamples as why:
            unsampled[name] = why
    wanted = sorted({places[name] for name in samples})
    asked = everything if set(wanted) == set(known) else Asked(twin, point, cotangents, wanted)
    whole, truth = asked.whole(), asked.local({places[name]: one.values for name, one in samples.items()})
    return Look(
        point.case, point, run, capture, asked, samples, {n: places[n] for n in samples}, truth, whole, unsampled
    )


# ---- judging


def _judge(found: Look, digits: float) -> None:
    """Compare every output, every probe at every step, and every gradient."""
    outputs = [adapter.raw(value) for value in found.run.outputs.values() if adapter.Balls().shape(value) is not None]
    executed = found.run.forward_lines
    if executed is not None and all(same(got, truth) for got, truth in zip(outputs, found.whole.outputs, strict=True)):
        found.forward_lines = executed.lines
    for name, sample in found.samples.items():
        place = found.places[name]
        for step in sample.steps:
            for truth, into in ((found.truth, found.rules), (found.whole, found.values)):
                whole = truth.cotangents[place]
                true = whole if step is None else whole[step : step + 1].reshape(whole.shape[1:])
                into[name, step] = judgement(sample.at(step), true, digits)
    for leaf in found.point.differentiated:
        value = found.run.gradients.get(leaf)
        if adapter.is_ball(value):
            balls = np.asarray(adapter.raw(value), dtype=object).reshape(np.shape(found.point.values[leaf]))
            found.gradients[leaf] = balls
            found.leaves[leaf] = judgement(balls, found.truth.gradients[leaf], digits)


def _check_order(found: Look) -> None:
    """Where no loop counts the steps, what is read of the forward tells them; out of order, none is judged."""
    for name, sample in found.samples.items():
        if len(sample.unproved) < 2:
            continue
        steps = [_step_of(found, one) for one in sample.unproved]
        expected = list(range(len(steps)))
        if steps != expected and sorted(step for step in steps if step is not None) == expected:
            backwards = found.capture.probes[name].order == "reversed"
            order = slice(None, None, -1 if backwards else 1)
            found.unsampled[name] = disorder(steps[order], expected[order], sample.unproved[-1])
    if any(isinstance(why, WrongLoop) for why in found.unsampled.values()):
        found.rules = {key: rule for key, rule in found.rules.items() if key[0] not in found.unsampled}


def _step_of(found: Look, stored: Stored) -> int | None:
    """The step whose values of the forward were read around a store, under the names that the twin has for them."""
    told: set[int] = set()
    for event in stored.call.events:
        for chain, seen in event.reads.items():
            truth = found.truth.values.get(chain.split(".")[-1].split("[")[0])
            if seen.is_array and truth is not None and truth.shape[1:] == seen.value.shape and truth.ndim > 1:
                told |= {step for step in range(len(truth)) if same(seen.value, truth[step])}
    return next(iter(told)) if len(told) == 1 else None


def judgement(got: Raw, truth: Raw, digits: float) -> Judgement:
    """Wrong only if some entries are finite and apart, by more than half of float64's digits of the largest entry."""
    a, b = enclosures.real(got), enclosures.real(truth)
    if a is None or b is None:
        return "undecided"
    sizes = np.maximum(enclosures.magnitude(a), enclosures.magnitude(b)) if a.size else np.zeros(a.shape)
    excused = np.full(a.shape, HALF_THE_DIGITS * float(np.max(sizes[np.isfinite(sizes)], initial=0.0)))
    found = compare("", a, b, digits=digits, rounding=excused)
    if found.wrong:
        return "wrong"
    return "right" if not (found.unsettled or found.rounded) else "undecided"


def same(got: Mapping[str, Any] | Raw, truth: Raw) -> bool:
    """Whether two arrays of balls have the same shape and meet in every entry."""
    a, b = enclosures.real(np.asarray(got)), enclosures.real(truth)
    return a is not None and b is not None and a.shape == b.shape and bool(enclosures.meet(a, b).all())
