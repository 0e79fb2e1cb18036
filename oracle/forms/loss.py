"""One function that returns a loss and its gradients; parameters may live on a module, an object or a dictionary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oracle import paths
from oracle.forms.form import (
    LEFT_OUT,
    ContractError,
    Slots,
    SubjectError,
    by_name,
    check_rule,
    count_sentence,
    describe,
    differentiated,
    expect_function,
    fit_sizes,
    gather,
    holds_parts,
    leading,
    positional,
    short_name,
    unnest,
    wanted_below,
)
from oracle.forms.object import gradient_path, put, same_place
from oracle.inputs import Input, Spec, joined, nest, parse


class _Returned:
    """What the function returned in the forward, kept for the backward."""

    owner: Any = None
    gradients: Any = None
    arguments: Sequence[Any] = ()

    def __init__(self) -> None:
        self.before: list[tuple[str, Any, Any]] = []  # slots that were prepared: place, what stood there, its values


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
        expect_function("the function of a loss", function)
        self.function, self.inputs, self.parameters = function, positional(inputs, function), parse(dict(parameters))
        self.input_leaves = parse(self.inputs)
        self.leaves: dict[str, Input] = joined(self.parameters, self.input_leaves)
        self.arguments = [*self.parameters, *self.inputs]
        self.wanted = wanted_below(self.arguments, self.leaves)
        self.rule = gradients
        self.owner = owner if owner is not None else _module_of(function)
        self.code: tuple[Any, ...] = (function,) if owner is None or isinstance(owner, dict) else (function, owner)
        self.names = (f"the loss of {describe(function)}", f"the gradient in {describe(function)}")
        self._check_rule()

    def _check_rule(self) -> None:
        if isinstance(self.rule, str):
            check_rule(self.rule)
            paths.split(self.rule)
        elif self.rule is not None:
            leaves = differentiated(self.leaves)
            if missing := [leaf for leaf in leaves if not any(_within(leaf, name) for name in self.rule)]:
                raise SubjectError(f"gradients= says nothing of {missing[0]!r}; expected all of {', '.join(leaves)}")

    def begin(self, sizes: Mapping[str, int]) -> _Returned:
        """The owner as it is, with the sizes that a script keeps in globals set to this case's."""
        fit_sizes((*self.code, self.owner), sizes)
        state = _Returned()
        state.owner = self.owner
        return state

    def prepare(self, owner: _Returned, slots: Slots) -> None:
        """Prepare the gradient slots on the owner, as far as there are any before the loss is computed."""
        if not isinstance(self.rule, str | Mapping):
            return
        for name in differentiated(self.leaves):
            path = gradient_path(owner.owner, name, self.rule) if name in self._placed else ""
            if path and paths.has(owner.owner, path):
                present = paths.read(owner.owner, path)
                prepared = slots.prepare(name, present)
                if prepared is not present:
                    owner.before.append((path, present, present.copy() if hasattr(present, "copy") else present))
                    put(owner.owner, path, present, prepared)

    def finish(self, owner: _Returned) -> None:
        """Put back what stood in the gradient slots, in the arrays that stood there."""
        for path, present, before in reversed(owner.before):
            paths.write(owner.owner, path, present)
            if same_place(present, before):
                present[...] = before
        owner.before = []

    @property
    def _placed(self) -> Sequence[str]:
        """The leaves whose gradients the rule gives a place."""
        return list(self.rule) if isinstance(self.rule, Mapping) else differentiated(self.leaves)

    def forward(self, owner: _Returned, values: Mapping[str, Any]) -> Any:
        """The loss."""
        for name in self.parameters:
            if not paths.has(owner.owner, name) and name not in getattr(owner.owner, LEFT_OUT, ()):
                place = _owner_name(owner.owner)
                raise SubjectError(f"the parameter {name!r} is not on {place}; owner= says where it lives")
            paths.write(owner.owner, name, values[name])
        owner.arguments = [nest(spec, values, name) for name, spec in self.inputs.items()]
        returned = self.function(*owner.arguments)
        if isinstance(returned, tuple):
            loss, *rest = returned
            owner.gradients = rest[0] if len(rest) == 1 and isinstance(rest[0], Mapping | list | tuple) else tuple(rest)
        else:
            loss, owner.gradients = returned, ()
        return loss

    def backward(self, owner: _Returned, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients that the function returned with the loss, or left on the owner."""
        if isinstance(self.rule, Mapping) or (isinstance(self.rule, str) and len(paths.split(self.rule)) > 1):
            return self._from_places(owner, slots)
        if isinstance(self.rule, str) and not len(owner.gradients):
            return self._from_places(owner, slots)
        return self._from_returned(owner.gradients)

    def _from_places(self, owner: _Returned, slots: Slots) -> dict[str, Any]:
        assert isinstance(self.rule, str | Mapping)
        found = {}
        for name in differentiated(self.leaves):
            path = gradient_path(owner.owner, name, self.rule)
            try:
                found[name] = slots.read(name, paths.read(owner.owner, path))
            except paths.PathError as error:
                raise ContractError(f"{describe(self.function)} left no gradient for {name}: {error}") from None
        return found

    def _from_returned(self, returned: Any) -> dict[str, Any]:
        who = describe(self.function)
        if isinstance(self.rule, list | tuple):
            return self._listed(returned, self.rule, who)
        rule = self.rule if isinstance(self.rule, str) else None
        if hasattr(returned, "_fields") and by_name(returned._asdict(), self.wanted, rule) is not None:
            returned = returned._asdict()
        if isinstance(returned, Mapping):
            return gather(self._full_names(returned, rule), self.arguments, self.leaves, rule, who)
        alone = len(self.wanted) == 1 and holds_parts(returned, self.wanted[0], self.arguments, self.leaves, rule)
        if not alone and len(returned) < len(self.wanted):
            raise ContractError(
                f"{who} returned {count_sentence(len(returned), 'value')} after the loss; "
                f"expected {count_sentence(len(self.wanted), 'gradient')}: {', '.join(self.wanted)}"
            )
        gradients = returned if alone else leading(returned, self.wanted, self.arguments)
        return gather(gradients, self.arguments, self.leaves, rule, who)

    def _listed(self, returned: Any, names: Sequence[str], who: str) -> dict[str, Any]:
        """The gradients by a declared list of names for what follows the loss."""
        if len(names) == 1 and holds_parts(returned, names[0], self.arguments, self.leaves, None):
            returned = (returned,)
        if isinstance(returned, Mapping) or len(returned) < len(names):
            kind = "a mapping" if isinstance(returned, Mapping) else count_sentence(len(returned), "value")
            raise ContractError(f"{who} returned {kind} after the loss; gradients= names {len(names)}")
        found: dict[str, Any] = {}
        for name, value in zip(names, returned, strict=False):
            if wanted_below([name], self.leaves):
                found |= unnest(name, value, self.leaves, who)
        return found

    def _full_names(self, returned: Mapping[Any, Any], rule: str | None) -> Mapping[Any, Any]:
        """A mapping by the last steps of parameters' paths (`W` for `model["W"]`) as one by whole paths."""
        last = {name: paths.split(name)[-1] for name in self.wanted}
        if by_name(returned, self.wanted, rule) is not None or len(set(last.values())) < len(last):
            return returned
        found = by_name(returned, list(last.values()), rule)
        return returned if found is None else {name: found[last[name]] for name in self.wanted}

    def takes_cotangents(self, owner: _Returned) -> bool:
        """Never: the output is a loss."""
        return False

    def reset(self, owner: _Returned) -> None:
        """A function keeps nothing that we know of."""


def _within(leaf: str, name: str) -> bool:
    """Whether a leaf is what a name means, or a part of it."""
    return leaf == name or leaf.startswith(f"{name}.")


def _module_of(function: Any) -> Any:
    """The module of a function, or of the function in a partial one."""
    return sys.modules.get(getattr(getattr(function, "func", function), "__module__", None) or "")


def _owner_name(owner: Any) -> str:
    return f"the owner {short_name(getattr(owner, '__name__', type(owner).__name__))}"
