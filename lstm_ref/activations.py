"""The two activations of an LSTM, and their slopes read off their outputs.

    y = σ(a) = 1 / (1 + exp(-a)) = ½ + ½ tanh(½ a)      σ'(a) = y (1 - y)      (1)
    y = tanh(a)                                         tanh'(a) = 1 - y²      (2)

The second form of σ has no exponential to overflow, in any dtype, and is analytic, so it also serves complex
numbers. Every function keeps the dtype it is given, works for any shape, and writes into `out` if that is given,
which may be the argument itself.

Accuracy: σ is computed to an absolute error of about one unit in the last place of 1. In the lower tail that is
all of it: σ(-40) in float64 is 0 where the true value is 4e-18, and the slope at ±40 is 0 likewise.
"""

from __future__ import annotations

import numpy as np

from lstm_ref.checks import Array


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """σ(a) = ½ + ½ tanh(½ a), equation (1), without overflow for any a.

    Parameters
    ----------
    a : (...) floating-point or complex
    out : like a, optional; may be `a` itself

    Returns
    -------
    y : like a, between 0 and 1

    Example
    -------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0], dtype=np.float32))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    y = np.multiply(a, 0.5, out=out)
    y = np.tanh(y, out=out)
    y = np.multiply(y, 0.5, out=out)
    return np.add(y, 0.5, out=out)


def sigmoid_slope(y: Array, out: Array | None = None) -> Array:
    """σ'(a) = y (1 - y) where y = σ(a), equation (1).

    Parameters
    ----------
    y : (...) the output of `sigmoid`
    out : like y, optional; must not be `y` itself

    Returns
    -------
    slope : like y, between 0 and ¼

    Example
    -------
    >>> sigmoid_slope(np.array([0.0, 0.5, 0.75]))
    array([0.    , 0.25  , 0.1875])
    """
    slope = np.subtract(1.0, y, out=out)
    return np.multiply(slope, y, out=out)


def tanh(a: Array, out: Array | None = None) -> Array:
    """tanh(a), equation (2).

    Parameters
    ----------
    a : (...) floating-point or complex
    out : like a, optional; may be `a` itself

    Returns
    -------
    y : like a, between -1 and 1

    Example
    -------
    >>> tanh(np.array([-1000.0, 0.0, 1000.0]))
    array([-1.,  0.,  1.])
    """
    return np.tanh(a, out=out)


def tanh_slope(y: Array, out: Array | None = None) -> Array:
    """tanh'(a) = 1 - y² where y = tanh(a), equation (2).

    Parameters
    ----------
    y : (...) the output of `tanh`
    out : like y, optional; may be `y` itself

    Returns
    -------
    slope : like y, between 0 and 1

    Example
    -------
    >>> tanh_slope(np.array([-1.0, 0.0, 0.5]))
    array([0.  , 1.  , 0.75])
    """
    square = np.multiply(y, y, out=out)
    return np.subtract(1.0, square, out=out)
