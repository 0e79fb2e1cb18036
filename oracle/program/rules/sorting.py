"""Sorting, where the order is decided; equal entries are a tie."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.kinks import kinked
from oracle.program.rules.registry import Site, Step, rule


@rule("sort", params=("dimension", "is_stable", "num_keys"))
def _sort(site: Site) -> Step:
    if site.params["num_keys"] != 1:
        raise site.refuse(f"with num_keys={site.params['num_keys']}")
    if len(site.ins) > 1 and not site.params["is_stable"]:
        raise site.refuse("with several operands and is_stable=False")
    axis, key, single = site.params["dimension"], site.ins[0], len(site.outs) == 1

    def step(A: Arithmetic, *operands: Array) -> Any:
        first = operands[0]
        order = A.order(first, axis) if key.number else np.argsort(first, axis, kind="stable")
        results = [_taken(x, order, axis) for x in operands]
        return results[0] if single else results

    return kinked(site, step)


def _taken(x: Array, order: Array, axis: int) -> Array:
    """The entries of `x` in this order along an axis."""
    more = order.reshape(order.shape + (1,) * (x.ndim - order.ndim))
    return np.take_along_axis(x, np.broadcast_to(more, x.shape), axis)
