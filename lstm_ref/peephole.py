"""Peepholes: gates that look at the state, each cell's gate at its own cell.

    a ← a + p ⊙ s         (1)

| symbol | name                                        | shape     |
| ------ | ------------------------------------------- | --------- |
| a      | pre-activations of some gates               | (n, B, H) |
| p      | their peepholes                             | (n, H)    |
| s      | the state they look at                      | (B, H)    |
"""

from __future__ import annotations

import numpy as np

from lstm_ref.checks import Array


def look(a: Array, p: Array, s: Array) -> None:
    """Add to the gates' pre-activations what they see, equation (1).

    Example
    -------
    >>> a = np.ones((1, 1, 2))
    >>> look(a, np.array([[3.0, 4.0]]), np.array([[1.0, 2.0]]))
    >>> a
    array([[[4., 9.]]])
    """
    a += p[:, np.newaxis] * s  # (1)


def look_vjp(a_bar: Array, p: Array, s_bar: Array) -> None:
    """Add to the cotangent of the state what comes back through the look.

    Example
    -------
    >>> s_bar = np.array([[10.0, 10.0]])
    >>> look_vjp(np.ones((1, 1, 2)), np.array([[3.0, 4.0]]), s_bar)
    >>> s_bar
    array([[13., 14.]])
    """
    # a ← a + p ⊙ s                                 (1)
    s_bar += (p[:, np.newaxis] * a_bar).sum(axis=0)


def peepholes_vjp(a_bar: Array, s: Array) -> Array:
    """The cotangent (H,) of one gate's peepholes, over all steps and rows.

    Parameters
    ----------
    a_bar : (T, B, H) cotangents of the gate's pre-activations
    s : (T, B, H) the states it looked at

    Example
    -------
    >>> peepholes_vjp(np.full((2, 1, 1), 2.0), np.array([[[3.0]], [[4.0]]]))
    array([14.])
    """
    # a ← a + p ⊙ s                                 (1)
    p_bar: Array = np.multiply(a_bar, s).sum(axis=(0, 1))
    return p_bar
