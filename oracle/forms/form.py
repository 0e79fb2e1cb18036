"""What every form can do, and the errors of code that does not keep to it."""

from __future__ import annotations

import inspect
import re
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any, Protocol

from oracle.inputs import Input

SIZES = "__oracle_sizes__"  # set by load_definitions: which globals of the script are sizes
LEFT_OUT = "__oracle_left_out__"  # set by load_definitions: globals of the script whose values were not computed
_FILE_MODULE = re.compile(r"_[0-9a-f]{16}$")  # the end of the names of modules that were loaded by path


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
    module = short_name(getattr(inner, "__module__", None) or "builtins")
    return f"{module}.{name}" if module not in ("builtins", "__main__") else str(name)


def short_name(module: str) -> str:
    """The name of a module; of one that was loaded by path, the name of its file."""
    return _FILE_MODULE.sub("", module)


def takes(function: Callable[..., Any], count: int, keywords: Iterable[str] = ()) -> bool:
    """Whether `function` can be called with `count` positional arguments, beside these keywords.

    True if that cannot be known.
    """
    try:
        signature = _signature(function)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*[None] * count, **dict.fromkeys(keywords))
    except TypeError:
        return False
    return True


_signatures: weakref.WeakKeyDictionary[FunctionType, tuple[Any, Any, inspect.Signature]] = weakref.WeakKeyDictionary()


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a callable; of a plain function remembered for as long as its code and defaults stay."""
    if not isinstance(function, FunctionType) or function.__dict__ or function.__kwdefaults__:
        return inspect.signature(function)
    code, defaults = function.__code__, function.__defaults__
    known = _signatures.get(function)
    if known is None or known[0] is not code or known[1] is not defaults:
        known = _signatures[function] = code, defaults, inspect.signature(function)
    return known[2]


def expect_function(what: str, value: Any, hint: str = "a function") -> None:
    """Refuse what cannot be called where a function is expected."""
    if not callable(value):
        raise SubjectError(f"{what} is of type {type(value).__name__}; expected {hint}")


def positional(inputs: Any, function: Callable[..., Any]) -> dict[str, Any]:
    """`inputs=` as a dictionary, refused unless it can name the positional arguments of `function` in order."""
    who = describe(function)
    if not isinstance(inputs, Mapping):
        raise SubjectError(
            f"inputs= is of type {type(inputs).__name__}; expected a dictionary of the arguments of {who}, "
            'such as {"x": "B D", "w": "D H"}'
        )
    names = list(inputs)
    if not takes(function, len(names)):
        given = f"does not take the {count_sentence(len(names), 'input')} {', '.join(names)}"
        raise SubjectError(
            f"{who} {given if names else 'takes inputs'}; inputs= names its positional arguments in order"
        )
    try:
        own = [name for name, one in inspect.signature(function).parameters.items() if one.kind is not one.KEYWORD_ONLY]
    except (TypeError, ValueError):
        return dict(inputs)
    if set(names) <= set(own) and names != own[: len(names)]:
        raise SubjectError(
            f"inputs= names {', '.join(names)}, but {who} takes {', '.join(own)}; "
            "inputs= names its positional arguments in order"
        )
    return dict(inputs)


def takes_size(form: Any, size: str) -> bool:
    """Whether a size that no input has reaches the code under test: by `make`, or by a global of a script."""
    for one in form.code:
        module = one if isinstance(one, ModuleType) else sys.modules.get(getattr(one, "__module__", None) or "")
        if size in getattr(module, SIZES, {}).values():
            return True
    try:
        expected = inspect.signature(form.make).parameters if hasattr(form, "make") else {}
    except (TypeError, ValueError):
        return True
    return size in expected or any(one.kind is one.VAR_KEYWORD for one in expected.values())


def fit_sizes(code: Iterable[Any], sizes: Mapping[str, int]) -> None:
    """Set the globals that hold sizes in scripts among the modules of `code` to these sizes."""
    for one in code:
        module = one if isinstance(one, ModuleType) else sys.modules.get(getattr(one, "__module__", None) or "")
        for name, size in getattr(module, SIZES, {}).items():
            if size not in sizes:
                known = ", ".join(sizes) or "(none)"
                raise SubjectError(f"load_definitions was told that {name} is the size {size!r}; the sizes are {known}")
            setattr(module, name, sizes[size])


def count_sentence(count: int, noun: str) -> str:
    """`1 gradient`, `2 gradients`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def differentiated(inputs: Mapping[str, Input]) -> list[str]:
    """The names of those inputs for which a gradient is expected."""
    return [name for name, spec in inputs.items() if spec.kind == "real" and spec.differentiated]


GRADIENT_RULES = ("{}", "d{}", "d_{}", "{}_bar", "{}_diff", "{}_grad", "grad_{}", "g{}", "D{}", "delta_{}", "{}_d")


def check_rule(rule: str) -> None:
    """Refuse a rule that does not give different names to the gradients of different inputs."""
    try:
        apart = rule.format("a") != rule.format("b")
    except (LookupError, ValueError):
        apart = False
    if not apart:
        raise SubjectError(
            f"gradients={rule!r} has no place for a name; "
            'expected a rule with {} in it, such as "d{}" or "{}_diff"'
        )


