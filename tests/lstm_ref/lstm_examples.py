"""Examples and independent derivatives that the tests of lstm_ref share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lstm_ref.checks import Array

NAMES = ("x", "h0", "s0", "W", "U", "b")
SIZES = [(1, 1, 1, 1), (2, 1, 3, 2), (5, 3, 4, 2), (4, 2, 2, 2)]  # T, B, D, H


def layer_inputs(T: int, B: int, D: int, H: int, dtype: Any = np.float64) -> list[Array]:
    """Values of order one for x, h0, s0, W, U and b."""
    shapes = [(T, B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,)]
    return _draws(shapes, np.random.default_rng(T + 10 * B + 100 * D + 1000 * H), dtype)


def layer_cotangents(T: int, B: int, D: int, H: int, dtype: Any = np.float64) -> list[Array]:
    """Values of order one for the cotangents of h, h_T and s_T."""
    return _draws([(T, B, H), (B, H), (B, H)], np.random.default_rng(7 * T + B + D + H), dtype)


def _draws(shapes: Sequence[tuple[int, ...]], generator: np.random.Generator, dtype: Any) -> list[Array]:
    """Arrays whose entries lie in [0.2, 1) with either sign."""
    arrays = [generator.uniform(0.2, 1, shape) * generator.choice([-1.0, 1.0], shape) for shape in shapes]
    return [array.astype(dtype) for array in arrays]


def complex_step(function: Callable[..., Sequence[Array]], inputs: list[Array], cotangents: list[Array]) -> list[Array]:
    """The derivatives of Σ cotangent · output by every entry of every input, without any cancellation."""
    step = 1e-30
    gradients = []
    for position, leaf in enumerate(inputs):
        gradient = np.empty_like(leaf)
        for index in np.ndindex(leaf.shape):
            moved = [array.astype(complex) for array in inputs]
            moved[position][index] += step * 1j
            pairs = zip(cotangents, function(*moved), strict=True)
            gradient[index] = sum((cotangent * output).sum() for cotangent, output in pairs).imag / step
        gradients.append(gradient)
    return gradients


def roundings(got: Array, expected: Array) -> float:
    """The largest difference, in roundings (units of eps) of the largest expected entry."""
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / (np.finfo(expected.dtype).eps * np.abs(expected).max()))
