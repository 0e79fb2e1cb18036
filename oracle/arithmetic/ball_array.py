"""An array of balls that code written for NumPy uses like an array of floats, and that refuses to become one.

`BallArray` stands for an ndarray, `BallScalar` for the immutable float64 that indexing one yields. Both speak NumPy's
protocols `__array_ufunc__` and `__array_function__`; whatever would turn a ball into a float, and whatever has no
rule, raises `LeftArithmetic`, and a question whose answer the balls leave open raises `Undecided`. The dtype is
float64 (complex128 for complex balls), since that is what the code under test would see.

>>> x = wrap(lift([1.0, 2.0])) / 4
>>> print(x.sum(), x.shape, x.dtype)
0.75 (2,) float64
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from flint import acb

from oracle.arithmetic import casts, elements, kernels, ufuncs
from oracle.arithmetic.flat import Flat
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.kernels import lift as lift
from oracle.arithmetic.operands import COMPLEX, REAL, Balls, rule_for, storage, store
from oracle.arithmetic.operands import raw_of as raw_of
from oracle.arithmetic.operators import Operators
from oracle.arithmetic.refusals import TEXT, answered, left, note, undecided


def made(raw: Raw, dtype: np.dtype[Any]) -> Any:
    """An array for an array, a scalar for a 0-d one, of balls known to be of this dtype."""
    if raw.ndim:
        return BallArray(raw, dtype)
    return RealBallScalar(raw, dtype) if dtype is REAL else BallScalar(raw, dtype)


def wrap(raw: Raw) -> Any:
    """The BallArray that uses `raw` as its memory, or the BallScalar of a 0-d array.

    Where real and complex balls are mixed, all become complex, in a copy.
    """
    kinds = set(map(type, raw.ravel().tolist()))
    if acb not in kinds:
        return made(raw, REAL)
    return made(raw if len(kinds) == 1 else kernels.complexified(raw), COMPLEX)


def apply_ufunc(name: str, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What `numpy.<name>.<method>` gives on these operands, computed in balls."""
    if name == "divmod" and method == "__call__" and not options:
        return tuple(apply_ufunc(part, method, inputs, {}) for part in ("floor_divide", "remainder"))
    if method == "__call__":
        outcome = ufuncs.call(name, inputs, **options)
    else:
        outcome = getattr(ufuncs, method)(ufuncs.ALIASES.get(name, name), *inputs, **options)
    if outcome is None:
        out = options.get("out")
        return out[0] if isinstance(out, tuple) else out
    return made(*outcome) if isinstance(outcome, tuple) else outcome[()]


def wrapped(result: Any, dtype: np.dtype[Any]) -> Any:
    """What a NumPy function that only moves elements gave on raw arrays: arrays stay arrays, elements are scalars."""
    if isinstance(result, (list, tuple)):
        return type(result)(wrapped(part, dtype) for part in result)
    return BallArray(result, dtype) if type(result) is np.ndarray else made(kernels.boxed(result), dtype)


def into(out: Any, result: Any) -> Any:
    """`result`, or `out` once the result is stored in it."""
    if out is None:
        return result
    target = out[0] if isinstance(out, tuple) else out
    target[...] = result
    return target


def _refusing(what: str) -> Callable[..., Any]:
    """A method that refuses."""

    def refuse(self: Any, *_: Any, **__: Any) -> Any:
        raise left(what)

    return refuse


_FLOAT = "a ball was asked to become a float (float(), %f, compiled code, a store into a float array)"


