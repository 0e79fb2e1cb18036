"""Triangular systems, Cholesky and LU factors, by elimination: each step is the arithmetic's own, so encloses."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.kinks import quietly
from oracle.program.rules.reductions import first_extreme
from oracle.program.rules.registry import Site, Step, rule

_TRIANGULAR = ("left_side", "lower", "transpose_a", "conjugate_a", "unit_diagonal")


def _real(site: Site) -> tuple[int, ...]:
    """The shape of the operand, which must be real."""
    if any(spec.dtype.kind == "c" or not spec.number for spec in site.ins):
        raise site.refuse(f"on {site.ins[0].dtype}")
    return site.ins[0].shape


def _batched(x: Array, rank: int) -> Array:
    """The batch axes folded into one: (g, m, n, …)."""
    return x.reshape((-1, *x.shape[rank - 2 : rank], *x.shape[rank:]))


@rule("triangular_solve", params=_TRIANGULAR)
def _triangular_solve(site: Site) -> Step:
    rank, params = len(_real(site)), site.params
    lower = params["lower"] != params["transpose_a"]
    if not params["left_side"]:
        lower = not lower

    def step(A: Arithmetic, a: Array, b: Array) -> Array:
        a, y = _batched(a, rank), _batched(b, rank)
        if params["transpose_a"] == params["left_side"]:
            a = a.swapaxes(1, 2)
        if not params["left_side"]:
            y = y.swapaxes(1, 2)
        y = _substitute(A, a, y, lower, params["unit_diagonal"])
        return (y if params["left_side"] else y.swapaxes(1, 2)).reshape(b.shape)

    return step


def _substitute(A: Arithmetic, a: Array, b: Array, lower: bool, unit: bool) -> Array:
    """x with a x = b for triangular a, row by row."""
    n = a.shape[1]
    rows: dict[int, Array] = {}
    for k in range(n) if lower else range(n - 1, -1, -1):
        right = b[:, k, ...]
        for j, known in rows.items():
            right = A.binary("subtract", right, A.binary("multiply", a[:, k, j, ...][:, None], known))
        rows[k] = right if unit else A.binary("divide", right, a[:, k, k, ...][:, None])
    return np.stack([rows[k] for k in range(n)], 1) if n else b


@rule("cholesky")
def _cholesky(site: Site) -> Step:
    shape = _real(site)
    n, rank = shape[-1], len(shape)

    def step(A: Arithmetic, x: Array) -> Array:
        """L with L Lᵀ = x, from the lower triangle of x, column by column."""
        rest = np.array(_batched(x, rank))
        result = np.array(np.broadcast_to(A.lift(np.zeros((1, n, n))), rest.shape))
        for k in range(n):
            root = A.unary("sqrt", rest[:, k, k, ...])
            column = A.binary("divide", rest[:, k:, k, ...], root[:, None])
            column = np.concatenate([root[:, None], column[:, 1:]], 1)
            result[:, k:, k, ...] = column
            outer = A.binary("multiply", column[:, :, None], column[:, None, :])
            rest[:, k:, k:, ...] = A.binary("subtract", rest[:, k:, k:, ...], outer)
        return result.reshape(x.shape)

    return step


@rule("lu")
def _lu(site: Site) -> Step:
    shape = _real(site)
    rank, (m, n) = len(shape), shape[-2:]
    batch = shape[:-2]

    def step(A: Arithmetic, x: Array) -> Any:
        stack = _batched(x, rank)
        parts = [_eliminate(A, stack[g, ...], m, n) for g in range(stack.shape[0])]
        if not parts:
            return x, np.zeros((*batch, min(m, n)), np.int32), np.zeros((*batch, m), np.int32)
        factors, pivots, permutations = (np.stack(part) for part in zip(*parts, strict=True))
        return (
            factors.reshape(x.shape),
            pivots.reshape((*batch, min(m, n))).astype(np.int32),
            permutations.reshape((*batch, m)).astype(np.int32),
        )

    return step


_pivot = quietly(
    lambda A, x: first_extreme(A, "maximum", A.unary("absolute", x), 0)
)  # which of two equal pivots is taken does not change what the factors solve


def _eliminate(A: Arithmetic, x: Array, m: int, n: int) -> tuple[Array, Array, Array]:
    """L and U in one matrix, the row swaps, and the permutation they make: largest pivots first."""
    a, pivots, permutation = np.array(x), np.zeros(min(m, n), int), np.arange(m)
    for k in range(min(m, n)):
        pivots[k] = k + int(_pivot(A, a[k:, k, ...]))
        a[[k, pivots[k]]] = a[[pivots[k], k]]
        permutation[[k, pivots[k]]] = permutation[[pivots[k], k]]
        factor = A.binary("divide", a[k + 1 :, k, ...], a[k, k, ...][None])
        a[k + 1 :, k, ...] = factor
        update = A.binary("multiply", factor[:, None], a[k, k + 1 :, ...][None])
        a[k + 1 :, k + 1 :, ...] = A.binary("subtract", a[k + 1 :, k + 1 :, ...], update)
    return a, pivots, permutation


@rule("lu_pivots_to_permutation", params=("permutation_size",))
def _permutation(site: Site) -> Step:
    size = site.params["permutation_size"]

    def one(pivots: Array) -> Array:
        permutation = np.arange(size, dtype=np.int32)
        for k, pivot in enumerate(pivots):
            permutation[[k, pivot]] = permutation[[pivot, k]]
        return permutation

    def step(A: Arithmetic, pivots: Array) -> Array:
        rows = [one(row) for row in pivots.reshape((-1, pivots.shape[-1]))]
        return np.stack(rows).reshape((*pivots.shape[:-1], size)).astype(np.int32)

    return step
