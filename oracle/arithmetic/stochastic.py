"""Stochastic floats: each operation is perturbed in its last place, and the spread of the results is their condition.

K samples stand on the last axis of every raw array. Sample 0 is never perturbed: it decides comparisons, and the
others are measured from it. Models, with u the unit roundoff, t the smallest normal number of the modelled dtype and ξ
uniform in [-1, 1], drawn anew for each result and each sample:

    y + ξ (k u |y| + t)     k = 1 for + - * / and square roots, which IEEE 754 rounds correctly; k = 4 for elementary
                            functions, since NumPy's SIMD loops keep about 4 ulp; k = |n| for a whole power n   (1)
    y = Σ x_j:  y + ξ u sqrt((n+1)/3 y² + (n+1)/6 Σ x_j² [+ Σ x_j² if the x_j are products]) + ξ t              (2)

(2) is the root mean square of the rounding errors of recursive summation over all orders of its n terms: partial
sums of j terms have mean square (j/n)(n-j)/(n-1) Σ x² + j(j-1)/(n(n-1)) y², and each is rounded once. Blocked and
pairwise sums (BLAS, NumPy) round less. An adversarial order, largest terms of one sign first, may lose up to
sqrt(n) times more. Random rounding errors of this kind are what Higham and Mary (A new approach to probabilistic
rounding error analysis, SIAM J. Sci. Comput. 41, 2019) analyse; running a program on perturbed samples is Parker's
Monte Carlo arithmetic and the method of CADNA. t is that large because what lies below it may be flushed to zero: by
vector loops, or as the reciprocal of an overflow, such as 1 / (1 + exp(-x)) = 0 where it is 1e-39 in float32.
Overflow of the modelled dtype is not modelled.

Everything is computed in float64. There, a perturbation of one float64 unit would mostly be rounded away again, so
float64 is modelled with perturbations 2^8 times larger and its spread is divided by 2^8: to first order, the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.arithmetic.floats import Floats

Raw = np.ndarray[Any, Any]

_EXACT = frozenset({"negative", "absolute", "sign", "conjugate", "floor", "ceil", "rint", "maximum", "minimum", "fmod"})
_ROUNDED = frozenset({"add", "subtract", "multiply", "divide", "sqrt", "square", "reciprocal"})
_UNITS = {"float32": (2.0**-24, 2.0**-126, 1.0), "float64": (2.0**-53, 2.0**-1022, 2.0**8)}
_POOL = 1 << 16


class Stochastic(Floats):
    """Floats of one dtype with every rounding replaced by a random one, in `samples` samples.

    >>> arithmetic = Stochastic("float32", samples=8, seed=1)
    >>> third = arithmetic.binary("divide", arithmetic.lift(1.0), arithmetic.lift(3.0))
    >>> float(third[0]) == 1 / 3, bool(arithmetic.spread(third) < 2.0**-24)
    (True, True)
    """

    def __init__(self, dtype: npt.DTypeLike = "float32", samples: int = 8, seed: int = 0) -> None:
        super().__init__("float64")
        self.modelled = np.dtype(dtype).name
        if self.modelled not in _UNITS:
            raise ValueError(f"Stochastic models float32 or float64, but {self.modelled} was asked for")
        if samples < 2:
            raise ValueError(f"Stochastic needs at least 2 samples, but {samples} were asked for")
        unit, tiny, self.magnified = _UNITS[self.modelled]
        self.unit, self.tiny = unit * self.magnified, tiny * self.magnified
        self.samples = samples
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._pool, self._next = np.empty((0, samples)), 0

    def spread(self, raw: Raw) -> Raw:
        """The root mean square deviation of the samples from the unperturbed one, in the modelled dtype's size."""
        deviation = np.abs(raw[..., 1:] - raw[..., :1]) / self.magnified
        largest = np.maximum(deviation.max(-1, keepdims=True), 2.0**-1000)
        scaled = np.sqrt(np.mean((deviation / largest) ** 2, -1))
        return np.asarray(scaled * largest[..., 0])

    def _draw(self, shape: tuple[int, ...]) -> Raw:
        """Uniform numbers in [-1, 1], zero for sample 0; `shape` includes the samples."""
        rows = 1
        for size in shape[:-1]:
            rows *= size
        if self._next + rows > len(self._pool):
            self._pool = self._generator.uniform(-1.0, 1.0, (max(rows, _POOL // self.samples), self.samples))
            self._pool[:, 0] = 0.0
            self._next = 0
        first, self._next = self._next, self._next + rows
        return self._pool[first : self._next].reshape(shape)

    def _perturbed(self, y: Raw, units: float) -> Raw:
        """Equation (1)."""
        with np.errstate(all="ignore"):
            error = np.abs(y)
            error *= units * self.unit
            error += self.tiny
            if y.dtype.kind == "c":
                return np.asarray(y + error * (self._draw(y.shape) + 1j * self._draw(y.shape)))
            error *= self._draw(y.shape)
            error += y
            finite = np.isfinite(y)
        return error if finite.all() else np.where(finite, error, y)  # infinities are exact

    def lift(self, value: Any) -> Raw:
        """The exact numbers, alike in all samples."""
        array = super().lift(value)
        return np.broadcast_to(array[..., None], (*array.shape, self.samples))

    def unary(self, name: str, x: Raw) -> Raw:
        """The function of each entry, perturbed."""
        y = super().unary(name, x)
        return y if name in _EXACT else self._perturbed(y, 1 if name in _ROUNDED else 4)

    def binary(self, name: str, a: Raw, b: Raw) -> Raw:
        """The function of each pair, perturbed."""
        y = super().binary(name, a, b)
        return y if name in _EXACT else self._perturbed(y, 1 if name in _ROUNDED else 4)

    def power(self, x: Raw, exponent: int) -> Raw:
        """Whole powers, perturbed once for each multiplication."""
        return self._perturbed(super().power(x, exponent), abs(exponent))

    def compare(self, name: str, a: Raw, b: Raw) -> Raw:
        """What the unperturbed sample answers."""
        return super().compare(name, a[..., 0], b[..., 0])

    def _accumulated(self, y: Raw, squares: Raw, scale: float, count: int, products: bool) -> Raw:
        """Equation (2); `squares` is Σ (x / scale)² in sample 0."""
        with np.errstate(all="ignore"):
            variance = np.abs(y[..., :1] / scale) ** 2 * ((count + 1) / 3)
            variance += squares[..., None] * ((count + 1) / 6 + products)
            return np.asarray(y + self._draw(y.shape) * (self.unit * scale * np.sqrt(variance) + self.tiny))

    def sum(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Sums over `axes`, perturbed as recursive summation in an unknown order."""
        y, count = super().sum(x, axes), 1
        for axis in axes:
            count *= x.shape[axis]
        if count < 2:
            return y
        terms, scale = _scaled(x[..., 0])
        return self._accumulated(y, super().sum(terms**2, axes), scale, count, False)

    def product(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Products over `axes`, perturbed once for each factor."""
        count = 1
        for axis in axes:
            count *= x.shape[axis]
        return self._perturbed(super().product(x, axes), count)

    def matmul(self, a: Raw, b: Raw) -> Raw:
        """Products of matrices, perturbed as sums of products in an unknown order."""
        first, second = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
        y = np.moveaxis(super().matmul(first, second), 0, -1)
        (left, a_scale), (right, b_scale) = _scaled(first[0]), _scaled(second[0])
        squares = super().matmul(left**2, right**2)
        return self._accumulated(y, squares, a_scale * b_scale, a.shape[2], True)

    def select(self, mask: Raw, a: Raw, b: Raw) -> Raw:
        """`a` where the mask is true, else `b`, in all samples."""
        return np.where(mask[..., None], a, b)

    def is_finite(self, x: Raw) -> Raw:
        """Which entries of the unperturbed sample are finite."""
        return super().is_finite(x[..., 0])

    def truncated(self, x: Raw) -> Raw:
        """Integer parts of the unperturbed sample."""
        return super().truncated(x[..., 0])

    def order(self, x: Raw, axis: int) -> Raw:
        """The order of the unperturbed sample."""
        return super().order(x[..., 0], axis)


def _scaled(x: Raw) -> tuple[Raw, float]:
    """|x| divided by its largest finite entry, so that squares neither overflow nor vanish, and that entry."""
    size = np.abs(x)
    largest = float(size.max(initial=0.0))
    return (size / largest, largest) if 0.0 < largest < np.inf else (size, 1.0)
