"""Every entry of every gradient by finite differences of the hand-written forward, where that is affordable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.point import Point
from oracle.witnesses.finite_difference import BITS, STEP, Silent, claimed, directions, objective, slope

if TYPE_CHECKING:
    from oracle.trial import Trial

Raw = adapter.Raw
SMALL = 1e-60  # the error of a difference, beside the slope
MARGIN = 2**20  # by how much more than the error that is seen of all together an entry may err
ALONG = 4  # evaluations of the forward beside two for each entry


def by_differences(trial: Trial, point: Point, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Raw] | None:
    """Every derivative by finite differences; None where the forward cannot be moved, or they are not known well.

    Each entry is a difference of one step. Their common error is seen along a generic direction of all entries, with
    a second and finer step, and each is widened by far more than that.
    """
    try:
        found = {leaf: _differences(trial, point, leaf, shape) for leaf, shape in shapes.items()}
        along = directions(point)
        seen = slope(point, trial.binding, along)
    except Silent:
        return None
    with adapter.precision(BITS):
        said, size = claimed(found, along)
        error = abs(said - seen.estimate) + seen.error
    if not float(error.abs_upper()) <= SMALL * max(size, float(abs(seen.estimate).abs_upper())):
        return None
    return {leaf: np.asarray(_widen(balls, error * MARGIN), dtype=object) for leaf, balls in found.items()}


def _differences(trial: Trial, point: Point, leaf: str, shape: tuple[int, ...]) -> Raw:
    """The differences along every entry of one gradient."""
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        along = np.zeros(shape)
        along[index] = 1.0
        with adapter.precision(BITS):
            ends = []
            for sign in (1.0, -1.0):
                step = adapter.lift(along * (sign * 2.0**-STEP))
                moved = np.asarray(adapter.lift(point.values[leaf]) + step, dtype=object).reshape(shape)
                ends.append(objective(point, trial.binding, {leaf: moved}, BITS))
            found[index] = (ends[0] - ends[1]) * adapter.lift(2.0 ** (STEP - 1))[()]
    return found


_widen: Any = np.frompyfunc(enclosures.widened, 2, 1)
