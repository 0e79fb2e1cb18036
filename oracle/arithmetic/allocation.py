"""NumPy's constructors in balls: every new array of floats is one of balls; integers and booleans stay NumPy's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import casts
from oracle.arithmetic.ball_array import BallArray, apply_ufunc, made
from oracle.arithmetic.flat import Flat
from oracle.arithmetic.operands import (
    COMPLEX,
    FUNCTIONS,
    REAL,
    Balls,
    cast,
    holds_balls,
    operand,
)
from oracle.arithmetic.refusals import left, note

CONSTRUCTORS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What replaces a constructor in the code under test, whether or not its arguments hold balls."""


def constructs(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated constructor, for calls with and without balls."""

    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        CONSTRUCTORS.update(dict.fromkeys(functions, rule))
        FUNCTIONS.update(dict.fromkeys(functions, rule))
        return rule

    return register


def wanted_dtype(dtype: Any, default: Any = float) -> np.dtype[Any]:
    """The dtype that was asked for; a narrow float type is noted."""
    wanted: np.dtype[Any] = np.dtype(default if dtype is None else dtype)
    if wanted in casts.NARROW:
        note(f"allocates {wanted}")
    if wanted.kind in "fc" and wanted.itemsize > (16 if wanted.kind == "c" else 8):
        raise left(f"an array of {wanted}")
    return wanted


def filled(
    shape: Any, value: Any, dtype: np.dtype[Any], plain: Callable[..., Any], *values: Any, order: Any = "C"
) -> Any:
    """An array of one ball for float dtypes; NumPy's own array for the others."""
    if dtype.kind not in "fc":
        return plain(shape, *values, dtype=dtype, order=order)
    if isinstance(shape, Balls):
        raise left("a ball was used as a size")
    sizes = np.empty(shape, bool).shape
    raw, found = operand(value)
    kind = COMPLEX if dtype.kind == "c" or found is COMPLEX else REAL
    result = np.empty(sizes, object, order=order)
    result[...] = cast(raw, found, kind)
    return BallArray(result, kind)


@constructs(np.zeros)
def zeros(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    """Zeros."""
    return filled(shape, 0, wanted_dtype(dtype), np.zeros, order=order)


@constructs(np.ones)
def ones(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    """Ones."""
    return filled(shape, 1, wanted_dtype(dtype), np.ones, order=order)


@constructs(np.empty)
def empty(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    """Not-a-number, so that memory read before it is written cannot pass for a number."""
    return filled(shape, float("nan"), wanted_dtype(dtype), np.empty, order=order)


@constructs(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    """One value everywhere."""
    default = REAL if holds_balls(fill_value) else np.asarray(fill_value).dtype
    return filled(shape, fill_value, wanted_dtype(dtype, default), np.full, fill_value, order=order)


def _like(constructor: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """The constructor for the shape and dtype of a given array."""

    def construct(a: Any, *values: Any, dtype: Any = None, order: Any = "K", shape: Any = None, **options: Any) -> Any:
        if len(values) > (constructor is full):
            *values, dtype = values  # type: ignore[assignment]
        values = (options.pop("fill_value"),) if "fill_value" in options else tuple(values)
        given: Any = a if isinstance(a, Balls) else asarray(a)
        wanted = wanted_dtype(dtype, given.dtype)
        template = given._raw if isinstance(given, Balls) else given
        if wanted.kind not in "fc":
            return plain(template, *values, dtype=wanted, order=order, shape=shape)
        result = constructor(given.shape if shape is None else shape, *values, dtype=wanted)
        laid_out = np.empty_like(template, object, order=order, shape=shape)
        laid_out[...] = result._raw
        return BallArray(laid_out, result._kind)

    return construct


for _constructor, _plain in (
    (zeros, np.zeros_like),
    (ones, np.ones_like),
    (empty, np.empty_like),
    (full, np.full_like),
):
    constructs(_plain)(_like(_constructor, _plain))


@constructs(np.eye)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    """Ones on the k-th diagonal."""
    return array(np.eye(N, M, k, dtype=int), dtype=wanted_dtype(dtype), order=order)


@constructs(np.identity)
def identity(n: int, dtype: Any = None, **_: Any) -> Any:
    """Ones on the main diagonal."""
    return eye(n, dtype=dtype)


@constructs(np.tri)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None, **_: Any) -> Any:
    """Ones on and below the k-th diagonal."""
    return array(np.tri(N, M, k, dtype=int), dtype=wanted_dtype(dtype))


@constructs(np.array)
def array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False, ndmin: int = 0, **_: Any
) -> Any:
    """The given numbers as a new array: floats as exact balls, integers and booleans as NumPy keeps them."""
    found = _array(object, dtype, copy, order, ndmin)
    if not isinstance(found, BallArray):
        return np.asarray(found, order=order)
    laid_out = np.asarray(found._raw, order=order)
    return found if laid_out is found._raw else BallArray(laid_out, found._kind)


def _array(object: Any, dtype: Any, copy: Any, order: Any, ndmin: int) -> Any:
    """The array, in the order of the given one where that is asked for."""
    wanted = None if dtype is None else wanted_dtype(dtype)
    if isinstance(object, Flat):
        object = object.copy()
    if not holds_balls(object):
        return _from_plain(object, wanted, ndmin, copy)
    same = isinstance(object, BallArray) and wanted in (None, object._kind)
    if same and not copy and ndmin <= object.ndim:
        return object
    raw, found = operand(object)
    result = BallArray(raw if same and not copy else raw.copy("A" if order is None else order), found)
    result = result if wanted is None else result.astype(wanted, copy=False)
    return result.reshape((1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result


def _from_plain(values: Any, wanted: np.dtype[Any] | None, ndmin: int, copy: Any) -> Any:
    """An array from numbers that are no balls; no float among them is rounded to a narrower type."""
    floats = wanted is not None and wanted.kind in "fc"
    make = np.array if copy else np.asarray
    result = make(values, dtype=None if floats else wanted)
    result = result.reshape((1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result
    if not floats and result.dtype.kind not in "fc":
        return result
    raw, found = operand(result)
    kind = COMPLEX if found is COMPLEX or (wanted is not None and wanted.kind == "c") else REAL
    return BallArray(cast(raw, found, kind), kind)


@constructs(np.asarray, np.asanyarray, np.asarray_chkfinite)
def asarray(a: Any, dtype: Any = None, order: Any = "K", **options: Any) -> Any:
    """The given array of balls itself, if it has the dtype and the order; else a new array."""
    return array(a, dtype=dtype, copy=bool(options.get("copy")), order=order or "K")


@constructs(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, **_: Any) -> Any:
    """The given numbers in C's order, in one dimension at least."""
    return array(a, dtype=dtype, copy=False, order="C", ndmin=1)


@constructs(np.asfortranarray)
def asfortranarray(a: Any, dtype: Any = None, **_: Any) -> Any:
    """The given numbers in Fortran's order, in one dimension at least."""
    return array(a, dtype=dtype, copy=False, order="F", ndmin=1)


@constructs(np.require)
def require(a: Any, dtype: Any = None, requirements: Any = None, **_: Any) -> Any:
    """The given numbers in the order that is required."""
    asked = {str(one).upper()[0] for one in requirements or ()}
    return array(a, dtype=dtype, copy=False, order="F" if "F" in asked else "C" if "C" in asked else "K")


@constructs(np.arange)
def arange(*limits: Any, dtype: Any = None, **named: Any) -> Any:
    """Equally spaced values: integers as NumPy's own, others start + k step in balls."""
    dtype = named.pop("dtype", dtype)
    names = ("start", "stop", "step")
    given = dict(zip(names, limits if len(limits) > 1 else (0, *limits), strict=False)) | {
        name: named[name] for name in names if name in named
    }
    start, stop, step = given.get("start", 0), given.get("stop"), given.get("step", 1)
    if stop is None:
        start, stop = 0, start
    whole = all(isinstance(limit, (int, np.integer)) for limit in (start, stop, step))
    wanted = None if dtype is None else wanted_dtype(dtype)
    if whole and (wanted is None or wanted.kind not in "fc"):
        return np.arange(start, stop, step, dtype=wanted)
    first, last, stride = (made(*operand(limit)) for limit in (start, stop, step))
    count = max(int(apply_ufunc("ceil", "__call__", ((last - first) / stride,), {})), 0)
    result = first + np.arange(count) * stride
    return result if wanted is None else result.astype(wanted)


@constructs(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    **_: Any,
) -> Any:
    """`num` equally spaced values; the last one is `stop` itself if the end point belongs."""
    first, last = made(*operand(start)), made(*operand(stop))
    intervals = num - 1 if endpoint else num
    shape = (num,) + (1,) * max(first.ndim, last.ndim)
    step = (last - first) / intervals if intervals > 0 else made(*operand(float("nan")))
    result = first + np.arange(num).reshape(shape) * (step if intervals > 0 else 0)
    if endpoint and num > 1:
        result[-1] = last
    result = result if dtype is None else result.astype(wanted_dtype(dtype))
    result = np.moveaxis(result, 0, axis) if axis and result.ndim > 1 else result
    return (result, step) if retstep else result


@constructs(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` powers of `base` with equally spaced exponents."""
    result = made(*operand(base)) ** linspace(start, stop, num, endpoint, axis=axis)
    return result if dtype is None else result.astype(wanted_dtype(dtype))


@constructs(np.fromiter)
def fromiter(iter: Any, dtype: Any, count: int = -1, **_: Any) -> Any:
    """The elements of an iterable."""
    values = list(iter)
    return array(values if count < 0 else values[:count], dtype=dtype)
