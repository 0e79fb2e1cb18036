"""What is drawn as curves: cotangents over time, and finite differences against their step. Data, no drawing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.cases import GENERIC, Case
from oracle.diagnosis.probes import looking
from oracle.diagnosis.probes.looking import CannotLook, Look
from oracle.diagnosis.probes.truth import Twin
from oracle.point import Point
from oracle.report.page.material import Shown
from oracle.runs import forward_in_floats
from oracle.trial import Trial
from oracle.witnesses import finite_difference
from oracle.witnesses.finite_difference import Silent

_FIRST, _LAST, _EACH = 1, 56, 1  # steps 2^-1 to 2^-56
_SECOND = 150  # the second witness's step is 2^-150


# ---- cotangents over time


@dataclass(frozen=True)
class Course:
    """The size of one cotangent at each step: Euclidean norms over everything but time."""

    name: str
    hand: list[float]
    truth: list[float]
    wrong: list[bool]  # in balls, as a whole
    own: list[bool]  # does not follow from what was computed before it

    @property
    def parts(self) -> int | None:
        """The first step at which the curves part, backwards in time."""
        return next((t for t in reversed(range(len(self.wrong))) if self.wrong[t]), None)


@dataclass(frozen=True)
class Courses:
    """All probed cotangents in one case."""

    case: Case
    each: tuple[Course, ...]


def courses(trial: Trial, case: Case) -> Courses | str:
    """Every probed cotangent over time, or why there is none."""
    subject = trial.subject
    if not subject.probes or subject.twin is None:
        return "the subject declares no probes, so no cotangent inside the backward is known"
    try:
        found = looking.look(trial, Twin(subject), case)
    except CannotLook as why:
        return f"the probes could not be examined in this case: {why}"
    with adapter.precision(trial.bits):
        each = tuple(_course(found, name) for name, sample in found.samples.items() if sample.stacked)
    return Courses(case, each) if each else "no probe has a value for each step of time"


def _course(found: Look, name: str) -> Course:
    sample = found.samples[name]
    steps = [step for step in sample.steps if step is not None]
    return Course(
        name,
        _norms(sample.values),
        _norms(found.whole.cotangents[found.places[name]]),
        [found.values.get((name, step)) == "wrong" for step in steps],
        [found.rules.get((name, step)) == "wrong" for step in steps],
    )


def _norms(balls: Any) -> list[float]:
    values = np.asarray(adapter.midpoints(balls), dtype=float)
    return [float(norm) for norm in np.sqrt(np.sum(np.square(values.reshape(len(values), -1)), axis=1))]


def steps_long(trial: Trial, case: Case) -> Case:
    """The same case, or where it has fewer than three steps, a generic one that has as many as it may."""
    low, high = trial.sizes.get("T", (0, 0))
    if "T" not in case.sizes or case.sizes["T"] >= 3 or high < 3:
        return case
    return Case({**case.sizes, "T": min(high, max(low, 6))}, GENERIC, case.seed)


# ---- finite differences against their step


@dataclass(frozen=True)
class Steps:
    """Relative errors of slopes of the forward along one direction of all inputs."""

    steps: list[float]
    forward: list[float]  # (f(x + h v) - f(x)) / h, in float64
    central: list[float]  # (f(x + h v) - f(x - h v)) / 2h, in float64
    witness: float  # at most, of the same central difference in balls at h = 2^-150
    witness_step: float
    hand: float  # of the hand-written gradient
    slope: float

    @property
    def best(self) -> float:
        """The least error that float64 reaches."""
        return min((error for error in (*self.forward, *self.central) if error > 0), default=math.nan)

    @property
    def decades(self) -> float:
        """How many powers of ten lie between the best of float64 and the witness."""
        return math.log10(self.best / self.witness) if self.best > 0 and self.witness > 0 else math.nan


def steps(one: Shown) -> Steps | str:
    """The slope at steps 2^-1 to 2^-56 in float64 against certified truth, and what the second witness makes of it."""
    hearing, point, binding = one.hearing, one.hearing.point, one.trial.binding
    if not hearing.gradients:
        return "the code left ball arithmetic, so there is no slope known to many digits"
    along = finite_difference.directions(point)
    try:
        seen = finite_difference.slope(point, binding, along, step=_SECOND)
    except Silent as why:
        return f"the forward could not be evaluated in balls beside this point: {why}"
    with adapter.precision(finite_difference.BITS):
        derivative = hearing.derivative or one.truth
        true = _slope(one, derivative, along) if derivative else seen.estimate
        hand = _slope(one, one.trial.undone(hearing.gradients, one.case.sizes), along)
        size = abs(true)
        off = abs(seen.estimate - true) if derivative else seen.error
        witness, wrong = (float((one / size).abs_upper()) for one in (off, hand - true))
        slope = float(true.mid())
    if not all(map(math.isfinite, (witness, wrong, slope))) or slope == 0.0:
        return "the slope along this direction is zero or not finite"
    moved = {leaf: np.asarray(adapter.midpoints(v), dtype=float) for leaf, v in along.items()}
    hs = [2.0**-k for k in range(_FIRST, _LAST + 1, _EACH)]
    forward, central = _in_floats(point, binding, moved, hs, slope)
    return Steps(hs, forward, central, max(witness, 2.0**-finite_difference.BITS), 2.0**-_SECOND, wrong, slope)


def _slope(one: Shown, gradients: Mapping[str, adapter.Raw], along: Mapping[str, adapter.Raw]) -> Any:
    claim, _ = finite_difference.claimed(gradients, along)
    return claim


def _in_floats(
    point: Point, binding: Any, direction: Mapping[str, Any], hs: list[float], slope: float
) -> tuple[list[float], list[float]]:
    """Relative errors of one-sided and of central differences of the untouched forward."""
    middle = _objective(point, binding, direction, 0.0)
    forward, central = [], []
    for h in hs:
        up, down = _objective(point, binding, direction, h), _objective(point, binding, direction, -h)
        forward.append(abs(((up - middle) / h - slope) / slope))
        central.append(abs(((up - down) / (2 * h) - slope) / slope))
    return forward, central


def _objective(point: Point, binding: Any, direction: Mapping[str, Any], step: float) -> float:
    """⟨ȳ, f(x + step v)⟩ of the untouched code in float64; NaN where it raises."""
    moved = {name: point.values[name] + step * v for name, v in direction.items()}
    run = forward_in_floats(point, binding, {**point.values, **moved})
    if run.error is not None:
        return math.nan
    arrays = {name: np.asarray(value) for name, value in run.outputs.items()}
    real = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
    return float(sum(float((point.cotangent(name, array.shape) * array).sum()) for name, array in real.items()))
