"""Entries that a declared clip has cut, where finite differences are the only witness.

A joint direction says nothing of them, since the slope does not know the clip. So each is asked for on its own: the
derivative must lie beyond the clip, on the same side. Entries that are too many for that count as never exercised.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.steps.locating import AFFORDABLE
from oracle.verdict import Verdict
from oracle.witnesses.finite_difference import BITS, Silent, slope

if TYPE_CHECKING:
    from oracle.hearing import Hearing


def judge_cut(hearing: Hearing, uncut: dict[str, Any]) -> None:
    """Find every entry of which the derivative does not lie beyond the clip that cut it."""
    for leaf, mask in uncut.items():
        cut = [tuple(int(k) for k in index) for index in np.argwhere(~mask)]
        for index in cut[:AFFORDABLE]:
            _judge(hearing, leaf, index)
        if unasked := len(cut[AFFORDABLE:]):
            comparison = hearing.found.comparisons[leaf]
            hearing.found.comparisons[leaf] = dataclasses.replace(comparison, zeros=comparison.zeros + unasked)
            hearing.found.notes.append(f"entries of {leaf} that the clip has cut are compared with nothing")


def _judge(hearing: Hearing, leaf: str, index: tuple[int, ...]) -> None:
    """One entry: its derivative as declared, less than the error that is seen of it, lies on or beyond its clip."""
    deviations = hearing.trial.subject.deviations
    numerator, denominator = deviations.factor(hearing.case.sizes)
    balls = hearing.gradients[leaf]
    along = np.zeros(balls.shape)
    along[index] = 1.0
    place, clip = f"{leaf}[{', '.join(map(str, index))}]" if index else leaf, float(deviations.clip or 0.0)
    if abs(balls[index]) > clip:
        return hearing.find(Verdict.REFUTED, f"{place} lies beyond the declared clip of {clip:g}", leaf=leaf)
    try:
        seen = slope(hearing.point, hearing.trial.binding, {leaf: adapter.lift(along)})
    except Silent as silence:
        return hearing.find(Verdict.UNDECIDED, f"whether {place} is cut by the clip stayed open: {silence}", leaf=leaf)
    with adapter.precision(BITS):
        side = 1.0 if float(adapter.midpoints(balls)[index]) > 0.0 else -1.0
        derivative = seen.estimate * adapter.lift(side * numerator)[()] / adapter.lift(float(denominator))[()]
        error = float((seen.error * adapter.lift(abs(numerator) / denominator)[()]).abs_upper())
        nearest = float(derivative.upper()) + error
    if not nearest >= clip:
        message = (
            f"{place} is cut by the clip at {side * clip:g}, "
            f"but finite differences give it {side * float(derivative.mid()):.6g}"
        )
        return hearing.find(Verdict.REFUTED, message, leaf=leaf)
    return None
