"""Whether JAX's derivative of a reference is the derivative of what it computes.

A reference may bring its own derivative: through custom rules, `stop_gradient`, or a linear solver with a
transpose of its own. Inside JAX's own functions (softmax, relu, logsumexp …) these are right, and trusted; anywhere
else they are reported, and the gradient program is no witness. Everything is read off the traced forward program,
because in the gradient program custom rules have left no trace.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np

from oracle.program.blocks import CALLS, is_number
from oracle.program.rules import RULES

STOPPED = "the reference uses stop_gradient, so its gradient is not that of the function it computes"
_STOPS = (
    "nn/functions.py",
    "numpy/reductions.py",
    "ops/special.py",
    "lax/linalg.py",
    "lax/control_flow/conditionals.py",
    "scipy/linalg.py",
)
_SOLVES = ("lax/linalg.py", "numpy/linalg.py", "scipy/linalg.py")
_RULES = ("nn/", "numpy/", "scipy/", "ops/", "third_party/scipy/", "lax/other.py")
_WRAPPERS = ("traceback_util.py", "tree_util.py", "api.py", "pjit.py", "linear_util.py", "interpreters/batching.py")


@functools.cache
def _home() -> str:
    """The folder of JAX's own code."""
    import jax

    return os.path.join(os.path.dirname(os.path.abspath(jax.__file__)), "_src") + os.sep


def _inside(file: str, places: tuple[str, ...]) -> bool:
    """Whether a file is one of JAX's own, below one of `places`."""
    return file.startswith(_home()) and file[len(_home()) :].replace(os.sep, "/").startswith(places)


def distrusted(jaxpr: Any) -> list[str]:
    """Sentences on what makes the derivative of this forward program untrustworthy; none if nothing does."""
    found: dict[str, None] = {}
    for eqn in _equations(jaxpr):
        if (sentence := _judge(eqn)) is not None:
            found[sentence] = None
        for var in (*eqn.invars, *eqn.outvars):
            if is_number(var.aval.dtype) and np.dtype(var.aval.dtype).name not in ("float64", "complex128"):
                found[f"the reference computes in {var.aval.dtype}, which rounds; use float64 throughout"] = None
    return list(found)


def _equations(jaxpr: Any) -> Iterator[Any]:
    """Every equation, those inside calls, loops and branches included."""
    for eqn in jaxpr.eqns:
        yield eqn
        for value in eqn.params.values():
            for part in value if isinstance(value, (tuple, list)) else (value,):
                inner = getattr(part, "jaxpr", part)
                if hasattr(inner, "eqns"):
                    yield from _equations(inner)


def _judge(eqn: Any) -> str | None:
    """What is wrong with the derivative of one equation, if anything is."""
    name = eqn.primitive.name
    match name:
        case "stop_gradient":
            if not _called_from(eqn, "stop_gradient", _STOPS):
                return STOPPED
        case "custom_vjp_call":
            return "the reference has a custom_vjp rule, which need not be the derivative of the function"
        case "custom_jvp_call":
            if not _is_jaxs_own(eqn):
                return "the reference has a custom_jvp rule, which need not be the derivative of the function"
        case "custom_linear_solve":
            if not _called_from(eqn, "custom_linear_solve", _SOLVES):
                return "the reference uses custom_linear_solve, whose transposed solver need not be right"
        case _ if name not in RULES and name not in CALLS:
            return f"the reference needs the primitive {name!r}, whose derivative is not known to be JAX's own"
    return None


def _called_from(eqn: Any, function: str, places: tuple[str, ...]) -> bool:
    """Whether JAX's `function` was called by JAX's own code below `places`."""
    traceback = eqn.source_info.traceback
    frames = list(traceback.frames) if traceback is not None else []
    inside = [
        k for k, frame in enumerate(frames) if frame.function_name == function and _inside(frame.file_name, ("",))
    ]
    for frame in frames[inside[-1] + 1 :] if inside else ():
        if not _inside(frame.file_name, _WRAPPERS):
            return _inside(frame.file_name, places)
    return False


def _is_jaxs_own(eqn: Any) -> bool:
    """Whether both a function with a custom rule and the rule come from JAX's library of functions."""
    source = eqn.params["call_jaxpr"].jaxpr.debug_info.func_filename or ""
    functions = list(_reached(eqn.params["jvp_jaxpr_fun"], set()))
    rules = [f for f in functions if isinstance(f, FunctionType) and not _is_machinery(f.__code__.co_filename)]
    objects = [f for f in functions if type(f).__name__ == "custom_jvp"]
    return (
        _inside(source, _RULES)
        and bool(rules)
        and all(_inside(rule.__code__.co_filename, _RULES) for rule in rules)
        and all(_is_published(f) for f in objects)
    )


def _is_machinery(file: str) -> bool:
    """Whether a file is the part of JAX that carries custom rules about."""
    return _inside(file, ("interpreters/", "custom_derivatives.py", "linear_util.py", "api_util.py", "util.py"))


def _is_published(function: Any) -> bool:
    """Whether a function with a custom rule is the one that its module holds under its name."""
    module = sys.modules.get(getattr(function, "__module__", ""))
    return getattr(module, getattr(function, "__name__", ""), None) is function


def _reached(value: Any, seen: set[int]) -> Iterator[Any]:
    """Every callable that a rule's closure can reach."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (tuple, list)):
        parts = list(value)
    elif callable(value) or hasattr(value, "transforms"):
        yield value
        parts = [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
        parts += [
            getattr(value, name) for name in ("f", "fun", "jvp", "transforms", "__wrapped__") if hasattr(value, name)
        ]
    else:
        return
    for part in parts:
        yield from _reached(part, seen)
