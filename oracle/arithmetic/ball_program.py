"""Balls as the number system of a gradient program: every operation is a kernel, looked up when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.refusals import tie, undecided

Raw = np.ndarray[Any, Any]

_same = np.frompyfunc(lambda a, b: a is b, 2, 1)
_vanishes = np.frompyfunc(lambda v: v.is_zero(), 1, 1)
_whole = np.frompyfunc(lambda v: int(v.unique_fmpz()), 1, 1)


class Balls:
    """Real and complex balls; raw arrays are object arrays of `flint.arb` and `flint.acb`.

    The precision is flint's own, set by `kernels.precision(bits)` around the run.

    >>> balls = Balls()
    >>> with kernels.precision(128):
    ...     third = balls.binary("divide", balls.lift(1.0), balls.lift(3.0))
    >>> bool(balls.compare("less", third, balls.lift(0.5)))
    True
    """

    def lift(self, value: Any) -> Raw:
        """Balls of radius 0 at exactly these numbers; balls stay as they are."""
        return kernels.lift(value)

    def unary(self, name: str, x: Raw) -> Raw:
        """An enclosure of the function of each entry."""
        return kernels.UNARY[name](x)

    def binary(self, name: str, a: Raw, b: Raw) -> Raw:
        """An enclosure of the function of each pair of entries."""
        return kernels.BINARY[name](a, b)

    def power(self, x: Raw, exponent: int) -> Raw:
        """Enclosures of whole powers."""
        return kernels.BINARY["power"](x, kernels.lift(exponent))

    def compare(self, name: str, a: Raw, b: Raw) -> Raw:
        """The comparison where it holds, or fails, throughout both balls.

        Two different balls that are exactly equal are a tie under `equal` and `not_equal` too, because a function
        that asks has a special case there. An entry equals the extreme that was taken from it without a tie: it
        is the same ball.
        """
        result = kernels.COMPARE[name](a, b)
        if name in ("equal", "not_equal"):
            tied = (result == (name == "equal")) & ~np.asarray(_same(a, b), bool)
            if tied.any():
                zeros = _vanishes(np.broadcast_to(a, tied.shape)[tied]).all()
                tie(f"{name} of two zeros" if zeros else f"{name} of two equal values")
        return result

    def sum(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Enclosures of the sums over `axes`."""
        return kernels.reduce_sum(x, tuple(axes))

    def product(self, x: Raw, axes: Sequence[int]) -> Raw:
        """Enclosures of the products over `axes`."""
        return kernels.reduce_product(x, tuple(axes))

    def extreme(self, name: str, x: Raw, axes: Sequence[int]) -> Raw:
        """The largest or smallest entries over `axes`, as those very balls where that is decided."""
        reduce = kernels.reduce_max if name == "maximum" else kernels.reduce_min
        return reduce(x, tuple(axes))

    def matmul(self, a: Raw, b: Raw) -> Raw:
        """Enclosures of the products of two stacks of matrices."""
        return kernels.matmul(a, b)

    def select(self, mask: Raw, a: Raw, b: Raw) -> Raw:
        """`a` where the mask is true, else `b`: the same balls."""
        return np.asarray(np.where(mask, a, b), object)

    def is_finite(self, x: Raw) -> Raw:
        """Which entries are finite; undecided for a ball without finite bounds."""
        return kernels.PREDICATE["isfinite"](x)

    def truncated(self, x: Raw) -> Raw:
        """Integer parts towards zero, as Python's integers."""
        whole = kernels.UNARY["trunc"](x)
        return np.asarray(_whole(whole), object)

    def order(self, x: Raw, axis: int) -> Raw:
        """The permutation that sorts along `axis`; undecided where neighbours overlap, a tie where they are equal."""
        if not kernels.is_finite(x).all():
            raise undecided("np.sort of a ball without finite bounds")
        order = np.argsort(kernels.midpoints(x), axis, kind="stable")
        rows = np.moveaxis(np.take_along_axis(x, order, axis), axis, 0)
        if not kernels.COMPARE["less_equal"](rows[:-1], rows[1:]).all():
            raise undecided("np.sort of balls whose order float64 does not see")
        return order

    def complex(self, real: Raw, imag: Raw) -> Raw:
        """Complex balls from the enclosures of their parts."""
        turned = kernels.BINARY["multiply"](kernels.complexified(imag), kernels.lift(1j))
        return kernels.BINARY["add"](kernels.complexified(real), turned)

    def part(self, name: str, x: Raw) -> Raw:
        """The real or the imaginary part; a real ball's imaginary part is 0."""
        complex_ = kernels.complexified(x)
        return kernels.real_part(complex_) if name == "real" else kernels.imaginary_part(complex_)
