"""Examples and independent derivatives that the tests of lstm_ref share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from lstm_ref import SEED, Variant, backward, forward
from lstm_ref.checks import Array
from lstm_ref.tape import Tape

NAMES = ("x", "h0", "s0", "W", "U", "b")
FURTHER = ("p", "V", "P")
SIZES = [(1, 1, 1, 1), (2, 1, 3, 2), (5, 3, 4, 2), (4, 2, 2, 2)]  # T, B, D, H


def layer_inputs(
    T: int, B: int, D: int, H: int, dtype: Any = np.float64, cell: Variant = SEED, R: int | None = None
) -> list[Array]:
    """Values of order one for x, h0, s0, W, U and b, and for those of p, V and P that there are."""
    K, width = len(cell.gates), R or H
    shapes = [(T, B, D), (B, width), (B, H), (K * H, D), (K * H, width), (K * H,)]
    shapes += [(K - 1, H)] if cell.peepholes else []
    shapes += [(3 * H, 3 * H)] if cell.gate_recurrence else []
    shapes += [(R, H)] if R else []
    return _draws(shapes, np.random.default_rng(T + 10 * B + 100 * D + 1000 * H), dtype)


def layer_cotangents(T: int, B: int, D: int, H: int, dtype: Any = np.float64, R: int | None = None) -> list[Array]:
    """Values of order one for the cotangents of h, h_T and s_T."""
    return _draws([(T, B, R or H), (B, R or H), (B, H)], np.random.default_rng(7 * T + B + D + H), dtype)


def present(cell: Variant, R: int | None = None) -> list[str]:
    """The names of a layer's inputs, in the order of `layer_inputs`."""
    has = (cell.peepholes, cell.gate_recurrence, bool(R))
    return [*NAMES, *(name for name, there in zip(FURTHER, has, strict=True) if there)]


def run(
    inputs: Sequence[Array], cell: Variant, lengths: Any = None, **further: Any
) -> tuple[Array, Array, Array, Tape]:
    """The layer's forward on such inputs."""
    at = dict(zip(present(cell, len(inputs) - len(present(cell))), inputs, strict=True))
    return forward(*inputs[:6], cell, at.get("p"), at.get("V"), at.get("P"), lengths, **further)


def gradients_of(
    inputs: Sequence[Array], cotangents: Sequence[Array], cell: Variant, lengths: Any = None
) -> list[Array]:
    """The gradients of such inputs, in their order."""
    return list(backward(*cotangents, run(inputs, cell, lengths)[3]))


def arrays(values: Iterable[Any]) -> list[Array]:
    """The arrays among some values, such as the fields of a tape."""
    return [value for value in values if isinstance(value, np.ndarray)]


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
    """The largest difference, in roundings (units of eps) of the largest expected entry; of 1 if all are zero."""
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / (np.finfo(expected.dtype).eps * (np.abs(expected).max() or 1.0)))
