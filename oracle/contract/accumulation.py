"""Whether a backward that is not declared to accumulate adds to its gradient slots."""

from __future__ import annotations

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.point import Point
from oracle.runs import Known, Run, evaluate, quiet


def slot_faults(point: Point, binding: Binding, first: Run) -> tuple[list[str], list[str]]:
    """The leaves whose backward adds to its slot without saying so, and those whose slot it never writes.

    Both kept the poison of the first run. Known values in its place tell them apart: they are added to, or stay.
    """
    poisoned = [
        leaf
        for leaf, value in first.gradients.items()
        if isinstance(value, np.ndarray | np.floating) and np.isnan(np.asarray(value)).all() and np.size(value)
    ]
    if not poisoned or point.subject.deviations.accumulates:
        return [], []
    run = Run()
    with binding.untouched(), quiet():
        evaluate(run, point, adapter.Floats(), slots=Known(adapter.Floats(), 1.0))
    if run.error is not None:
        return [], []
    added = {leaf: np.asarray(run.gradients[leaf], dtype=float) for leaf in poisoned}
    finite = {leaf: value for leaf, value in added.items() if np.isfinite(value).all()}
    adding = [leaf for leaf, value in finite.items() if value.any()]
    return adding, [leaf for leaf in finite if leaf not in adding]
