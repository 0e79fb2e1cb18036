"""A gradient program as text that depends on nothing but what the program computes with.

Slots are numbered in the order in which they appear; JAX's names of variables, source places, functions called and
memory addresses do not appear, and what no output needs is left out. The text still depends on JAX's version, which
decides how a derivative is written down; so whoever keeps a digest of it keeps the version too.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from oracle.program.blocks import Block, Equation
from oracle.program.dimensions import holds_symbols
from oracle.program.gradient_program import GradientProgram

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_UNSAID = frozenset({"name", "debug_info", "ctx_mesh", "call_jaxpr", "jvp_jaxpr_fun", "jvp_jaxpr_thunk"})


def jax_version() -> str:
    """The version of JAX, without importing it."""
    from importlib import metadata

    return metadata.version("jax")


def canonical(program: GradientProgram) -> str:
    """The text of a program: of its one trace for all sizes, and of those made for particular sizes.

    >>> import jax.numpy as jnp
    >>> from oracle.program import trace
    >>> canonical(trace(lambda x: x * x, {"x": "D"})).splitlines()[:3]
    ['program at all sizes', 'inputs 0 1', '2 = mul 0 0 {out_dtype=None} -> float64[D]']
    """
    lines: list[str] = []
    if program._shared is not None:
        lines += ["program at all sizes", *_block(program._shared.block)]
    for sizes, traced in sorted(program._separate.items()):
        named = " ".join(f"{name}={size}" for name, size in zip(program.sizes, sizes, strict=True))
        lines += [f"program at {named}", *_block(traced.block)]
    return "\n".join(lines)


def _block(block: Block) -> Iterator[str]:
    used = {slot for equation in block.equations for slot in equation.ins} | set(block.outputs)
    number: defaultdict[int, int] = defaultdict(lambda: len(number))  # in order of appearance: gaps say nothing

    def slots(of: Iterable[int]) -> str:
        return " ".join(str(number[slot]) for slot in of)

    yield f"inputs {slots(block.inputs)}"
    for slot, value, dtype in block.constants:
        if slot in used:
            yield f"{slots([slot])} = constant {np.dtype(dtype).name} {_array(np.asarray(value))}"
    for equation in block.equations:
        ins, outs = slots(equation.ins), slots(equation.outs)
        types = " ".join(f"{aval.dtype.name}[{','.join(map(str, aval.shape))}]" for aval in equation.out_avals)
        yield f"{outs} = {equation.name} {ins} {{{_params(equation)}}} -> {types}"
        for key, part in sorted(equation.blocks.items()):
            for place, inner in enumerate(part if isinstance(part, tuple) else (part,)):
                yield f"  {key} {place}"
                yield from (f"  {line}" for line in _block(inner))
    yield f"outputs {slots(block.outputs)}"


def _params(equation: Equation) -> str:
    said = {key: value for key, value in equation.params.items() if key not in equation.blocks and key not in _UNSAID}
    return ", ".join(f"{key}={_value(value)}" for key, value in sorted(said.items()))


def _array(value: Any) -> str:
    """Shape and content: of one number the number, of more their digest."""
    if value.dtype.kind not in "fciub":
        value = value.astype(np.float64)
    if not value.shape:
        return repr(value.item())
    little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"))
    return f"{value.dtype.name}{list(value.shape)} sha256:{hashlib.sha256(little.tobytes()).hexdigest()}"


def _value(value: Any) -> str:
    """A parameter of a primitive, without what changes from run to run."""
    if value is None or isinstance(value, bool | int | float | complex | str):
        return repr(value)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(f"{_value(key)}: {_value(part)}" for key, part in value.items())) + "}"
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(sorted(map(_value, value))) + "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = zip(value._fields, value, strict=True)
        return f"{type(value).__name__}({', '.join(f'{name}={_value(part)}' for name, part in parts)})"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_value, value))})"
    return _object(value)


def _object(value: Any) -> str:
    if holds_symbols(value):
        return str(value)
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value))
    if hasattr(value, "eqns") or hasattr(value, "jaxpr") or callable(value):
        return type(value).__name__  # what is run of it stands in a block of its own
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return f"{type(value).__name__}({', '.join(f'{name}={_value(part)}' for name, part in parts)})"
    return _ADDRESS.sub("", repr(value))