def by_name(found: Mapping[Any, Any], names: Sequence[str], rule: str | None) -> dict[str, Any] | None:
    """Gradients picked from a mapping by one naming rule for all; None if no rule fits.

    Two rules may fit if they pick the same objects; otherwise nobody but the author knows which one is meant.
    """
    if not names:
        return {}
    keyed = {str(key): value for key, value in found.items()}
    picked: dict[str, dict[str, Any]] = {}
    for pattern in (rule,) if rule is not None else GRADIENT_RULES:
        keys = [pattern.format(name) for name in names]
        if all(key in keyed for key in keys):
            picked[pattern] = {name: keyed[key] for name, key in zip(names, keys, strict=True)}
    patterns = list(picked)
    for other in patterns[1:]:
        if any(picked[other][name] is not value for name, value in picked[patterns[0]].items()):
            raise SubjectError(
                f"several naming rules fit a returned mapping with {', '.join(keyed)}: {patterns[0]!r} and {other!r}, "
                "which name different values; declare the one that is meant, as "
                f"gradients={other!r}, or return the gradients alone"
            )
    return picked[patterns[0]] if picked else None


def match(returned: Any, names: Sequence[str], every: Sequence[str], rule: str | None, who: str) -> dict[str, Any]:
    """The gradients in what a backward returned: a mapping, a named tuple, a sequence in input order, or one array.

    `names` are the arguments with a gradient, `every` all arguments: a sequence may hold None for the others.
    """
    expected = f"{count_sentence(len(names), 'gradient')}: {', '.join(names)}"
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        named: Any = returned
        picked = by_name(named._asdict(), names, rule)
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


def gather(
    returned: Any, arguments: Sequence[str], leaves: Mapping[str, Input], rule: str | None, who: str
) -> dict[str, Any]:
    """The gradients by leaf in what a backward returned for its `arguments`, which may be nested.

    Where a single argument has a gradient and it is nested, the gradients of its parts may be returned directly.
    """
    names = wanted_below(arguments, leaves)
    if len(names) == 1 and holds_parts(returned, names[0], arguments, leaves, rule):
        return unnest(names[0], returned, leaves, who, rule)
    found: dict[str, Any] = {}
    for name, value in match(returned, names, arguments, rule, who).items():
        found |= unnest(name, value, leaves, who, _if_it_fits(rule, value, name, leaves))
    return found


def _if_it_fits(rule: str | None, value: Any, path: str, leaves: Mapping[str, Input]) -> str | None:
    """The declared rule for the parts of an argument too, where it fits them: there any usual rule may do."""
    parts = [part for part in _parts(path, leaves) if wanted_below([f"{path}.{part}"], leaves)]
    fits = rule is not None and isinstance(value, Mapping) and by_name(value, parts, rule) is not None
    return rule if fits else None


def wanted_below(paths: Sequence[str], leaves: Mapping[str, Input]) -> list[str]:
    """Those paths at or below which some leaf has a gradient."""
    wanted = dict.fromkeys(differentiated(leaves))
    return [path for path in paths if path in wanted or any(leaf.startswith(path + ".") for leaf in wanted)]


def _parts(path: str, leaves: Mapping[str, Input]) -> list[str]:
    """The steps that lead on from `path`; none from a leaf."""
    return list(dict.fromkeys(leaf[len(path) + 1 :].split(".")[0] for leaf in leaves if leaf.startswith(path + ".")))


def holds_parts(
    returned: Any, path: str, arguments: Sequence[str], leaves: Mapping[str, Input], rule: str | None
) -> bool:
    """Whether a value is the gradients of the parts of `path`, rather than one that holds the gradient of `path`."""
    parts = _parts(path, leaves)
    if not parts:
        return False
    if isinstance(returned, Mapping):
        return by_name(returned, [path], rule) is None
    if not isinstance(returned, list | tuple) or len(returned) < 2:
        return False
    if f"{path}.{parts[0]}" in leaves and isinstance(returned[0], Mapping | list | tuple):
        return False
    return not _blank_elsewhere(returned, [path], arguments)


def _blank_elsewhere(returned: Sequence[Any], names: Sequence[str], arguments: Sequence[str]) -> bool:
    """Whether a sequence has a place for each argument, and None for those without a gradient."""
    if len(returned) != len(arguments):
        return False
    return all(value is None for name, value in zip(arguments, returned, strict=True) if name not in names)


def leading(returned: Sequence[Any], names: Sequence[str], arguments: Sequence[str]) -> Sequence[Any]:
    """The values that are gradients, where a function may return other things after them."""
    if len(returned) <= len(names) or _blank_elsewhere(returned, names, arguments):
        return returned
    return tuple(returned[: len(names)])


def unnest(path: str, value: Any, leaves: Mapping[str, Input], who: str, rule: str | None = None) -> dict[str, Any]:
    """The gradient of one argument, flattened like the argument itself: `params` gives `params.W`, `params.b`."""
    if path in leaves:
        return {path: value}
    parts = _parts(path, leaves)
    names = [part for part in parts if wanted_below([f"{path}.{part}"], leaves)]
    found: dict[str, Any] = {}
    for part, gradient in match(value, names, parts, rule, f"{who}, in the gradient of {path},").items():
        found |= unnest(f"{path}.{part}", gradient, leaves, who)
    return found
