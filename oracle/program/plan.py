"""A block bound to sizes: every dimension a number, every primitive a function, cheap to run many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.blocks import Block, Equation, is_number
from oracle.program.dimensions import Resolver
from oracle.program.rules.registry import Site, Spec, Step, bind

Bound: TypeAlias = tuple[Step, tuple[int, ...], int, tuple[int, ...]]  # step, operands, the only result, all results


class Plan:
    """A block bound to sizes; calling it runs the program in an arithmetic.

    Constants are lifted once per arithmetic object, and no step changes its operands, so a plan may be called
    again, also from within itself.
    """

    def __init__(self, block: Block, resolver: Resolver) -> None:
        self._size, self._inputs, self._outputs = block.size, block.inputs, block.outputs
        self._constants = [(slot, value, is_number(dtype), dtype) for slot, value, dtype in block.constants]
        self._steps = self._bound(block, resolver)
        self._lifted: tuple[Arithmetic | None, list[Any]] = (None, [])

    def _bound(self, block: Block, resolver: Resolver) -> list[Bound]:
        """The step of each equation, with its slots."""
        return [self._step(equation, resolver) for equation in block.equations]

    @staticmethod
    def _step(equation: Equation, resolver: Resolver) -> Bound:
        params = equation.params
        if equation.symbolic:
            params = params | {key: resolver.value(params[key]) for key in equation.symbolic}
        site = Site(
            equation.name,
            params,
            tuple([Spec(resolver.shape(aval.shape), aval.dtype) for aval in equation.in_avals]),
            tuple([Spec(resolver.shape(aval.shape), aval.dtype) for aval in equation.out_avals]),
            any(equation.varied),
            _plans(equation.blocks, resolver),
        )
        only = equation.outs[0] if len(equation.outs) == 1 else -1
        return bind(site), equation.ins, only, equation.outs

    def _start(self, arithmetic: Arithmetic) -> list[Any]:
        """The slots before any step has run, with constants in place."""
        known, slots = self._lifted
        if known is not arithmetic:
            slots = [None] * self._size
            for slot, value, number, dtype in self._constants:
                slots[slot] = arithmetic.lift(_exactly(value)) if number else np.asarray(value, dtype)
            self._lifted = (arithmetic, slots)
        return slots.copy()

    def __call__(self, arithmetic: Arithmetic, arguments: Sequence[Array]) -> list[Array]:
        """The outputs of the block for raw arguments."""
        slots = self._start(arithmetic)
        for slot, argument in zip(self._inputs, arguments, strict=True):
            slots[slot] = argument
        for step, ins, only, outs in self._steps:
            result = step(arithmetic, *[slots[k] for k in ins])
            if only >= 0:
                slots[only] = result
            else:
                for slot, part in zip(outs, result, strict=True):
                    slots[slot] = part
        return [slots[k] for k in self._outputs]


def _exactly(value: Any) -> Array:
    """A constant of the program as a NumPy array that holds the same numbers."""
    array = np.asarray(value)
    return array if array.dtype.kind in "fciub" else array.astype(np.float64)


def _plans(blocks: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The blocks of an equation, bound to the same sizes."""
    return {
        key: tuple(Plan(part, resolver) for part in value) if isinstance(value, tuple) else Plan(value, resolver)
        for key, value in blocks.items()
    }
