"""What checks of behaviour have in common: how they report, and how they show two arrays that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from oracle.verdict import Verdict

Broken = Iterator[tuple[Verdict, str, str]]  # verdict, sentence, leaf
Bound = Callable[[str], Any]  # the derived bound of a gradient
BROKEN = Verdict.BROKEN_CONTRACT


def apart(a: Any, b: Any) -> Any:
    """How far two arrays are apart, entry by entry; not a number where both are infinite, without a warning."""
    with np.errstate(invalid="ignore"):
        return np.abs(np.asarray(a, dtype=float) - np.asarray(b, dtype=float))


def entry(name: str, a: Any, b: Any) -> str:
    """The entry in which two arrays differ most: `W[1, 2] is 0.3, and 0.1`; their shapes if these differ."""
    one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if one.shape != other.shape:
        return f"{name} has shape {one.shape}, and {other.shape}"
    index = tuple(int(k) for k in np.unravel_index(int(np.argmax(apart(one, other))), one.shape))
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{name}{place} is {one[index]:.9g}, and {other[index]:.9g}"


def same_bits(a: Any, b: Any) -> bool:
    """Whether two float arrays hold the same numbers; NaN equals NaN here, for it is about bits."""
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))


def differing(a: Any, b: Any) -> str:
    """The first differing entry, as `[1, 2] is 0.3, was 0.1`."""
    one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if one.shape != other.shape:
        return f" has shape {one.shape}, had {other.shape}"
    index = tuple(int(k) for k in np.argwhere(~((one == other) | (np.isnan(one) & np.isnan(other))))[0])
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{place} is {one[index]:.9g}, was {other[index]:.9g}"
