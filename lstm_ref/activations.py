"""The two activations of an LSTM, and their slopes read off their outputs.

    y = σ(a) = 1 / (1 + exp(-a))      σ'(a) = y (1 - y)      (1)
    y = tanh(a)                       tanh'(a) = 1 - y²      (2)

Every function keeps the dtype it is given, works for any shape, and writes into `out` if that is given.

Accuracy: σ and tanh are good to two units in the last place of their own value, down to the smallest normal number;
the other form of σ, ½ + ½ tanh(½ a), loses every digit below a = -37. The slopes are as good as the output lets them
be: where y has rounded to 1, at a = 40 say, the slope is 0 while the true one is 4e-18.
"""

from __future__ import annotations

import numpy as np

from lstm_ref.checks import Array


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """σ(a) = 1 / (1 + exp(-a)), equation (1), without a warning for any real a.

    Where exp(-a) exceeds the dtype it becomes infinite, and its reciprocal 0, to which σ rounds there anyway. Complex
    numbers have no such infinity: their real part must stay above -700 (-80 in single precision).

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
    y = np.negative(a, out=out)
    with np.errstate(over="ignore", under="ignore"):
        y = np.exp(y, out=out)
    y = np.add(y, 1.0, out=out)
    return np.divide(1.0, y, out=out)


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