class _Shared(Operators):
    """What arrays and scalars have in common."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc.__name__, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return rule_for(function)(*args, **options)

    __array__ = __float__ = __complex__ = _refusing(_FLOAT)
    __index__ = _refusing("a ball was used as an index or a size")
    __reduce__ = __reduce_ex__ = __getstate__ = _refusing("balls were to be pickled")

    def __getattr__(self, name: str) -> Any:
        real = np.float64 if self._immutable else np.ndarray
        if hasattr(real, name) and not name.startswith("__"):
            raise left(f"{real.__name__}.{name} has no rule for balls")
        raise AttributeError(f"'numpy.{real.__name__}' object has no attribute '{name}'")

    def __bool__(self) -> bool:
        return casts.truth(self._raw)

    def __int__(self) -> int:
        return casts.integer(self._raw)

    __trunc__ = __int__

    def __format__(self, spec: str) -> str:
        note(TEXT)
        return casts.text(self._raw, spec) if spec or not self._raw.ndim else str(self)

    def __str__(self) -> str:
        note(TEXT)
        return str(kernels.midpoints(self._raw)[()])

    def __repr__(self) -> str:
        note(TEXT)
        return repr(kernels.midpoints(self._raw)[()])

    def __copy__(self) -> Any:
        return type(self)(self._raw.copy("K"), self._kind)

    def __deepcopy__(self, memo: Any) -> Any:
        return type(self)(self._raw.copy("K"), self._kind)

    def __getitem__(self, key: Any) -> Any:
        found = self._raw[key]
        if type(found) is np.ndarray:
            return BallArray(found, self._kind)
        return made(kernels.boxed(found), self._kind)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes; settable where that needs no copy."""
        return tuple(self._raw.shape)

    @shape.setter
    def shape(self, shape: Any) -> None:
        moved = self._raw.reshape(shape)
        if moved.size and not np.shares_memory(moved, self._raw):
            raise AttributeError("Incompatible shape for in-place modification. Use `.reshape()` to make a copy.")
        self._raw = moved

    ndim = property(lambda self: self._raw.ndim)
    size = property(lambda self: self._raw.size)
    itemsize = property(lambda self: self._kind.itemsize)
    nbytes = property(lambda self: self._raw.size * self._kind.itemsize)
    strides = property(lambda self: tuple(step * self._kind.itemsize // 8 for step in self._raw.strides))
    flags = property(lambda self: self._raw.flags)
    dtype = property(lambda self: self._kind)
    T = property(lambda self: BallArray(storage(self)[0].T, self._kind) if self._raw.ndim else self)
    flat = property(lambda self: Flat(self), lambda self, values: Flat(self).fill(values))
    base = property(lambda self: None if self._raw.base is None else BallArray(self._raw.base, self._kind))

    @property
    def real(self) -> Any:
        """The real part: the array itself, or a read-only copy of a complex one's."""
        return self if self._kind is REAL else self._part(kernels.real_part(self._raw))

    @real.setter
    def real(self, value: Any) -> None:
        self[...] = value if self._kind is REAL else self.imag * 1j + value

    @property
    def imag(self) -> Any:
        """The imaginary part, read-only."""
        zero = kernels.filled(self._raw.shape, elements.ZERO)
        return self._part(zero if self._kind is REAL else kernels.imaginary_part(self._raw))

    @imag.setter
    def imag(self, value: Any) -> None:
        if self._kind is REAL:
            raise TypeError("array does not have imaginary part to set")
        self[...] = self.real + value * 1j

    def _part(self, raw: Raw) -> Any:
        """A part of complex balls; writing into it would not reach them, so it is read-only."""
        raw.flags.writeable = False
        return BallArray(raw, REAL) if not self._immutable else made(raw, REAL)

    def astype(
        self, dtype: Any, order: Any = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """The same balls for any float type; integers and booleans where they are decided."""
        result = casts.astype(self._raw, self._kind, dtype)
        if not isinstance(result, tuple):
            return result[()] if self._immutable else np.asarray(result, order=order)
        if not copy and np.dtype(dtype) == self._kind and np.asarray(self._raw, order=order) is self._raw:
            return self
        raw = result[0].copy(order) if result[0] is self._raw else np.asarray(result[0], order=order)
        return made(raw, result[1]) if self._immutable else BallArray(raw, result[1])

    def copy(self, order: Any = "C") -> Any:
        """The same balls in memory of their own."""
        return type(self)(self._raw.copy(order), self._kind)

    def item(self, *index: Any) -> Any:
        """One element, still a ball."""
        return made(kernels.boxed(self._raw.item(*index)), self._kind)

    def tolist(self) -> Any:
        """Nested lists of scalars, still balls."""
        return (
            [self[k].tolist() for k in range(len(self._raw))] if self._raw.ndim else made(self._raw.copy(), self._kind)
        )

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        """Another array on the same memory; between real and complex a read-only copy."""
        wanted = self._kind if dtype is None or dtype is np.ndarray else np.dtype(dtype)
        if wanted == self._kind:
            return BallArray(storage(self)[0].view(), self._kind)
        if wanted not in (REAL, COMPLEX):
            raise left(f"balls viewed as {wanted}")
        return (
            BallArray(casts.paired(self._raw), COMPLEX)
            if wanted == COMPLEX
            else BallArray(casts.unpaired(self._raw), REAL)
        )

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        """The same elements in another shape, on the same memory where NumPy keeps it."""
        moved = storage(self)[0].reshape(*shape, order=order)
        if copy is False and not np.shares_memory(moved, self._raw):
            raise ValueError("Unable to avoid creating a copy while reshaping.")
        return BallArray(moved.copy("K") if copy else moved, self._kind)

    def transpose(self, *axes: Any) -> Any:
        """The same memory with its axes permuted."""
        return BallArray(storage(self)[0].transpose(*axes), self._kind)

    def flatten(self, order: Any = "C") -> Any:
        """A one-dimensional copy."""
        return BallArray(self._raw.flatten(order), self._kind)

    def conj(self) -> Any:
        """The complex conjugates."""
        return self._made(kernels.UNARY["conjugate"](self._raw), self._kind)

    conjugate = conj


class BallArray(_Shared):
    """An n-dimensional array of balls, mutable, with NumPy's views and broadcasting."""

    __slots__ = ()

    mT = property(lambda self: rule_for(np.matrix_transpose)(self))

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[Any]:
        if self._raw.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return map(self.__getitem__, range(len(self._raw)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(self == value))

    def __setitem__(self, key: Any, value: Any) -> None:
        store(self, key, value)

    def fill(self, value: Any) -> None:
        """Write one number everywhere."""
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None) -> None:
        """Sort in place where the order is decided."""
        self[...] = rule_for(np.sort)(self, axis)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write values at positions of the flattened array."""
        rule_for(np.put)(self, indices, values, mode)


class BallScalar(_Shared):
    """One ball, immutable, as NumPy's own scalars are."""

    __slots__ = ()
    __iter__ = None  # or Python would iterate by way of indices
    _immutable = True

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and not key:
            return self
        if isinstance(key, (int, np.integer, slice)):
            raise IndexError("invalid index to scalar variable.")
        return BallArray(self._raw.copy(), self._kind)[key]

    def __hash__(self) -> int:  # type: ignore[override]
        raise left("a ball was used as a dictionary key or a member of a set")

    def __round__(self, digits: int | None = None) -> Any:
        nearest = rule_for(np.round)(self, digits or 0)
        return int(nearest) if digits is None else nearest


class RealBallScalar(BallScalar):
    """One real ball: to Python's number tower a real number, as float64 is."""

    __slots__ = ()

    def is_integer(self) -> bool:
        """Whether the number is an integer, where the ball decides it."""
        ball: Any = self._raw[()]
        if ball.is_integer() or (ball.is_finite() and not ball.contains_integer()):
            answered("is_integer", lambda: [bool(ball.is_integer())])
            return bool(ball.is_integer())
        raise undecided("whether a ball is an integer")


numbers.Complex.register(BallScalar)
numbers.Real.register(RealBallScalar)
Balls._made = staticmethod(made)  # type: ignore[method-assign]

_DELEGATED = """sum prod max min mean std var argmax argmin argsort clip dot any all nonzero cumsum cumprod ravel
squeeze swapaxes repeat take diagonal trace round searchsorted"""


def _delegated(name: str) -> Callable[..., Any]:
    """The method that does what the NumPy function of its name does."""

    def method(self: Balls, *args: Any, **options: Any) -> Any:
        return rule_for(getattr(np, name))(self, *args, **options)

    method.__name__ = name
    return method


for _name in _DELEGATED.split():
    setattr(BallArray if _name == "dot" else _Shared, _name, _delegated(_name))  # NumPy's scalars have no dot
