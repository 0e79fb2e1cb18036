"""NumPy functions that move elements of one array, or describe it: no number is computed here.

They run on the raw array itself, so that views share memory exactly where NumPy's do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib import stride_tricks
from numpy.lib.array_utils import byte_bounds

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, into, wrapped
from oracle.arithmetic.operands import FUNCTIONS, Balls, implements, operand, storage
from oracle.arithmetic.refusals import left

_MOVING = """reshape ravel transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis squeeze expand_dims split
array_split hsplit vsplit dsplit unstack flip fliplr flipud roll rot90 tile repeat take take_along_axis diagonal delete
resize broadcast_to"""
MOVING_EACH = ["atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "meshgrid"]
DESCRIBING = ["shape", "ndim", "size"]
ON_DTYPES = ["iscomplexobj", "isrealobj", "result_type", "can_cast", "common_type"]


def _moving(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on one array, its first argument."""

    def move(a: Any, *arguments: Any, out: Any = None, **options: Any) -> Any:
        raw, dtype = storage(a)
        return into(out, wrapped(function(raw, *arguments, **options), dtype))

    return move


def _moving_each(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on several arrays, each of which keeps its dtype."""

    def move(*arrays: Any, **options: Any) -> Any:
        stored = [storage(a) for a in arrays]
        results = function(*(raw for raw, _ in stored), **options)
        if len(stored) == 1 and not isinstance(results, (list, tuple)):
            return BallArray(results, stored[0][1])
        pairs = zip(results, stored, strict=True)
        return type(results)(BallArray(result, dtype) for result, (_, dtype) in pairs)

    return move


def _describing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of the shape alone."""
    return lambda a, *arguments, **options: function(operand(a)[0], *arguments, **options)


def _on_dtypes(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of the dtype alone."""
    return lambda *values, **options: function(*map(_empty, values), **options)


def _empty(value: Any) -> Any:
    """A plain array of the dtype that balls answer to."""
    return np.empty(0, value._kind) if isinstance(value, Balls) else value


for _name in _MOVING.split():
    if hasattr(np, _name):  # some came with NumPy 2.1
        FUNCTIONS[getattr(np, _name)] = _moving(getattr(np, _name))
for _name in MOVING_EACH:
    FUNCTIONS[getattr(np, _name)] = _moving_each(getattr(np, _name))
for _name in DESCRIBING:
    FUNCTIONS[getattr(np, _name)] = _describing(getattr(np, _name))
for _name in ON_DTYPES:
    FUNCTIONS[getattr(np, _name)] = _on_dtypes(getattr(np, _name))
FUNCTIONS[stride_tricks.sliding_window_view] = _moving(stride_tricks.sliding_window_view)
MOVERS = frozenset(FUNCTIONS)
"""Functions that compute nothing: on a plain array they may stay NumPy's own, views and all."""


@implements(stride_tricks.as_strided)
def as_strided(x: Any, shape: Any = None, strides: Any = None, subok: bool = False, writeable: bool = True) -> Any:
    """A view with the given strides, in bytes of the dtype that the code sees."""
    raw, dtype = storage(x)
    sizes = raw.shape if shape is None else tuple(shape)
    given = tuple(step * dtype.itemsize // 8 for step in raw.strides) if strides is None else tuple(strides)
    steps = tuple(step * 8 // dtype.itemsize for step in given)
    if any(step % dtype.itemsize for step in given) or not _within_memory(raw, sizes, steps):
        raise left(f"as_strided with shape {sizes} and strides {given} reaches beyond the elements of the array")
    return BallArray(stride_tricks.as_strided(raw, sizes, steps, writeable=writeable), dtype)


def _within_memory(raw: kernels.Raw, shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether a view with these strides stays in the memory that the array is part of; beyond it are no balls."""
    if 0 in shape:
        return True
    root: Any = raw
    while isinstance(root.base, np.ndarray):
        root = root.base
    low, high = byte_bounds(root)
    start: int = raw.__array_interface__["data"][0]
    reach = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    first, last = start + sum(min(r, 0) for r in reach), start + sum(max(r, 0) for r in reach)
    return bool(low <= first and last + raw.itemsize <= high)


@implements(np.copy)
def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """A copy, an array even of a scalar."""
    raw, dtype = operand(a)
    return BallArray(raw.copy(order), dtype)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The elements where the condition holds."""
    raw, dtype = storage(arr)
    return wrapped(np.extract(asked(condition), raw), dtype)


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices along `axis` where the condition holds."""
    raw, dtype = storage(a)
    return into(out, wrapped(np.compress(asked(condition), raw, axis=axis), dtype))


def asked(condition: Any) -> Any:
    """A condition as a bool array, where balls decide it."""
    raw_or_plain = kernels.truth(condition._raw) if isinstance(condition, Balls) else condition
    return np.asarray(raw_or_plain, dtype=bool)


@implements(np.shares_memory, np.may_share_memory)
def shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    """Whether two arrays use the same memory."""
    first, second = (x._raw if isinstance(x, Balls) else x for x in (a, b))
    return bool(np.shares_memory(first, second))


@implements(np.isscalar)
def isscalar(element: Any) -> bool:
    """Whether it is a single number."""
    return bool(element._immutable)


@implements(np.iterable)
def iterable(y: Any) -> bool:
    """Whether it has elements to iterate over."""
    return isinstance(y, (list, tuple)) or not y._immutable


@implements(np.iscomplex)
def iscomplex(x: Any) -> Any:
    """Where the imaginary part is not 0."""
    return kernels.truth(kernels.imaginary_part(operand(x)[0]))[()]


@implements(np.isreal)
def isreal(x: Any) -> Any:
    """Where the imaginary part is 0."""
    return ~iscomplex(x)


@implements(np.real)
def real(val: Any) -> Any:
    """The real part."""
    return val.real


@implements(np.imag)
def imag(val: Any) -> Any:
    """The imaginary part."""
    return val.imag


@implements(np.array_repr)
def array_repr(arr: Any, *_: Any, **__: Any) -> str:
    """The midpoints as text, in the form of an expression."""
    return repr(arr)


@implements(np.array_str, np.array2string)
def array_str(a: Any, *_: Any, **__: Any) -> str:
    """The midpoints as text."""
    return str(a)
