"""Losses, and the cotangents of what they judge.

    L = (h[0] - y)²          h_bar[0] = 2 (h[0] - y), and 0 elsewhere      (1)   the original's
    L = Σ (h - y)²           h_bar = 2 (h - y) loss_bar                    (2)   reads every unit

A loss layer, as `LstmNetwork.y_list_is` wants it, is any object or class with `loss(pred, label)` and
`bottom_diff(pred, label)`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from lstm_ref.checks import Array


class LossLayer(Protocol):
    """What `LstmNetwork.y_list_is` asks of a loss."""

    def loss(self, pred: Array, label: Any) -> Any:
        """How far the prediction is from the label: a number."""

    def bottom_diff(self, pred: Array, label: Any) -> Array:
        """The derivative of the loss by the prediction: an array like `pred`."""


class ToyLossLayer:
    """The squared error of the first hidden unit, equation (1).

    Example
    -------
    >>> ToyLossLayer.loss(np.array([0.5, 7.0]), 1.0), ToyLossLayer.bottom_diff(np.array([0.5, 7.0]), 1.0)
    (np.float64(0.25), array([-1.,  0.]))
    """

    @classmethod
    def loss(cls, pred: Array, label: Any) -> Any:
        """(h[0] - y)²."""
        return (pred[0] - label) ** 2

    @classmethod
    def bottom_diff(cls, pred: Array, label: Any) -> Array:
        """2 (h[0] - y) for the first unit, 0 for the others."""
        diff = np.zeros_like(pred)
        diff[0] = 2 * (pred[0] - label)
        return diff


class SquaredLossLayer:
    """The squared error summed over every hidden unit, equation (2).

    Example
    -------
    >>> SquaredLossLayer.loss(np.array([0.5, 7.0]), np.array([1.0, 6.0]))
    np.float64(1.25)
    >>> SquaredLossLayer.bottom_diff(np.array([0.5, 7.0]), np.array([1.0, 6.0]))
    array([-1.,  2.])
    """

    @classmethod
    def loss(cls, pred: Array, label: Any) -> Any:
        """Σ (h - y)²."""
        return squared_error(pred, label)

    @classmethod
    def bottom_diff(cls, pred: Array, label: Any) -> Array:
        """2 (h - y)."""
        return squared_error_vjp(1.0, pred, label)


def squared_error(h: Array, y: Array) -> Any:
    """Σ (h - y)² over all entries, equation (2).

    Parameters
    ----------
    h : (...) predictions, such as the (T, B, H) of a layer
    y : like h, targets

    Example
    -------
    >>> squared_error(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    np.float64(5.0)
    """
    error = h - y
    return (error * error).sum()


def squared_error_vjp(loss_bar: Any, h: Array, y: Array) -> Array:
    """The cotangent of h, 2 (h - y) loss_bar, equation (2); that of y is its negative.

    Parameters
    ----------
    loss_bar : the cotangent of the loss, a number
    h : (...) predictions
    y : like h, targets

    Example
    -------
    >>> squared_error_vjp(1.0, np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([[ 2., -4.]])
    """
    # loss = Σ (h - y)²                             (2)
    h_bar: Array = 2 * (h - y) * loss_bar
    return h_bar
