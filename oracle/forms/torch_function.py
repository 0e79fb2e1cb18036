"""A `torch.autograd.Function`: its own forward and backward, on tensors that share the memory of our arrays.

torch is imported when such a subject is made, not before. Tensors live on the CPU; so what a Function writes into its
inputs or cotangents is seen. Nothing of torch computes in balls: these subjects are judged in floats.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from oracle.forms.form import ContractError, Slots, SubjectError, describe, differentiated, fit_sizes
from oracle.inputs import Spec, nest, parse
from oracle.trees import flatten


def import_torch() -> Any:
    """The module torch.

    Raises
    ------
    ImportError
        If it cannot be imported, with what to do.
    """
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise ImportError(
            "Subject.from_torch needs torch, which cannot be imported; "
            "install it with `pip install 'gradient-oracle[torch]'`"
        ) from error


class _Memory:
    """The tensors of one evaluation: inputs that get a gradient, and outputs with the function that nests them."""

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}


class TorchForm:
    """`Function.apply(*inputs)`, and its gradients by `torch.autograd.grad` with the given cotangents."""

    def __init__(self, function: Any, inputs: Mapping[str, Spec]) -> None:
        self.torch = import_torch()
        if not (isinstance(function, type) and issubclass(function, self.torch.autograd.Function)):
            raise SubjectError(f"{function!r} is no subclass of torch.autograd.Function; pass the class itself")
        self.function: Any = function
        self.inputs = dict(inputs)
        self.leaves = parse(self.inputs)
        if nested := [name for name in self.inputs if name not in self.leaves]:
            raise SubjectError(
                f"the input {nested[0]!r} is nested, but torch differentiates only tensors that are arguments"
            )
        self.code = _written(function)
        self.names = (f"{describe(function)}.forward", f"{describe(function)}.backward")
        self.leaves_balls = f"torch computes in tensors of its own, at {_place(function)}"

    def begin(self, sizes: Mapping[str, int]) -> _Memory:
        """A fresh memory for one evaluation."""
        fit_sizes(self.code, sizes)
        return _Memory()

    def forward(self, owner: _Memory, values: Mapping[str, Any]) -> Any:
        """The outputs as arrays, nested as the Function returns them."""
        tensors = {name: self._tensor(values[name]) for name in self.inputs}
        owner.inputs = {name: tensors[name].requires_grad_() for name in differentiated(self.leaves)}
        returned = self.function.apply(*[nest(spec, tensors, name) for name, spec in self.inputs.items()])
        owner.outputs, rebuild = flatten(returned)
        if not owner.outputs:
            raise ContractError(f"{self.names[0]} returned no output; expected a tensor or a tuple of tensors")
        return rebuild({name: _array(tensor) for name, tensor in owner.outputs.items()})

    def backward(self, owner: _Memory, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients that the Function's own backward returned, copied: torch may hand the cotangent on."""
        given, _ = flatten(cotangents)
        tracked = {name: tensor for name, tensor in owner.outputs.items() if getattr(tensor, "requires_grad", False)}
        if not tracked:
            raise ContractError(f"no output of {self.names[0]} depends on an input, as far as torch knows")
        bars = [self._tensor(given[name]).to(tensor.dtype) for name, tensor in tracked.items()]
        found = self.torch.autograd.grad(
            list(tracked.values()), list(owner.inputs.values()), grad_outputs=bars, allow_unused=True
        )
        gradients = dict(zip(owner.inputs, found, strict=True))
        if missing := [name for name, gradient in gradients.items() if gradient is None]:
            raise ContractError(
                f"{self.names[1]} returned None for {missing[0]}; "
                "if that is meant, declare the input with differentiated=False"
            )
        return {name: _array(gradient).copy() for name, gradient in gradients.items()}

    def takes_cotangents(self, owner: _Memory) -> bool:
        """Always."""
        return True

    def reset(self, owner: _Memory) -> None:
        """A Function keeps nothing of its own."""

    def _tensor(self, value: Any) -> Any:
        """A tensor on the memory of an array; balls refuse, and what is no number stays what it is."""
        if isinstance(value, np.ndarray) or not hasattr(value, "dtype"):
            return self.torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        return self.torch.from_numpy(np.array(np.asarray(value)))


def _array(value: Any) -> Any:
    """The array on a tensor's memory; anything else as it is."""
    return value.detach().resolve_conj().numpy() if hasattr(value, "detach") else value


def _written(function: Any) -> tuple[Any, ...]:
    """The functions that the user wrote in the class and its bases; torch's own are not under test."""
    kinds = [kind for kind in function.__mro__ if kind.__module__.partition(".")[0] not in ("torch", "builtins")]
    names = ("forward", "setup_context", "backward")
    return tuple(getattr(kind, name) for kind in kinds for name in names if name in vars(kind))


def _place(function: Any) -> str:
    """File, line and text of the Function's forward."""
    forward: Callable[..., Any] = function.forward
    try:
        lines, first = inspect.getsourcelines(forward)
    except (OSError, TypeError):
        return describe(forward)
    offset = next((k for k, line in enumerate(lines) if line.lstrip().startswith("def ")), 0)
    return f"{inspect.getsourcefile(forward)}:{first + offset}: {lines[offset].strip()}"
