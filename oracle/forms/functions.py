"""Two functions: `forward(*inputs) -> (*outputs, cache)` and `backward(*cotangents, cache) -> gradients`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from oracle.forms.form import (
    ContractError,
    Slots,
    SubjectError,
    check_rule,
    count_sentence,
    describe,
    expect_function,
    fit_sizes,
    gather,
    positional,
    takes,
)
from oracle.inputs import Spec, nest, parse


class _Memory:
    """What one evaluation keeps between forward and backward."""

    cache: Any = None
    keeps_cache = False
    arguments: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()


class FunctionsForm:
    """A forward that returns its outputs and a cache, and a backward that takes cotangents and the cache."""

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        inputs: Mapping[str, Spec],
        rule: str | None = None,
    ) -> None:
        expect_function("the forward", forward)
        expect_function("the backward", backward)
        self.forward_function, self.backward_function = forward, backward
        self.inputs, self.rule = positional(inputs, forward), rule
        self.leaves = parse(self.inputs)
        self.code: tuple[Any, ...] = (forward, backward)
        self.names = (describe(forward), describe(backward))
        if rule is not None and not isinstance(rule, str):
            raise SubjectError(
                f"gradients= is of type {type(rule).__name__}; expected the naming rule of a returned mapping, such as "
                '"d{}": a tuple that the backward returns is in the order of inputs=, with nothing to declare'
            )
        if rule is not None:
            check_rule(rule)

    def begin(self, sizes: Mapping[str, int]) -> _Memory:
        """A fresh memory for one evaluation."""
        fit_sizes(self.code, sizes)
        return _Memory()

    def forward(self, owner: _Memory, values: Mapping[str, Any]) -> Any:
        """The outputs: what the forward returned, less the cache."""
        owner.arguments = tuple(nest(spec, values, name) for name, spec in self.inputs.items())
        returned = self.forward_function(*owner.arguments)
        if isinstance(returned, tuple) and len(returned) > 1:
            *outputs, owner.cache = returned
            owner.keeps_cache = True
        else:
            outputs = list(returned) if isinstance(returned, tuple) else [returned]
        if not outputs or all(output is None for output in outputs):
            who = describe(self.forward_function)
            raise ContractError(f"{who} returned no output; expected (*outputs, cache), or the outputs alone")
        owner.outputs = tuple(outputs)
        return owner.outputs[0] if len(outputs) == 1 else owner.outputs

    def backward(self, owner: _Memory, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients by leaf, from a mapping, a sequence in input order or a single array."""
        who = describe(self.backward_function)
        listed = (cotangents,) if len(owner.outputs) == 1 else tuple(cotangents)
        returned = self.backward_function(*self._arguments(owner, listed, who))
        return gather(returned, list(self.inputs), self.leaves, self.rule, who)

    def _arguments(self, owner: _Memory, cotangents: tuple[Any, ...], who: str) -> tuple[Any, ...]:
        for arguments in self._candidates(owner, cotangents):
            if takes(self.backward_function, len(arguments)):
                return arguments
        rest = "the cache" if owner.keeps_cache else f"the {len(owner.arguments)} inputs"
        raise ContractError(
            f"{who} does not take {count_sentence(len(cotangents), 'cotangent')} and {rest}; "
            "expected backward(*cotangents, cache)"
        )

    def _candidates(self, owner: _Memory, cotangents: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
        if owner.keeps_cache:
            return (*cotangents, owner.cache), (owner.cache,)
        return (*cotangents, *owner.arguments), cotangents, owner.arguments

    def takes_cotangents(self, owner: _Memory) -> bool:
        """Whether the backward takes cotangents; otherwise the one output is a loss, whose cotangent is 1."""
        count, inputs = len(owner.outputs), len(owner.arguments)
        if owner.keeps_cache:
            return takes(self.backward_function, count + 1) or not takes(self.backward_function, 1)
        some = takes(self.backward_function, count + inputs) or takes(self.backward_function, count)
        if some or not takes(self.backward_function, inputs):
            return True
        if not all(_may_be_a_loss(output) for output in owner.outputs):
            raise ContractError(
                f"{self.names[1]} takes {count_sentence(inputs, 'argument')}, but {self.names[0]} returned no cache to "
                "be one of them; expected the forward to return (*outputs, cache), and the backward to take "
                "(*cotangents, cache)"
            )
        return False

    def is_handed_all(self, owner: _Memory) -> bool:
        """Whether the backward is handed what the forward knew: its cache, or its inputs."""
        return owner.keeps_cache or takes(self.backward_function, len(owner.outputs) + len(owner.arguments))

    def reset(self, owner: _Memory) -> None:
        """Functions keep nothing."""


def _may_be_a_loss(output: Any) -> bool:
    """Whether an output is one number."""
    return not isinstance(output, list | tuple | dict) and math.prod(getattr(output, "shape", ())) == 1
