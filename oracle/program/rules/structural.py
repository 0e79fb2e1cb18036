"""Shapes and places: entries are moved, never computed. Further axes at the end of a raw array come along."""

from __future__ import annotations

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.integers import fitted
from oracle.program.rules.registry import Site, Step, rule


@rule("broadcast_in_dim", params=("shape", "broadcast_dimensions"))
def _broadcast_in_dim(site: Site) -> Step:
    rank, shape = len(site.ins[0].shape), site.outs[0].shape
    if len(site.ins) != 1:
        raise site.refuse("with a shape computed at run time")
    spread = [1] * len(shape)
    for axis, size in zip(site.params["broadcast_dimensions"], site.ins[0].shape, strict=True):
        spread[axis] = size

    def step(A: Arithmetic, x: Array) -> Array:
        more = x.shape[rank:]
        return np.broadcast_to(x.reshape((*spread, *more)), (*shape, *more))

    return step


@rule("reshape", params=("new_sizes", "dimensions"))
def _reshape(site: Site) -> Step:
    rank, shape = len(site.ins[0].shape), site.outs[0].shape
    order = site.params["dimensions"]
    if len(site.ins) != 1:
        raise site.refuse("with a shape computed at run time")
    if order is None:
        return lambda A, x: x.reshape((*shape, *x.shape[rank:]))
    return lambda A, x: x.transpose((*order, *range(rank, x.ndim))).reshape((*shape, *x.shape[rank:]))


@rule("squeeze", params=("dimensions",))
def _squeeze(site: Site) -> Step:
    rank, shape = len(site.ins[0].shape), site.outs[0].shape
    return lambda A, x: x.reshape((*shape, *x.shape[rank:]))


@rule("transpose", params=("permutation",))
def _transpose(site: Site) -> Step:
    permutation = tuple(site.params["permutation"])
    rank = len(permutation)
    return lambda A, x: x.transpose((*permutation, *range(rank, x.ndim)))


@rule("rev", params=("dimensions",))
def _rev(site: Site) -> Step:
    axes = tuple(site.params["dimensions"])
    return lambda A, x: np.flip(x, axes)


@rule("concatenate", params=("dimension",))
def _concatenate(site: Site) -> Step:
    axis = site.params["dimension"]
    return lambda A, *parts: np.concatenate(parts, axis)


@rule("split", params=("sizes", "axis"))
def _split(site: Site) -> Step:
    axis, ends = site.params["axis"], np.cumsum(site.params["sizes"]).tolist()
    before = (slice(None),) * axis
    places = [(*before, slice(a, b)) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    if len(places) == 1:
        return lambda A, x: x
    return lambda A, x: [x[place] for place in places]


@rule("stack", params=("axis",))
def _stack(site: Site) -> Step:
    axis = site.params["axis"]
    return lambda A, *parts: np.stack(parts, axis)


@rule("unstack", params=("axis",))
def _unstack(site: Site) -> Step:
    before, count = (slice(None),) * site.params["axis"], len(site.outs)
    if count == 1:
        return lambda A, x: x[(*before, 0, ...)]
    return lambda A, x: [x[(*before, k, ...)] for k in range(count)]


@rule("slice", params=("start_indices", "limit_indices", "strides"))
def _slice(site: Site) -> Step:
    starts, ends = site.params["start_indices"], site.params["limit_indices"]
    strides = site.params["strides"] or (1,) * len(starts)
    place = (*[slice(a, b, s) for a, b, s in zip(starts, ends, strides, strict=True)], ...)
    return lambda A, x: x[place]


@rule("tile", params=("reps",))
def _tile(site: Site) -> Step:
    reps, rank = tuple(site.params["reps"]), len(site.ins[0].shape)
    return lambda A, x: np.tile(x, (*reps, *[1] * (x.ndim - rank)))


@rule("pad", params=("padding_config",))
def _pad(site: Site) -> Step:
    config, shape = site.params["padding_config"], site.ins[0].shape
    return lambda A, x, fill: padded(x, fill, shape, config)


def padded(x: Array, fill: Array, shape: tuple[int, ...], config: tuple[tuple[int, int, int], ...]) -> Array:
    """`x` with (low, high, between) entries `fill` along each axis; negative low or high crop."""
    places, kept, sizes = [], [], []
    for size, (low, high, between) in zip(shape, config, strict=True):
        total = low + high + size + max(size - 1, 0) * between
        at = low + np.arange(size) * (between + 1)
        inside = (at >= 0) & (at < total)
        places.append(at[inside])
        kept.append(np.flatnonzero(inside))
        sizes.append(max(total, 0))
    result = np.empty((*sizes, *x.shape[len(shape) :]), x.dtype)
    result[...] = fill
    if not shape:
        return x
    result[np.ix_(*places)] = x[np.ix_(*kept)]
    return result


@rule("iota", params=("dtype", "shape", "dimension"))
def _iota(site: Site) -> Step:
    shape, dtype, axis = site.outs[0].shape, site.outs[0].dtype, site.params["dimension"]
    along = [1] * len(shape)
    along[axis] = shape[axis]
    counted = np.broadcast_to(np.arange(shape[axis]).reshape(along), shape)
    if site.outs[0].number:
        return lambda A: A.lift(counted)
    fixed = fitted(counted, dtype)
    return lambda A: fixed


@rule("empty2", params=("dtype", "memory_space"))
def _empty(site: Site) -> Step:
    """A place that nobody reads; a number read from it all the same is not a number, and certifies nothing."""
    if site.outs[0].number:
        return lambda A: A.lift(np.nan)
    nothing = np.zeros((), site.outs[0].dtype)
    return lambda A: nothing


@rule("dim_as_value", params=("dim",))
def _dim_as_value(site: Site) -> Step:
    value = np.asarray(site.params["dim"], site.outs[0].dtype)
    return lambda A: value
