"""Entries that a declared clip has cut, where finite differences are the only witness.

A joint direction says nothing of them, since the slope does not know the clip. So each is asked for on its own: the
derivative must lie beyond the clip, on the same side. In the first cases all of them are asked for where they are few.
After that those are whose place was never judged in this run, and some others, those first whose place was judged
least often. Entries that are not asked for count as never exercised.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.draws import key
from oracle.steps.locating import AFFORDABLE
from oracle.verdict import Verdict
from oracle.witnesses.finite_difference import BITS, Silent, slope

if TYPE_CHECKING:
    from oracle.hearing import Hearing

Index = tuple[int, ...]
_ALL = 48  # entries of one gradient of which each is judged, as long as few were
_FIRST = 96  # entries of one gradient that were judged before the rotation starts
_NEW = 128  # entries of one gradient in one case whose places were never judged before


def judge_cut(hearing: Hearing, uncut: dict[str, Any]) -> None:
    """Find every entry of which the derivative does not lie beyond the clip that cut it."""
    for leaf, mask in uncut.items():
        cut: list[Index] = [tuple(int(k) for k in index) for index in np.argwhere(~mask)]
        judged = chosen(hearing, leaf, cut)
        for index in judged:
            _judge(hearing, leaf, index)
        count_unasked(hearing, leaf, len(cut) - len(judged))


def count_unasked(hearing: Hearing, leaf: str, unasked: int) -> None:
    """Count so many cut entries as never exercised."""
    if unasked:
        comparison = hearing.found.comparisons[leaf]
        hearing.found.comparisons[leaf] = dataclasses.replace(comparison, zeros=comparison.zeros + unasked)
        hearing.found.notes.append(
            f"of the entries of {leaf} that the clip has cut, each case judges new places, and {AFFORDABLE} in turn"
        )


def chosen(hearing: Hearing, leaf: str, cut: list[Index]) -> list[Index]:
    """All cut entries as long as they are few, else those of new places and of the places judged least often."""
    before = hearing.trial.cut.setdefault(leaf, Counter())
    most = _ALL if before.total() < _FIRST else AFFORDABLE
    order = sorted(cut, key=lambda index: (before[index], key(hearing.case.seed, leaf, *index)))
    new = sum(not before[index] for index in cut)
    chosen = order if len(cut) <= most else order[: max(AFFORDABLE, min(new, _NEW))]
    before.update(chosen)
    return chosen


def _judge(hearing: Hearing, leaf: str, index: Index) -> None:
    """One entry: its derivative as declared, less the error that is seen of it, lies on or beyond its clip."""
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
