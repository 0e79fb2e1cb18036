"""Memory of traced arrays: cells whose value is replaced when it is written, and the steps that lead to views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from oracle.program.errors import CannotTrace


class Shared(CannotTrace, TypeError):
    """Writing into an array that may share memory with another, in a way that is not traced."""


class Cell:
    """What arrays that share memory hold; `others` are cells that may share it in a way that is not traced."""

    __slots__ = ("others", "stale", "value")

    def __init__(self, value: Any) -> None:
        self.value, self.stale = value, False
        self.others: list[Cell] = []

    def read(self) -> Any:
        """What it holds: a traced array, or one of NumPy's where nothing traced has been written."""
        if self.stale:
            raise CannotTrace("the forward reads an array that may share memory with one written into")
        return self.value

    def write(self, value: Any) -> None:
        """Replace what it holds; what may share its memory can no longer be read."""
        if self.others:
            self._spoil()
            raise Shared("the forward writes into an array that may share memory with another, such as a reshaped one")
        self.value = value

    def _spoil(self) -> None:
        pending = [self]
        while pending:
            cell = pending.pop()
            if not cell.stale:
                cell.stale = True
                pending += cell.others

    def tie(self, other: Cell) -> None:
        """Both may be the same memory."""
        if other is not self:
            self.others.append(other)
            other.others.append(self)


class Part:
    """A step to a view: the part at a basic index."""

    def __init__(self, key: tuple[Any, ...]) -> None:
        self.key = key

    def get(self, value: Any) -> Any:
        """The part."""
        return jax_array(value)[self.key] if any(map(is_traced, self.key)) else value[self.key]

    def put(self, value: Any, part: Any) -> Any:
        """The array with another part."""
        if is_traced(value) or is_traced(part) or any(map(is_traced, self.key)):
            return jax_array(value).at[self.key].set(part)
        return replaced(value, self.key, part)

    def same(self, other: Any) -> bool:
        """Whether another step surely leads to the same part."""
        if not isinstance(other, Part) or len(self.key) != len(other.key):
            return False
        plain = (int, slice, type(None), type(Ellipsis))
        return all(
            a is b or (type(a) is type(b) and isinstance(a, plain) and a == b)
            for a, b in zip(self.key, other.key, strict=True)
        )


class Turned:
    """A step to a view: the axes in another order."""

    def __init__(self, order: Sequence[int]) -> None:
        self.order = tuple(order)

    def get(self, value: Any) -> Any:
        """The array with its axes in that order."""
        return value.transpose(self.order)

    def put(self, value: Any, part: Any) -> Any:
        """The array of which `part` is the turned one."""
        return part.transpose(tuple(np.argsort(self.order)))

    def same(self, other: Any) -> bool:
        """Whether another step has the same order."""
        return isinstance(other, Turned) and self.order == other.order


def replaced(value: Any, key: Any, new: Any) -> Any:
    """A copy of an array of NumPy's with another part."""
    result = np.array(value)
    result[key] = new
    return result


def jax_numpy() -> Any:
    """The module jax.numpy."""
    import jax

    return jax.numpy


def jax_array(value: Any) -> Any:
    """A value as an array of JAX."""
    return jax_numpy().asarray(value)


def is_traced(value: Any) -> bool:
    """Whether JAX traces a value."""
    import jax

    return isinstance(value, jax.core.Tracer)
