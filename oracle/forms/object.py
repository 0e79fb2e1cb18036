"""An object with a forward and a backward, whose parameters and gradients live at places that have names."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle import paths
from oracle.forms import advice
from oracle.forms.form import (
    ContractError,
    Slots,
    SubjectError,
    check_rule,
    count_sentence,
    describe,
    differentiated,
    expect_function,
    fit_sizes,
    gather,
    takes,
    takes_size,
)
from oracle.inputs import Input, Spec, joined, nest, parse
from oracle.shapes import Shape

LEARNING_RATES = ("lr", "learning_rate", "alpha", "eta", "step_size", "rate")
UPDATE = "update"


@dataclass
class _Used:
    """An object of the user's, and what its last forward returned."""

    target: Any
    sizes: Mapping[str, int] = field(default_factory=dict)
    arguments: list[Any] = field(default_factory=list)  # of its last forward
    outputs: tuple[Any, ...] = ()
    separately: bool = False  # whether the outputs are several, so that their cotangents are several arguments


def gradient_path(root: Any, parameter: str, rule: str | Mapping[str, str]) -> str:
    """Where the gradient of `parameter` stands by the rule: beside it, or as near above it as there is such a place."""
    if not isinstance(rule, str):
        return rule[parameter]
    *owners, last = paths.split(parameter)
    named = [step.format(last) for step in paths.split(rule)]
    nearest_first = [paths.join([*owners[:depth], *named]) for depth in range(len(owners), -1, -1)]
    unless_found = nearest_first[-1] if len(named) > 1 else nearest_first[0]
    return next((path for path in nearest_first if paths.has(root, path)), unless_found)


def same_place(present: Any, value: Any) -> bool:
    """Whether `value` can be written into the array `present`, so that other names of that array see it too."""
    if type(present) is not type(value) or not hasattr(present, "shape"):
        return False
    flags = getattr(present, "flags", None)
    writeable = flags is None or getattr(flags, "writeable", True)
    return bool(present.shape and present.shape == value.shape and present.dtype == value.dtype and writeable)


def put(root: Any, path: str, present: Any, value: Any) -> bool:
    """Put `value` in the place of `present`, into the array itself if that can be done; whether it was."""
    if same_place(present, value):
        with contextlib.suppress(TypeError):  # JAX's arrays cannot be written into
            present[...] = value
            if _one_memory(paths.read(root, path), present):
                return True
    paths.write(root, path, value)
    return False


