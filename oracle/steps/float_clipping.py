"""Entries that a declared clip has cut, in code that is judged in floats and has no gradient program.

The slope along a generic direction says nothing of them, since the forward does not know the clip. So each is asked for
on its own, as in balls (`oracle.steps.clipping`): it must stand on the clip exactly, and the slope of the forward along
it alone, with the declared factor, must lie on or beyond the clip on the same side. Beside the error of that slope half
the digits of the float type are left: how far rounding spreads the gradient before its clip is not seen behind it.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.accuracy import FEW
from oracle.steps import clipping
from oracle.verdict import Comparison, FloatAccuracy, Verdict

if TYPE_CHECKING:
    from oracle.hearing import Hearing
    from oracle.steps.differences import Slopes

Index = tuple[int, ...]


def uncut(hearing: Hearing, gradient: Any) -> Any:
    """Which entries lie strictly inside the declared clip, as the float type of the gradient has it."""
    clip = hearing.trial.subject.deviations.clip
    if clip is None:
        return np.ones(np.shape(gradient), dtype=bool)
    return np.abs(np.asarray(gradient, dtype=float)) < _in_floats(clip, gradient)


def _in_floats(clip: float, gradient: Any) -> float:
    """The clip in the float type of a gradient."""
    return float(np.asarray(gradient).dtype.type(clip))


def judge_cut(hearing: Hearing, slopes: Slopes, leaf: str, gradient: Any) -> None:
    """Find every entry asked for whose slope does not lie beyond the clip that cut it."""
    mask = uncut(hearing, gradient)
    if mask.all():
        return
    if leaf not in hearing.found.comparisons:
        _begin(hearing, leaf, mask)
    cut: list[Index] = [tuple(int(k) for k in index) for index in np.argwhere(~mask)]
    judged = clipping.chosen(hearing, leaf, cut)
    for index in judged:
        _judge(hearing, slopes, leaf, gradient, index)
    clipping.count_unasked(hearing, leaf, len(cut) - len(judged))


def _begin(hearing: Hearing, leaf: str, mask: Any) -> None:
    """What is known of a gradient of which every entry is cut: no slope can speak of it as a whole."""
    hearing.found.comparisons[leaf] = Comparison(leaf, mask.shape, mask.size)
    hearing.found.verdicts[leaf] = Verdict.CONSISTENT
    hearing.found.float64[leaf] = FloatAccuracy(math.nan, 0.0, math.inf)


def _judge(hearing: Hearing, slopes: Slopes, leaf: str, gradient: Any, index: Index) -> None:
    """One entry: on its clip, and its slope on or beyond it."""
    clip = _in_floats(float(hearing.trial.subject.deviations.clip or 0.0), gradient)
    value, place = float(np.asarray(gradient)[index]), f"{leaf}[{', '.join(map(str, index))}]" if index else leaf
    if abs(value) > clip or math.isnan(value):
        return _accuse(hearing, leaf, f"{place} is {value:.9g}, beyond the declared clip of {clip:g}")
    along = np.zeros(np.shape(gradient))
    along[index] = 1.0
    seen = slopes.seen(leaf, along)
    if seen is None:
        message = f"whether {place} is cut by the clip stayed open: no difference of the forward could be taken"
        return hearing.find(Verdict.UNDECIDED, message, leaf=leaf)
    side = math.copysign(1.0, value)
    lacking = clip - side * seen.estimate - _room(hearing, leaf, gradient, index, seen, clip)
    if not lacking <= 0.0:
        if slopes.kinked_by(seen, lacking):
            hearing.redraw(kink=f"the slope of the forward along {place} jumps")
        message = f"{place} is cut by the clip at {value:g}, but {seen.how} {seen.verb} it {seen.estimate:.6g}"
        return _accuse(hearing, leaf, message)
    return None


def _room(hearing: Hearing, leaf: str, gradient: Any, index: Index, seen: Any, clip: float) -> float:
    """How far below its clip a derivative may seem to lie."""
    dtype = np.asarray(gradient).dtype
    bound = np.reshape(hearing.bound(leaf, dtype, FEW), np.shape(gradient))[index]
    own = np.broadcast_to(seen.rounding, np.shape(gradient))[index]
    return float(seen.error + bound + own + clip * math.sqrt(float(np.finfo(dtype).eps)))


def _accuse(hearing: Hearing, leaf: str, message: str) -> None:
    comparison = hearing.found.comparisons[leaf]
    hearing.found.comparisons[leaf] = dataclasses.replace(comparison, wrong=comparison.wrong + 1)
    hearing.found.verdicts[leaf] = Verdict.INCONSISTENT
    hearing.find(Verdict.INCONSISTENT, message, leaf=leaf)
