"""`np.r_`, `np.c_`, `np.mgrid` and `np.ogrid` in balls."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.arithmetic.ball_array import BallArray, wrapped
from oracle.arithmetic.operands import holds_balls, operand, unified
from oracle.arithmetic.refusals import left


class _Concatenator:
    """`np.r_[a, b]` or `np.c_[a, b]`; slices and strings only without balls."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any(map(holds_balls, parts)):
            result = self._real[key]
            return BallArray(*operand(result)) if result.dtype.kind in "fc" else result
        if any(isinstance(part, (slice, str)) for part in parts):
            raise left("np.r_ or np.c_ of balls together with slices or strings")
        raws, dtype = unified(parts)
        return wrapped(self._real[tuple(np.atleast_1d(raw) for raw in raws)], dtype)


class _Grid:
    """`np.mgrid[...]` or `np.ogrid[...]`: a step in floats is taken exactly, its points are NumPy's."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getitem__(self, key: Any) -> Any:
        result = self._real[key]
        if isinstance(result, tuple):
            return tuple(BallArray(*operand(part)) if part.dtype.kind == "f" else part for part in result)
        return BallArray(*operand(result)) if result.dtype.kind == "f" else result


INDEX_TRICKS: dict[type, Any] = {
    type(np.r_): _Concatenator,
    type(np.c_): _Concatenator,
    type(np.mgrid): _Grid,
    type(np.ogrid): _Grid,
}
"""What replaces the objects that NumPy only indexes."""
