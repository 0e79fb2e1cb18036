"""What may stand beside a ball in an operation, and how it becomes a raw array.

`Balls` is the storage that arrays and scalars of balls share: a raw array and the dtype that the code under test
reads, float64 for real balls and complex128 for complex ones. All elements of one storage are of one kind.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np
from flint import arb

from oracle.arithmetic import elements, kernels
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.refusals import left

REAL: np.dtype[Any] = np.dtype(np.float64)
COMPLEX: np.dtype[Any] = np.dtype(np.complex128)
NOT_A_NUMBER = arb("nan")
Operand: TypeAlias = tuple[Raw, np.dtype[Any]]


class Balls:
    """A raw array and the dtype it answers to: what arrays and scalars of balls have in common."""

    __slots__ = ("__weakref__", "_kind", "_raw")

    _raw: Raw
    _kind: np.dtype[Any]  # REAL or COMPLEX, compared by identity
    _immutable: ClassVar[bool] = False

    def __init__(self, raw: Raw, dtype: np.dtype[Any]) -> None:
        self._raw = raw
        self._kind = dtype

    @staticmethod
    def _made(raw: Raw, dtype: np.dtype[Any]) -> Any:
        """An array for an array, a scalar for a 0-d one; given by the classes that are those."""
        raise NotImplementedError


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What NumPy's functions do on balls; the modules named functions_… fill it."""


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated rule for these NumPy functions."""

    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, rule))
        return rule

    return register


def rule_for(function: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a NumPy function for balls, or a refusal that names the function."""
    rule = FUNCTIONS.get(function)
    if rule is None:
        module = getattr(function, "__module__", "numpy").replace("numpy", "np", 1)
        raise left(f"{module}.{getattr(function, '__name__', function)} has no rule for balls")
    return rule


@functools.lru_cache(maxsize=512)
def _small(value: float) -> Raw:
    """One box for each number: the same number is the same ball, and thus no tie with itself."""
    known = {0.0: elements.ZERO, 1.0: elements.ONE}
    return kernels.boxed(known[value] if value in known else arb(value))


def constant(value: float) -> Raw:
    """A plain real number as a 0-d raw array that nobody writes into."""
    if isinstance(value, int) and abs(value) > 2**53:
        return kernels.lift(int(value))  # not kept: it is rounded to the precision of the moment
    return _small(float(value))


def holds_balls(value: object) -> bool:
    """Whether `value` is an array of balls or a list or tuple with one inside."""
    if isinstance(value, Balls):
        return True
    return isinstance(value, (list, tuple)) and any(map(holds_balls, value))


def operand(value: Any) -> Operand:
    """Any number, array or nested list as a raw array, exactly, with the dtype of its balls; else a refusal."""
    if isinstance(value, Balls):
        return value._raw, value._kind
    if isinstance(value, (bool, int, float, np.bool_, np.integer)):
        return constant(value if isinstance(value, float) else int(value)), REAL
    if isinstance(value, (list, tuple)) and (holds_balls(value) or not value):
        return _gathered(value)
    array = np.asarray(value)
    if array.dtype.kind == "b":
        return kernels.boxed(_BITS[array.astype(np.intp)]), REAL
    if array.dtype.kind not in "iufc" or (isinstance(value, np.ndarray) and type(value) is not np.ndarray):
        raise left(f"{type(value).__name__} of dtype {array.dtype} among balls")
    raw = kernels.lift(array)
    if array.dtype.kind != "c":
        raw[array == 0] = elements.ZERO
    return raw, COMPLEX if array.dtype.kind == "c" else REAL


_BITS = np.array([elements.ZERO, elements.ONE], object)


def _gathered(parts: list[Any] | tuple[Any, ...]) -> Operand:
    """A nested list with balls inside as one raw array."""
    raws, dtype = unified(parts)
    shapes = {raw.shape for raw in raws}
    if len(shapes) > 1:
        raise ValueError(
            "setting an array element with a sequence. The requested array has an inhomogeneous shape after "
            f"1 dimensions. The detected shape was ({len(parts)},) + inhomogeneous part."
        )
    result = np.empty((len(raws), *next(iter(shapes), ())), object)
    for k, raw in enumerate(raws):
        result[k] = raw if raw.ndim else raw[()]
    return result, dtype


def unified(values: Any) -> tuple[list[Raw], np.dtype[Any]]:
    """Several operands as raw arrays of one dtype: complex if any of them is."""
    operands = [operand(value) for value in values]
    dtype = COMPLEX if any(found is COMPLEX for _, found in operands) else REAL
    return [cast(raw, found, dtype) for raw, found in operands], dtype


def cast(raw: Raw, found: np.dtype[Any], wanted: np.dtype[Any]) -> Raw:
    """Balls of dtype `found` as balls of dtype `wanted`; complex balls never lose their imaginary part."""
    if found is wanted:
        return raw
    if wanted is not COMPLEX:
        raise left("complex balls were to be stored into a real array")
    return kernels.complexified(raw)


def storage(value: Any) -> Operand:
    """The operand whose memory a view may share; of a scalar, which is immutable, a copy."""
    raw, dtype = operand(value)
    return (raw.copy() if getattr(value, "_immutable", True) else raw), dtype


def raw_of(value: Any) -> Raw:
    """The raw array behind `value`: the very storage of an array of balls, else an exact conversion."""
    return operand(value)[0]


def poisoned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Raw:
    """An array of not-a-number, for memory that is read before it is written."""
    return cast(kernels.filled(shape, NOT_A_NUMBER), REAL, dtype)


def writable(target: Balls) -> Balls:
    """`target` itself, unless it is a copy or broadcast that a write would not reach the original through."""
    if not target._raw.flags.writeable:
        raise left("a write into a read-only array of balls (broadcast, or a part or view of complex balls)")
    return target


def store(target: Balls, key: Any, value: Any) -> None:
    """`target[key] = value` as NumPy stores: broadcast, cast to the target's dtype."""
    raw, found = operand(value)
    held = writable(target)._raw
    raw = cast(raw, found, target._kind)
    if raw.ndim == 0:
        held[key] = raw[()]
    elif isinstance(held[key], np.ndarray):
        held[key] = raw
    else:
        raise ValueError("setting an array element with a sequence.")
