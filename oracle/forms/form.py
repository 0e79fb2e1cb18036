"""What every form can do, and the errors of code that does not keep to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from oracle.inputs import Input


class ContractError(Exception):
    """The code under test ran, but what it returned or left behind is not what a backward leaves behind."""


class SubjectError(ValueError):
    """The adapter and the code under test do not fit together: a parameter that is not there, say."""


class Slots(Protocol):
    """How gradient slots are prepared before a backward, and what is read from them afterwards."""

    def prepare(self, name: str, present: Any) -> Any:
        """What to put into the slot of the gradient `name`, which now holds `present`."""

    def read(self, name: str, value: Any) -> Any:
        """The gradient, given what the backward left in the slot."""


class Form(Protocol):
    """A hand-written forward and backward, whatever they look like."""

    code: tuple[Any, ...]  # the functions, classes and modules under test
    names: tuple[str, str]  # how forward and backward are called in messages

    def begin(self, sizes: Mapping[str, int]) -> Any:
        """A fresh owner of state: an object, a module, or nothing."""

    def forward(self, owner: Any, values: Mapping[str, Any]) -> Any:
        """The outputs, nested as the code returns them."""

    def backward(self, owner: Any, cotangents: Any, slots: Slots) -> dict[str, Any]:
        """The gradients by leaf name, for cotangents nested like the outputs."""

    def takes_cotangents(self, owner: Any) -> bool:
        """Whether the backward takes cotangents; otherwise the one output is a loss, whose cotangent is 1."""

    def reset(self, owner: Any) -> None:
        """Make a used owner ready for the next sequence, where the code has such a function."""


def describe(function: Any) -> str:
    """How the code under test is called in messages: `lstm_ref.layer.backward`."""
    inner = getattr(function, "func", function)
    name = getattr(inner, "__qualname__", getattr(inner, "__name__", repr(inner)))
    module = getattr(inner, "__module__", None)
    return f"{module}.{name}" if module not in (None, "builtins", "__main__") else str(name)


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether `function` can be called with `count` positional arguments; True if that cannot be known."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def count_sentence(count: int, noun: str) -> str:
    """`1 gradient`, `2 gradients`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def differentiated(inputs: Mapping[str, Input]) -> list[str]:
    """The names of those inputs for which a gradient is expected."""
    return [name for name, spec in inputs.items() if spec.kind == "real" and spec.differentiated]


GRADIENT_RULES = ("{}", "d{}", "d_{}", "{}_bar", "{}_diff", "{}_grad", "grad_{}", "g{}", "D{}", "delta_{}", "{}_d")


def by_name(found: Mapping[str, Any], names: Sequence[str], rule: str | None) -> dict[str, Any] | None:
    """Gradients picked from a mapping by one naming rule for all; None if no rule fits."""
    rules = (rule,) if rule is not None else GRADIENT_RULES
    for pattern in rules:
        keys = [pattern.format(name) for name in names]
        if all(key in found for key in keys):
            return {name: found[key] for name, key in zip(names, keys, strict=True)}
    return None


def match(returned: Any, names: Sequence[str], every: Sequence[str], rule: str | None, who: str) -> dict[str, Any]:
    """The gradients in what a backward returned: a mapping, a named tuple, a sequence in input order, or one array.

    `names` are the arguments with a gradient, `every` all arguments: a sequence may hold None for the others.
    """
    expected = f"{count_sentence(len(names), 'gradient')}: {', '.join(names)}"
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        picked = by_name(returned._asdict()  # type: ignore[attr-defined], names, rule)
        returned = picked if picked is not None else tuple(returned)
    if isinstance(returned, Mapping):
        picked = by_name(returned, names, rule)
        if picked is None:
            keys = ", ".join(map(str, returned)) or "nothing"
            raise ContractError(f"{who} returned a mapping with {keys}; expected {expected}")
        return picked
    if isinstance(returned, list | tuple):
        if len(returned) == len(names):
            return dict(zip(names, returned, strict=True))
        if len(returned) == len(every):
            return {name: value for name, value in zip(every, returned, strict=True) if name in names}
        raise ContractError(f"{who} returned {count_sentence(len(returned), 'value')}; expected {expected}")
    if returned is None:
        raise ContractError(f"{who} returned None; expected {expected}")
    if len(names) != 1:
        raise ContractError(f"{who} returned one {type(returned).__name__}; expected {expected}")
    return {names[0]: returned}


def unnest(path: str, value: Any, leaves: Mapping[str, Input], who: str) -> dict[str, Any]:
    """The gradient of one argument, flattened like the argument itself: `params` gives `params.W`, `params.b`."""
    if path in leaves:
        return {path: value}
    below = list(dict.fromkeys(leaf[len(path) + 1 :].split(".")[0] for leaf in leaves if leaf.startswith(path + ".")))
    picked = match(value, below, below, None, f"{who}, in the gradient of {path},")
    found: dict[str, Any] = {}
    for name, part in picked.items():
        found |= unnest(f"{path}.{name}", part, leaves, who)
    return found
