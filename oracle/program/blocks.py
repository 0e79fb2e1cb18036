"""A jaxpr, read once: numbered slots, calls inlined, and what no output needs left out.

Everything here holds for all sizes; `plan` binds a block to particular ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.program.dimensions import holds_symbols

CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
}


@dataclass(slots=True)
class Equation:
    """One application of a primitive, between slots."""

    name: str
    params: dict[str, Any]
    symbolic: tuple[str, ...]  # the parameters that hold symbolic dimensions
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    in_avals: tuple[Any, ...]
    out_avals: tuple[Any, ...]
    varied: tuple[bool, ...]  # which operands depend on differentiated inputs
    blocks: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Block:
    """A jaxpr as a list of equations between numbered slots."""

    size: int
    inputs: tuple[int, ...]
    constants: tuple[tuple[int, Any, Any], ...]  # slot, value, dtype
    equations: tuple[Equation, ...]
    outputs: tuple[int, ...]
    varied_outputs: tuple[bool, ...]


def is_number(dtype: Any) -> bool:
    """Whether a dtype holds real or complex numbers, as opposed to integers, booleans and random keys.

    >>> is_number(np.dtype("float32")), is_number(np.dtype("int32"))
    (True, False)
    """
    return getattr(dtype, "kind", "?") in "fc" or "float" in getattr(dtype, "name", "")


def read(jaxpr: Any, consts: Sequence[Any], varied: Sequence[bool]) -> Block:
    """The block of a jaxpr whose inputs depend on differentiated ones as `varied` says."""
    return _Reader().block(jaxpr, consts, varied)


class _Reader:
    def __init__(self) -> None:
        self.varied: list[bool] = []
        self._known: dict[Any, int] = {}
        self.constants: list[tuple[int, Any, Any]] = []
        self.equations: list[Equation] = []

    def block(self, jaxpr: Any, consts: Sequence[Any], varied: Sequence[bool]) -> Block:
        inputs = [self._slot(flag) for flag in varied]
        outputs = self._inline(jaxpr, consts, inputs)
        return Block(
            len(self.varied),
            tuple(inputs),
            tuple(self.constants),
            tuple(_needed(self.equations, outputs)),
            tuple(outputs),
            tuple(self.varied[slot] for slot in outputs),
        )

    def _slot(self, varied: bool) -> int:
        self.varied.append(varied)
        return len(self.varied) - 1

    def _constant(self, value: Any, aval: Any) -> int:
        """The slot of a constant: one for all its uses, so that a value picked from it is known to be the same."""
        scalar = aval.shape == () and getattr(aval.dtype, "kind", "?") in "fciub"
        key = (aval.dtype.name, np.asarray(value, aval.dtype).tobytes()) if scalar else id(value)
        if key not in self._known:
            self._known[key] = self._slot(False)
            self.constants.append((self._known[key], value, aval.dtype))
        return self._known[key]

    def _inline(self, jaxpr: Any, consts: Sequence[Any], arguments: Sequence[int]) -> list[int]:
        """The slots of the jaxpr's outputs, after adding its equations to this block."""
        known = dict(zip(jaxpr.invars, arguments, strict=True))
        for var, const in zip(jaxpr.constvars, consts, strict=True):
            known[var] = self._constant(const, var.aval)

        def slot(var: Any) -> int:
            return self._constant(var.val, var.aval) if hasattr(var, "val") else known[var]

        for eqn in jaxpr.eqns:
            ins = tuple(slot(var) for var in eqn.invars)
            outs = self._called(eqn, ins) if eqn.primitive.name in CALLS else self._equation(eqn, ins)
            known.update(zip(eqn.outvars, outs, strict=True))
        return [slot(var) for var in jaxpr.outvars]

    def _called(self, eqn: Any, ins: tuple[int, ...]) -> list[int]:
        return self._inline(*_opened(eqn.params[CALLS[eqn.primitive.name]]), ins)

    def _equation(self, eqn: Any, ins: tuple[int, ...]) -> list[int]:
        flags = tuple(self.varied[k] for k in ins)
        blocks, varied_outs = _bodies(eqn, flags)
        outs = [
            self._slot(flag and is_number(var.aval.dtype)) for flag, var in zip(varied_outs, eqn.outvars, strict=True)
        ]
        equation = Equation(
            eqn.primitive.name,
            dict(eqn.params),
            tuple(key for key, value in eqn.params.items() if holds_symbols(value)),
            ins,
            tuple(outs),
            tuple(var.aval for var in eqn.invars),
            tuple(var.aval for var in eqn.outvars),
            flags,
            blocks,
        )
        self.equations.append(equation)
        return outs


def _opened(jaxpr: Any) -> tuple[Any, Sequence[Any]]:
    """A jaxpr and its constants, whether it was closed or not."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "consts") else (jaxpr, ())


def _needed(equations: Sequence[Equation], outputs: Iterable[int]) -> list[Equation]:
    """The equations on which an output depends; primitives have no effects."""
    wanted, kept = set(outputs), []
    for equation in reversed(equations):
        if not wanted.isdisjoint(equation.outs):
            kept.append(equation)
            wanted.update(equation.ins)
    return kept[::-1]


def _bodies(eqn: Any, flags: tuple[bool, ...]) -> tuple[dict[str, Any], list[bool]]:
    """The blocks inside an equation, and which of its outputs depend on differentiated inputs."""
    params, outs = eqn.params, len(eqn.outvars)
    match eqn.primitive.name:
        case "scan":
            return _scan_bodies(params, flags)
        case "while":
            return _while_bodies(params, flags)
        case "cond":
            branches = tuple(read(*_opened(branch), flags[1:]) for branch in params["branches"])
            varied = [any(branch.varied_outputs[k] for branch in branches) for k in range(outs)]
            return {"branches": branches}, varied
        case "custom_linear_solve":
            lengths = params["const_lengths"]
            first = lengths.matvec + lengths.vecmat
            operands = flags[first : first + lengths.solve] + flags[sum(lengths) :]
            return {"solve": read(*_opened(params["jaxprs"].solve), operands)}, [any(flags)] * outs
    return {}, [any(flags)] * outs


def _scan_bodies(params: Any, flags: tuple[bool, ...]) -> tuple[dict[str, Any], list[bool]]:
    consts, carry = params["num_consts"], params["num_carry"]
    block = _settled(params["jaxpr"], flags[:consts], flags[consts : consts + carry], flags[consts + carry :])
    return {"jaxpr": block}, list(block.varied_outputs)


def _while_bodies(params: Any, flags: tuple[bool, ...]) -> tuple[dict[str, Any], list[bool]]:
    asked, used = params["cond_nconsts"], params["body_nconsts"]
    body = _settled(params["body_jaxpr"], flags[asked : asked + used], flags[asked + used :], ())
    carry = body.varied_outputs
    cond = read(*_opened(params["cond_jaxpr"]), (*flags[:asked], *carry))
    return {"cond_jaxpr": cond, "body_jaxpr": body}, list(carry)


def _settled(jaxpr: Any, consts: Sequence[bool], carry: Sequence[bool], xs: Sequence[bool]) -> Block:
    """The block of a loop's body, its carry varied wherever an earlier round makes it so."""
    carry = tuple(carry)
    while True:
        block = read(*_opened(jaxpr), (*consts, *carry, *xs))
        after = tuple(a or b for a, b in zip(carry, block.varied_outputs, strict=False))
        if after == carry:
            return block
        carry = after