def _one_memory(a: Any, b: Any) -> bool:
    """Whether two arrays are the same memory, or views of it: a property may hand out a copy each time."""
    if a is b:
        return True
    return bool(np.may_share_memory(getattr(a, "raw", a), getattr(b, "raw", b)))


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
        expect_function("make", make, "a class, or a function that gives a fresh object each time")
        self.make, self.forward_name, self.backward_name = make, forward, backward
        self.inputs = advice.as_dict("inputs", inputs, '{"x": "B D"}')
        self.parameters = parse(advice.as_dict("parameters", parameters, '{"W": "D H"}'))
        self.input_leaves = parse(self.inputs)
        self.leaves: dict[str, Input] = joined(self.parameters, self.input_leaves)
        self.outputs = None if outputs is None else {path: Shape.parse(spec) for path, spec in outputs.items()}
        self.rule, self.input_gradients = gradients, input_gradients
        self.reset_hook, self.update = reset, update
        self.code: tuple[Any, ...] = (make, *filter(callable, (forward, backward, reset, update)))
        self.names = (self._title(forward), self._title(backward))
        self.moved = False  # whether any parameter was ever seen to change where gradients are read off a step
        self._check_rules()

    def _title(self, name: str | Callable[..., Any]) -> str:
        return describe(name) if callable(name) else f"{describe(self.make)}.{name}"

    def _check_rules(self) -> None:
        wanted = differentiated(self.parameters)
        if isinstance(self.rule, str):
            if self.rule != UPDATE and wanted:
                self._check_naming(self.rule)
        elif missing := [name for name in wanted if name not in self.rule]:
            raise SubjectError(f"gradients= says nothing of the parameter {missing[0]!r}")
        if self.input_gradients is None:
            return
        inputs = differentiated(self.input_leaves)
        if missing := [name for name in inputs if name not in self.input_gradients]:
            raise SubjectError(
                f"input_gradients= says nothing of the input {missing[0]!r}; "
                "declare it with oracle.reals(..., differentiated=False) if it has no gradient"
            )
        if unknown := [name for name in self.input_gradients if name not in inputs]:
            raise SubjectError(
                f"input_gradients= names {unknown[0]!r}; expected some of {', '.join(inputs) or '(none)'}"
            )

    @staticmethod
    def _check_naming(rule: str) -> None:
        check_rule(rule)
        paths.split(rule)
        if rule.format("W") == "W":
            raise SubjectError(
                f"gradients={rule!r} is the place of the parameter itself; "
                'expected a rule such as "d{}", or "update" if the backward takes a step'
            )

    def begin(self, sizes: Mapping[str, int]) -> _Used:
        """A fresh object."""
        fit_sizes(self.code, sizes)
        return _Used(self.make(**self._wanted(sizes)), dict(sizes))

    def _wanted(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Those sizes that `make` takes."""
        try:
            expected = inspect.signature(self.make).parameters.values()
        except (TypeError, ValueError):
            return dict(sizes)
        if any(one.kind is one.VAR_KEYWORD for one in expected):
            return dict(sizes)
        optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        for one in expected:
            if one.name not in sizes and one.default is one.empty and one.kind not in optional:
                known = ", ".join(sizes) or "(none)"
                raise SubjectError(
                    f"{describe(self.make)} needs {one.name!r}, which is no size; the sizes are {known}. "
                    "Pass a function of the sizes that makes the object"
                )
        return {one.name: sizes[one.name] for one in expected if one.name in sizes}

    def lasting(self, sizes: Iterable[str]) -> set[str]:
        """The sizes that an object has for good: those that it is made of, and those of its parameters."""
        of_parameters = {name for spec in self.parameters.values() for name in spec.names}
        return {size for size in sizes if size in of_parameters or takes_size(self, size)}

    def forward(self, owner: _Used, values: Mapping[str, Any]) -> Any:
        """What the forward returns, or what stands at the places named in `outputs`."""
        written: list[tuple[str, Any]] = []
        for name in self.parameters:
            self._write(owner.target, name, values[name], written)
        owner.arguments = [nest(spec, values, name) for name, spec in self.inputs.items()]
        returned = self._call(owner.target, self.forward_name, owner.arguments)
        if self.outputs is not None:
            outputs = {path: self._output(owner, path, shape) for path, shape in self.outputs.items()}
            owner.outputs, owner.separately = tuple(outputs.values()), True
            return outputs
        if returned is None:
            raise ContractError(f"{self._name(owner, self.forward_name)} returned None; name its outputs with outputs=")
        owner.separately = isinstance(returned, tuple)
        owner.outputs = returned if isinstance(returned, tuple) else (returned,)
        return returned

    @staticmethod
    def _output(owner: _Used, path: str, shape: Shape) -> Any:
        """What stands at the place of an output; in the shape that its spec says, where it has one."""
        try:
            value, expected = paths.read(owner.target, path), shape.concrete(owner.sizes)
        except paths.PathError as error:
            raise SubjectError(f"the output {path!r} is not on the object after the forward: {error}") from error
        if (found := getattr(value, "shape", expected)) != expected:
            raise SubjectError(f"the output {path!r} has shape {found} on the object, but its spec gives {expected}")
        return value

    def _write(self, target: Any, name: str, value: Any, written: list[tuple[str, Any]]) -> None:
        if not paths.has(target, name):
            raise SubjectError(f"the parameter {name!r} is not on the object: {self._missing(target, name)}")
        present = paths.read(target, name)
        if hasattr(present, "shape") and hasattr(value, "shape") and present.shape != value.shape:
            raise SubjectError(
                f"the parameter {name!r} has shape {present.shape} on the object, but its spec gives {value.shape}"
            )
        if twins := [other for other, place in written if place is present]:
            raise SubjectError(f"the parameters {twins[0]!r} and {name!r} are one array on the object; name one")
        if put(target, name, present, value):
            written.append((name, present))

    @staticmethod
    def _missing(target: Any, name: str) -> str:
        try:
            paths.read(target, name)
        except paths.PathError as error:
            return str(error)
        return ""

    def backward(self, owner: _Used, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients of the parameters from their places, and of the inputs from what the backward returned."""
        several = cotangents.values() if self.outputs is not None else cotangents
        arguments = list(several) if owner.separately else [cotangents]
        arguments = arguments if self.takes_cotangents(owner) else []
        if self.rule == UPDATE:
            before = {name: _copy(paths.read(owner.target, name)) for name in self.parameters}
            returned = self._updated(owner, arguments)
            found = {name: before[name] - paths.read(owner.target, name) for name in before}
            self.moved |= any(isinstance(gap, np.ndarray | np.floating) and bool(gap.any()) for gap in found.values())
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
                if prepared is not present:
                    self._put_slot(owner.target, name, path, present, prepared)

    @staticmethod
    def _put_slot(target: Any, name: str, path: str, present: Any, prepared: Any) -> None:
        """Put the prepared value where the backward is to leave a gradient."""
        try:
            put(target, path, present, prepared)
        except paths.PathError as error:
            raise SubjectError(
                f"the gradient of {name!r} cannot be prepared, so nothing would show that the backward computes it: "
                f"{error}; give the place a setter, or say with gradients= where the values are kept"
            ) from None

    def _read(self, owner: _Used, slots: Slots) -> dict[str, Any]:
        found = {}
        for name in differentiated(self.parameters):
            path = gradient_path(owner.target, name, self.rule)
            if not paths.has(owner.target, path):
                who = self._name(owner, self.backward_name)
                where = self._missing(owner.target, path) + advice.there(owner.target, self.rule)
                raise ContractError(f"{who} left no gradient for {name}: {where}")
            found[name] = slots.read(name, paths.read(owner.target, path))
        return found

    def _of_inputs(self, owner: _Used, returned: Any) -> dict[str, Any]:
        wanted = differentiated(self.input_leaves)
        if not wanted:
            return {}
        who = self._name(owner, self.backward_name)
        if self.input_gradients is None:
            return gather(advice.returned(returned, wanted, who), list(self.inputs), self.input_leaves, None, who)
        found = {}
        for name in wanted:
            path = self.input_gradients[name]
            if not paths.has(owner.target, path):
                raise ContractError(f"{who} left no gradient for {name}: {self._missing(owner.target, path)}")
            found[name] = paths.read(owner.target, path)
        return found

    def takes_cotangents(self, owner: _Used) -> bool:
        """Whether the backward takes cotangents; otherwise the one output is a loss, whose cotangent is 1."""
        function, extra = self._function(owner.target, self.backward_name)
        rate = self._rate(function, self.backward_name)
        return takes(function, len(owner.outputs) + extra, rate) or not takes(function, extra, rate)

    def _call(self, target: Any, name: str | Callable[..., Any], arguments: list[Any]) -> Any:
        function, extra = self._function(target, name)
        given, rate = [target, *arguments] if extra else arguments, self._rate(function, name)
        if not takes(function, len(given), rate):
            raise ContractError(
                f"{describe(function)} does not take {count_sentence(len(arguments), 'argument')}; "
                f"it is {_signature(function)}"
            )
        return function(*given, **rate)

    def _rate(self, function: Callable[..., Any], name: str | Callable[..., Any]) -> dict[str, float]:
        """The keyword that sets the learning rate to 1 where a step is taken; empty where there is none."""
        if self.rule != UPDATE or name not in (self.backward_name, self.update):
            return {}
        return dict.fromkeys(_learning_rate(function), 1.0)

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


def _learning_rate(function: Callable[..., Any]) -> list[str]:
    """The name of the parameter that is a learning rate, if the function has one."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return []
    return [name for name in LEARNING_RATES if name in parameters][:1]
