"""What an argument has to be before anything is computed from it.

Each check raises one sentence: what was given, what was expected. NaN and infinity are refused where they come in,
rather than found in every gradient afterwards.
"""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def expect_size(name: str, size: Any) -> None:
    """Raise unless `size` is a whole number of at least 1."""
    try:
        whole = operator.index(size)
    except TypeError:
        whole = None
    if whole is None or isinstance(size, bool):
        raise TypeError(f"{name} is {size!r}, expected a whole number of at least 1")
    if whole < 1:
        raise ValueError(f"{name} is {whole}, expected a whole number of at least 1")


def expect_kind(name: str, value: Any, kind: type, expected: str) -> None:
    """Raise unless `value` is an object of this class; `expected` says in words what that is."""
    if not isinstance(value, kind):
        given = "None" if value is None else f"a {type(value).__name__}"
        raise TypeError(f"{name} is {given}, expected {expected}")


def expect_floats(name: str, array: Any, like: Array | None = None) -> None:
    """Raise unless `array` holds finite floating-point or complex numbers, of the dtype of `like` if it is given."""
    dtype = getattr(array, "dtype", None)
    if dtype is None:
        raise TypeError(f"{name} is a {type(array).__name__}, expected an array of floating-point numbers")
    if dtype.kind not in "fc":
        raise TypeError(f"{name} holds {dtype}, expected floating-point numbers: convert it with .astype(float)")
    if like is not None and dtype != like.dtype:
        raise TypeError(f"{name} holds {dtype}, expected {like.dtype} like the other arrays: convert one of them")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")


def expect_shape(name: str, array: Any, letters: str, sizes: dict[str, int]) -> None:
    """Raise unless the shape of `array` is `letters`, such as "4H D"; sizes met for the first time enter `sizes`."""
    shape, wanted, known = np.shape(array), _parsed(letters), dict(sizes)
    if len(shape) != len(wanted) or not all(map(_fits, shape, wanted, [known] * len(shape))):
        raise ValueError(_misfit(name, shape, letters.split(), sizes))
    sizes.update(known)


def expect_parameter(
    name: str, array: Any, letters: str, sizes: dict[str, int], like: Array, cell: str, wanted: bool
) -> None:
    """Raise unless a parameter that some cells have is there exactly when this one has it, and fits."""
    if array is None and wanted:
        raise ValueError(f"{name} is None, but the {cell!r} cell has it: expected ({', '.join(letters.split())})")
    if array is not None and not wanted:
        raise ValueError(f"{name} is given, but the {cell!r} cell has none: expected None")
    expect_floats(name, array, like=like) if wanted else None
    expect_shape(name, array, letters, sizes) if wanted else None


def expect_if_given(
    name: str, array: Any, letters: str, sizes: dict[str, int], like: Array, cell: str, wanted: bool
) -> None:
    """Raise if something that some cells take is given to one that does not, or does not fit; None always does."""
    expect_parameter(name, array, letters, sizes, like, cell, wanted) if array is not None else None


@cache
def _parsed(letters: str) -> tuple[tuple[int, str], ...]:
    """Each size of "4H D" as a factor and a letter; a number alone has no letter."""
    words = [(word, "") if word.isdigit() else (word[:-1] or "1", word[-1]) for word in letters.split()]
    return tuple((int(factor), letter) for factor, letter in words)


def _fits(size: int, wanted: tuple[int, str], known: dict[str, int]) -> bool:
    """Whether `size` is at least 1 and is what is wanted; a new letter is noted in `known`."""
    factor, letter = wanted
    return size >= 1 and size == factor * (known.setdefault(letter, size) if letter else 1)


def _misfit(name: str, shape: tuple[int, ...], wanted: list[str], sizes: dict[str, int]) -> str:
    """The sentence that names the shape given, the letters expected, and what is known of them."""
    conditions = [f"{letter}={size}" for letter, size in sizes.items() if letter in "".join(wanted)]
    conditions += ["every size at least 1"] if 0 in shape or not conditions else []
    expected = "(" + ", ".join(wanted) + ("," if len(wanted) == 1 else "") + ")"
    return f"{name} has shape {shape}, expected {expected} with {', '.join(conditions)}"
