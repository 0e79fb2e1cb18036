"""Names, shapes and dtypes of the gradients of one float64 run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.point import Point
from oracle.runs import Run
from oracle.verdict import Finding, Verdict

NO_VALUES = "no values"  # the detail of a finding after which there is nothing to compare


def structure(point: Point, run: Run) -> Iterator[Finding]:
    """What is wrong with the names, shapes and dtypes of the gradients."""
    for leaf in point.differentiated:
        expected = np.shape(point.values[leaf])
        value: Any = run.gradients.get(leaf)
        if (problem := _problem(value, expected)) is not None:
            detail = "" if np.size(value) == int(np.prod(expected)) and _is_float(value) else NO_VALUES
            yield Finding(Verdict.BROKEN_CONTRACT, f"the gradient of {leaf} {problem}", leaf, str(point.case), detail)


def _is_float(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f")


def _problem(value: Any, expected: tuple[int, ...]) -> str | None:
    """A clause that says what is wrong with one gradient, or None."""
    if value is None:
        return f"is missing; expected a float64 array of shape {expected}"
    if not _is_float(value):
        kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"of type {type(value).__name__}"
        return f"is {kind}; expected a float64 array of shape {expected}"
    if np.shape(value) != expected:
        return f"has shape {np.shape(value)}; expected {expected}, the shape of the input"
    return None


def single_precision(point: Point, run: Run) -> list[str]:
    """The leaves whose gradient is float32 or less although every input is float64."""
    kinds = {leaf: getattr(run.gradients.get(leaf), "dtype", np.dtype(float)) for leaf in point.differentiated}
    return [leaf for leaf, dtype in kinds.items() if dtype.kind == "f" and dtype.itemsize < 8]
