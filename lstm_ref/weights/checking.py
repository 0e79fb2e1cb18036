"""What is said about tensors is checked before their numbers are looked at, and the numbers before anything is made.

Declared are names, shapes and dtypes; expected are those that follow from the configuration. Names that nobody
expected are shown as Python writes them, and cut where they are long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lstm_ref.checks import Array
from lstm_ref.weights.configuration import Shape, Shapes

_SHOWN, _LONGEST = 5, 60


def expect_declared(where: str, declared: Mapping[str, tuple[Shape, str]], expected: Shapes, dtype: Any) -> None:
    """Raise unless exactly the expected tensors are declared, with their shapes and this dtype.

    Example
    -------
    >>> expect_declared("state", {"W": ((2, 3), "float64")}, {"W": (3, 2)}, "float64")
    Traceback (most recent call last):
    ValueError: W in state has shape (2, 3), expected (3, 2)
    """
    if missing := [name for name in expected if name not in declared]:
        wanted = shown(f"{name} {shape}" for name, shape in expected.items())
        raise ValueError(f"{where} lacks {shown(missing)}, expected {wanted}")
    if surplus := [name for name in declared if name not in expected]:
        raise ValueError(f"{where} holds {shown(map(short, surplus))}, expected only {shown(expected)}")
    for name, shape in expected.items():
        given, kind = declared[name]
        if given != shape:
            raise ValueError(f"{name} in {where} has shape {short(given)}, expected {shape}")
        if kind != str(dtype):
            raise TypeError(f"{name} in {where} holds {short(kind, str)}, expected {dtype}: convert one of them")


def expect_finite(where: str, tensors: Mapping[str, Array]) -> None:
    """Raise if a number is NaN or infinite.

    Example
    -------
    >>> expect_finite("state", {"W": np.array([1.0, np.nan])})
    Traceback (most recent call last):
    ValueError: W in state holds NaN or infinity, expected finite numbers
    """
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"{name} in {where} holds NaN or infinity, expected finite numbers")


def expect_tensors(where: str, tensors: Any, expected: Shapes, dtype: Any) -> dict[str, Array]:
    """The arrays that were handed over in memory, in the order expected; NumPy's, torch's or JAX's.

    Raises
    ------
    TypeError, ValueError : what is handed over is no mapping of arrays, or not of those expected

    Example
    -------
    >>> expect_tensors("state", {"b": np.ones(1)}, {"b": (1,)}, "float64")
    {'b': array([1.])}
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"{where} is a {type(tensors).__name__}, expected a mapping of names to arrays")
    expect_declared(where, {name: _declared(where, name, value) for name, value in tensors.items()}, expected, dtype)
    arrays = {name: _array(tensors[name]) for name in expected}
    expect_finite(where, arrays)
    return arrays


def total(expected: Shapes, dtype: Any) -> int:
    """The bytes that the numbers of all tensors take.

    Example
    -------
    >>> total({"W": (4, 2), "b": (4,)}, "float64")
    96
    """
    return sum(nbytes(shape, dtype) for shape in expected.values())


def nbytes(shape: Shape, dtype: Any) -> int:
    """The bytes that the numbers of one tensor take; in whole numbers that do not overflow."""
    size = int(np.dtype(dtype).itemsize)
    for one in shape:
        size *= one
    return size


def short(value: Any, text: Any = repr) -> str:
    """The value as text, cut where it is long."""
    shown = str(text(value))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def shown(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _declared(where: str, name: Any, value: Any) -> tuple[Shape, str]:
    """Shape and dtype, as an array of any library says them."""
    if isinstance(value, np.ma.MaskedArray) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise TypeError(f"{short(name, str)} in {where} is a {type(value).__name__}, expected an array")
    return tuple(value.shape), str(value.dtype).removeprefix("torch.")


def _array(value: Any) -> Array:
    """NumPy's array of the same numbers."""
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
