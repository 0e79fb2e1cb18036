"""Symbolic sizes: the one place where the project relies on JAX's private ways with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_symbolic(dimension: object) -> bool:
    """Whether `dimension` is a size that JAX keeps symbolic.

    >>> is_symbolic(3)
    False
    """
    return type(dimension).__name__ == "_DimExpr"


def evaluate(dimension: Any, sizes: Mapping[str, int]) -> int:
    """The number that a symbolic dimension is at these sizes.

    Raises
    ------
    ValueError
        If the dimension depends on a size that is not given.
    """
    try:
        return int(dimension._evaluate(dict(sizes)))
    except Exception as error:  # of a class that JAX keeps to itself
        raise ValueError(f"the dimension {dimension} has no value at {dict(sizes)}; give all its sizes") from error


class Resolver:
    """Dimensions and parameters of a program at given sizes; each symbolic dimension is evaluated once.

    The objects asked for must outlive the resolver, which remembers them by identity: comparing symbolic
    dimensions is slow, and may itself fail.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = dict(sizes)
        self._known: dict[int, int] = {}
        self._shapes: dict[int, tuple[Any, tuple[int, ...]]] = {}  # with the asked one, whose identity stays its own

    def number(self, dimension: Any) -> int:
        """One dimension as a number."""
        if type(dimension) is int:
            return dimension
        if not is_symbolic(dimension):
            return int(dimension)
        known = self._known.get(id(dimension))
        if known is None:
            named = self.sizes.get(str(dimension))  # most are a size themselves, and asking JAX takes long
            known = self._known[id(dimension)] = evaluate(dimension, self.sizes) if named is None else named
        return known

    def shape(self, dimensions: tuple[Any, ...]) -> tuple[int, ...]:
        """A shape in numbers."""
        known = self._shapes.get(id(dimensions))
        if known is None:
            known = self._shapes[id(dimensions)] = dimensions, tuple([self.number(one) for one in dimensions])
        return known[1]

    def value(self, parameter: Any) -> Any:
        """A parameter with each symbolic dimension inside it replaced by its number."""
        if is_symbolic(parameter):
            return self.number(parameter)
        if type(parameter) in (tuple, list):
            return tuple([self.value(part) for part in parameter])
        return parameter


def holds_symbols(parameter: Any) -> bool:
    """Whether a parameter contains a symbolic dimension.

    >>> holds_symbols(((1, 2), 3))
    False
    """
    if isinstance(parameter, (tuple, list)):
        return any(holds_symbols(part) for part in parameter)
    return is_symbolic(parameter)


def symbols_in(parameter: Any) -> list[Any]:
    """The symbolic dimensions inside a parameter.

    >>> symbols_in(((1, 2), 3))
    []
    """
    if isinstance(parameter, (tuple, list)):
        return [symbol for part in parameter for symbol in symbols_in(part)]
    return [parameter] if is_symbolic(parameter) else []
