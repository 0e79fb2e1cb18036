"""`x.flat`: the elements of an array of balls in C order, read and written through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.operands import Balls, cast, operand, writable


class Flat:
    """What NumPy calls a flatiter."""

    __slots__ = ("base", "position")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, base: Balls) -> None:
        self.base = base
        self.position = 0

    def __len__(self) -> int:
        return self.base._raw.size

    def __iter__(self) -> Iterator[Any]:
        return (self.base._made(kernels.boxed(ball), self.base._kind) for ball in self.base._raw.flat)

    def __next__(self) -> Any:
        if self.position >= len(self):
            raise StopIteration
        self.position += 1
        return self[self.position - 1]

    def __getitem__(self, key: Any) -> Any:
        return self.base._made(kernels.boxed(self.base._raw.flat[key]), self.base._kind)

    def __setitem__(self, key: Any, values: Any) -> None:
        raw, found = operand(values)
        raw = cast(raw, found, self.base._kind)
        writable(self.base)._raw.flat[key] = raw if raw.ndim else raw[()]

    def fill(self, values: Any) -> None:
        """Write `values` over all elements, repeated as often as they fit."""
        self[:] = values

    def copy(self) -> Any:
        """The elements as an array of their own."""
        return self.base._made(self.base._raw.ravel().copy(), self.base._kind)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray[Any, Any]:
        return np.asarray(self.base)  # which refuses
