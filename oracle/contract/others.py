"""Other cases than a given one: what a call before it, or between its forward and its backward, is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from oracle.cases import Case
from oracle.draws import key
from oracle.forms.object import ObjectForm
from oracle.point import Point
from oracle.runs import Run
from oracle.shapes import ShapeError


def shifted(point: Point, names: Sequence[str] | None = None) -> Point:
    """The same case with other real values: of all inputs, or of these."""
    return point.moved({n: _moved(v) if names is None or n in names else v for n, v in point.values.items()})


def _moved(value: Any) -> Any:
    """Other values of the same kind: what a leak from an earlier call would carry over."""
    return value * 0.75 + 0.125 if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def other_cotangents(point: Point, first: Run) -> dict[str, Any] | None:
    """Other cotangents for all outputs; None where the backward takes none."""
    if not first.takes_cotangents:
        return None
    shapes = {name: np.shape(value) for name, value in first.cotangents.items() if value is not None}
    return {name: _moved(value) for name, value in point.cotangents(shapes).items()}


def others(point: Point) -> Iterator[tuple[str, Point]]:
    """Cases that are another in all, and in one kind of thing."""
    sizes, options = _other_sizes(point), _other_options(point)
    kinds = {
        "values": (point.case.sizes, {}),
        "sizes": (sizes, {}),
        "options": (point.case.sizes, options),
        "all": (sizes, options),
    }
    for what, (at, chosen) in kinds.items():
        if (what == "sizes" and at == point.case.sizes) or (what == "options" and not chosen):
            continue
        leaves = {**point.subject.leaves, **chosen}
        try:
            yield (
                what,
                Point(replace(point.subject, leaves=leaves), Case(at, seed=key(point.case.seed, "other") % 2**32)),
            )
        except (ShapeError, ValueError):  # there are no such inputs at these sizes
            continue


def _other_sizes(point: Point) -> dict[str, int]:
    """Every size one larger, or one smaller where it is the largest; those stay that an object is made of."""
    form, within = point.subject.form, point.subject.sizes
    lasting = form.lasting(within) if isinstance(form, ObjectForm) else set()
    found = {}
    for name, size in point.case.sizes.items():
        low, high = within[name]
        other = size + 1 if size < high else max(size - 1, low)
        found[name] = size if name in lasting else other
    return found


def _other_options(point: Point) -> dict[str, Any]:
    """The inputs that were drawn from options, each with another one."""
    found = {}
    for name, spec in point.subject.leaves.items():
        others = [one for one in spec.drawn_from if one is not spec.value]
        if others:
            found[name] = replace(spec, value=others[key(point.case.seed, "option", name) % len(others)])
    return found
