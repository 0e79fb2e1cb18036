"""Whether the gradients depend on how arrays lie in memory: not contiguous, or column by column as in Fortran."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.kinds import BROKEN, Bound, Broken, apart
from oracle.draws import bits, key
from oracle.point import Point
from oracle.runs import Run, evaluate, in_floats, quiet

_NUDGES = 4


def layout(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Inputs and cotangents in Fortran's order, or in other cases not contiguous, give the same gradients."""
    columns = any(_has_columns(value) for value in (*first.arguments.values(), *first.cotangents.values()))
    if columns and not point.case.seed % 2:
        how, run = "with arrays in Fortran's order", Run()
        with binding.untouched(), quiet():
            evaluate(run, point, ByColumns(point.case.seed // 2))
    else:
        how, run = "with inputs that are not contiguous", in_floats(point, binding, strided=True)
    if run.error is not None:
        yield BROKEN, f"{how}, the code raised {type(run.error).__name__}: {run.error}", ""
        return
    for leaf, value in run.gradients.items():
        gap = apart(value, first.gradients[leaf])
        if not np.all(gap <= 2 * bound(leaf)) and not np.all(
            gap <= 2 * bound(leaf) + _noise(point, binding, first, leaf)
        ):
            yield BROKEN, f"{how}, the gradient of {leaf} is another", leaf


def _noise(point: Point, binding: Binding, first: Run, leaf: str) -> Any:
    """How far inputs moved by one unit in the last place move a gradient, several times over.

    Products of matrices add up in another order where these lie otherwise in memory, and what code does out of sight
    of balls and perturbations, as through text, has a bound that knows nothing of that.
    """
    largest: Any = 0.0
    for number in range(_NUDGES):
        values = {
            name: _nudged(value, key(point.case.seed, "nudge", number, name)) for name, value in point.values.items()
        }
        run = in_floats(point.moved(values), binding)
        if run.error is None:
            largest = np.maximum(largest, apart(run.gradients[leaf], first.gradients[leaf]))
    return _NUDGES * _NUDGES * largest


def _nudged(value: Any, stream: int) -> Any:
    """Real numbers one unit in the last place up or down."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    up = (bits(stream, 0, value.size) % np.uint64(2) == 0).reshape(value.shape)
    return np.nextafter(value, np.where(up, np.inf, -np.inf))


def _has_columns(value: Any) -> bool:
    """Whether the two orders of an array in memory are two."""
    return isinstance(value, np.ndarray) and sum(size > 1 for size in value.shape) > 1


class ByColumns(adapter.Floats):
    """NumPy's floats, in Fortran's order: in one seed of two all arrays, in the others each with even chances.

    Code that reads memory in its own order may still be right as long as all arrays lie alike.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self._made = seed, 0

    def array(self, value: Any) -> Any:
        """A fresh array, or a NumPy scalar where there is no dimension."""
        made = super().array(value)
        if not _has_columns(made):
            return made
        self._made += 1
        mixed = self.seed % 2 == 1 and self._made > 1
        return made if mixed and int(bits(self.seed, self._made, 1)[0]) % 2 else np.asfortranarray(made)
