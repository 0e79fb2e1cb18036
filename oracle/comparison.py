"""Compares two enclosures of the same array, entry by entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.arithmetic import enclosures
from oracle.verdict import Comparison, Entry

Raw = npt.NDArray[Any]


def compare(
    name: str,
    got: Raw,
    truth: Raw,
    *,
    digits: float,
    scale: npt.NDArray[np.float64] | None = None,
    rounding: npt.NDArray[np.float64] | None = None,
    zero_allowed: bool = False,
) -> Comparison:
    """How the enclosures `got` and `truth` of one array lie to each other.

    An entry agrees if both balls are finite, overlap, and each is thin relative to itself: its radius is below
    10^-digits of its magnitude. Balls that contain zero are never thin in this sense; with `zero_allowed` they are
    accepted where their radius is below 10^-digits of `scale`, the sum of the magnitudes of the terms that cancelled.
    A gap of at most `rounding` counts as rounded instead of wrong. Where `scale` or `rounding` are not finite, they
    excuse nothing. Every entry is one of agreeing, wrong, rounded and unsettled.

    Raises
    ------
    ValueError
        If the two arrays have different shapes.
    """
    if got.shape != truth.shape:
        raise ValueError(
            f"{name} has shape {got.shape}, but the derivative has shape {truth.shape}; compare like shapes"
        )
    together = enclosures.meet(got, truth)
    finite = enclosures.finite(got) & enclosures.finite(truth)
    bits = np.minimum(enclosures.accuracy_bits(got), enclosures.accuracy_bits(truth))
    thin = bits >= math.ceil(digits * enclosures.BITS_PER_DIGIT) + 1
    places = enclosures.decimal_digits(1) * np.minimum(bits, enclosures.working_bits()).astype(float)
    if zero_allowed and scale is not None and not thin.all():
        thin, places = _zeros(got, truth, scale, digits, thin, places)
    apart = finite & ~together
    rounded = np.zeros_like(apart)
    if rounding is not None and apart.any():
        excused = np.where(np.isfinite(rounding), rounding, 0.0)[apart]
        rounded[apart] = enclosures.gap(got[apart], truth[apart]) <= excused
    wrong = apart & ~rounded
    zeros = together & enclosures.exactly_zero(got)
    counted = places[together & ~zeros]
    return Comparison(
        name=name,
        shape=got.shape,
        entries=got.size,
        wrong=int(wrong.sum()),
        unsettled=int((~finite | (together & ~thin)).sum()),
        rounded=int(rounded.sum()),
        zeros=int(zeros.sum()),
        digits=float(counted.min()) if counted.size else math.inf,
        worst=_worst(got, truth, wrong if wrong.any() else rounded),
    )


def _zeros(
    got: Raw,
    truth: Raw,
    scale: npt.NDArray[np.float64],
    digits: float,
    thin: npt.NDArray[np.bool_],
    places: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Accept balls around zero that are tiny beside the terms that cancelled."""
    fat = ~thin & enclosures.finite(got) & enclosures.finite(truth)
    about = fat & (enclosures.contains_zero(got) | enclosures.contains_zero(truth))
    width = np.full(got.shape, np.inf)
    width[about] = np.maximum(enclosures.magnitude(got[about]), enclosures.magnitude(truth[about]))
    with np.errstate(all="ignore"):
        share = np.where((scale > 0) & np.isfinite(scale), width / scale, np.inf)
    accepted = about & (share <= 10.0**-digits)
    return thin | accepted, np.where(accepted, -np.log10(np.maximum(share, 1e-300)), places)


def _worst(got: Raw, truth: Raw, among: npt.NDArray[np.bool_]) -> Entry | None:
    """The entry among those marked with the largest gap."""
    if not among.any():
        return None
    gaps = np.full(got.shape, -1.0)
    gaps[among] = enclosures.gap(got[among], truth[among])
    index = tuple(int(k) for k in np.unravel_index(int(np.argmax(gaps)), got.shape))
    seen, derivative = enclosures.told_apart(got[index], truth[index])
    return Entry(
        index=index,
        got=seen,
        derivative=derivative,
        got_enclosure=enclosures.enclosure(got[index]),
        derivative_enclosure=enclosures.enclosure(truth[index]),
        gap=float(gaps[index]),
    )
