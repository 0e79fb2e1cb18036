"""The blocks of rows that belong to gates, in another order."""

from __future__ import annotations

import numpy as np

from lstm_ref.checks import Array


def reordered(array: Array, given: str, wanted: str, axis: int = 0) -> Array:
    """A copy whose blocks along an axis, one for each letter of `given`, stand in the order `wanted`.

    Example
    -------
    >>> reordered(np.array([1, 1, 2, 2, 3, 3]), "abc", "cab")
    array([3, 3, 1, 1, 2, 2])
    """
    blocks = dict(zip(given, np.split(array, len(given), axis), strict=True))
    return np.concatenate([blocks[letter] for letter in wanted], axis)
