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


def look(a: Array, p: Array, s: Array, out: Array) -> Array:
    """What the gates' pre-activations are after the look, equation (1); a stays as it is.

    Example
    -------
    >>> look(np.ones((1, 1, 2)), np.array([[3.0, 4.0]]), np.array([[1.0, 2.0]]), np.empty((1, 1, 2)))
    array([[[4., 9.]]])
    """
    np.multiply(p[:, np.newaxis], s, out=out)
    return np.add(a, out, out=out)


def look_vjp(a_bar: Array, p: Array, s_bar: Array) -> Array:
    """s_bar, to which the cotangent of the state is added in place that comes back through the look.

    Example
    -------
    >>> look_vjp(np.ones((1, 1, 2)), np.array([[3.0, 4.0]]), np.array([[10.0, 10.0]]))
    array([[13., 14.]])
    """
    # a ← a + p ⊙ s                                 (1)
    s_bar += (p[:, np.newaxis] * a_bar).sum(axis=0)
    return s_bar


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
