"""Whether a backward that is not declared to accumulate adds to its gradient slots."""

from __future__ import annotations

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.point import Point
from oracle.runs import Known, Run, evaluate, quiet


def undeclared_accumulation(point: Point, binding: Binding, first: Run) -> list[str]:
    """The leaves whose slots kept the poison of the first run, but add to known values put there instead."""
    poisoned = [
        leaf
        for leaf, value in first.gradients.items()
        if isinstance(value, np.ndarray | np.floating) and np.isnan(np.asarray(value)).all() and np.size(value)
    ]
    if not poisoned or point.subject.deviations.accumulates:
        return []
    run = Run()
    with binding.untouched(), quiet():
        evaluate(run, point, adapter.Floats(), slots=Known(adapter.Floats(), 1.0))
    if run.error is not None:
        return []
    return [leaf for leaf in poisoned if np.isfinite(np.asarray(run.gradients[leaf], dtype=float)).all()]
