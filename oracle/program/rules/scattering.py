"""Writing at computed places, several updates to one place included where their order does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.indexing import CLAMPED, DROPPED, Windows
from oracle.program.rules.integers import INTEGER_BINARY, fitted, is_boolean
from oracle.program.rules.kinks import kinked
from oracle.program.rules.registry import Site, Step, rule

_WRITES = {"CLIP": CLAMPED, "PROMISE_IN_BOUNDS": DROPPED, "FILL_OR_DROP": DROPPED}
_COMBINE = {
    "scatter-add": ("add", "add"),
    "scatter-sub": ("subtract", "sub"),
    "scatter-mul": ("multiply", "mul"),
    "scatter-min": ("minimum", "min"),
    "scatter-max": ("maximum", "max"),
}
_COMBINE |= {name.replace("-", "_"): names for name, names in _COMBINE.items()}
Combine = Callable[[Arithmetic, Array, Array], Array]


def combination(site: Site, number_name: str, integer_name: str) -> Combine:
    """How two entries become one, in the arithmetic or in Python's integers."""
    if site.outs[0].number:
        return lambda A, a, b: A.binary(number_name, a, b)
    dtype, loop = site.outs[0].dtype, np.frompyfunc(INTEGER_BINARY[integer_name], 2, 1)
    if is_boolean(dtype):
        raise site.refuse("on booleans")
    return lambda A, a, b: fitted(loop(a.astype(object), b.astype(object)), dtype)


def combine_at(A: Arithmetic, x: Array, flat: Array, updates: Array, combine: Combine) -> Array:
    """`x` with each update combined into its place; `x` and `updates` run along one axis, `flat` says where.

    Updates to one place are taken in order, one round for each of them.
    """
    result = np.array(x)
    order = np.argsort(flat, kind="stable")
    where = flat[order]
    first = np.ones(len(where), bool)
    first[1:] = where[1:] != where[:-1]
    starts = np.flatnonzero(first)
    turn = np.arange(len(where)) - np.repeat(starts, np.diff([*starts, len(where)]))
    for k in range(int(turn.max(initial=-1)) + 1):
        now = turn == k
        result[where[now]] = combine(A, result[where[now]], updates[order[now]])
    return result


def _sizes(numbers: Any, operand: tuple[int, ...], updates: tuple[int, ...]) -> list[int]:
    """A window's extent along each operand dimension."""
    windows = iter(numbers.update_window_dims)
    cut = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    return [1 if d in cut else updates[next(windows)] for d in range(len(operand))]


@rule(
    "scatter",
    *_COMBINE,
    params=(
        "dimension_numbers",
        "indices_are_sorted",
        "unique_indices",
        "mode",
        "update_jaxpr",
    ),
    neutral={"update_consts": ((),)},
)
def _scatter(site: Site) -> Step:
    numbers, shape, updates_shape = site.params["dimension_numbers"], site.ins[0].shape, site.ins[2].shape
    outside = _WRITES.get(getattr(site.params["mode"], "name", ""))
    if outside is None:
        raise site.refuse(f"with mode={site.params['mode']}")
    windows = Windows(
        shape,
        updates_shape,
        numbers.update_window_dims,
        numbers.scatter_dims_to_operand_dims,
        (*numbers.inserted_window_dims, *numbers.operand_batching_dims),
        list(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True)),
        _sizes(numbers, shape, updates_shape),
    )
    alone = site.name == "scatter" or site.params["unique_indices"]
    combine: Combine = lambda A, old, new: new
    if site.name != "scatter":
        combine = combination(site, *_COMBINE[site.name])

    def step(A: Arithmetic, x: Array, indices: Array, updates: Array) -> Array:
        more = x.shape[len(shape) :]
        places, inside = windows.places(indices)
        flat = (
            np.ravel_multi_index(np.broadcast_arrays(*places), shape)
            if places and 0 not in shape
            else np.zeros(updates_shape, int)
        )
        flat = np.broadcast_to(flat, updates_shape).reshape(-1)
        updates = updates.reshape((-1, *more))
        if outside is DROPPED and not inside.all():
            kept = np.broadcast_to(inside, updates_shape).reshape(-1)
            flat, updates = flat[kept], updates[kept]
        if alone and len(np.unique(flat)) != len(flat):
            raise site.refuse("with two updates to one place, where JAX leaves the result open")
        return combine_at(A, x.reshape((-1, *more)), flat, updates, combine).reshape(x.shape)

    return kinked(site, step)
