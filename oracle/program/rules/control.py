"""Loops and branches: the bodies are plans, bound with the rest of the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.registry import Site, Spec, Step, rule

_HINTS = ("linear", "_split_transpose")  # how other versions of JAX may transpose a scan


@rule("scan", params=("reverse", "length", "jaxpr", "num_consts", "num_carry", "unroll", *_HINTS))
def _scan(site: Site) -> Step:
    body, length = site.plans["jaxpr"], site.params["length"]
    consts, carried = site.params["num_consts"], site.params["num_carry"]
    rounds = range(length - 1, -1, -1) if site.params["reverse"] else range(length)
    single = len(site.outs) == 1
    stacked = site.outs[carried:]

    def step(A: Arithmetic, *operands: Array) -> Any:
        fixed, carry, xs = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]
        rows: list[Sequence[Array]] = [()] * length
        for t in rounds:
            results = body(A, [*fixed, *carry, *[x[t, ...] for x in xs]])
            carry, rows[t] = tuple(results[:carried]), results[carried:]
        columns = [_stack(A, [row[k] for row in rows], spec) for k, spec in enumerate(stacked)]
        every = [*carry, *columns]
        return every[0] if single else every

    return step


def _stack(A: Arithmetic, rows: list[Array], spec: Spec) -> Array:
    """What a loop gave round by round, as one array; a loop of no rounds gives an empty one."""
    if rows and rows[0].dtype.kind == "f":
        return np.array(rows)  # which is what stack gives, sooner
    if rows:
        return np.stack(rows)
    empty = np.zeros(spec.shape, np.float64 if spec.number else spec.dtype)
    return A.lift(empty) if spec.number else empty


@rule("while", params=("cond_nconsts", "cond_jaxpr", "body_nconsts", "body_jaxpr"))
def _while(site: Site) -> Step:
    cond, body = site.plans["cond_jaxpr"], site.plans["body_jaxpr"]
    asked, used = site.params["cond_nconsts"], site.params["body_nconsts"]
    single = len(site.outs) == 1

    def step(A: Arithmetic, *operands: Array) -> Any:
        asking, using = operands[:asked], operands[asked : asked + used]
        carry = list(operands[asked + used :])
        while cond(A, [*asking, *carry])[0].item():
            carry = body(A, [*using, *carry])
        return carry[0] if single else carry

    return step


@rule("cond", params=("branches", "branches_platforms"))
def _cond(site: Site) -> Step:
    branches, single = site.plans["branches"], len(site.outs) == 1

    def step(A: Arithmetic, which: Array, *operands: Array) -> Any:
        """A branch number outside the branches means the nearest one."""
        results = branches[min(max(int(which), 0), len(branches) - 1)](A, operands)
        return results[0] if single else results

    return step


@rule("custom_linear_solve", params=("const_lengths", "jaxprs"))
def _custom_linear_solve(site: Site) -> Step:
    lengths, solve, single = site.params["const_lengths"], site.plans["solve"], len(site.outs) == 1
    first, last = lengths.matvec + lengths.vecmat, sum(lengths)

    def step(A: Arithmetic, *operands: Array) -> Any:
        results = solve(A, [*operands[first : first + lengths.solve], *operands[last:]])
        return results[0] if single else results

    return step
