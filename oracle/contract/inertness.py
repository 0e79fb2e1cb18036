"""Two promises that only some backwards make, checked where they are declared.

`independent="B"`: the rows of a batch do not see each other. Then the gradient of a row is that of the row alone, and
the gradient of what all rows share is the sum over rows.

`mask="m"`: where the boolean input m is false, inputs are padding. Then their gradient there is exactly zero, and
other values there change no other gradient, as long as no cotangent stands on a padded place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.binding import Binding
from oracle.cases import Case
from oracle.contract.kinds import BROKEN, Bound, Broken, apart, entry
from oracle.point import Point
from oracle.runs import Run, in_floats


def rows_are_independent(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Each row alone gives its own gradient, and shared gradients add up over rows."""
    name = point.subject.deviations.independent
    if name is None or point.case.sizes[name] < 2:
        return
    rows = [_row(point, binding, first, name, row) for row in range(point.case.sizes[name])]
    if failed := next((run for run in rows if run.error is not None), None):
        yield BROKEN, f"a single row of {name} raised {type(failed.error).__name__}: {failed.error}", ""
        return
    for leaf in point.differentiated:
        axis = _axis(point, leaf, name)
        parts = [np.asarray(run.gradients[leaf], dtype=float) for run in rows]
        whole = np.asarray(first.gradients[leaf], dtype=float)
        joined: Any = sum(parts) if axis is None else np.concatenate(parts, axis)
        room = (len(parts) + 1) * bound(leaf)
        if joined.shape != whole.shape or not np.all(apart(joined, whole) <= room):
            how = "the sum over single rows" if axis is None else "that of the row alone"
            yield BROKEN, f"rows of {name} are declared independent, but {entry(leaf, whole, joined)} by {how}", leaf


def _axis(point: Point, leaf: str, name: str) -> int | None:
    """Which axis of an input is the batch, if one is."""
    dimensions = point.subject.leaves[leaf].shape.dimensions
    return dimensions.index(name) if name in dimensions else None


def _row(point: Point, binding: Binding, first: Run, name: str, row: int) -> Run:
    """The run on one row, with its part of the inputs and cotangents."""
    alone = Point(point.subject, Case({**point.case.sizes, name: 1}, point.case.regime, point.case.seed))
    for leaf, value in point.values.items():
        axis = _axis(point, leaf, name)
        alone.values[leaf] = value if axis is None else np.take(value, [row], axis)
    trial = in_floats(alone, binding)
    given = {}
    for output, value in trial.cotangents.items():
        if value is not None:
            whole = np.asarray(first.cotangents[output])
            axes = [axis for axis, size in enumerate(np.shape(value)) if size != whole.shape[axis]]
            given[output] = np.take(whole, [row], axes[0]) if axes else whole
    return in_floats(alone, binding, cotangents=given) if trial.takes_cotangents else trial


def padding_is_inert(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Masked places get a gradient of zero, and what stands there changes nothing."""
    name = point.subject.deviations.mask
    if name is None:
        return
    mask = np.asarray(point.values[name], dtype=bool)
    given = {
        output: np.where(_spread(mask, np.shape(value)), value, 0.0)
        for output, value in first.cotangents.items()
        if value is not None
    }
    before = in_floats(point, binding, cotangents=given if first.takes_cotangents else None)
    after = in_floats(_disturbed(point, mask), binding, cotangents=given if first.takes_cotangents else None)
    for run in (before, after):
        if run.error is not None:
            yield BROKEN, f"with other values on padding the code raised {type(run.error).__name__}: {run.error}", ""
            return
    for leaf in point.differentiated:
        one, other = (np.asarray(run.gradients[leaf], dtype=float) for run in (before, after))
        padded = ~_spread(mask, one.shape) if _masked(point, leaf, mask) else np.zeros(one.shape, dtype=bool)
        if np.any(one[padded] != 0.0):
            yield BROKEN, f"padding of {name} gets a gradient: {entry(leaf, np.where(padded, one, 0.0), 0 * one)}", leaf
        if not np.all(apart(one, other) <= 2 * bound(leaf)):
            yield BROKEN, f"padding of {name} is not inert: with other values on it {entry(leaf, other, one)}", leaf


def _masked(point: Point, leaf: str, mask: Any) -> bool:
    """Whether an input has the mask's dimensions first."""
    name = point.subject.deviations.mask
    assert name is not None
    own = point.subject.leaves[name].shape.dimensions
    return point.subject.leaves[leaf].shape.dimensions[: len(own)] == own


def _spread(mask: Any, shape: tuple[int, ...]) -> Any:
    """The mask in the shape of an array whose first dimensions are the mask's; true everywhere for other arrays."""
    if shape[: mask.ndim] != mask.shape:
        return np.ones(shape, dtype=bool)
    return np.broadcast_to(mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim)), shape)


def _disturbed(point: Point, mask: Any) -> Point:
    """The same point with other values on padding."""
    values = dict(point.values)
    for leaf, spec in point.subject.leaves.items():
        value = point.values[leaf]
        if spec.kind == "real" and _masked(point, leaf, mask):
            values[leaf] = np.where(_spread(mask, value.shape), value, 0.75 - value)
    return point.moved(values)
