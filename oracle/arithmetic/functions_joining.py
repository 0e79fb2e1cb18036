"""NumPy functions that put elements of several arrays together, or write them into one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, into, wrapped
from oracle.arithmetic.functions_structural import asked
from oracle.arithmetic.operands import (
    FUNCTIONS,
    REAL,
    Balls,
    cast,
    constant,
    implements,
    operand,
    storage,
    unified,
    writable,
)
from oracle.arithmetic.refusals import left
from oracle.arithmetic.ufuncs import note_dtype

JOINING = ["concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"]
_PADDING = ("constant", "edge", "reflect", "symmetric", "wrap")


def _joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on a sequence of arrays, which become one dtype."""

    def join(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
        note_dtype(dtype)
        raws, found = unified(list(arrays))
        options = {"axis": axis} if function in (np.concatenate, np.stack) else {}
        return into(out, wrapped(function(raws, **options), found))

    return join


for _name in JOINING:
    FUNCTIONS[getattr(np, _name)] = _joining(getattr(np, _name))
if hasattr(np, "row_stack"):  # another name of vstack, which older scripts use and NumPy is about to drop
    FUNCTIONS[np.row_stack] = FUNCTIONS[np.vstack]


@implements(np.block)
def block(arrays: Any) -> Any:
    """The array assembled from nested lists of blocks."""
    leaves: list[Any] = []

    def collect(part: Any) -> Any:
        if isinstance(part, list):
            return [collect(inner) for inner in part]
        leaves.append(part)
        return len(leaves) - 1

    layout = collect(arrays)
    raws, dtype = unified(leaves)

    def place(part: Any) -> Any:
        return [place(inner) for inner in part] if isinstance(part, list) else raws[part]

    return BallArray(np.block(place(layout)), dtype)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """The array with `values` behind its last element along `axis`."""
    (first, second), dtype = unified([arr, values])
    return BallArray(np.append(first, second, axis), dtype)


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The array with `values` before the positions `obj`."""
    (first, second), dtype = unified([arr, values])
    return BallArray(np.insert(first, obj, second, axis), dtype)


@implements(np.where)
def where(condition: Any, *choices: Any) -> Any:
    """Elements of the first choice where the condition holds, of the second where not."""
    if not choices:
        return np.nonzero(asked(condition))
    raws, dtype = unified(choices)
    return BallArray(np.where(asked(condition), *raws), dtype)


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Elements of the first choice whose condition holds."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError("list of cases must be same length as list of conditions")
    raws, dtype = unified([*choicelist, default])
    result = raws[-1]
    for condition, raw in zip(reversed(list(condlist)), reversed(raws[:-1]), strict=True):
        result = np.where(asked(condition), raw, result)
    return BallArray(result, dtype)


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    """From each position the element of the choice that the integer there names."""
    if isinstance(a, Balls):
        raise left("balls as the indices of np.choose")
    raws, dtype = unified(list(choices))
    return into(out, wrapped(np.choose(a, raws, mode=mode), dtype))


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """The array with a margin of constants or of copies of its own elements."""
    if mode not in _PADDING or options.get("reflect_type", "even") != "even":
        raise left(f"np.pad of balls with mode={mode!r} and {options}")
    raw, dtype = storage(array)
    if mode == "constant":
        (raw, filling), dtype = unified([array, options.get("constant_values", 0)])
        options = {"constant_values": filling}
    return BallArray(np.pad(raw, pad_width, mode=mode, **options), dtype)


def _zero(dtype: np.dtype[Any]) -> kernels.Raw:
    """Zero as a 0-d raw array."""
    return cast(constant(0), REAL, dtype)


def _below(raw: kernels.Raw, k: int) -> kernels.Bools:
    """Where a matrix of this shape lies on or below its k-th diagonal."""
    return np.tri(raw.shape[-2], raw.shape[-1], k=k, dtype=bool)


@implements(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    """The array with zeros above the k-th diagonal."""
    raw, dtype = operand(m)
    return BallArray(np.where(_below(raw, k), raw, _zero(dtype)), dtype)


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    """The array with zeros below the k-th diagonal."""
    raw, dtype = operand(m)
    return BallArray(np.where(_below(raw, k - 1), _zero(dtype), raw), dtype)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """A matrix with `v` on its k-th diagonal, or the k-th diagonal of a matrix."""
    raw, dtype = storage(v)
    if raw.ndim != 1:
        return wrapped(np.diag(raw, k), dtype)
    n = len(raw) + abs(k)
    result = kernels.filled((n, n), _zero(dtype)[()])
    rows = np.arange(len(raw)) + max(-k, 0)
    result[rows, rows + k] = raw
    return BallArray(result, dtype)


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with the flattened `v` on its k-th diagonal."""
    raw, dtype = operand(v)
    return diag(BallArray(raw.ravel(), dtype), k)


# ---- writing into an array of balls


def _target(function: str, a: Any) -> Balls:
    """An array of balls that can be written into; a float array made elsewhere cannot take them."""
    if not isinstance(a, Balls) or a._immutable:
        raise left(f"np.{function} was to store balls into {type(a).__name__}, which cannot hold them")
    return writable(a)


def _fitting(target: Balls, values: Any) -> kernels.Raw:
    """`values` as balls of the target's dtype."""
    raw, found = operand(values)
    return cast(raw, found, target._kind)


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """`dst[where] = src`."""
    target = _target("copyto", dst)
    np.copyto(target._raw, _fitting(target, src), where=asked(where))


@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Values at positions of the flattened array."""
    target = _target("put", a)
    np.put(target._raw, ind, _fitting(target, v), mode=mode)


@implements(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Values where the mask holds."""
    target = _target("putmask", a)
    np.putmask(target._raw, asked(mask), _fitting(target, values))


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """The first values where the mask holds."""
    target = _target("place", arr)
    np.place(target._raw, asked(mask), np.atleast_1d(_fitting(target, vals)))


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Values at indices along one axis."""
    target = _target("put_along_axis", arr)
    np.put_along_axis(target._raw, indices, _fitting(target, values), axis)


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Values on the main diagonal."""
    target = _target("fill_diagonal", a)
    raw = _fitting(target, val)
    np.fill_diagonal(target._raw, raw if raw.ndim else raw[()], wrap)
