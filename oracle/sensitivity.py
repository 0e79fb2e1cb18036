"""The conditioning of a case without a gradient program: how the hand-written code itself answers to rounding.

Two sources are added. The inputs are perturbed at random in a last place and the untouched code runs again in
float64: the spread of each entry is what rounding of the inputs, and by backward stability of most sums, costs.
And the radius of the ball run bounds what rounding of every intermediate result costs, whatever its direction; at p
bits it is 2^-p in size where it would be u in floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.accuracy import Spread
from oracle.arithmetic import adapter, enclosures
from oracle.binding import Binding
from oracle.draws import bits as random_bits
from oracle.draws import key
from oracle.point import Point
from oracle.runs import Run, in_floats

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
    squares: dict[str, Any] = {}
    for sample in range(samples):
        run = in_floats(_perturbed(point, sample), binding)
        for name, value in {**run.outputs, **run.gradients}.items():
            before: Any = first.outputs.get(name, first.gradients.get(name))
            if run.error is None and np.shape(value) == np.shape(before) and np.asarray(value).dtype.kind == "f":
                gap = np.asarray(value, dtype=float) - np.asarray(before, dtype=float)
                squares[name] = squares.get(name, 0.0) + (gap * (unit / _MAGNIFIED)) ** 2 / samples

    def total(name: str, balls: adapter.Raw) -> Any:
        """Root mean square of both sources."""
        running = enclosures.radius(balls) * 2.0**bits * unit
        seen = np.reshape(squares.get(name, np.zeros(balls.shape)), balls.shape)
        return np.sqrt(seen + running**2)

    return Spread(
        dtype,
        {name: total(name, balls) for name, balls in gradients.items()},
        {name: total(name, balls) for name, balls in outputs.items()},
    )


def _perturbed(point: Point, sample: int) -> Point:
    """The same point with every real input moved by a random relative amount."""
    moved = Point(point.subject, point.case)
    moved.share_cotangents(point)
    for name, value in point.values.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            words = random_bits(key(point.case.seed, "perturb", name, sample), 0, value.size)
            uniform = (words >> np.uint64(11)).astype(float) * 2.0**-52 - 1.0
            moved.values[name] = value * (1.0 + _MAGNIFIED * uniform.reshape(value.shape))
    return moved
