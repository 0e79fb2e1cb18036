"""How many digits the float code keeps: error against certified truth, and a bound that nobody tunes.

For one case the gradient program runs in stochastic float arithmetic: every operation's result is perturbed at
random in its last place, independently in several samples. The root mean square deviation s of an entry is the
error that a sound implementation of *this* formula makes on *this* case, up to chance. If roundings are independent
and of mean zero, a float result errs by more than λ √3 s with probability at most 2 exp(-λ²/2) (Hoeffding's bound,
as in Higham and Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019;
the √3 is from a uniform perturbation to its largest value). λ = 8 makes that 3e-14 per entry. An entry beyond a
bound from few samples is never accused: the spread is estimated again from many.

The bound of an entry is therefore 8 √3 s plus the smallest normal number, whatever the program is and without any
tolerance to choose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.arithmetic import adapter
from oracle.verdict import FloatAccuracy

Raw = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

LAMBDA = 8.0
FACTOR = LAMBDA * math.sqrt(3.0)
FEW, MANY = 8, 96  # samples: for every case, and for a suspect


@dataclass(frozen=True)
class Spread:
    """Root mean square deviations under perturbed rounding, by output and gradient name, for one float type."""

    dtype: npt.DTypeLike
    gradients: Mapping[str, FloatArray]
    outputs: Mapping[str, FloatArray]

    @property
    def unit(self) -> float:
        """The roundoff u of the float type."""
        return float(np.finfo(self.dtype).eps) / 2

    @property
    def tiny(self) -> float:
        """The smallest normal number of the float type: what lies below may be flushed to zero."""
        return float(np.finfo(self.dtype).smallest_normal)

    def or_larger(self, other: Spread) -> Spread:
        """The larger deviation of two estimates, entry by entry: another formula may be better conditioned."""
        return Spread(
            self.dtype,
            {name: np.maximum(one, other.gradients.get(name, one)) for name, one in self.gradients.items()},
            {name: np.maximum(one, other.outputs.get(name, one)) for name, one in self.outputs.items()},
        )

    @property
    def finite(self) -> bool:
        """Whether every deviation is a finite number."""
        every = [*self.gradients.values(), *self.outputs.values()]
        return all(bool(np.isfinite(one).all()) for one in every)

    def bound(self, name: str, of: str = "gradients") -> FloatArray:
        """How far a sound float result may be from the truth, entry by entry."""
        spread: FloatArray = np.asarray(getattr(self, of)[name])
        return FACTOR * spread + self.tiny

    def scale(self, name: str) -> FloatArray:
        """The magnitude of the terms of each gradient entry: its spread in units of the roundoff."""
        terms: FloatArray = np.asarray(self.gradients[name]) / self.unit
        return terms


def error(value: Any, truth: Raw) -> FloatArray:
    """|value - truth|, of floats and balls, as floats."""
    exact = adapter.lift(np.asarray(value, dtype=np.float64))
    gap: FloatArray = np.abs(np.asarray(adapter.midpoints(np.asarray(exact - truth, dtype=object)), dtype=float))
    return gap


def ulps(errors: FloatArray, truth: Raw, dtype: npt.DTypeLike) -> FloatArray:
    """Errors in units in the last place of the truth."""
    with np.errstate(all="ignore"):
        size = np.abs(adapter.midpoints(truth)).astype(dtype)
        place = np.spacing(np.minimum(size, np.finfo(dtype).max)).astype(float)
        count: FloatArray = np.asarray(errors / place)
    return count


@dataclass(frozen=True)
class LeafError:
    """The float error of one leaf in one case."""

    accuracy: FloatAccuracy
    beyond: tuple[int, ...] | None  # the worst entry beyond its bound


def measure(value: Any, truth: Raw, bound: FloatArray, dtype: npt.DTypeLike) -> LeafError:
    """Error, bound and detection limit of one float gradient against certified truth."""
    errors = error(value, truth)
    finite = np.isfinite(np.asarray(value, dtype=float))
    errors = np.where(finite, errors, np.inf)
    with np.errstate(all="ignore"):
        ratio = np.where(np.isfinite(errors) & ~np.isnan(bound), errors / bound, np.inf)  # no bound excuses inf or NaN
        size = float(np.max(np.abs(adapter.midpoints(truth)), initial=0.0))
        limit = float(np.max(bound + errors, initial=0.0)) / size if size else math.inf  # a fault may meet an error
    worst = float(ratio.max(initial=0.0))
    beyond = None
    if worst > 1.0:
        beyond = tuple(int(k) for k in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    most = float(ulps(errors, truth, dtype).max(initial=0.0))
    return LeafError(FloatAccuracy(most, worst, limit), beyond)
