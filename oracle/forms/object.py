"""An object with a forward and a backward, whose parameters and gradients live at places that have names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from oracle.inputs import Input, Spec, nest, parse

LEARNING_RATES = ("lr", "learning_rate", "alpha", "eta", "step_size", "rate")
UPDATE = "update"


@dataclass
class _Used:
    """An object of the user's, and what its last forward returned."""

    target: Any
    outputs: tuple[Any, ...] = ()


def gradient_path(root: Any, parameter: str, rule: str | Mapping[str, str]) -> str:
    """Where the gradient of `parameter` stands: beside it by the rule, or below the object if the rule is a path."""
    if not isinstance(rule, str):
        return rule[parameter]
    *owners, last = paths.split(parameter)
    named = rule.format(last)
    beside = ".".join([*owners, named])
    candidates = (named, ".".join([*owners[:-1], named]), beside) if len(paths.split(rule)) > 1 else (beside, named)
    return next((path for path in candidates if paths.has(root, path)), candidates[0])


def same_place(present: Any, value: Any) -> bool:
    """Whether `value` can be written into the array `present`, so that other names of that array see it too."""
    if type(present) is not type(value) or not hasattr(present, "shape"):
        return False
    flags = getattr(present, "flags", None)
    writeable = flags is None or getattr(flags, "writeable", True)
    return bool(present.shape and present.shape == value.shape and present.dtype == value.dtype and writeable)


