"""Convolution, as XLA defines it: with strides, padding, both dilations and both kinds of groups."""

from __future__ import annotations

import math

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.registry import Site, Step, rule
from oracle.program.rules.structural import padded


@rule(
    "conv_general_dilated",
    params=(
        "window_strides",
        "padding",
        "lhs_dilation",
        "rhs_dilation",
        "dimension_numbers",
        "feature_group_count",
        "batch_group_count",
        "precision",
        "preferred_element_type",
    ),
)
def _convolution(site: Site) -> Step:
    wanted, groups = site.params["preferred_element_type"], site.params["feature_group_count"]
    if wanted is not None and np.dtype(wanted) != site.ins[0].dtype:
        raise site.refuse(f"with preferred_element_type={wanted} on {site.ins[0].dtype}")
    if not site.outs[0].number:
        raise site.refuse(f"on {site.outs[0].dtype}")
    numbers, batches = site.params["dimension_numbers"], site.params["batch_group_count"]
    slide = _Convolver(site)
    back = tuple(np.argsort(numbers.out_spec).tolist())

    def step(A: Arithmetic, x: Array, w: Array) -> Array:
        x = x.transpose((*numbers.lhs_spec, *range(len(numbers.lhs_spec), x.ndim)))
        w = w.transpose((*numbers.rhs_spec, *range(len(numbers.rhs_spec), w.ndim)))
        grouped = slide.batch_grouped if batches > 1 else slide.feature_grouped
        y = grouped(A, x, w, max(groups, batches))
        return y.transpose((*back, *range(len(back), y.ndim)))

    return step


class _Convolver:
    """y[n, o, p] = Σ x[n, i, p·stride + k·dilation] w[o, i, k], within each group."""

    def __init__(self, site: Site) -> None:
        numbers, params = site.params["dimension_numbers"], site.params
        x_shape = [site.ins[0].shape[d] for d in numbers.lhs_spec]
        w_shape = [site.ins[1].shape[d] for d in numbers.rhs_spec]
        self.x_shape, self.kernel = tuple(x_shape), tuple(w_shape[2:])
        inner = [(low, high, d - 1) for (low, high), d in zip(params["padding"], params["lhs_dilation"], strict=True)]
        self.config = ((0, 0, 0), (0, 0, 0), *inner)
        self.out = tuple(site.outs[0].shape[d] for d in numbers.out_spec[2:])
        spatial, places = len(self.kernel), []
        steps = zip(self.out, params["window_strides"], self.kernel, params["rhs_dilation"], strict=True)
        for k, (count, stride, size, dilation) in enumerate(steps):
            at = np.arange(count)[:, None] * stride + np.arange(size)[None, :] * dilation
            along = [1] * (2 * spatial)
            along[k], along[spatial + k] = at.shape
            places.append(at.reshape(along))
        self.places = tuple(places)

    def _patches(self, A: Arithmetic, x: Array) -> Array:
        """(N, C, outputs, kernel) from (N, C, *spatial)."""
        spread = padded(x, A.lift(0.0), self.x_shape, self.config)
        patches = spread[(slice(None), slice(None), *self.places)] if self.places else spread
        rank = len(self.x_shape)
        more = x.shape[rank:]
        return patches.reshape((*self.x_shape[:2], math.prod(self.out), math.prod(self.kernel), *more))

    def feature_grouped(self, A: Arithmetic, x: Array, w: Array, groups: int) -> Array:
        """The channels of `x` and the filters of `w` fall into groups that do not mix."""
        n, channels = self.x_shape[:2]
        more = x.shape[len(self.x_shape) :]
        filters, inner, size = w.shape[0], channels // groups, math.prod(self.kernel)
        patches = self._patches(A, x).reshape((n, groups, inner, math.prod(self.out), size, *more))
        patches = np.moveaxis(patches, (1, 0, 3, 2, 4), (0, 1, 2, 3, 4))
        rows = patches.reshape((groups, n * math.prod(self.out), inner * size, *more))
        columns = w.reshape((groups, filters // groups, inner * size, *more)).swapaxes(1, 2)
        y = A.matmul(rows, columns).reshape((groups, n, *self.out, filters // groups, *more))
        rank = len(self.out)
        y = np.moveaxis(y, (1, 0, rank + 2), (0, 1, 2))
        return y.reshape((n, filters, *self.out, *more))

    def batch_grouped(self, A: Arithmetic, x: Array, w: Array, groups: int) -> Array:
        """The rows of `x` and the filters of `w` fall into groups; each group of filters sees its own rows."""
        n, channels = self.x_shape[:2]
        more = x.shape[len(self.x_shape) :]
        filters, rows_each, size = w.shape[0], n // groups, math.prod(self.kernel)
        patches = self._patches(A, x).reshape((groups, rows_each, channels, math.prod(self.out), size, *more))
        patches = patches.swapaxes(2, 3)
        rows = patches.reshape((groups, rows_each * math.prod(self.out), channels * size, *more))
        columns = w.reshape((groups, filters // groups, channels * size, *more)).swapaxes(1, 2)
        y = A.matmul(rows, columns).reshape((groups, rows_each, *self.out, filters // groups, *more))
        rank = len(self.out)
        y = np.moveaxis(y, (1, 0, rank + 2), (0, 1, 2))
        return y.reshape((rows_each, filters, *self.out, *more))
