"""Which entries finite differences refute, where they are the only witness.

A slope along one direction says that something is wrong. A direction within one gradient says which gradient, and
directions along single entries, or halves of the gradient where it is large, say which entry.

Each costs runs of the forward, and says little new of a gradient that is known to be wrong. So once a gradient was
refuted in several cases, the others are asked for together; it is asked for again only where they are all right.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.verdict import Comparison, Entry, Verdict
from oracle.witnesses.finite_difference import Silent, claimed, judge, slope
from oracle.witnesses.statement import Testimony

if TYPE_CHECKING:
    from oracle.hearing import Hearing

Mask = Any  # a boolean array in the shape of a gradient
AFFORDABLE = 16  # entries looked at one by one
OFTEN = 1  # cases in which the wrong entries of one gradient are looked for
KNOWN = 4  # refuted cases after which a gradient is known to be wrong


def rounded(comparison: Comparison) -> Comparison:
    """The comparison of a gradient that differs by no more than rounded constants explain."""
    return dataclasses.replace(comparison, rounded=comparison.entries)


def locate(hearing: Hearing) -> None:
    """Replace the comparisons of the gradients that are wrong by ones that say so.

    Each gradient that is wrong here and was not known to be is found; of those that were known, one if no other is.
    """
    counts = hearing.trial.located
    known = [leaf for leaf in hearing.gradients if counts.get(leaf, 0) >= KNOWN]
    others = [leaf for leaf in hearing.gradients if leaf not in known]
    found = [] if known and _all_right(hearing, others) else [leaf for leaf in others if _wrong(hearing, leaf)]
    if not found:
        found = list(islice((leaf for leaf in known if _wrong(hearing, leaf)), 1))
    for leaf in found:
        hearing.found.comparisons[leaf] = _compared(hearing, leaf)
    if not found:
        hearing.find(Verdict.REFUTED, f"{Testimony.REFUTES.value} along a joint direction of all gradients")


def _wrong(hearing: Hearing, leaf: str) -> bool:
    """Whether a gradient is refuted."""
    balls = hearing.gradients[leaf]
    return bool(balls.size) and _refuted(hearing, leaf, np.ones(balls.shape, dtype=bool))


def _all_right(hearing: Hearing, leaves: Sequence[str]) -> bool:
    """Whether some gradients are confirmed together; not to be decided is not to be right."""
    along = {leaf: _uncut(hearing, leaf, hearing.point.direction(leaf)) for leaf in leaves}
    return not along or _says(hearing, along) is Testimony.CONFIRMS


def _compared(hearing: Hearing, leaf: str) -> Comparison:
    """The wrong entries of one gradient: all of them where that is affordable, else one example."""
    balls = hearing.gradients[leaf]
    hearing.trial.located[leaf] = hearing.trial.located.get(leaf, 0) + 1
    if hearing.trial.located[leaf] > OFTEN:
        return Comparison(leaf, balls.shape, balls.size, wrong=1, at_least=True)
    if balls.size <= AFFORDABLE:
        wrong = [index for index in np.ndindex(balls.shape) if _refuted(hearing, leaf, _only(balls.shape, index))]
    else:
        wrong = [_bisected(hearing, leaf)]
    wrong = wrong or [_bisected(hearing, leaf)]
    entries = [_entry(hearing, leaf, index) for index in wrong]
    worst = max(entries, key=lambda entry: entry.gap)
    return Comparison(leaf, balls.shape, balls.size, wrong=len(wrong), worst=worst, at_least=balls.size > AFFORDABLE)


def derivative_at(hearing: Hearing, leaf: str, index: tuple[int, ...]) -> str | None:
    """The derivative of one entry, by the gradient program or by finite differences; None where it is not finite."""
    truth = hearing.truth.get(leaf)
    if truth is not None:
        return enclosures.show(truth[index]) if bool(enclosures.finite(truth)[index]) else None
    shape = np.shape(hearing.point.values[leaf])
    try:
        seen = slope(
            hearing.point, hearing.trial.binding, {leaf: adapter.lift(np.where(_only(shape, index), 1.0, 0.0))}
        )
    except Silent:
        return None
    if not float(seen.error.abs_upper()) < math.inf or not float(abs(seen.estimate).abs_upper()) < math.inf:
        return None
    return f"{enclosures.show(seen.estimate)} by finite differences"


def _only(shape: tuple[int, ...], index: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, dtype=bool)
    mask[index] = True
    return mask


def _bisected(hearing: Hearing, leaf: str) -> tuple[int, ...]:
    """One wrong entry, found by halving."""
    shape = hearing.gradients[leaf].shape
    flat = np.arange(int(np.prod(shape)))
    while flat.size > 1:
        half = flat[: flat.size // 2]
        mask = np.zeros(int(np.prod(shape)), dtype=bool)
        mask[half] = True
        flat = half if _refuted(hearing, leaf, mask.reshape(shape)) else flat[flat.size // 2 :]
    return tuple(int(k) for k in np.unravel_index(int(flat[0]), shape))


def _uncut(hearing: Hearing, leaf: str, direction: Any) -> adapter.Raw:
    """A direction within a gradient, less the entries that a declared clip has cut: no slope shows those."""
    clip = hearing.trial.subject.deviations.clip
    if clip is not None:
        direction = np.where(np.abs(adapter.midpoints(hearing.gradients[leaf])) < clip, direction, 0.0)
    return adapter.lift(direction)


def _direction(hearing: Hearing, leaf: str, mask: Mask) -> dict[str, adapter.Raw]:
    return {leaf: adapter.lift(np.where(mask, hearing.point.direction(leaf), 0.0))}


def _refuted(hearing: Hearing, leaf: str, mask: Mask) -> bool:
    """Whether finite differences refute the gradient along the entries of the mask."""
    along = {leaf: _uncut(hearing, leaf, np.where(mask, hearing.point.direction(leaf), 0.0))}
    return _says(hearing, along) is Testimony.REFUTES


def _says(hearing: Hearing, along: Mapping[str, adapter.Raw]) -> Testimony:
    """What finite differences say of the gradients along a direction."""
    try:
        seen = slope(hearing.point, hearing.trial.binding, along)
    except Silent:
        return Testimony.SILENT
    with adapter.precision(hearing.found.bits * 2):
        plain = hearing.trial.undone({leaf: hearing.gradients[leaf] for leaf in along}, hearing.case.sizes)
        claim, size = claimed(plain, along)
        return judge(seen, claim, size, 1.0).testimony


def _entry(hearing: Hearing, leaf: str, index: tuple[int, ...]) -> Entry:
    """One entry, as it is and as finite differences have it."""
    balls = hearing.gradients[leaf]
    got = balls[index]
    along = _direction(hearing, leaf, _only(balls.shape, index))
    with adapter.precision(hearing.found.bits * 2):
        component = along[leaf][index]
        seen = slope(hearing.point, hearing.trial.binding, along)
        derivative = seen.estimate / component
        numerator, denominator = hearing.trial.subject.deviations.factor(hearing.case.sizes)
        derivative = derivative * adapter.lift(numerator)[()] / adapter.lift(float(denominator))[()]
        gap = float(abs(got - derivative).abs_upper())
    return Entry(
        index,
        got=enclosures.show(got),
        derivative=enclosures.show(derivative),
        got_enclosure=enclosures.enclosure(got),
        derivative_enclosure=f"{enclosures.show(derivative, 25)} by finite differences",
        gap=gap,
    )
