"""NumPy functions that act element by element without being ufuncs, and a few that call back into the code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, apply_ufunc, into, made
from oracle.arithmetic.operands import COMPLEX, FUNCTIONS, REAL, Balls, Operand, constant, implements, operand, unified
from oracle.arithmetic.refusals import left, undecided


def _ufunc(name: str, *operands: Any) -> Any:
    """A ufunc in balls."""
    return apply_ufunc(name, "__call__", operands, {})


def _absent(bound: Any) -> bool:
    """Whether a bound of np.clip was not given."""
    return bound is None or bound is np._NoValue


@implements(np.clip)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **options: Any
) -> Any:
    """The elements, bounded: enclosed, not branched on."""
    if options:
        raise left(f"np.clip of balls with {', '.join(sorted(options))}=")
    low, high = (min if _absent(a_min) else a_min), (max if _absent(a_max) else a_max)
    result = made(*operand(a))
    result = result if _absent(low) else _ufunc("maximum", result, low)
    return into(out, result if _absent(high) else _ufunc("minimum", result, high))


@implements(np.round, np.around)
def rounded(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """The nearest multiples of 10^-decimals, where decided."""
    scale = kernels.lift(10 ** abs(decimals))
    up, down = ("multiply", "divide") if decimals >= 0 else ("divide", "multiply")
    raw, dtype = operand(a)
    nearest = kernels.UNARY["rint"](kernels.BINARY[up](raw, scale))
    return into(out, made(kernels.BINARY[down](nearest, scale), dtype))


FUNCTIONS[np.fix] = lambda x, out=None: into(out, _ufunc("trunc", x))


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Whether |a - b| <= atol + rtol |b|, for finite balls where decided."""
    (x, y), dtype = unified([a, b])
    if not (kernels.is_finite(x).all() and kernels.is_finite(y).all()):
        raise undecided("isclose of balls without finite bounds")
    first: Any = BallArray(x, dtype)
    second: Any = BallArray(y, dtype)
    return abs(first - second) <= abs(second) * rtol + atol


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close, where decided."""
    return bool(np.all(isclose(a, b, rtol, atol, equal_nan)))


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and all elements agree, where decided."""
    x, y = (made(*operand(a)) for a in (a1, a2))
    return bool(x.shape == y.shape and np.all(_ufunc("equal", x, y)))


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether all elements agree after broadcasting, where decided."""
    return bool(np.all(_ufunc("equal", a1, a2)))


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, **_: Any) -> Any:
    """The array itself or a copy: which balls without finite bounds are not-a-number is undecided."""
    if not kernels.is_finite(operand(x)[0]).all():
        raise undecided("nan_to_num of balls without finite bounds")
    return x.copy() if copy or not isinstance(x, Balls) else x


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """The argument of complex numbers."""
    raw, _ = operand(z)
    result = _ufunc("arctan2", made(kernels.imaginary_part(raw), REAL), made(kernels.real_part(raw), REAL))
    return _ufunc("degrees", result) if deg else result


@implements(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at 0."""
    raw, dtype = operand(x)
    return made(kernels.boxed(np.frompyfunc(lambda ball: ball.sinc_pi(), 1, 1)(raw)), dtype)


@implements(np.bincount)
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """The sums of the weights at each integer."""
    if isinstance(x, Balls):
        raise left("np.bincount of balls")
    raw, dtype = operand(weights)
    total = BallArray(kernels.filled((max(int(np.max(x, initial=-1)) + 1, minlength),), constant(0)[()]), REAL)
    total = total if dtype is REAL else total.astype(COMPLEX)
    apply_ufunc("add", "at", (total, np.asarray(x), made(raw, dtype)), {})
    return total


def _last(stored: Operand, axis: int) -> Any:
    """An array with one axis moved to the end."""
    return BallArray(np.moveaxis(stored[0], axis, -1), stored[1])


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    values: Any = _last(operand(y), axis)
    if x is not None:
        nodes = _last(operand(x), -1 if np.ndim(x) == 1 else axis)
        dx = nodes[..., 1:] - nodes[..., :-1]
    return (dx * (values[..., 1:] + values[..., :-1]) / 2).sum(axis=-1)


