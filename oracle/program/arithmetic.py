"""What the executor asks of a number system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


class Arithmetic(Protocol):
    """A number system in which a program can be run.

    Its numbers are *raw* arrays: NumPy arrays of any dtype, one entry per entry of the program's array, possibly
    with more axes at the end (`Stochastic` keeps its samples there). Integers and booleans are NumPy's own in
    every arithmetic. Functions go by NumPy's name, except `expit`, `erf` and `erfc`. No method changes its
    arguments.
    """

    def lift(self, value: Any) -> Array:
        """Numbers of this arithmetic that equal `value` exactly, or as nearly as it can."""
        ...

    def unary(self, name: str, x: Array) -> Array:
        """NumPy's function `name` of each entry."""
        ...

    def binary(self, name: str, a: Array, b: Array) -> Array:
        """NumPy's function `name` of each pair of entries."""
        ...

    def power(self, x: Array, exponent: int) -> Array:
        """Each entry to the same whole power, of either sign."""
        ...

    def compare(self, name: str, a: Array, b: Array) -> Array:
        """NumPy's comparison `name`, as booleans without further axes; raises where it is not decided."""
        ...

    def sum(self, x: Array, axes: Sequence[int]) -> Array:
        """The sum over `axes`."""
        ...

    def product(self, x: Array, axes: Sequence[int]) -> Array:
        """The product over `axes`."""
        ...

    def extreme(self, name: str, x: Array, axes: Sequence[int]) -> Array:
        """The `maximum` or `minimum` over `axes`."""
        ...

    def matmul(self, a: Array, b: Array) -> Array:
        """The products of two stacks of matrices, (g, m, k) and (g, k, n)."""
        ...

    def select(self, mask: Array, a: Array, b: Array) -> Array:
        """`a` where the mask is true, else `b`."""
        ...

    def is_finite(self, x: Array) -> Array:
        """Which entries are finite, as booleans without further axes."""
        ...

    def truncated(self, x: Array) -> Array:
        """Each entry's integer part, towards zero, as whole numbers; raises where it is not decided."""
        ...

    def order(self, x: Array, axis: int) -> Array:
        """The stable permutation that sorts along `axis`, upwards; raises where it is not decided."""
        ...

    def complex(self, real: Array, imag: Array) -> Array:
        """Complex numbers from their parts."""
        ...

    def part(self, name: str, x: Array) -> Array:
        """The `real` or `imag` part of complex numbers."""
        ...
