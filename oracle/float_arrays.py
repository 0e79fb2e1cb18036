"""Float arrays beside a gradient program's, each entry within its bound or beyond it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
QUICK = 16.0  # roundings of its largest entry within which a quick check passes an array
_ROUNDOFF = {name: float(np.finfo(name).eps) / 2 for name in ("float32", "float64")}
_TINY = {name: float(np.finfo(name).smallest_normal) for name in ("float32", "float64")}


@dataclass(frozen=True)
class Beside:
    """An output or gradient of the hand-written code, the gradient program's in float64, and the bound."""

    name: str
    of: str
    value: FloatArray
    program: FloatArray
    bound: FloatArray

    @property
    def beyond(self) -> bool:
        """Whether some entry is not known to lie within its bound; a bound that is not finite excuses nothing."""
        with np.errstate(invalid="ignore"):
            gap = np.abs(self.value - self.program)
        return not bool(np.all((gap <= self.bound) & np.isfinite(self.bound)))

    @property
    def ratio(self) -> float:
        """The largest gap as a share of its bound."""
        return float(np.max(np.abs(self.value - self.program) / self.bound, initial=0.0))

    @property
    def limit(self) -> float:
        """The smallest fault, relative to the largest entry, that would have been seen wherever it was."""
        size = float(np.max(np.abs(self.program), initial=0.0))
        most = float(np.max(self.bound + np.abs(self.value - self.program), initial=0.0))
        return most / size if size else math.inf


class QuickLook:
    """Arrays beside the gradient program's, each entry within 16 roundings of its array's largest or beyond.

    All arrays are looked at together, as their entries are few: `largest` and `gap` are those of each array.
    """

    def __init__(self, arrays: Sequence[tuple[str, str, FloatArray, FloatArray]], kinds: Sequence[str]) -> None:
        self._of = [(name, of) for name, of, _, _ in arrays]
        sizes = [value.size for _, _, value, _ in arrays]
        values = np.concatenate([np.zeros(0), *[value.reshape(-1) for _, _, value, _ in arrays]])
        said = np.concatenate([np.zeros(0), *[program.reshape(-1) for _, _, _, program in arrays]])
        with np.errstate(invalid="ignore", over="ignore"):
            both = np.abs(np.array([said, values - said])).astype(float, copy=False)
        self.largest, self.gap = _each(both, sizes)
        units, least = (np.array([table[kind] for kind in kinds]) for table in (_ROUNDOFF, _TINY))
        self.bound = QUICK * units * self.largest + least

    @property
    def beyond(self) -> bool:
        """Whether some entry is not known to lie within its bound."""
        return not bool(np.all((self.gap <= self.bound) & np.isfinite(self.bound)))

    @property
    def ratio(self) -> float:
        """The largest gap as a share of its bound."""
        return float(np.max(self.gap / self.bound, initial=0.0))

    def limits(self) -> Mapping[str, float]:
        """By gradient, the smallest fault, relative to its largest entry, that would have been seen wherever it was."""
        most, sizes = (self.bound + self.gap).tolist(), self.largest.tolist()
        return {
            name: most[k] / sizes[k] if sizes[k] else math.inf
            for k, (name, of) in enumerate(self._of)
            if of == "gradients"
        }


def _each(rows: FloatArray, sizes: Sequence[int]) -> FloatArray:
    """In each row, the largest of each run of values; 0 where a run is empty, NaN where it holds one."""
    runs = np.array(sizes, dtype=np.intp)
    found, filled = np.zeros((len(rows), runs.size)), runs > 0
    if filled.any():
        found[:, filled] = np.maximum.reduceat(rows, (np.cumsum(runs) - runs)[filled], axis=1)
    return found