@implements(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *arguments: Any, **options: Any) -> Any:
    """A function of the code under test on each lane."""
    lanes = _last(operand(arr), axis)
    results = [func1d(lanes[index], *arguments, **options) for index in np.ndindex(lanes.shape[:-1])]
    raw, dtype = operand(results)
    shape = lanes.shape[:-1] + raw.shape[1:]
    places = _inserted(axis, lanes, raw)
    return BallArray(np.moveaxis(raw.reshape(shape), range(lanes.ndim - 1, len(shape)), places), dtype)


def _inserted(axis: int, lanes: Any, raw: kernels.Raw) -> list[int]:
    """Where the axes of the results go: in place of the lane's."""
    first = axis % lanes.ndim
    return list(range(first, first + raw.ndim - 1))


class Vectorized:
    """np.vectorize: a function of single numbers, called once for each element."""

    def __init__(self, pyfunc: Callable[..., Any], otypes: Any = None, **options: Any) -> None:
        if any(value is not None for name, value in options.items() if name not in ("doc", "cache")):
            raise left(f"np.vectorize in balls with {', '.join(sorted(options))}=")
        self.pyfunc = pyfunc
        self.__doc__ = getattr(pyfunc, "__doc__", None)

    def __call__(self, *operands: Any) -> Any:
        """The results as an array, or as a scalar where there is no dimension."""
        arrays: list[Any] = [a if isinstance(a, Balls) else np.asarray(a) for a in operands]
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        spread: list[Any] = [np.broadcast_to(a, shape) for a in arrays]
        results = [self.pyfunc(*(a[index] for a in spread)) for index in np.ndindex(shape)]
        raw, dtype = operand(results)
        return made(raw.reshape(shape), dtype)


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *arguments: Any, **options: Any) -> Any:
    """The functions or constants of a list, each where its condition holds; the last one elsewhere."""
    raw, dtype = operand(x)
    array = BallArray(np.atleast_1d(raw), dtype)
    single = not isinstance(condlist, (list, tuple)) or (array._raw.ndim and np.ndim(condlist[0]) == 0)
    conditions = [np.atleast_1d(np.asarray(c, dtype=bool)) for c in ([condlist] if single else condlist)]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~functools.reduce(np.logical_or, conditions))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"with {len(conditions)} condition(s), either {len(conditions)} or one more function is expected"
        )
    result = BallArray(kernels.filled(array._raw.shape, constant(0)[()]), REAL)
    for condition, function in zip(conditions, funclist, strict=True):
        chosen = array[condition]
        result[condition] = function(chosen, *arguments, **options) if callable(function) else function
    return made(result._raw.reshape(raw.shape), REAL)


@implements(np.ndenumerate)
def ndenumerate(arr: Any) -> Any:
    """Pairs of index and element."""
    return ((index, arr[index]) for index in np.ndindex(arr.shape))


class Iterated:
    """np.nditer with a multi-index, as gradient checks use it: it walks the indices, elements are 0-d views."""

    def __init__(self, op: Any, flags: Any = (), op_flags: Any = None, **options: Any) -> None:
        if isinstance(op, (list, tuple)) or options or set(flags or ()) - {"multi_index", "c_index", "refs_ok"}:
            raise left("np.nditer of balls beyond one array with flags=['multi_index']")
        self._array = op
        self._indices = list(np.ndindex(op.shape))
        self._position = 0

    @property
    def finished(self) -> bool:
        """Whether all elements have been visited."""
        return self._position >= len(self._indices)

    @property
    def multi_index(self) -> tuple[int, ...]:
        """The index of the current element."""
        if self.finished:
            raise ValueError("Iterator is past the end")
        return self._indices[self._position]

    @property
    def index(self) -> int:
        """The flat index of the current element."""
        return self._position

    def iternext(self) -> bool:
        """Go on to the next element; whether there is one."""
        self._position += 1
        return not self.finished

    def __getitem__(self, operand_number: int) -> Any:
        return self._array[(*self.multi_index, ...)]

    def __iter__(self) -> Any:
        while not self.finished:
            yield self._array[(*self.multi_index, ...)]
            self._position += 1

    def __enter__(self) -> Iterated:
        return self

    def __exit__(self, *_: object) -> None:
        return None
