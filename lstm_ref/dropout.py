"""Inverted dropout: units are dropped at random, and those that are kept are scaled up, so that the mean stays.

    z = y ⊙ m / (1 - r)                       (1)

| symbol | name                                    | shape |
| ------ | --------------------------------------- | ----- |
| y      | what goes in                            | (...) |
| m      | mask: true where a unit is kept         | (...) |
| r      | rate: how likely a unit is dropped      | ()    |

The mask is an argument, so that a result can be had again, and its derivative be verified. `draw_mask` makes one that
follows from a seed.

Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout" (JMLR 15, 2014); scaling in training
rather than in use is what every framework does today.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_ref.checks import Array


def drop(y: Array, mask: Array | bool, rate: float) -> Array:
    """y where it is kept, scaled by 1 / (1 - rate), and 0 elsewhere, equation (1).

    Parameters
    ----------
    y : (...) floating-point
    mask : (...) boolean, or True, which keeps everything
    rate : in [0, 1)

    Example
    -------
    >>> drop(np.array([1.0, 2.0]), np.array([True, False]), 0.75)
    array([4., 0.])
    """
    z: Array = y * mask / (1 - rate)  # (1)
    return z


def drop_vjp(z_bar: Array, mask: Array | bool, rate: float) -> Array:
    """The cotangent of y that follows from that of z.

    Parameters
    ----------
    z_bar : (...) cotangent of z
    mask, rate : as for `drop`

    Example
    -------
    >>> drop_vjp(np.array([1.0, 1.0]), np.array([True, False]), 0.75)
    array([4., 0.])
    """
    # z = y ⊙ m / (1 - r)                           (1)
    y_bar: Array = z_bar * mask / (1 - rate)
    return y_bar


def draw_mask(rate: float, shape: tuple[int, ...], seed: int | np.random.Generator) -> Array:
    """A mask that drops each unit with probability `rate`, independently of all others.

    Parameters
    ----------
    rate : in [0, 1); at 0 everything is kept
    shape : of the mask
    seed : a whole number, from which the mask follows, or a generator, which moves on

    Raises
    ------
    ValueError : the rate is outside [0, 1), or the seed is negative
    TypeError : the seed is neither a whole number nor a generator

    Example
    -------
    >>> draw_mask(0.5, (2, 4), seed=1)
    array([[ True,  True, False,  True],
           [False, False,  True, False]])
    """
    expect_rate(rate)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer | np.random.Generator):
        raise TypeError(f"seed is {seed!r}, expected a whole number or a numpy.random.Generator")
    if not isinstance(seed, np.random.Generator) and seed < 0:
        raise ValueError(f"seed is {seed}, expected a whole number of at least 0")
    return np.random.default_rng(seed).random(shape) >= rate


def expect_rate(rate: Any) -> None:
    """Raise unless `rate` is a number in [0, 1)."""
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.integer | np.floating):
        raise TypeError(f"rate is {rate!r}, expected a number in [0, 1)")
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}, expected a number in [0, 1): at 1 nothing would be left to scale up")


def expect_mask(mask: Any, shape: tuple[int, ...], rate: float) -> None:
    """Raise unless `mask` is a mask of this shape, which drops nothing at rate 0."""
    if getattr(mask, "dtype", None) != np.bool_:
        held = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"mask holds {held}, expected booleans: true where a unit is kept")
    if mask.shape != shape:
        raise ValueError(f"mask has shape {mask.shape}, expected {shape}: the gaps between layers, then T, B and width")
    if rate == 0 and not mask.all():
        raise ValueError("mask drops units, but the rate is 0: give the rate that it was drawn with")
