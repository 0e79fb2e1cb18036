"""Inputs that tell which steps count: masks and lengths."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from oracle.inputs import Input
from oracle.point import Point
from oracle.shapes import Shape
from oracle.subject import Subject


def switches(subject: Subject) -> list[str]:
    """The inputs that are masks, or lengths in a range that a number of steps bounds."""
    return [leaf for leaf, spec in subject.leaves.items() if _is_switch(spec)]


def _is_switch(spec: Input) -> bool:
    return spec.kind == "boolean" or (spec.kind == "integer" and "T" in Shape.parse(spec.below).names)


def every_step_counts(point: Point, leaves: Iterable[str]) -> bool:
    """Whether masks are true throughout, and lengths as large as they can be."""
    for leaf in leaves:
        spec, value = point.subject.leaves[leaf], point.values[leaf]
        most = True if spec.kind == "boolean" else Shape.parse(spec.below).concrete(point.case.sizes)[0] - 1
        if not np.all(value == most):
            return False
    return True
