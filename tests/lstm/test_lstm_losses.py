"""Losses and their cotangents."""

import numpy as np
from lstm_examples import complex_step, roundings

from lstm_ref import SquaredLossLayer, ToyLossLayer, squared_error, squared_error_vjp

H = np.array([0.5, -0.25, 1.5])
Y = np.array([0.75, 1.0, -1.0])


def test_the_toy_loss_reads_the_first_unit_alone() -> None:
    """Its value is (h[0] - y)², its derivative 2 (h[0] - y) there and 0 elsewhere."""
    assert ToyLossLayer.loss(H, -0.5) == 1.0
    assert ToyLossLayer.bottom_diff(H, -0.5).tolist() == [2.0, 0.0, 0.0]


def test_the_squared_loss_reads_every_unit() -> None:
    """Its value is Σ (h - y)², its derivative 2 (h - y)."""
    assert SquaredLossLayer.loss(H, Y) == 0.0625 + 1.5625 + 6.25
    assert SquaredLossLayer.bottom_diff(H, Y).tolist() == [-0.5, -2.5, 5.0]


def test_the_cotangent_of_the_squared_error_is_its_derivative() -> None:
    """Over a batch and a sequence, 2 (h - y) loss_bar agrees with the complex step."""
    h, y = np.linspace(-1, 1, 12).reshape(2, 3, 2), np.linspace(2, -1, 12).reshape(2, 3, 2)
    (expected,) = complex_step(lambda h: [squared_error(h, y)], [h], [np.float64(0.7)])
    assert roundings(squared_error_vjp(0.7, h, y), expected) < 4


def test_losses_keep_float32() -> None:
    """Values and derivatives of float32 predictions are float32."""
    h, y = H.astype(np.float32), Y.astype(np.float32)
    assert ToyLossLayer.loss(h, 0.5).dtype == np.float32
    assert ToyLossLayer.bottom_diff(h, 0.5).dtype == np.float32
    assert SquaredLossLayer.loss(h, y).dtype == np.float32
    assert SquaredLossLayer.bottom_diff(h, y).dtype == np.float32
