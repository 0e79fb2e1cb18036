"""Cotangents as they are given: one for each output that the loss reads, None for the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstm_ref.checks import Array, expect_floats, expect_shape


def or_zeros(name: str, cotangent: Array | None, letters: str, sizes: Mapping[str, int], like: Array) -> Array:
    """The cotangent itself, or zeros where there is none, in the shape and the dtype of its output.

    Parameters
    ----------
    name : how it is called in messages
    cotangent : an array, or None for an output that the loss does not read
    letters : the dimensions of the output, each a letter with or without a factor, such as "T B 2H"
    sizes : what every letter stands for
    like : an array of the dtype that is expected

    Raises
    ------
    ValueError : the cotangent has another shape
    TypeError : the cotangent has another dtype, or does not hold floating-point numbers

    Example
    -------
    >>> or_zeros("y_bar", None, "T 2H", {"T": 1, "H": 2}, np.ones(1))
    array([[0., 0., 0., 0.]])
    """
    shape = [int(letter[:-1] or 1) * sizes[letter[-1]] for letter in letters.split()]
    given = np.zeros(shape, dtype=like.dtype) if cotangent is None else cotangent
    expect_floats(name, given, like=like)
    expect_shape(name, given, letters, dict(sizes))
    return given
