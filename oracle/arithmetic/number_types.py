"""What stands for `float`, `np.float64`, `np.ndarray` and their like in code that runs in balls.

Each stand-in is a class that knows balls as its instances, keeps them when it is called, and serves as the dtype that
the real class is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle.arithmetic import allocation
from oracle.arithmetic.ball_array import BallArray, BallScalar, RealBallScalar, made
from oracle.arithmetic.casts import NARROW
from oracle.arithmetic.operands import COMPLEX, cast, holds_balls, operand
from oracle.arithmetic.refusals import left, note

_NAMES_OF_THE_UNBOUNDED = frozenset({"inf", "infinity", "nan"})


class NumberType(type):
    """The class of the stand-ins for types of floating-point numbers."""

    real: Any

    def __instancecheck__(cls, value: Any) -> bool:
        if isinstance(value, BallScalar):
            return issubclass(value._kind.type, cls.real)
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, other: Any) -> bool:
        if issubclass(other, BallScalar):
            return issubclass(np.float64 if issubclass(other, RealBallScalar) else np.complex128, cls.real)
        return issubclass(real_type(other), cls.real)

    def __eq__(cls, other: object) -> bool:
        return other is cls or real_type(other) is cls.real or (other is RealBallScalar and cls.real is np.float64)

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.real, name)

    def __repr__(cls) -> str:
        return repr(cls.real)

    def __call__(cls, *values: Any, **options: Any) -> Any:
        """The number itself, a ball if it was one."""
        if len(values) == 1 and isinstance(values[0], str):
            _refuse_text(values[0])
        if any(map(holds_balls, values)):
            return _converted(cls.real, values)
        return _plain(cls.real, cls.real(*values, **options), values)


def _refuse_text(text: str) -> None:
    """Text may have been made from a ball, so no number is read back from it."""
    if text.strip().lower().lstrip("+-") not in _NAMES_OF_THE_UNBOUNDED:
        raise left("text was turned into a number: it may have been a ball")


def _converted(real: Any, values: tuple[Any, ...]) -> Any:
    """float(ball), np.float32(ball), complex(ball, ball): still balls."""
    raws = [operand(value) for value in values]
    if real in (float, complex) and any(raw.ndim for raw, _ in raws):
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    complex_ = issubclass(real, (complex, np.complexfloating))
    if not complex_ and raws[0][1] is COMPLEX:
        raise TypeError(f"{real.__name__}() argument must be a string or a real number, not 'complex'")
    _note_narrow(real)
    result = made(cast(*raws[0], COMPLEX), COMPLEX) if complex_ else made(*raws[0])
    return result + 1j * made(*raws[1]) if len(raws) > 1 else result


def _note_narrow(real: Any) -> None:
    """Note a cast to a type narrower than float64."""
    if np.dtype(real) in NARROW:
        note(f"casts to {np.dtype(real)}")


def _plain(real: Any, result: Any, values: tuple[Any, ...]) -> Any:
    """Plain numbers stay plain and exact: a narrow type rounds nothing here, and is noted."""
    if isinstance(result, np.ndarray):
        return BallArray(*operand(values[0]))
    if values and real not in (float, complex) and np.dtype(real) in NARROW:
        _note_narrow(real)
        return made(*operand(values[0]))
    return result


class ArrayType(type):
    """The class of the stand-in for np.ndarray."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, (np.ndarray, BallArray))

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(other, (np.ndarray, BallArray))

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is np.ndarray or other is BallArray

    def __hash__(cls) -> int:
        return hash(np.ndarray)

    def __getattr__(cls, name: str) -> Any:
        return getattr(BallArray, name)

    def __call__(cls, shape: Any, dtype: Any = float, **options: Any) -> Any:
        """An array not written yet."""
        if options:
            raise left(f"np.ndarray in balls with {', '.join(sorted(options))}=")
        return allocation.empty(shape, dtype)


def _stand_in(real: Any) -> Any:
    """The stand-in for one type of number."""
    dtype = {} if real in _ABSTRACT else {"dtype": np.dtype(real)}
    return NumberType(real.__name__, (), {"real": real, "__doc__": real.__doc__, **dtype})


_ABSTRACT = (np.generic, np.number, np.inexact, np.floating, np.complexfloating)
_CONCRETE = (float, complex, np.float64, np.float32, np.float16, np.longdouble, np.complex128, np.complex64)
TYPES: dict[Any, Any] = {real: _stand_in(real) for real in (*_CONCRETE, *_ABSTRACT)}
TYPES[np.ndarray] = ArrayType("ndarray", (), {"__doc__": np.ndarray.__doc__})


def real_type(value: Any) -> Any:
    """The real class that a stand-in stands for; everything else unchanged."""
    return value.real if type(value) is NumberType else np.ndarray if type(value) is ArrayType else value
