"""The slope of the untouched forward in float64, beside what balls have seen of the forward.

What leaves balls unseen moves nothing in them: the text of a number that is read back, the memory of an array. Floats
see it. So the gradients must be the slope of the untouched forward too, and where balls and floats see two slopes,
nothing that balls say of the backward is believed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.accuracy import FEW
from oracle.arithmetic import adapter
from oracle.arithmetic.refusals import TEXT
from oracle.verdict import Verdict
from oracle.witnesses.central_difference import MANY_RUNGS, FloatSlope, nearest_slope
from oracle.witnesses.finite_difference import Silent, claimed, directions, slope

if TYPE_CHECKING:
    from oracle.hearing import Hearing

Raw = adapter.Raw

_RUNGS = 8  # enough to see whether a term of the slope is missing
_USEFUL = 0.125  # how large a share of the terms of a slope may stay unknown where only short steps are taken
_WHY = "a value is rounded, or its text or memory is read, where balls show no dependence"

_UNSEEN = (
    "the untouched forward could not be evaluated in float64 near the point, however short the step: it raises or is "
    "not finite there, so that nothing was seen of its slope but what balls show"
)


@dataclasses.dataclass(frozen=True)
class _Beside:
    """A slope beside that of the untouched forward, and how well their difference is known."""

    claim: float
    seen: FloatSlope
    known: float

    @property
    def apart(self) -> bool:
        """Whether they are two slopes. At a kink every slope between those to both sides is one of the forward."""
        return abs(self.claim - self.seen.estimate) > self.known + self.seen.kink / 2

    def told(self, whose: str) -> str:
        """Both slopes, in words."""
        return (
            f"along a random direction of all inputs {whose} a slope of {self.claim:.9g}, but central differences of "
            f"the untouched forward in float64 give {self.seen.estimate:.9g}, known to {self.known:.1e}"
        )


def uncut(hearing: Hearing, gradients: Mapping[str, Raw]) -> dict[str, Any] | None:
    """Which entries lie strictly inside the declared clip; None without one."""
    clip = hearing.trial.subject.deviations.clip
    if clip is None:
        return None
    return {name: np.abs(adapter.midpoints(balls)) < clip for name, balls in gradients.items()}


def compare_slopes(hearing: Hearing) -> None:
    """The gradients must be the slope of the untouched forward: what left balls unseen, as text, moves nothing in them.

    Where a twin has derived the gradients, they are right whatever balls have seen.
    """
    twin = hearing.has_truth and not hearing.trial.reference.implicit
    if twin or any(not verdict.ok for verdict in hearing.found.verdicts.values()):
        return
    heard = [_claimed_slope(hearing, 0, _RUNGS)]
    if heard[0] is None or heard[0].apart:
        heard.append(_claimed_slope(hearing, 1, MANY_RUNGS))
    seen = [one for one in heard if one is not None]
    if seen and all(one.apart for one in seen):
        hearing.find(Verdict.UNDECIDED, f"{seen[-1].told('the gradients give')}: {_WHY}{_where(hearing)}")
    if not seen and not hearing.found.findings and _is_finite(hearing):
        hearing.find(Verdict.UNDECIDED, _UNSEEN)  # unless a judge in floats has said the same of single gradients


def end_if_balls_are_blind(hearing: Hearing, accused: bool) -> None:
    """End the hearing where the untouched forward has another slope than the forward in balls.

    With `accused`, only where it has the slope that the gradients claim: then they are no proof of a wrong backward.
    """
    number = 2  # a direction that has played no part so far
    own = _claimed_slope(hearing, number, MANY_RUNGS)
    if own is None or (accused and own.apart):
        return
    along = _along(hearing, hearing.gradients, number)
    try:
        in_balls = float(slope(hearing.point, hearing.trial.binding, along).estimate.mid())
    except Silent:
        return
    if (beside := _Beside(in_balls, own.seen, own.seen.error)).apart:
        _settle_nothing(hearing)
        hearing.end(Verdict.UNDECIDED, f"{beside.told('the forward in balls has')}: {_WHY}{_where(hearing)}")


def _settle_nothing(hearing: Hearing) -> None:
    """No gradient is told right or wrong by balls that have missed something."""
    for one in hearing.leaf_comparisons:
        unsettled = dataclasses.replace(one, wrong=0, rounded=0, unsettled=one.entries, worst=None)
        hearing.found.comparisons[one.name] = unsettled
        hearing.found.verdicts[one.name] = Verdict.UNDECIDED


def _where(hearing: Hearing) -> str:
    """Where the text of a ball was read, if it was."""
    run = hearing.found.balls
    place = run.record.notes.get(TEXT) if run is not None else None
    return "" if place is None else f"; {TEXT} at {place}"


def _is_finite(hearing: Hearing) -> bool:
    """Whether the forward is finite in floats at the point itself; if not, it is inaccurate, and told to be."""
    arrays = map(np.asarray, hearing.floats.outputs.values())
    return all(bool(np.isfinite(array).all()) for array in arrays if array.dtype.kind == "f")


def _is_narrow(hearing: Hearing) -> bool:
    """Whether the code was seen to compute in less than float64."""
    run, outputs = hearing.found.balls, hearing.floats.outputs.values()
    noted = run is not None and any("float32" in what or "float16" in what for what in run.record.notes)
    return noted or any(getattr(value, "dtype", None) in (np.float32, np.float16) for value in outputs)


def _along(hearing: Hearing, gradients: Mapping[str, Raw], number: int) -> dict[str, Raw]:
    """A direction over all gradients, less what a declared clip has cut."""
    return directions(hearing.point, number, uncut(hearing, gradients))


def _claimed_slope(hearing: Hearing, number: int, rungs: int) -> _Beside | None:
    """The slope that the gradients claim beside that of the float64 forward; None if that has none to be seen."""
    point, lift = hearing.point, adapter.lift
    gradients = hearing.gradients or {leaf: lift(hearing.floats.gradients[leaf]) for leaf in point.differentiated}
    along = _along(hearing, gradients, number)
    with adapter.precision(hearing.trial.bits):
        claim, size = claimed(hearing.trial.undone(gradients, hearing.case.sizes), along)
    moved = {leaf: np.asarray(adapter.midpoints(v)) for leaf, v in along.items()}
    coarsest = _USEFUL * size if size else math.inf
    narrow = _is_narrow(hearing)
    seen = nearest_slope(point, hearing.trial.binding, moved, rungs, coarsest=coarsest, narrow=narrow)
    if seen is None or not math.isfinite(float(claim.mid())):
        return None
    room = 0.0
    if not hearing.gradients:
        bounds = {leaf: hearing.bound(leaf, np.float64, FEW) for leaf in along}
        room = sum(float(np.sum(np.abs(v) * np.reshape(bounds[leaf], v.shape))) for leaf, v in moved.items())
    return _Beside(float(claim.mid()), seen, seen.error + room)
