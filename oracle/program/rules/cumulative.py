"""Running sums, products, extremes and logarithms of sums along an axis."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.kinks import kinked
from oracle.program.rules.registry import Site, Step, rule
from oracle.program.rules.scattering import combination

_RUNNING = {
    "cumsum": ("add", "add"),
    "cumprod": ("multiply", "mul"),
    "cummax": ("maximum", "max"),
    "cummin": ("minimum", "min"),
    "cumlogsumexp": ("logaddexp", ""),
}


@rule(*_RUNNING, params=("axis", "reverse"))
def _running(site: Site) -> Step:
    axis, backwards = site.params["axis"], site.params["reverse"]
    length = site.ins[0].shape[axis]
    if site.name == "cumlogsumexp" and not site.outs[0].number:
        raise site.refuse(f"on {site.outs[0].dtype}")
    combine = combination(site, *_RUNNING[site.name])

    def step(A: Arithmetic, x: Array) -> Array:
        rows = np.moveaxis(x, axis, 0)
        result = np.array(rows)
        places = range(length - 1, -1, -1) if backwards else range(length)
        for before, k in pairwise(places):
            result[k, ...] = combine(A, result[before, ...], rows[k, ...])
        return np.moveaxis(result, 0, axis)

    return kinked(site, step)
