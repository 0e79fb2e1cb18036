"""Whether the gradients depend on how arrays lie in memory: not contiguous, or column by column as in Fortran."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.kinds import BROKEN, Bound, Broken, apart
from oracle.draws import bits
from oracle.point import Point
from oracle.runs import Run, evaluate, in_floats, quiet


def layout(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Inputs and cotangents that are not contiguous, or in Fortran's order, give the same gradients."""
    yield from _alike(in_floats(point, binding, strided=True), first, bound, "with inputs that are not contiguous")
    if any(_has_columns(value) for value in (*first.arguments.values(), *first.cotangents.values())):
        run = Run()
        with binding.untouched(), quiet():
            evaluate(run, point, ByColumns(point.case.seed))
        yield from _alike(run, first, bound, "with arrays in Fortran's order")


def _alike(run: Run, first: Run, bound: Bound, how: str) -> Broken:
    if run.error is not None:
        yield BROKEN, f"{how}, the code raised {type(run.error).__name__}: {run.error}", ""
        return
    for leaf, value in run.gradients.items():
        if not np.all(apart(value, first.gradients[leaf]) <= 2 * bound(leaf)):
            yield BROKEN, f"{how}, the gradient of {leaf} is another", leaf


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
