"""The two activations of an LSTM, and their slopes.

    y = σ(a) = 1 / (1 + u),  u = exp(-a)      σ'(a) = y (1 - y)  =  (u y) y            (1)
    y = tanh(a)                               tanh'(a) = 1 - y²  =  1 / cosh²(a)       (2)

Every function keeps the dtype it is given, works for any shape, and writes into `out` if that is given.

Accuracy: σ and tanh are good to two units in the last place of their own value, down to the smallest normal number;
the other form of σ, ½ + ½ tanh(½ a), loses every digit below a = -37. Slopes read off the output, y (1 - y) and
1 - y², are as good as the output lets them be: where y has rounded to 1, at a = 40 say, σ' comes out as 0 while it is
4e-18. The other two keep every digit there: u y is 1 - y without a subtraction, and 1 / cosh² does not look at y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_ref.checks import Array


def sigmoid(a: Array, out: Array | None = None, tail: Array | None = None) -> Array:
    """σ(a) = 1 / (1 + exp(-a)), equation (1), without a warning for any real a.

    Where exp(-a) exceeds the dtype it becomes infinite, and its reciprocal 0, to which σ rounds there anyway. Complex
    numbers have no such infinity: their real part must stay above -700 (-80 in single precision).

    Parameters
    ----------
    a : (...) floating-point or complex
    out : like a, optional; may be `a` itself
    tail : like a, optional, not `out`: where u = exp(-a) is left for `sigmoid_slope_by_tail`

    Returns
    -------
    y : like a, between 0 and 1

    Example
    -------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0], dtype=np.float32))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    kept = out if tail is None else tail
    with np.errstate(over="ignore", under="ignore"):
        return sigmoid_with_tail(a, out, kept)


def sigmoid_with_tail(a: Array, out: Array | None, tail: Array | None, units: tuple[Any, Any] = (1.0, -1.0)) -> Array:
    """σ(a), with u = exp(-a) left in `tail`; NumPy warns where u exceeds the dtype, unless it is told not to.

    With 1 and -1 as arrays () of the dtype of a in `units`, NumPy need not make these in every call.

    Example
    -------
    >>> y, tail = np.empty(1), np.empty(1)
    >>> sigmoid_with_tail(np.zeros(1), y, tail), tail
    (array([0.5]), array([1.]))
    """
    one, minus_one = units
    u = np.multiply(a, minus_one, out=tail)  # np.negative of NumPy 2.4 mixes up strided float32 rows
    u = np.exp(u, out=tail)
    return open_by_tail(u, out, one)


def open_by_tail(u: Array, out: Array | None = None, one: Any = 1.0) -> Array:
    """σ(a) = 1 / (1 + u) where u = exp(-a), equation (1): the same bits as `sigmoid` gives.

    Example
    -------
    >>> open_by_tail(np.array([0.0, 1.0, np.inf]))
    array([1. , 0.5, 0. ])
    """
    y = np.add(u, one, out=out)
    opened: Array = np.divide(one, y, out=out)
    return opened


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


def complement(y: Array, u: Array, out: Array | None = None) -> Array:
    """1 - σ(a) = u y where y = σ(a) and u = exp(-a), with every digit also where y has rounded to 1.

    u y is at most 1. Where u is infinite y is 0 and their product no number: the least of it and 1 is then 1, and NumPy
    warns, unless it is told not to.

    Parameters
    ----------
    y, u : (...) the output of `sigmoid`, and its tail
    out : like y, optional; must be neither

    Returns
    -------
    rest : like y, between 0 and 1

    Example
    -------
    >>> a, tail = np.array([-1000.0, 0.0, 40.0]), np.empty(3)
    >>> y = sigmoid(a, tail=tail)
    >>> with np.errstate(invalid="ignore"):
    ...     complement(y, tail), 1.0 - y
    (array([1.00000000e+00, 5.00000000e-01, 4.24835426e-18]), array([1. , 0.5, 0. ]))
    """
    rest = np.multiply(u, y, out=out)
    return np.fmin(rest, 1.0, out=out)


def sigmoid_slope_by_tail(y: Array, u: Array, out: Array | None = None) -> Array:
    """σ'(a) = (u y) y where y = σ(a) and u = exp(-a), equation (1), with every digit for any a.

    Parameters
    ----------
    y, u : (...) the output of `sigmoid`, and its tail
    out : like y, optional; must be neither

    Returns
    -------
    slope : like y, between 0 and ¼

    Example
    -------
    >>> a, tail = np.array([-1000.0, 0.0, 40.0]), np.empty(3)
    >>> y = sigmoid(a, tail=tail)
    >>> with np.errstate(invalid="ignore"):
    ...     sigmoid_slope_by_tail(y, tail), sigmoid_slope(y)
    (array([0.00000000e+00, 2.50000000e-01, 4.24835426e-18]), array([0.  , 0.25, 0.  ]))
    """
    rest = complement(y, u, out)
    return np.multiply(rest, y, out=out)


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


def tanh_slope_at(a: Array, out: Array | None = None) -> Array:
    """tanh'(a) = 1 / cosh²(a), equation (2), with every digit for any a.

    Where cosh exceeds the dtype the slope is 0, to which it rounds there, and NumPy warns, unless it is told not to.

    Parameters
    ----------
    a : (...) the argument of `tanh`, not its output
    out : like a, optional; must not be `a` itself

    Returns
    -------
    slope : like a, between 0 and 1

    Example
    -------
    >>> tanh_slope_at(np.array([0.0, 40.0])), tanh_slope(np.tanh(40.0))
    (array([1.00000000e+00, 7.21940555e-35]), np.float64(0.0))
    """
    slope = np.cosh(a, out=out)
    slope = np.divide(1.0, slope, out=out)
    return np.multiply(slope, slope, out=out)


def identity(a: Array, out: Array | None = None) -> Array:
    """a itself, in fresh memory or in `out`: what stands for an activation where a cell has none.

    Example
    -------
    >>> identity(np.array([3.0]))
    array([3.])
    """
    return np.positive(a, out=out)
