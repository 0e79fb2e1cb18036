"""Balls as other things: another dtype, integers, truth values, text, other views of the same numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from flint import acb

from oracle.arithmetic import elements, kernels
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.operands import COMPLEX, REAL, Operand
from oracle.arithmetic.refusals import answered, left, note

NARROW = frozenset({np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.complex64)})
_integer_parts = np.frompyfunc(elements.integer_part, 1, 1)


def astype(raw: Raw, found: np.dtype[Any], dtype: Any) -> Operand | np.ndarray[Any, Any]:
    """The numbers in another dtype: float types keep the balls, integers and booleans must be decided."""
    wanted = np.dtype(dtype)
    if wanted.kind in "fc":
        return _among_floats(raw, found, wanted)
    if wanted.kind == "b":
        return kernels.truth(raw)
    if wanted.kind in "iu":
        whole = np.asarray(_integer_parts(raw))
        answered("int", lambda: whole.ravel().tolist())
        limits = np.iinfo(wanted)
        if whole.size and not (limits.min <= whole.min() and whole.max() <= limits.max):
            raise left(
                f"a number that {wanted} cannot hold was cast to it: what floats give there is the machine's own"
            )
        return whole.astype(wanted)
    raise left(f"astype({wanted}) of balls")


def _among_floats(raw: Raw, found: np.dtype[Any], wanted: np.dtype[Any]) -> Operand:
    """A cast between float types, which changes no real number; a narrow type is noted."""
    if wanted in NARROW:
        note(f"casts to {wanted}")
    if wanted.kind == "c":
        return (raw if found is COMPLEX else kernels.complexified(raw)), COMPLEX
    if found is COMPLEX:
        message = "Casting complex values to real discards the imaginary part"
        warnings.warn(message, np.exceptions.ComplexWarning, stacklevel=3)
        return kernels.real_part(raw), REAL
    return raw, REAL


def truth(raw: Raw) -> bool:
    """bool() of an array of one element."""
    if raw.size == 0:
        raise ValueError(
            "The truth value of an empty array is ambiguous. Use `array.size > 0` to check that an array is not empty."
        )
    if raw.size != 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
    return bool(kernels.truth(raw.reshape(())))


def integer(raw: Raw) -> int:
    """int() of a 0-d array, where all points of the ball have the same integer part."""
    if raw.ndim:
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    whole = elements.integer_part(raw[()])
    answered("int", lambda: [whole])
    return whole


def text(raw: Raw, spec: str) -> str:
    """The midpoint of a 0-d array as text, for people: no number may be read back from it."""
    if raw.ndim:
        raise TypeError("unsupported format string passed to numpy.ndarray.__format__")
    return format(kernels.midpoints(raw)[()].item(), spec)


def paired(raw: Raw) -> Raw:
    """Neighbouring real balls as real and imaginary part of complex balls: a read-only copy."""
    if raw.ndim == 0 or raw.shape[-1] % 2:
        raise ValueError(
            "When changing to a larger dtype, its size must be a divisor of the total size in bytes of the last axis "
            "of the array."
        )
    result = kernels.boxed(np.frompyfunc(acb, 2, 1)(raw[..., 0::2], raw[..., 1::2]))
    result.flags.writeable = False
    return result


def unpaired(raw: Raw) -> Raw:
    """Complex balls as neighbouring real and imaginary parts: a read-only copy."""
    parts = np.stack([kernels.real_part(raw), kernels.imaginary_part(raw)], axis=-1)
    result = parts.reshape((*raw.shape[:-1], 2 * raw.shape[-1]) if raw.ndim else (2,))
    result.flags.writeable = False
    return result
