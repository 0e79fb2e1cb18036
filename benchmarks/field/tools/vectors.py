"""A program behind a loss as functions of one flat vector, which is what the plain recipes take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field.programs import Loss, Program

Vector = Any


def flat(program: Program) -> tuple[Callable[[Vector], float], Callable[[Vector], Vector], Vector]:
    """The loss, its hand-written gradient and the point; a program with several outputs is put behind a loss."""
    loss = program if isinstance(program, Loss) else Loss(program, seed=1)
    shapes = [array.shape for array in loss.arrays]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    dtype = loss.arrays[0].dtype

    def unpacked(vector: Vector) -> list[Any]:
        parts = np.split(np.asarray(vector, dtype), ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def value(vector: Vector) -> float:
        ((found,), _) = loss.forward(unpacked(vector))
        return float(found)

    def gradient(vector: Vector) -> Vector:
        (found,), kept = loss.forward(unpacked(vector))
        parts = loss.backward(kept, [np.ones_like(found)])
        return np.concatenate([_fitting(part, shape) for part, shape in zip(parts, shapes, strict=True)])

    return value, gradient, np.concatenate([array.ravel() for array in loss.arrays]).astype(np.float64)


def _fitting(part: Any, shape: tuple[int, ...]) -> Any:
    if np.shape(part) != shape:
        raise ValueError(f"a gradient has shape {np.shape(part)}, but its input has {shape}")
    return np.asarray(part, np.float64).ravel()
