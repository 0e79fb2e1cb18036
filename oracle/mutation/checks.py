"""The checks across the matrix: each says of one evaluation of a backward whether it alone convicts.

A check sees the code as it runs and what the bench knows. None means that it cannot speak here.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from oracle import accuracy, contract
from oracle.accuracy import FEW
from oracle.arithmetic import adapter, enclosures
from oracle.comparison import compare
from oracle.hearing import Hearing
from oracle.mutation.bench import FloatSlopes, again
from oracle.mutation.evidence import Check, Evidence
from oracle.runs import Run
from oracle.verdict import Verdict, WitnessesDisagree
from oracle.witnesses import finite_difference
from oracle.witnesses.statement import Testimony


def certified_path(evidence: Evidence) -> bool | None:
    """The whole hearing of `oracle verify`: any verdict that is not ok."""
    if shortly(evidence):
        return True
    return False if as_before(evidence) else wholly(evidence)


def wholly(evidence: Evidence) -> bool | None:
    """The whole hearing, step by step."""
    bench = evidence.bench
    try:
        outcome = Hearing(again(bench.trial, bench.truths), bench.case, bench.thorough).outcome()
    except WitnessesDisagree:
        return None
    return not outcome.verdict.ok if outcome.counts else None


def shortly(evidence: Evidence) -> bool:
    """Whether the hearing is sure to convict, seen from parts of it that the other columns need anyway.

    It is, if the code runs in floats and in balls, no comparison of balls was a tie, the precision is the one that a
    hearing begins with, and either both witnesses refute, the gradient program by more than rounding could explain
    in any hearing; or neither refutes, and the contract, which no later step takes back, is broken.
    """
    bench = evidence.bench
    if evidence.floats.error is not None or evidence.balls is None or evidence.in_balls.record.ties:
        return False
    if bench.sound.found.bits != bench.trial.bits or bench.verdict is not Verdict.CERTIFIED:
        return False
    refuted = evidence.says(autodiff), evidence.says(finite_differences)
    if refuted == (True, True):
        return any(_beyond_all_rounding(evidence, leaf) for leaf in bench.leaves)
    return True not in refuted and not bench.trial.reference.implicit and evidence.says(promises) is True


def as_before(evidence: Evidence) -> bool:
    """Whether the code behaves just like the unchanged one, which is certified: a hearing would find nothing else.

    The same floats to the bit, the same balls, nothing that the contract objects to, and no float32 run to be heard.
    """
    bench, sound = evidence.bench, evidence.bench.sound
    if bench.verdict is not Verdict.CERTIFIED or bench.case.regime == "float32" or evidence.balls is None:
        return False
    unchanged = sound.floats.gradients
    floats = all(np.array_equal(evidence.gradient(evidence.floats, leaf), unchanged[leaf]) for leaf in bench.leaves)
    balls = floats and all(_same_balls(evidence.balls[leaf], sound.gradients[leaf]) for leaf in bench.leaves)
    return balls and evidence.says(promises) is not True


def _same_balls(one: Any, other: Any) -> bool:
    """Whether two arrays hold the same balls: the same midpoints, and the same radii."""
    pairs = zip(one.ravel(), other.ravel(), strict=True)
    return all(bool(a.mid() == b.mid()) and bool(a.rad() == b.rad()) for a, b in pairs)


def _beyond_all_rounding(evidence: Evidence, leaf: str) -> bool:
    """Whether a gradient is disjoint from the program's by more than its float64 bound, the largest excuse there is."""
    bench, balls = evidence.bench, evidence.balls
    room = bench.bound(leaf, np.float64, FEW)
    if balls is None or not np.isfinite(room).all():
        return False
    with adapter.precision(bench.sound.found.bits):
        return bool(compare(leaf, balls[leaf], bench.truth[leaf], digits=bench.trial.digits, rounding=room).wrong)


def autodiff(evidence: Evidence) -> bool | None:
    """The gradient program in balls: an entry is disjoint by more than rounded constants explain, or not finite."""
    bench, balls = evidence.bench, evidence.balls
    if balls is None or not bench.truth or not bench.excuses:
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
