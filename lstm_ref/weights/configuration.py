"""What a set of weights is said to be before any of it is read: kind, sizes and options, from which all shapes follow.

What belongs to layer l and the n-th of N directions stands at index k = l·N + n, as in `lstm_ref.network`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from lstm_ref.architecture import BOTH, FORWARDS, REVERSED
from lstm_ref.checks import Array, expect_kind, expect_size
from lstm_ref.variant import STANDARD, Variant, variant

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = dict[str, Shape]

_DTYPES = ("float32", "float64")


class GruParameters(NamedTuple):
    """The parameters of a GRU, in the order in which `gru_forward` takes them.

    Example
    -------
    >>> GruParameters(*"WUbc").c
    'c'
    """

    W: Array  # (3H, D)  input weights, rows in the order r z n
    U: Array  # (3H, H)  recurrent weights
    b: Array  # (3H,)    biases beside W x
    c: Array  # (3H,)    biases beside U h


@dataclass(frozen=True)
class Lstm:
    """The weights of an LSTM: one layer, or several stacked, in one direction or both.

    Parameters
    ----------
    D, H : width of the input and number of cells
    layers : how many are stacked
    directions : FORWARDS, REVERSED or BOTH
    cell : a Variant, or its name
    projection : R, where the output is projected
    bias : False where the format keeps no biases; ours are then zero
    dtype : float64 or float32, of every tensor; nothing is converted

    Raises
    ------
    ValueError, TypeError : a size is not a whole number of at least 1; no such cell, directions or dtype

    Example
    -------
    >>> Lstm(D=3, H=2, projection=1, cell="vanilla").shapes(0)
    {'W': (8, 3), 'U': (8, 1), 'b': (8,), 'p': (3, 2), 'P': (1, 2)}
    """

    D: int
    H: int
    layers: int = 1
    directions: tuple[int, ...] = FORWARDS
    cell: Variant | str = STANDARD
    projection: int | None = None
    bias: bool = True
    dtype: Any = np.float64

    def __post_init__(self) -> None:
        """Raise unless the options are possible ones."""
        cell = variant(self.cell) if isinstance(self.cell, str) else self.cell
        expect_kind("cell", cell, Variant, "a Variant or the name of one")
        object.__setattr__(self, "cell", cell)
        if self.projection is not None:
            expect_size("projection", self.projection)
        _expect_common(self)

    @property
    def variant(self) -> Variant:
        """The cell."""
        assert isinstance(self.cell, Variant)
        return self.cell

    @property
    def R(self) -> int:
        """The width of the output in one direction."""
        return self.projection or self.H

    def shapes(self, l: int) -> Shapes:
        """The shape of each parameter in layer l."""
        H, R, cell = self.H, self.R, self.variant
        K = len(cell.gates)
        shapes: Shapes = {"W": (K * H, width(self, l)), "U": (K * H, R), "b": (K * H,)}
        shapes |= {"p": (K - 1, H)} if cell.peepholes else {}
        shapes |= {"V": (3 * H, 3 * H)} if cell.gate_recurrence else {}
        return shapes | ({"P": (R, H)} if self.projection else {})


@dataclass(frozen=True)
class Gru:
    """The weights of a GRU: one layer, or several stacked, in one direction or both.

    Parameters
    ----------
    D, H : width of the input and number of units
    layers : how many are stacked
    directions : FORWARDS, REVERSED or BOTH
    reset_after : True where the reset comes after the product with U, as in torch; `linear_before_reset` in ONNX
    bias : False where the format keeps no biases; ours are then zero
    dtype : float64 or float32, of every tensor; nothing is converted

    Raises
    ------
    ValueError, TypeError : a size is not a whole number of at least 1; no such directions or dtype

    Example
    -------
    >>> Gru(D=3, H=2, layers=2).shapes(1)
    {'W': (6, 2), 'U': (6, 2), 'b': (6,), 'c': (6,)}
    """

    D: int
    H: int
    layers: int = 1
    directions: tuple[int, ...] = FORWARDS
    reset_after: bool = True
    bias: bool = True
    dtype: Any = np.float64

    def __post_init__(self) -> None:
        """Raise unless the options are possible ones."""
        if not isinstance(self.reset_after, bool):
            raise TypeError(f"reset_after is {self.reset_after!r}, expected True or False")
        _expect_common(self)

    @property
    def R(self) -> int:
        """The width of the output in one direction."""
        return self.H

    def shapes(self, l: int) -> Shapes:
        """The shape of each parameter in layer l."""
        H = self.H
        return {"W": (3 * H, width(self, l)), "U": (3 * H, H), "b": (3 * H,), "c": (3 * H,)}


Configuration: TypeAlias = Lstm | Gru


class Layout(NamedTuple):
    """How some format names, orders and shapes the weights."""

    name: str
    refuse: Callable[[Configuration], None]  # raises where the format cannot hold such a network
    shapes: Callable[[Configuration], Shapes]
    read: Callable[[dict[str, Array], Configuration], list[Any]]  # tensors -> layers, copies
    write: Callable[[list[Any], Configuration, bool], dict[str, Array]]  # layers, or their gradients -> tensors


def width(configuration: Configuration, l: int) -> int:
    """The width of what goes into layer l."""
    return configuration.D if l == 0 else len(configuration.directions) * configuration.R


def places(configuration: Configuration) -> Iterator[tuple[int, int, int]]:
    """k, l and n of each layer and direction."""
    N = len(configuration.directions)
    return ((l * N + n, l, n) for l in range(configuration.layers) for n in range(N))


def features(cell: Variant) -> dict[str, bool]:
    """What a cell does, without its name: two cells are the same where this is.

    Example
    -------
    >>> features(STANDARD) == features(Variant("mine"))
    True
    """
    return {field.name: getattr(cell, field.name) for field in fields(cell) if field.name != "name"}


def expect_configuration(configuration: Any) -> None:
    """Raise unless it is one."""
    if not isinstance(configuration, Lstm | Gru):
        raise TypeError(f"configuration is a {type(configuration).__name__}, expected Lstm(…) or Gru(…)")


def _expect_common(configuration: Any) -> None:
    """Raise unless sizes, directions, bias and dtype are possible ones; the dtype becomes NumPy's."""
    for name in ("D", "H", "layers"):
        expect_size(name, getattr(configuration, name))
    if configuration.directions not in (FORWARDS, REVERSED, BOTH):
        raise ValueError(
            f"directions is {configuration.directions!r}, expected FORWARDS (1,), REVERSED (-1,) or BOTH (1, -1)"
        )
    if not isinstance(configuration.bias, bool):
        raise TypeError(f"bias is {configuration.bias!r}, expected True or False")
    if str(configuration.dtype) not in _DTYPES and configuration.dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype is {configuration.dtype!r}, expected float32 or float64")
    object.__setattr__(configuration, "dtype", np.dtype(configuration.dtype))
