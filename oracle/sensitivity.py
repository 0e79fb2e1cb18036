"""The conditioning of a case without a gradient program: how the hand-written code itself answers to rounding.

Three sources are added, with u the roundoff:

- The inputs and cotangents are perturbed at random in a last place and the untouched code runs again in float64: the
  spread of each entry is what rounding of these costs, and by backward stability what most sums cost.
- The radius of a ball run with as many bits as the floats have bounds what rounding every intermediate result once
  costs. Elementary functions in floats keep 4 units in the last place, 8 u: 8 times that. Where so few bits leave a
  comparison open, the radius of the certified run is scaled from 2^-p to u instead.
- The result itself is rounded, and so were the partial sums that it is made of: 2 u of its magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.accuracy import Spread
from oracle.arithmetic import adapter, enclosures
from oracle.binding import Binding
from oracle.draws import bits as random_bits
from oracle.draws import key
from oracle.point import Point
from oracle.runs import Run, in_balls, in_floats

_ELEMENTARY, _LAST = 8.0, 2.0
_MAGNIFIED = 2.0**-38  # perturbations this large drown the run's own rounding, and are still linear


def spread(
    point: Point,
    binding: Binding,
    first: Run,
    dtype: Any,
    samples: int,
    outputs: Mapping[str, adapter.Raw],
    gradients: Mapping[str, adapter.Raw],
    bits: int,
) -> Spread:
    """How far rounding in `dtype` spreads outputs and gradients, from perturbed runs and from radii of `bits` bits."""
    unit = float(np.finfo(dtype).eps) / 2
    radii = _radii(point, binding, dtype) or {
        name: np.ldexp(enclosures.radius(balls), bits) * unit for name, balls in {**outputs, **gradients}.items()
    }
    deviations: dict[str, Any] = {}  # root mean squares; by hypot, whose squares neither vanish nor overflow
    for sample in range(samples):
        moved = _perturbed(point, sample)
        cotangents = {
            name: _moved(point, f"cotangent {name}", np.asarray(value), sample)
            for name, value in first.cotangents.items()
            if value is not None
        }
        run = in_floats(moved, binding, cotangents=cotangents if first.takes_cotangents else None)
        for name, value in {**run.outputs, **run.gradients}.items():
            before: Any = first.outputs.get(name, first.gradients.get(name))
            if run.error is None and np.shape(value) == np.shape(before) and np.asarray(value).dtype.kind == "f":
                gap = np.asarray(value, dtype=float) - np.asarray(before, dtype=float)
                deviations[name] = np.hypot(deviations.get(name, 0.0), gap * (unit / _MAGNIFIED / math.sqrt(samples)))

    def total(name: str, value: Any) -> Any:
        """Root mean square of the three sources; code that left balls has no radii."""
        floats = np.asarray(value, dtype=float)
        running = _ELEMENTARY * np.reshape(radii.get(name, np.zeros(floats.shape)), floats.shape)
        seen = np.reshape(deviations.get(name, np.zeros(floats.shape)), floats.shape)
        with np.errstate(all="ignore"):
            return np.hypot(np.hypot(seen, running), _LAST * unit * np.abs(floats))

    return Spread(
        dtype,
        {name: total(name, np.reshape(value, np.shape(point.values[name]))) for name, value in first.gradients.items()},
        {name: total(name, value) for name, value in first.outputs.items() if np.asarray(value).dtype.kind == "f"},
    )


def _radii(point: Point, binding: Binding, dtype: Any) -> dict[str, Any]:
    """The radii of a ball run with the precision of `dtype`; nothing unless it ends with finite balls."""
    run = in_balls(point, binding, int(np.finfo(dtype).nmant) + 1)
    every = {**run.outputs, **run.gradients}
    if run.error is not None or run.record.refusals or not all(map(adapter.is_ball, every.values())):
        return {}
    radii = {name: enclosures.radius(adapter.raw(value)) for name, value in every.items()}
    return radii if all(bool(np.isfinite(one).all()) for one in radii.values()) else {}


def _perturbed(point: Point, sample: int) -> Point:
    """The same point with every real input moved by a random relative amount."""
    real = {n: v for n, v in point.values.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    return point.moved(point.values | {name: _moved(point, name, value, sample) for name, value in real.items()})


def _moved(point: Point, name: str, value: Any, sample: int) -> Any:
    """Every entry moved by its own random relative amount."""
    words = random_bits(key(point.case.seed, "perturb", name, sample), 0, value.size)
    uniform = (words >> np.uint64(11)).astype(float) * 2.0**-52 - 1.0
    return value * (1.0 + _MAGNIFIED * uniform.reshape(value.shape))
