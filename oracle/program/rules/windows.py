"""Pooling: sums and extremes over sliding windows, and the derivative of the latter."""

from __future__ import annotations

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.kinks import kinked
from oracle.program.rules.reductions import first_extreme
from oracle.program.rules.registry import Site, Step, rule
from oracle.program.rules.scattering import combine_at
from oracle.program.rules.structural import padded

_PARAMS = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")


class Slide:
    """Sliding windows over an array whose axes are padded, and spread by `base` dilation."""

    def __init__(self, site: Site, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.window = tuple(site.params["window_dimensions"])
        self.strides = tuple(site.params["window_strides"])
        base = site.params.get("base_dilation") or (1,) * len(shape)
        self.dilation = site.params.get("window_dilation") or (1,) * len(shape)
        self.config = tuple(
            (low, high, step - 1) for (low, high), step in zip(site.params["padding"], base, strict=True)
        )

    def windows(self, x: Array, fill: Array, shape: tuple[int, ...] | None = None) -> Array:
        """The windows of `x`: the axes that count windows, then one that runs through each of them."""
        spread = padded(x, fill, shape or self.shape, self.config)
        rank = len(self.shape)
        places = []
        for k, (size, stride, step) in enumerate(zip(self.window, self.strides, self.dilation, strict=True)):
            count = max((spread.shape[k] - (size - 1) * step - 1) // stride + 1, 0)
            at = np.arange(count)[:, None] * stride + np.arange(size)[None, :] * step
            along = [1] * (2 * rank)
            along[k], along[rank + k] = at.shape
            places.append(at.reshape(along))
        slid = spread[tuple(places)] if places else spread
        return np.asarray(slid).reshape((*slid.shape[:rank], -1, *slid.shape[2 * rank :]))

    def positions(self) -> Array:
        """Where each entry of each window stands in the flattened array; -1 for padding."""
        count = int(np.prod(self.shape))
        return self.windows(np.arange(count).reshape(self.shape), np.asarray(-1))


@rule("reduce_window_sum", params=_PARAMS)
def _window_sum(site: Site) -> Step:
    if not site.outs[0].number:
        raise site.refuse(f"on {site.outs[0].dtype}")
    slide = Slide(site, site.ins[0].shape)
    rank = len(site.ins[0].shape)
    return lambda A, x: A.sum(slide.windows(x, A.lift(0.0)), (rank,))


@rule("reduce_window_max", "reduce_window_min", params=_PARAMS)
def _window_extreme(site: Site) -> Step:
    if not site.outs[0].number:
        raise site.refuse(f"on {site.outs[0].dtype}")
    slide, rank = Slide(site, site.ins[0].shape), len(site.ins[0].shape)
    name, worst = ("maximum", -np.inf) if site.name == "reduce_window_max" else ("minimum", np.inf)
    return kinked(site, lambda A, x: A.extreme(name, slide.windows(x, A.lift(worst)), (rank,)))


def _selection(site: Site, shape: tuple[int, ...]) -> tuple[Slide, str, float]:
    """The windows, and what is selected in each: the first largest, or the first smallest."""
    name = getattr(site.params["select_prim"], "name", "")
    if name not in ("ge", "le"):
        raise site.refuse(f"with select_prim={name!r}")
    slide = Slide(site, shape)
    if not (slide.positions() >= 0).any(axis=-1).all():
        raise site.refuse("with a window that holds nothing but padding")
    return slide, *(("maximum", -np.inf) if name == "ge" else ("minimum", np.inf))


@rule("select_and_scatter_add", params=("select_prim", *_PARAMS))
def _select_and_scatter_add(site: Site) -> Step:
    shape = site.ins[1].shape
    slide, name, worst = _selection(site, shape)
    rank, positions = len(shape), slide.positions()

    def step(A: Arithmetic, source: Array, x: Array) -> Array:
        more = source.shape[rank:]
        chosen = first_extreme(A, name, slide.windows(x, A.lift(worst)), rank)
        flat = np.take_along_axis(positions, chosen[..., None], -1).reshape(-1)
        zeros = A.lift(np.zeros(int(np.prod(shape))))
        add = lambda A, a, b: A.binary("add", a, b)
        return combine_at(A, zeros, flat, source.reshape((-1, *more)), add).reshape((*shape, *more))

    return kinked(site, step)


@rule("select_and_gather_add", params=("select_prim", *_PARAMS))
def _select_and_gather_add(site: Site) -> Step:
    shape = site.ins[1].shape
    slide, name, worst = _selection(site, shape)
    rank, positions = len(shape), slide.positions()

    def step(A: Arithmetic, tangent: Array, x: Array) -> Array:
        chosen = first_extreme(A, name, slide.windows(x, A.lift(worst)), rank)
        flat = np.take_along_axis(positions, chosen[..., None], -1)[..., 0]
        return np.asarray(tangent.reshape((-1, *tangent.shape[rank:]))[flat])

    return kinked(site, step)
