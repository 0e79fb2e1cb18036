"""The second witness: a central difference of the hand-written forward, in balls of 512 bits.

With g(t) = ⟨ȳ, f(x + t v)⟩ and D(h) = (g(h) - g(-h)) / 2h,

    D(h) = g'(0) + h² g'''(0) / 6 + O(h⁴).                                              (1)

At h = 2^-150 the second term is some 10^-90 and the subtraction loses 150 of 512 bits: no cancellation is left to
speak of. The radius of D(h) encloses its rounding but not its truncation, so this is an *estimate* with an error that
is seen: by (1), |D(h/2) - g'(0)| is a third of |D(h) - D(h/2)|. It confirms a slope that lies no further from D(h/2)
than D(h) does, and refutes one that lies 10^20 times further away. It knows no derivative rule, no JAX, no reference.

In balls one generic direction over all leaves and outputs has full power: a wrong entry moves the slope.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.point import Point
from oracle.runs import forward_in_balls
from oracle.witnesses.statement import Statement, Testimony

BITS, STEP = 512, 150
FAR = 1e20  # how many times the seen error a gap must be to refute


@dataclass(frozen=True)
class Slope:
    """An estimate of ⟨ȳ, f'(x) v⟩ and its seen error, both as balls."""

    estimate: Any
    error: Any


class Silent(Exception):
    """The forward could not be evaluated in balls at a neighbouring point."""


def slope(
    point: Point, binding: Binding, direction: Mapping[str, adapter.Raw], bits: int = BITS, step: int = STEP
) -> Slope:
    """The slope of ⟨ȳ, f⟩ along `direction` (raw balls by leaf; other leaves stay)."""
    with adapter.precision(bits):
        base = {name: adapter.lift(point.values[name]) for name in direction}

        def quotient(exponent: int) -> Any:
            """(⟨ȳ, f(x + h v)⟩ - ⟨ȳ, f(x - h v)⟩) / 2h at h = 2^-exponent."""
            h = adapter.lift(2.0**-exponent)
            steps = {name: h * v for name, v in direction.items()}
            above = {name: np.asarray(base[name] + step, dtype=object) for name, step in steps.items()}
            below = {name: np.asarray(base[name] - step, dtype=object) for name, step in steps.items()}
            slopes = objective(point, binding, above, bits) - objective(point, binding, below, bits)
            return slopes * adapter.lift(2.0 ** (exponent - 1))[()]

        coarse, fine = quotient(step), quotient(step + 1)
        return Slope(fine, abs(coarse - fine))


def smooth(point: Point, binding: Binding, bits: int = BITS, step: int = STEP) -> bool:
    """Whether the forward has one slope to both sides: at a tie that is no kink, such as max(a, a), it has.

    (g(h) - 2 g(0) + g(-h)) / h is h g''(0) + O(h³) where g is smooth, and the jump of the slope at a kink.
    """
    along = directions(point)
    with adapter.precision(bits):
        base = {name: adapter.lift(point.values[name]) for name in along}

        def g(sign: int) -> Any:
            h = adapter.lift(sign * 2.0**-step)
            moved = {name: np.asarray(base[name] + h * v, dtype=object) for name, v in along.items()}
            return objective(point, binding, moved, bits)

        try:
            jump = abs(g(1) - 2 * g(0) + g(-1)) * adapter.lift(2.0**step)[()]
        except Silent:
            return False
        return bool(float(jump.abs_upper()) < 2.0 ** (-step / 2))


def objective(point: Point, binding: Binding, values: Mapping[str, adapter.Raw], bits: int) -> Any:
    """⟨ȳ, f(values)⟩ as one ball."""
    run = forward_in_balls(point, binding, bits, values)
    if run.error is not None or run.record.refusals:
        raise Silent(str(run.error or run.record.refusals[0]))
    total = adapter.lift(0.0)[()]
    with adapter.precision(bits):
        for name, value in run.outputs.items():
            if (shape := adapter.Balls().shape(value)) is not None:
                y_bar = adapter.lift(point.cotangent(name, shape))
                total = total + adapter.inner(y_bar, adapter.raw(value))
    return total


def claimed(gradients: Mapping[str, adapter.Raw], direction: Mapping[str, adapter.Raw]) -> tuple[Any, float]:
    """⟨x̄, v⟩ as one ball, and the sum of the magnitudes of its terms."""
    total, size = adapter.lift(0.0)[()], 0.0
    for name, v in direction.items():
        total = total + adapter.inner(gradients[name], v)
        size += float(np.sum(np.abs(adapter.midpoints(gradients[name]) * adapter.midpoints(v))))
    return total, size


def judge(seen: Slope, claim: Any, size: float, digits: float) -> Statement:
    """Whether the claimed slope is the one that was seen, to at least `digits` digits."""
    gap = abs(seen.estimate - claim)
    far, near, known = float(gap.abs_lower()), float(gap.abs_upper()), float(seen.error.abs_upper())
    if not all(map(math.isfinite, (far, near, known))):
        return Statement(Testimony.SILENT, why="the slope is not finite")
    if far > FAR * known:
        return Statement(Testimony.REFUTES, gap=far)
    places = math.log10(size) - math.log10(max(near, 1e-300)) if size else math.inf
    if far > known:
        return Statement(Testimony.SILENT, why=f"a gap of {far:.1e} beside a seen error of {known:.1e}")
    if places < digits:
        return Statement(Testimony.SILENT, places, why=f"agreement to {places:.0f} digits only")
    return Statement(Testimony.CONFIRMS, places)


def directions(point: Point, number: int = 0, uncut: Mapping[str, Any] | None = None) -> dict[str, adapter.Raw]:
    """A generic joint direction over all gradients, as exact balls; `uncut` masks the entries that take part."""
    found = {}
    for name in point.differentiated:
        direction = point.direction(name, number)
        found[name] = adapter.lift(direction if uncut is None else np.where(uncut[name], direction, 0.0))
    return found


def testify(
    point: Point,
    binding: Binding,
    gradients: Mapping[str, adapter.Raw],
    *,
    digits: float,
    number: int = 0,
    uncut: Mapping[str, Any] | None = None,
) -> Statement:
    """What finite differences along one generic direction say of these gradients (raw balls by leaf)."""
    statement = Statement(Testimony.SILENT)
    for finer in (1, 2):
        try:
            along = directions(point, number, uncut)
            seen = slope(point, binding, along, BITS * finer, STEP * finer)
        except Silent as silence:
            return Statement(Testimony.SILENT, why=str(silence))
        with adapter.precision(BITS * finer):
            claim, size = claimed(gradients, along)
            statement = judge(seen, claim, size, digits)
        if statement.testimony is not Testimony.SILENT:
            break
    return statement
