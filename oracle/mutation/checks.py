"""The checks across the matrix: each says of one evaluation of a backward whether it alone convicts.

A check sees the code as it runs and what the bench knows. None means that it cannot speak here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from oracle import accuracy, contract
from oracle.accuracy import FEW
from oracle.arithmetic import adapter, enclosures
from oracle.comparison import compare
from oracle.hearing import Hearing
from oracle.mutation.bench import Bench, FloatSlopes, again
from oracle.runs import Run, in_balls, in_floats
from oracle.verdict import WitnessesDisagree
from oracle.witnesses import finite_difference
from oracle.witnesses.statement import Testimony

Raw = adapter.Raw


class Evidence:
    """One program on one bench: its runs, each made when it is first asked for."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @functools.cached_property
    def floats(self) -> Run:
        """The float64 run."""
        return in_floats(self.bench.point, self.bench.binding)

    @functools.cached_property
    def singles(self) -> Run:
        """The float32 run."""
        return in_floats(self.bench.point, self.bench.binding, np.float32)

    @functools.cached_property
    def balls(self) -> dict[str, Raw] | None:
        """The gradients in balls, in the shapes of their inputs; None where the code left balls or their shapes."""
        bench = self.bench
        run = in_balls(bench.point, bench.binding, bench.sound.found.bits)
        if run.error is not None or run.record.refusals:
            return None
        found = {}
        for leaf in bench.leaves:
            value, shape = run.gradients.get(leaf), np.shape(bench.point.values[leaf])
            real = enclosures.real(adapter.raw(value)) if adapter.is_ball(value) else None
            if real is None or np.shape(real) != shape:
                return None
            found[leaf] = real
        return found

    def gradient(self, run: Run, leaf: str) -> Any:
        """A gradient of a float run as an array of its input's shape; None if there is none."""
        value = np.asarray(run.gradients.get(leaf))
        fits = run.error is None and value.dtype.kind == "f" and value.shape == np.shape(self.bench.point.values[leaf])
        return value if fits else None


Check = Callable[[Evidence], bool | None]


def certified_path(evidence: Evidence) -> bool | None:
    """The whole hearing of `oracle verify`: any verdict that is not ok."""
    bench = evidence.bench
    try:
        outcome = Hearing(again(bench.trial, bench.truths), bench.case, bench.thorough).outcome()
    except WitnessesDisagree:
        return None
    return not outcome.verdict.ok if outcome.counts else None


def autodiff(evidence: Evidence) -> bool | None:
    """The gradient program in balls: an entry is disjoint by more than rounded constants explain, or not finite."""
    bench, balls = evidence.bench, evidence.balls
    if balls is None or not bench.truth:
        return None
    with adapter.precision(bench.sound.found.bits):
        for leaf, got in balls.items():
            truth = bench.truth[leaf]
            seen = compare(leaf, got, truth, digits=bench.trial.digits, rounding=bench.excuses[leaf])
            if seen.wrong or (enclosures.finite(truth) & ~enclosures.finite(got)).any():
                return True
    return False


def finite_differences(evidence: Evidence) -> bool | None:
    """Finite differences of the forward in balls along one joint direction: the slope is another, or not finite."""
    bench, balls = evidence.bench, evidence.balls
    if balls is None or bench.slope is None:
        return None
    with adapter.precision(finite_difference.BITS):
        plain = bench.trial.undone(balls, bench.case.sizes)
        claim, size = finite_difference.claimed(plain, bench.along)
        if not np.isfinite(float(claim.mid())):
            return True
        statement = finite_difference.judge(bench.slope, claim, size, bench.trial.digits)
    return statement.testimony is Testimony.REFUTES


def promises(evidence: Evidence) -> bool | None:
    """The contract: the code raises, or its gradients' structure or its behaviour is not that of a backward."""
    bench, run = evidence.bench, evidence.floats
    if run.error is not None:
        return True
    if any(contract.structure(bench.point, run)) or any(contract.slot_faults(bench.point, bench.binding, run)):
        return True
    if not bench.thorough:
        return None

    def bound(leaf: str) -> Any:
        return np.reshape(bench.bound(leaf, np.float64, FEW), np.shape(run.gradients[leaf]))

    return any(True for _ in contract.behaviour(bench.point, bench.binding, run, bound))


def float64(evidence: Evidence) -> bool | None:
    """The float64 gradients beside the truth: beyond the bound that follows from the conditioning of the case."""
    return _beyond(evidence, evidence.floats, np.float64)


def float32(evidence: Evidence) -> bool | None:
    """The float32 gradients likewise, in cases that float32 can hold."""
    return _beyond(evidence, evidence.singles, np.float32) if evidence.bench.case.regime == "float32" else None


def _beyond(evidence: Evidence, run: Run, dtype: Any) -> bool | None:
    bench = evidence.bench
    if not bench.truth or run.error is not None:
        return None
    for leaf, truth in bench.truth.items():
        value = evidence.gradient(run, leaf)
        if value is None:
            return None
        if accuracy.measure(value, truth, bench.bound(leaf, dtype), dtype).beyond is not None:
            return True
    return False


def central_differences(evidence: Evidence) -> bool | None:
    """Central differences of the float64 forward along each gradient: another slope, beyond their seen error."""
    return _another_slope(evidence, evidence.bench.central_slopes)


def complex_steps(evidence: Evidence) -> bool | None:
    """Complex steps of the float64 forward along each gradient likewise."""
    return _another_slope(evidence, evidence.bench.complex_slopes)


def _another_slope(evidence: Evidence, slopes: FloatSlopes) -> bool | None:
    bench = evidence.bench
    if not bench.is_slope or not slopes or evidence.floats.error is not None:
        return None
    numerator, denominator = bench.trial.subject.deviations.factor(bench.case.sizes)
    for leaf, (estimate, error) in slopes.items():
        value = evidence.gradient(evidence.floats, leaf)
        if value is None:
            return None
        along = bench.point.direction(leaf)
        claim = float(np.sum(value * along)) * denominator / numerator
        room = error + float(np.sum(np.abs(along) * bench.bound(leaf, np.float64))) * denominator / numerator
        if not abs(claim - estimate) <= room:
            return True
    return False


CHECKS: Final[dict[str, Check]] = {
    "certified path": certified_path,
    "autodiff in balls": autodiff,
    "finite differences in balls": finite_differences,
    "contract": promises,
    "float64": float64,
    "float32": float32,
    "central differences": central_differences,
    "complex step": complex_steps,
}
CERTIFIED_PATH: Final = "certified path"