class ObjectForm:
    """`make(**sizes)` gives a fresh object; parameters are written by path before each forward."""

    def __init__(
        self,
        make: Callable[..., Any],
        forward: str | Callable[..., Any],
        backward: str | Callable[..., Any],
        inputs: Mapping[str, Spec],
        parameters: Mapping[str, Spec],
        outputs: Mapping[str, str] | None,
        gradients: str | Mapping[str, str],
        input_gradients: Mapping[str, str] | None,
        reset: str | Callable[[Any], Any] | None,
        update: str | Callable[[Any], Any] | None = None,
    ) -> None:
        self.make, self.forward_name, self.backward_name = make, forward, backward
        self.inputs, self.parameters = dict(inputs), parse(dict(parameters))
        self.input_leaves = parse(self.inputs)
        self.leaves: dict[str, Input] = {**self.parameters, **self.input_leaves}
        self.outputs, self.rule, self.input_gradients = outputs, gradients, input_gradients
        self.reset_hook, self.update = reset, update
        functions = (forward, backward, reset, update)
        self.code: tuple[Any, ...] = (make, *(function for function in functions if callable(function)))
        self.names = (self._title(forward), self._title(backward))
        self._check_rule()

    def _title(self, name: str | Callable[..., Any]) -> str:
        return describe(name) if callable(name) else f"{describe(self.make)}.{name}"

    def _check_rule(self) -> None:
        if isinstance(self.rule, str) and self.rule != UPDATE and "{}" not in self.rule:
            raise SubjectError(
                f'gradients={self.rule!r} names no parameter; expected a rule such as "d{{}}" or "{{}}_diff"'
            )
        if not isinstance(self.rule, str) and (missing := [name for name in self.parameters if name not in self.rule]):
            raise SubjectError(f"gradients= says nothing of the parameter {missing[0]!r}")

    def begin(self, sizes: Mapping[str, int]) -> _Used:
        """A fresh object."""
        wanted = dict(sizes)
        try:
            signature = inspect.signature(self.make)
        except (TypeError, ValueError):
            return _Used(self.make(**wanted))
        if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            wanted = {name: size for name, size in wanted.items() if name in signature.parameters}
        return _Used(self.make(**wanted))

    def forward(self, owner: _Used, values: Mapping[str, Any]) -> Any:
        """What the forward returns, or what stands at the places named in `outputs`."""
        for name in self.parameters:
            self._write(owner.target, name, values[name])
        arguments = [nest(spec, values, name) for name, spec in self.inputs.items()]
        returned = self._call(owner.target, self.forward_name, arguments)
        if self.outputs is not None:
            outputs = {path: paths.read(owner.target, path) for path in self.outputs}
            owner.outputs = tuple(outputs.values())
            return outputs
        if returned is None:
            raise ContractError(f"{self._name(owner, self.forward_name)} returned None; name its outputs with outputs=")
        owner.outputs = returned if isinstance(returned, tuple) else (returned,)
        return returned

    def _write(self, target: Any, name: str, value: Any) -> None:
        if not paths.has(target, name):
            raise SubjectError(f"the parameter {name!r} is not on the object: {self._missing(target, name)}")
        present = paths.read(target, name)
        if hasattr(present, "shape") and hasattr(value, "shape") and present.shape != value.shape:
            raise SubjectError(
                f"the parameter {name!r} has shape {present.shape} on the object, but its spec gives {value.shape}"
            )
        if same_place(present, value):
            present[...] = value
        else:
            paths.write(target, name, value)

    @staticmethod
    def _missing(target: Any, name: str) -> str:
        try:
            paths.read(target, name)
        except paths.PathError as error:
            return str(error)
        return ""

    def backward(self, owner: _Used, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients of the parameters from their places, and of the inputs from what the backward returned."""
        listed = list(cotangents.values()) if self.outputs is not None else cotangents
        arguments = list(listed) if isinstance(listed, list | tuple) and len(owner.outputs) != 1 else [cotangents]
        if self.outputs is not None:
            arguments = list(listed)
        arguments = arguments if self.takes_cotangents(owner) else []
        if self.rule == UPDATE:
            before = {name: _copy(paths.read(owner.target, name)) for name in self.parameters}
            returned = self._updated(owner, arguments)
            found = {name: before[name] - paths.read(owner.target, name) for name in before}
        else:
            self._prepare(owner, slots)
            returned = self._call(owner.target, self.backward_name, arguments)
            found = self._read(owner, slots)
        return found | self._of_inputs(owner, returned)

    def _updated(self, owner: _Used, arguments: list[Any]) -> Any:
        returned = self._call(owner.target, self.backward_name, arguments)
        if self.update is not None:
            self._call(owner.target, self.update, [])
        return returned

    def _prepare(self, owner: _Used, slots: Slots) -> None:
        for name in differentiated(self.parameters):
            path = gradient_path(owner.target, name, self.rule)
            if paths.has(owner.target, path):
                present = paths.read(owner.target, path)
                prepared = slots.prepare(name, present)
                if same_place(present, prepared):
                    present[...] = prepared
                elif prepared is not present:
                    paths.write(owner.target, path, prepared)

    def _read(self, owner: _Used, slots: Slots) -> dict[str, Any]:
        found = {}
        for name in differentiated(self.parameters):
            path = gradient_path(owner.target, name, self.rule)
            if not paths.has(owner.target, path):
                who = self._name(owner, self.backward_name)
                raise ContractError(f"{who} left no gradient for {name}: {self._missing(owner.target, path)}")
            found[name] = slots.read(name, paths.read(owner.target, path))
        return found

    def _of_inputs(self, owner: _Used, returned: Any) -> dict[str, Any]:
        wanted = differentiated(self.input_leaves)
        if not wanted:
            return {}
        if self.input_gradients is not None:
            given = self.input_gradients
            return {name: paths.read(owner.target, given[name]) for name in wanted if name in given}
        who = self._name(owner, self.backward_name)
        names = [name for name in self.inputs if any(leaf == name or leaf.startswith(name + ".") for leaf in wanted)]
        found: dict[str, Any] = {}
        for name, value in match(returned, names, list(self.inputs), None, who).items():
            found |= unnest(name, value, {leaf: self.input_leaves[leaf] for leaf in wanted}, who)
        return found

    def takes_cotangents(self, owner: _Used) -> bool:
        """Whether the backward takes cotangents; otherwise the one output is a loss, whose cotangent is 1."""
        function, extra = self._function(owner.target, self.backward_name)
        return takes(function, len(owner.outputs) + extra) or not takes(function, extra)

    def _call(self, target: Any, name: str | Callable[..., Any], arguments: list[Any]) -> Any:
        function, extra = self._function(target, name)
        given = [target, *arguments] if extra else arguments
        if not takes(function, len(given)):
            raise ContractError(
                f"{describe(function)} does not take {count_sentence(len(arguments), 'argument')}; "
                f"it is {_signature(function)}"
            )
        rate = _learning_rate(function) if self.rule == UPDATE and name in (self.backward_name, self.update) else None
        return function(*given, **({rate: 1.0} if rate else {}))

    def _function(self, target: Any, name: str | Callable[..., Any]) -> tuple[Callable[..., Any], int]:
        """The function to call, and 1 if it wants the object as its first argument."""
        if callable(name):
            return name, 1
        try:
            return paths.read(target, name), 0
        except paths.PathError as error:
            raise SubjectError(f"the object has no method {name!r}: {error}") from None

    def _name(self, owner: _Used, name: str | Callable[..., Any]) -> str:
        return describe(self._function(owner.target, name)[0])

    def reset(self, owner: _Used) -> None:
        """Call the reset hook, if there is one."""
        if self.reset_hook is not None:
            self._call(owner.target, self.reset_hook, [])


def _copy(value: Any) -> Any:
    return value.copy() if hasattr(value, "copy") else value


def _signature(function: Callable[..., Any]) -> str:
    try:
        return f"{getattr(function, '__name__', 'it')}{inspect.signature(function)}"
    except (TypeError, ValueError):
        return "of unknown signature"


def _learning_rate(function: Callable[..., Any]) -> str | None:
    """The name of the parameter that is a learning rate, if the function has one."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    return next((name for name in LEARNING_RATES if name in parameters), None)
