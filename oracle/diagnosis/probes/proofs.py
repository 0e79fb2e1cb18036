"""When a flag, a number, a slice or a function is what its name says, and when the lines of a function are right.

A size is proved by its name, a function by being called under its own name, whatever belongs to an object that was
given by the name of that object. Anything is proved if a right value, not zero, was computed with the same under this
name in the same call. The lines of a function are proved if they gave a right value, not zero, and read nothing but
arguments and functions, so that they would give a right one for any arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from oracle.arithmetic import enclosures
from oracle.diagnosis.probes.capture import Call, Event
from oracle.diagnosis.probes.clearing import Clearing
from oracle.diagnosis.probes.looking import Look
from oracle.diagnosis.probes.reading import MISSING, Seen
from oracle.diagnosis.probes.statements import indexes, prefixes, root, title

_PURE = frozenset(
    {"abs", "enumerate", "float", "int", "len", "list", "max", "min", "range", "reversed", "sum", "tuple", "zip"}
)


def unproved(clearing: Clearing, event: Event, read: Iterable[ast.expr]) -> Iterator[str]:
    """The flags, numbers, slices and functions that the statement reads, and that some other line may have chosen."""
    for node in read:
        value = event.reads.get(ast.unparse(node), Seen(MISSING))
        chains = [*indexes(node)] if value.is_array else [node, *indexes(node)]
        for chain in chains:
            held = event.reads.get(ast.unparse(chain), Seen(MISSING))
            if not held.is_array and not _is_proved(clearing, event, chain, held.value):
                yield ast.unparse(chain)


def _is_proved(clearing: Clearing, event: Event, node: ast.expr, value: Any) -> bool:
    """Whether a plain value is what its name says."""
    found = clearing.found
    if isinstance(value, ModuleType) or title(node) in ("shape", "ndim", "T") or _is_array(event, node):
        return True
    if _is_of_fixed_input(found, event, node):
        return True
    if callable(value):
        return _is_function_of_that_name(found, event, node, value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_):
        sizes, name = found.case.sizes, title(node)
        if name in sizes:
            return bool(sizes[name] == value)
        if name in found.capture.counters and value == clearing.step:
            return True
    return _is_vouched(clearing, event, ast.unparse(node), value)


def _is_array(event: Event, node: ast.expr) -> bool:
    """Whether it is a method or attribute of an array, which is looked at by itself."""
    parts = [event.reads.get(ast.unparse(part), Seen(MISSING)) for part in prefixes(node)[1:]]
    return any(part.is_array for part in parts) and not isinstance(node, ast.Subscript)


def _is_of_fixed_input(found: Look, event: Event, node: ast.expr) -> bool:
    """Whether it belongs to an object that is given, and goes by its name."""
    fixed = {leaf.split(".")[-1]: leaf for leaf, spec in found.point.subject.leaves.items() if spec.kind == "fixed"}
    for part in prefixes(node):
        value = event.reads.get(ast.unparse(part), Seen(MISSING)).value
        if (leaf := fixed.get(title(part))) is not None and not isinstance(part, ast.Subscript):
            given = found.point.values[leaf]
            if value is given or (type(value) is type(given) and _equal(value, given)):
                return True
    return False


def _equal(value: Any, other: Any) -> bool:
    """Whether two plain values are equal, and say so plainly."""
    try:
        return (value == other) is True
    except Exception:
        return False


def _is_function_of_that_name(found: Look, event: Event, node: ast.expr, value: Any) -> bool:
    """Whether a callable is known under its own name where it is called, and its lines are followed if it has any."""
    if isinstance(node, ast.Subscript) or getattr(value, "__name__", "") != title(node):
        return False
    function = value.__func__ if isinstance(value, MethodType) else value
    if isinstance(node, ast.Name) and node.id in event.call.code.co_varnames:
        return False
    if isinstance(node, ast.Attribute) and not isinstance(value, MethodType):
        owner = event.reads.get(ast.unparse(node.value), Seen(MISSING)).value
        if not isinstance(owner, ModuleType | type):
            return False
    if isinstance(function, FunctionType):
        return any(function.__globals__ is scope for scope in found.capture.binding.scopes) or _is_ours(function)
    return isinstance(value, type | np.ufunc | BuiltinFunctionType) or _is_ours(type(value))


def _is_ours(value: Any) -> bool:
    """Whether it is NumPy's counterpart in balls."""
    return str(getattr(value, "__module__", "")).startswith(("oracle.arithmetic", "numpy"))


def _is_vouched(clearing: Clearing, event: Event, chain: str, value: Any) -> bool:
    """Whether a right value, not zero, was computed in the same call with the same under this name."""
    if value is MISSING:
        return False
    for (name, step), rule in clearing.found.rules.items():
        sample = clearing.found.samples[name]
        beside = sample.event(step)
        if rule != "right" or beside is event or beside.call is not event.call or not shows(sample.at(step)):
            continue
        read = beside.reads.get(chain)
        if read is not None and not read.is_array and (read.value is value or _equal(read.value, value)):
            return True
    return False


def shows(balls: Any) -> bool:
    """Whether a value is not zero everywhere, so that a fault in what gave it would show.

    >>> from oracle.arithmetic import adapter
    >>> shows(adapter.lift(np.zeros(2))), shows(adapter.lift(np.array([0.0, 0.5])))
    (False, True)
    """
    real = enclosures.real(np.asarray(balls))
    return real is not None and bool(np.any(enclosures.magnitude(real) > 2.0 * enclosures.radius(real)))


# ---- the lines of functions


def proved_lines(found: Look) -> Iterator[tuple[str, int]]:
    """Files and lines of functions of their arguments alone that gave right values in statements with one target."""
    given: dict[int, list[bool]] = {}
    for (name, step), rule in found.rules.items():
        sample = found.samples[name]
        given.setdefault(sample.event(step).serial, []).append(rule == "right" and shows(sample.at(step)))
    for event in found.capture.events:
        if all(given.get(event.serial, [False])) and len(event.statement.targets) == 1:
            for call in event.ran:
                yield from _of_arguments_alone(found, call)


def _of_arguments_alone(found: Look, call: Call) -> Iterator[tuple[str, int]]:
    """The lines of a call, and of those made in it, if they read nothing but what they were given, and functions."""
    own = () if _keeps_something(found, call) else call.code.co_varnames
    for event in call.events:
        if all(root(node) in own or _is_stateless(found, event, node) for node in event.statement.reads):
            yield event.statement.file, event.statement.line
        for inner in event.ran:
            yield from _of_arguments_alone(found, inner)


def _is_stateless(found: Look, event: Event, node: ast.expr) -> bool:
    """Whether it is a module, or a function under its own name that remembers nothing, as far as that can be seen."""
    value = event.reads.get(ast.unparse(node), Seen(MISSING)).value
    if isinstance(value, ModuleType):
        return True
    if not callable(value) or not _is_function_of_that_name(found, event, node, value):
        return False
    return not isinstance(value, BuiltinFunctionType | type) or title(node) in _PURE or _is_ours(value)


def _keeps_something(found: Look, call: Call) -> bool:
    """Whether a function has a default that it may change, and so remember from call to call."""
    own = [one for one in found.capture.binding.functions if one.__code__ is call.code]
    kept = [value for one in own for value in (*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values())]
    return not own or any(isinstance(value, list | dict | set | np.ndarray) for value in kept)
