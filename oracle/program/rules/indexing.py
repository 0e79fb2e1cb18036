"""Reading and writing at computed places. What lies outside is clamped, dropped or filled, by mode, as XLA does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.integers import is_boolean
from oracle.program.rules.registry import Site, Step, rule

CLAMPED, DROPPED = "clamped", "dropped"
_READS = {"CLIP": CLAMPED, "PROMISE_IN_BOUNDS": CLAMPED, "FILL_OR_DROP": DROPPED}


def starts(operands: Sequence[Array], room: Sequence[int]) -> list[int]:
    """Start indices moved into [0, room], as `dynamic_slice` moves them."""
    return [min(max(int(start), 0), most) for start, most in zip(operands, room, strict=True)]


def _window(first: Sequence[int], sizes: Sequence[int]) -> tuple[Any, ...]:
    """The index of a window."""
    return (*[slice(a, a + n) for a, n in zip(first, sizes, strict=True)], ...)


@rule("dynamic_slice", params=("slice_sizes",))
def _dynamic_slice(site: Site) -> Step:
    shape, sizes = site.ins[0].shape, site.params["slice_sizes"]
    room = [n - size for n, size in zip(shape, sizes, strict=True)]

    def step(A: Arithmetic, x: Array, *at: Array) -> Array:
        first = starts(at, room)
        return np.asarray(x[_window(first, sizes)])

    return step


@rule("dynamic_update_slice")
def _dynamic_update_slice(site: Site) -> Step:
    shape, sizes = site.ins[0].shape, site.ins[1].shape
    room = [n - size for n, size in zip(shape, sizes, strict=True)]

    def step(A: Arithmetic, x: Array, update: Array, *at: Array) -> Array:
        first = starts(at, room)
        result = np.array(x)
        result[_window(first, sizes)] = update
        return result

    return step


class Windows:
    """Which entries of an operand each entry of a gathered array (or of updates) belongs to.

    `window_dims` are the dimensions of the gathered array that run inside a window, the others count windows.
    `sizes` is a window's extent along each operand dimension; `cut` are the operand dimensions without a window
    dimension of their own; `batching` pairs operand dimensions with dimensions of the indices.
    """

    def __init__(
        self,
        operand: tuple[int, ...],
        gathered: tuple[int, ...],
        window_dims: Sequence[int],
        start_map: Sequence[int],
        cut: Sequence[int],
        batching: Sequence[tuple[int, int]],
        sizes: Sequence[int],
    ) -> None:
        self._rank = len(gathered)
        self._counting = [k for k in range(self._rank) if k not in window_dims]
        self._starts = {d: k for k, d in enumerate(start_map)}
        self._room = [n - size for n, size in zip(operand, sizes, strict=True)]
        inside = iter(window_dims)
        self._offsets = [
            self._along(np.arange(sizes[d]), [next(inside)]) if d not in cut else np.zeros([1] * self._rank, int)
            for d in range(len(operand))
        ]
        for d, k in batching:
            self._offsets[d] = self._along(np.arange(operand[d]), [self._counting[k]])

    def _along(self, values: Array, axes: Sequence[int]) -> Array:
        """`values` laid along some axes of the gathered array."""
        shape = [1] * self._rank
        for axis, size in zip(axes, values.shape, strict=True):
            shape[axis] = size
        return values.reshape(shape)

    def places(self, indices: Array) -> tuple[list[Array], Array]:
        """An index array per operand dimension, clamped into it, and which windows lay wholly inside."""
        inside, places = np.ones([1] * self._rank, bool), []
        for d, (room, offset) in enumerate(zip(self._room, self._offsets, strict=True)):
            if d in self._starts:
                asked = self._along(indices[..., self._starts[d]], self._counting)
                start = np.minimum(np.maximum(asked, 0), room).astype(np.int64)
                inside = inside & (start == asked)
                offset = start + offset
            places.append(offset)
        return places, inside


@rule(
    "gather",
    params=("dimension_numbers", "slice_sizes", "mode", "fill_value", "unique_indices", "indices_are_sorted"),
)
def _gather(site: Site) -> Step:
    numbers, sizes, shape = site.params["dimension_numbers"], site.params["slice_sizes"], site.ins[0].shape
    outside = _READS.get(getattr(site.params["mode"], "name", ""))
    if outside is None:
        raise site.refuse(f"with mode={site.params['mode']}")
    windows = Windows(
        shape,
        site.outs[0].shape,
        numbers.offset_dims,
        numbers.start_index_map,
        (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims),
        list(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)),
        sizes,
    )
    out, number = site.outs[0], site.outs[0].number
    fill = _fill(site.params["fill_value"], out.dtype, number)

    def step(A: Arithmetic, x: Array, indices: Array) -> Array:
        places, inside = windows.places(indices)
        read = x[tuple(np.broadcast_arrays(*places))] if places else x
        read = np.broadcast_to(read, (*out.shape, *x.shape[len(shape) :]))
        if outside is CLAMPED or inside.all():
            return read
        inside = np.broadcast_to(inside, out.shape)
        return A.select(inside, read, A.lift(fill)) if number else np.where(inside, read, fill)

    return step


def _fill(value: Any, dtype: Any, number: bool) -> Array:
    """What stands for entries outside: JAX's own choice if none is given."""
    if value is not None:
        return np.asarray(value, np.float64 if number else dtype)
    if number:
        return np.asarray(np.nan)
    if is_boolean(dtype):
        return np.asarray(True)
    bounds = np.iinfo(dtype)
    return np.asarray(bounds.min if dtype.kind == "i" else bounds.max, dtype)
