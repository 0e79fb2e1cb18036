"""One function that returns a loss and its gradients; parameters may live on a module, an object or a dictionary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oracle import paths
from oracle.forms.form import (
    ContractError,
    Slots,
    SubjectError,
    count_sentence,
    describe,
    differentiated,
    match,
    takes,
    unnest,
)
from oracle.forms.object import gradient_path
from oracle.inputs import Input, Spec, nest, parse

SIZES = "__oracle_sizes__"  # set by load_definitions: which globals of the script are sizes


class _Returned:
    """What the function returned in the forward, kept for the backward."""

    owner: Any = None
    gradients: Any = None


class LossForm:
    """`function(*inputs) -> (loss, *gradients)`, or `(loss, mapping)`, or a loss with gradients left on the owner."""

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Mapping[str, Spec],
        parameters: Mapping[str, Spec],
        gradients: str | Mapping[str, str] | Sequence[str] | None,
        owner: Any,
    ) -> None:
        self.function, self.inputs, self.parameters = function, dict(inputs), parse(dict(parameters))
        self.input_leaves = parse(self.inputs)
        self.leaves: dict[str, Input] = {**self.parameters, **self.input_leaves}
        self.rule = gradients
        self.owner = owner if owner is not None else sys.modules.get(getattr(function, "__module__", ""), None)
        self.code: tuple[Any, ...] = (function,) if owner is None or isinstance(owner, dict) else (function, owner)
        self.names = (f"the loss of {describe(function)}", f"the gradient in {describe(function)}")
        if not takes(function, len(self.inputs)):
            raise SubjectError(
                f"{describe(function)} does not take the {len(self.inputs)} inputs {', '.join(self.inputs)}; "
                "inputs= names its positional arguments in order"
            )

    def begin(self, sizes: Mapping[str, int]) -> _Returned:
        """The owner as it is, with the sizes that a script keeps in globals set to this case's."""
        state = _Returned()
        state.owner = self.owner
        for name, size in getattr(self.owner, SIZES, {}).items():
            setattr(self.owner, name, sizes[size])
        return state

    def forward(self, owner: _Returned, values: Mapping[str, Any]) -> Any:
        """The loss."""
        for name in self.parameters:
            if not paths.has(owner.owner, name):
                place = _owner_name(owner.owner)
                raise SubjectError(f"the parameter {name!r} is not on {place}; owner= says where it lives")
            paths.write(owner.owner, name, values[name])
        returned = self.function(*[nest(spec, values, name) for name, spec in self.inputs.items()])
        if isinstance(returned, tuple):
            loss, *rest = returned
            owner.gradients = rest[0] if len(rest) == 1 and isinstance(rest[0], Mapping | list | tuple) else tuple(rest)
        else:
            loss, owner.gradients = returned, ()
        return loss

    def backward(self, owner: _Returned, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients that the function returned with the loss, or left on the owner."""
        names = self._wanted()
        if isinstance(self.rule, Mapping) or (isinstance(self.rule, str) and not self._returns_names()):
            return self._from_places(owner, names)
        return self._from_returned(owner, names)

    def _wanted(self) -> list[str]:
        return [*differentiated(self.parameters), *differentiated(self.input_leaves)]

    def _returns_names(self) -> bool:
        return isinstance(self.rule, str) and len(paths.split(self.rule)) <= 1

    def _from_places(self, owner: _Returned, names: list[str]) -> dict[str, Any]:
        assert isinstance(self.rule, str | Mapping)
        return {name: paths.read(owner.owner, gradient_path(owner.owner, name, self.rule)) for name in names}

    def _from_returned(self, owner: _Returned, names: list[str]) -> dict[str, Any]:
        who, returned = describe(self.function), owner.gradients
        if isinstance(self.rule, list | tuple):
            if len(returned) < len(self.rule):
                raise ContractError(
                    f"{who} returned {count_sentence(len(returned), 'value')} after the loss; "
                    f"gradients= names {len(self.rule)}"
                )
            return {name: value for name, value in zip(self.rule, returned, strict=False) if name in names}
        if isinstance(returned, Mapping):
            return match(returned, names, names, self.rule if isinstance(self.rule, str) else None, who)
        if not len(returned) and isinstance(self.rule, str):
            return self._from_places(owner, names)
        if len(returned) < len(names):
            raise ContractError(
                f"{who} returned {count_sentence(len(returned), 'value')} after the loss; "
                f"expected {count_sentence(len(names), 'gradient')}: {', '.join(names)}"
            )
        found: dict[str, Any] = {}
        tops = [*dict.fromkeys(differentiated(self.parameters)), *self._input_tops()]
        for name, value in zip(tops, returned, strict=False):
            found |= unnest(name, value, {leaf: self.leaves[leaf] for leaf in names}, who)
        return found

    def _input_tops(self) -> list[str]:
        wanted = differentiated(self.input_leaves)
        return [name for name in self.inputs if any(leaf == name or leaf.startswith(name + ".") for leaf in wanted)]

    def takes_cotangents(self, owner: _Returned) -> bool:
        """Never: the output is a loss."""
        return False

    def reset(self, owner: _Returned) -> None:
        """A function keeps nothing that we know of."""


def _owner_name(owner: Any) -> str:
    return f"the owner {getattr(owner, '__name__', type(owner).__name__)}"
