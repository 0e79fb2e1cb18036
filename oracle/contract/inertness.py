"""Two promises that only some backwards make, checked where they are declared.

`independent="B"`: the rows of a batch do not see each other. Then the gradient of a row is that of the row alone, and
the gradient of what all rows share is the sum over rows.

`mask="m"`: where the boolean input m is false, inputs that have its dimensions are padding. Then their gradient there
is exactly zero, and other values there change no other gradient, as long as no cotangent stands on a padded place.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.binding import Binding
from oracle.cases import GENERIC, Case, sizes_at
from oracle.contract.kinds import BROKEN, Bound, Broken, apart, entry
from oracle.deviations import masked
from oracle.point import Point
from oracle.runs import Run, forward_in_floats, in_floats

_LOOKS = 3  # cases in which the shapes of outputs are looked at


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
    mask, places = np.asarray(point.values[name], dtype=bool), masked(name, point.subject.leaves)
    given = _on_what_is_there(point, binding, first, mask) if first.takes_cotangents else None
    before = in_floats(point, binding, cotangents=given)
    after = in_floats(_disturbed(point, mask, places), binding, cotangents=given)
    for run in (before, after):
        if run.error is not None:
            yield BROKEN, f"with other values on padding the code raised {type(run.error).__name__}: {run.error}", ""
            return
    for leaf in point.differentiated:
        one, other = (np.asarray(run.gradients[leaf], dtype=float) for run in (before, after))
        at = places[leaf]
        padded = np.zeros(one.shape, dtype=bool) if at is None else ~_spread(mask, one.shape, at)
        if np.any(one[padded] != 0.0):
            yield (
                BROKEN,
                f"padding of {name} gets a gradient: {entry(leaf, np.where(padded, one, 0.0), np.zeros(one.shape))}",
                leaf,
            )
        if not np.all(apart(one, other) <= 2 * bound(leaf)):
            yield BROKEN, f"padding of {name} is not inert: with other values on it {entry(leaf, other, one)}", leaf


def _spread(mask: Any, shape: tuple[int, ...], places: tuple[int, ...]) -> Any:
    """The mask in the shape of an array that has the mask's dimensions at these places."""
    lengths = [size if axis in places else 1 for axis, size in enumerate(shape)]
    return np.broadcast_to(mask.transpose(np.argsort(places)).reshape(lengths), shape)


def _disturbed(point: Point, mask: Any, places: Mapping[str, tuple[int, ...] | None]) -> Point:
    """The same point with other values on padding."""
    values = dict(point.values)
    for leaf, at in places.items():
        if at is not None:
            value = point.values[leaf]
            values[leaf] = np.where(_spread(mask, value.shape, at), value, 0.75 - value)
    return point.moved(values)


# ---- which places of an output are padded


def _on_what_is_there(point: Point, binding: Binding, first: Run, mask: Any) -> dict[str, Any]:
    """The cotangents of a run, and zero on padded places of outputs."""
    given = {name: np.asarray(value) for name, value in first.cotangents.items() if value is not None}
    axes = _axes_of_outputs(point, binding, {name: value.shape for name, value in given.items()})
    for name, value in given.items():
        for places in itertools.product(*axes[name]):
            if len(set(places)) == len(places):  # where two axes may be meant, a place is padded by either
                given[name] = np.where(_spread(mask, value.shape, places), given[name], 0.0)
    return given


def _axes_of_outputs(
    point: Point, binding: Binding, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, list[list[int]]]:
    """Which axes of each output may be each dimension of the mask: those that are as long in every case.

    The forward decides the shapes of outputs, so it is run in a few cases in which sizes differ from each other.
    """
    subject, name = point.subject, point.subject.deviations.mask
    assert name is not None
    dimensions = subject.leaves[name].shape.concrete
    found = {
        output: [_as_long(shape, size) for size in dimensions(point.case.sizes)] for output, shape in shapes.items()
    }
    for seed in range(_LOOKS):
        case = Case(sizes_at(GENERIC, seed, subject.sizes), seed=seed)
        other = Point(subject, case)
        run = forward_in_floats(other, binding, other.values)
        for output, axes in found.items():
            if run.error is None and np.ndim(run.outputs.get(output, 0.0)) == len(shapes[output]):
                lengths = [_as_long(np.shape(run.outputs[output]), size) for size in dimensions(case.sizes)]
                found[output] = [[k for k in some if k in more] for some, more in zip(axes, lengths, strict=True)]
    return found


def _as_long(shape: tuple[int, ...], size: int) -> list[int]:
    """The axes of this length."""
    return [axis for axis, length in enumerate(shape) if length == size]
