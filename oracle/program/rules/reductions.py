"""Reductions over axes, and products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.integers import fitted
from oracle.program.rules.kinks import kinked
from oracle.program.rules.registry import Site, Step, rule


def _exact(site: Site, name: str) -> Step:
    """The reduction of integers by Python's own, refused where the dtype would wrap around."""
    axes, dtype = tuple(site.params["axes"]), site.outs[0].dtype
    loop = getattr(np, name)
    return lambda A, x: fitted(loop.reduce(x.astype(object), axis=axes), dtype)


@rule("reduce_sum", params=("axes",))
def _sum(site: Site) -> Step:
    axes = tuple(site.params["axes"])
    return (lambda A, x: A.sum(x, axes)) if site.outs[0].number else _exact(site, "add")


@rule("reduce_prod", params=("axes",))
def _prod(site: Site) -> Step:
    axes = tuple(site.params["axes"])
    return (lambda A, x: A.product(x, axes)) if site.outs[0].number else _exact(site, "multiply")


@rule("reduce_max", "reduce_min", params=("axes",))
def _extreme(site: Site) -> Step:
    axes = tuple(site.params["axes"])
    name = "maximum" if site.name == "reduce_max" else "minimum"
    if site.outs[0].number:
        return kinked(site, lambda A, x: A.extreme(name, x, axes))
    loop = getattr(np, name)
    return lambda A, x: np.asarray(loop.reduce(x, axis=axes))


@rule("reduce_and", "reduce_or", params=("axes",))
def _logic(site: Site) -> Step:
    if site.outs[0].dtype != bool:
        raise site.refuse(f"on {site.outs[0].dtype}")
    axes, loop = tuple(site.params["axes"]), np.all if site.name == "reduce_and" else np.any
    return lambda A, x: np.asarray(loop(x, axis=axes))


@rule("argmax", "argmin", params=("axes", "index_dtype"))
def _arg(site: Site) -> Step:
    (axis,), dtype = site.params["axes"], site.outs[0].dtype
    if not site.ins[0].number:
        pick = np.argmax if site.name == "argmax" else np.argmin
        return lambda A, x: np.asarray(pick(x, axis), dtype)
    name = "maximum" if site.name == "argmax" else "minimum"
    return kinked(site, lambda A, x: first_extreme(A, name, x, axis).astype(dtype))


def first_extreme(A: Arithmetic, name: str, x: Array, axis: int) -> Array:
    """Where along `axis` the first of the largest (or smallest) entries is; raises where it is not decided."""
    best = np.expand_dims(A.extreme(name, x, (axis,)), axis)
    return np.asarray(np.argmax(A.compare("equal", x, best), axis))


@rule("dot_general", params=("dimension_numbers", "preferred_element_type", "precision"))
def _dot_general(site: Site) -> Step:
    """The product as a stack of matrix products: (batch, left, summed) @ (batch, summed, right)."""
    wanted = site.params["preferred_element_type"]
    if wanted is not None and np.dtype(wanted) != site.ins[0].dtype:
        raise site.refuse(f"with preferred_element_type={wanted} on {site.ins[0].dtype}")
    if site.ins[0].number != site.ins[1].number:
        raise site.refuse(f"on {site.ins[0].dtype} and {site.ins[1].dtype}")
    (sum_a, sum_b), (batch_a, batch_b) = site.params["dimension_numbers"]
    a_shape, b_shape = site.ins[0].shape, site.ins[1].shape
    free_a = [k for k in range(len(a_shape)) if k not in (*sum_a, *batch_a)]
    free_b = [k for k in range(len(b_shape)) if k not in (*sum_b, *batch_b)]
    stack = math.prod([a_shape[k] for k in batch_a])
    summed = math.prod([a_shape[k] for k in sum_a])
    a_to = (stack, math.prod([a_shape[k] for k in free_a]), summed)
    b_to = (stack, summed, math.prod([b_shape[k] for k in free_b]))
    a_order, b_order, shape = (*batch_a, *free_a, *sum_a), (*batch_b, *sum_b, *free_b), site.outs[0].shape
    product = _real_product if site.outs[0].number else _whole_product
    dtype = site.outs[0].dtype

    def step(A: Arithmetic, a: Array, b: Array) -> Array:
        a, b = _arranged(a, a_order, a_to), _arranged(b, b_order, b_to)
        c = product(A, a, b, dtype)
        return c.reshape((*shape, *c.shape[3:]))

    return step


def _arranged(x: Array, order: tuple[int, ...], to: tuple[int, ...]) -> Array:
    """`x` as a stack of matrices."""
    rank = len(order)
    return x.transpose((*order, *range(rank, x.ndim))).reshape((*to, *x.shape[rank:]))


def _real_product(A: Arithmetic, a: Array, b: Array, dtype: Any) -> Array:
    return A.binary("multiply", a, b) if a.shape[2] == 1 else A.matmul(a, b)


def _whole_product(A: Arithmetic, a: Array, b: Array, dtype: Any) -> Array:
    if not a.shape[2]:
        return np.zeros((a.shape[0], a.shape[1], b.shape[2]), dtype)
    return fitted(np.matmul(a.astype(object), b.astype(object)), dtype)
