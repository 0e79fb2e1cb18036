"""NumPy's ufuncs on balls: calls, reductions, accumulations, outer products, `at`, with `out=` and `where=`.

Each function takes what the code under test passed and returns a plain bool array, or an `Operand` (raw array and
dtype) that the array of balls wraps. Every number is computed by an entry of `kernels`, looked up when it is needed.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from oracle.arithmetic import elements, kernels
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.operands import (
    COMPLEX,
    REAL,
    Balls,
    Operand,
    cast,
    operand,
    poisoned,
    writable,
)
from oracle.arithmetic.refusals import left, note

Outcome = Operand | np.ndarray[Any, Any] | None
ALIASES = {"abs": "absolute", "true_divide": "divide", "mod": "remainder", "conj": "conjugate", "pow": "power"}
REAL_RESULT = frozenset({"absolute", "fabs"})
_ARGUMENTS = frozenset({"casting", "order", "subok", "dtype", "where", "sig", "signature"})
_REDUCERS = {"add": "reduce_sum", "multiply": "reduce_product", "maximum": "reduce_max", "minimum": "reduce_min"}
_REDUCERS |= {"fmax": "reduce_max", "fmin": "reduce_min"}
_NEUTRAL = {"add": elements.ZERO, "multiply": elements.ONE}


def loop_of(name: str) -> tuple[Callable[..., Raw], bool]:
    """The kernel for a ufunc's name, and whether it answers a question; a refusal if there is none."""
    name = ALIASES.get(name, name)
    for table, asks in (
        (kernels.BINARY, False),
        (kernels.UNARY, False),
        (kernels.COMPARE, True),
        (kernels.PREDICATE, True),
    ):
        if name in table:
            return table[name], asks
    if name == "matmul":
        return kernels.matmul, False
    raise left(f"np.{name} has no rule for balls")


def dtype_of(name: str, dtypes: list[np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype of a ufunc's result: complex if an operand is, save for absolute values."""
    return COMPLEX if COMPLEX in dtypes and ALIASES.get(name, name) not in REAL_RESULT else REAL


def note_dtype(dtype: Any) -> None:
    """Note a narrow float type; refuse one that is not a float at all."""
    if dtype is None:
        return
    wanted = np.dtype(dtype)
    if wanted.kind not in "fc":
        raise left(f"a ufunc on balls with dtype={wanted}")
    if wanted in (np.float16, np.float32, np.complex64):
        note(f"casts to {wanted}")


def call(name: str, inputs: tuple[Any, ...], out: tuple[Any, ...] | None = None, **options: Any) -> Outcome:
    """The ufunc itself, elementwise."""
    loop, asks = loop_of(name)
    if unknown := options.keys() - _ARGUMENTS:
        raise left(f"np.{name} on balls with {', '.join(sorted(unknown))}=")
    note_dtype(options.get("dtype"))
    operands = [operand(value) for value in inputs]
    raws, dtype = [raw for raw, _ in operands], dtype_of(name, [found for _, found in operands])
    target = None if out is None else out[0]
    if (where := options.get("where", True)) is not True:
        return _where(name, loop, asks, raws, dtype, where, target)
    result = loop(*raws)
    if target is None and (order := options.get("order", "K")) not in ("K", None):
        result = np.asarray(result, order=order)
    return delivered(name, target, result, None if asks else dtype)


def _where(name: str, loop: Any, asks: bool, raws: list[Raw], dtype: np.dtype[Any], where: Any, target: Any) -> Outcome:
    """The ufunc where the mask holds; elsewhere what `target` held, or not-a-number."""
    given = mask_of(where)
    shapes = [given.shape, *(raw.shape for raw in raws)]
    shape = np.broadcast_shapes(*shapes) if target is None else np.broadcast_shapes(*shapes, target.shape)
    mask = np.broadcast_to(given, shape)
    picked = loop(*(np.broadcast_to(raw, shape)[mask] for raw in raws))
    if target is not None:
        target[mask] = picked if asks else made_of(balls_only(name, target, dtype), picked, dtype)
        return None
    layout = functools.reduce(np.add, [np.zeros_like(raw, bool) for raw in raws])
    result = np.zeros_like(
        np.broadcast_to(layout, shape) if layout.shape != shape else layout, bool if asks else object
    )
    if not asks:
        result[...] = poisoned(shape, dtype)
    result[mask] = picked
    return result if asks else (result, dtype)


def mask_of(where: Any) -> kernels.Bools:
    """A mask, which NumPy wants to be of booleans."""
    mask: Any = where if isinstance(where, Balls) else np.asarray(where)
    if mask.dtype.kind != "b":
        raise TypeError(
            f"Cannot cast array data from dtype('{mask.dtype}') to dtype('bool') according to the rule 'safe'"
        )
    return mask  # type: ignore[no-any-return]


def made_of(like: Balls, raw: Raw, dtype: np.dtype[Any]) -> Balls:
    """A raw array as an array of the kind of `like`."""
    return type(like)(raw, dtype)


def balls_only(name: str, target: Any, dtype: np.dtype[Any]) -> Balls:
    """`target` if balls of this dtype can be stored in it, else NumPy's own error or a refusal."""
    if not isinstance(target, (Balls, np.ndarray)) or getattr(target, "_immutable", False):
        raise TypeError("return arrays must be of ArrayType")
    if isinstance(target, Balls) and (dtype is REAL or target._kind is COMPLEX):
        return writable(target)
    held: np.dtype[Any] = getattr(target, "dtype", REAL)
    if held.kind in "biu" or dtype is COMPLEX:
        raise TypeError(
            f"Cannot cast ufunc '{name}' output from dtype('{dtype}') to dtype('{held}') with casting rule 'same_kind'"
        )
    raise left(f"the balls of np.{name} were to be stored into a float array made outside the run")


def delivered(name: str, target: Any, result: Raw, dtype: np.dtype[Any] | None) -> Outcome:
    """The result itself, or None once it is stored in `out`; `dtype` is None for answers."""
    if target is None:
        return result if dtype is None else (result, dtype)
    if target.shape != result.shape and np.broadcast_shapes(target.shape, result.shape) != target.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {_text(target.shape)} doesn't match the broadcast shape "
            f"{_text(result.shape)}"
        )
    if dtype is None:
        target[...] = result
    else:
        target = balls_only(name, target, dtype)
        target._raw[...] = cast(result, dtype, target._kind)
    return None


def _text(shape: tuple[int, ...]) -> str:
    """A shape as NumPy's messages print it."""
    return "(" + ",".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


# ---- methods of ufuncs


def axes_of(axis: Any) -> kernels.Axes:
    """An axis argument as integers; a ball refuses to be one."""
    if axis is None:
        return None
    return tuple(map(operator.index, axis)) if isinstance(axis, (tuple, list)) else operator.index(axis)


def reduce(
    name: str,
    value: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Outcome:
    """The ufunc between all elements along `axis`."""
    note_dtype(dtype)
    target = out[0] if isinstance(out, tuple) else out
    raw, found = operand(value)
    if name in ("logical_and", "logical_or"):
        answers = getattr(np, name).reduce(kernels.truth(raw), axis=axis, keepdims=keepdims, where=where)
        return delivered(name, target, np.asarray(answers), None)
    if name not in _REDUCERS and name not in kernels.BINARY:
        raise left(f"np.{name}.reduce has no rule for balls")
    start = None if initial is None else operand(initial)[0]
    if where is not True:
        raw = _masked(name, raw, found, where, start)
    return delivered(name, target, _started(name, raw, axes_of(axis), bool(keepdims), start), found)


def _masked(name: str, raw: Raw, found: np.dtype[Any], where: Any, start: Raw | None) -> Raw:
    """The array with a neutral element where the mask does not hold."""
    neutral = kernels.boxed(_NEUTRAL[name]) if name in _NEUTRAL else start
    if neutral is None:
        raise ValueError(
            f"reduction operation '{name}' does not have an identity, so to use a where mask one has to specify "
            "'initial'"
        )
    return np.where(mask_of(where), raw, neutral if found is REAL else kernels.complexified(neutral))


def _started(name: str, raw: Raw, axes: kernels.Axes, keepdims: bool, start: Raw | None) -> Raw:
    """The reduction by the kernel of that name, combined with the initial value."""
    if start is not None and raw.size == 0:
        return kernels.filled(kernels.reduce_sum(raw, axes, keepdims).shape, start[()])
    result: Raw = (
        getattr(kernels, _REDUCERS[name])(raw, axes, keepdims)
        if name in _REDUCERS
        else _one_by_one(name, raw, axes, keepdims)
    )
    return result if start is None else kernels.BINARY[name](result, start)


def _one_by_one(name: str, raw: Raw, axes: kernels.Axes, keepdims: bool) -> Raw:
    """The reduction by a kernel that is not associative: along one axis, from the first element to the last."""
    if not isinstance(axes, int):
        raise left(f"np.{name}.reduce of balls over several axes")
    lanes = np.moveaxis(raw, axes, 0)
    if not len(lanes):
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
    result = functools.reduce(kernels.BINARY[name], map(kernels.boxed, lanes))
    return np.expand_dims(result, axes) if keepdims else result


def accumulate(name: str, value: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Outcome:
    """The running results of the ufunc along `axis`."""
    note_dtype(dtype)
    raw, found = operand(value)
    axis = normalize_axis_index(operator.index(axis), raw.ndim)
    target = out[0] if isinstance(out, tuple) else out
    if name in ("add", "multiply"):
        running = kernels.cumulative_sum if name == "add" else kernels.cumulative_product
        return delivered(name, target, running(raw, axis), found)
    loop, asks = loop_of(name)
    if asks or name not in kernels.BINARY:
        raise left(f"np.{name}.accumulate has no rule for balls")
    result = raw.copy()
    steps = np.moveaxis(result, axis, 0)
    for k in range(1, len(steps)):
        steps[k] = loop(kernels.boxed(steps[k - 1]), kernels.boxed(steps[k]))[()]
    return delivered(name, target, result, found)


def outer(name: str, a: Any, b: Any, **options: Any) -> Outcome:
    """The ufunc between every element of `a` and every element of `b`."""
    (raw_a, dtype_a), (raw_b, dtype_b) = operand(a), operand(b)
    loop, asks = loop_of(name)
    note_dtype(options.pop("dtype", None))
    target = (options.pop("out", None) or (None,))[0]
    if options:
        raise left(f"np.{name}.outer on balls with {', '.join(sorted(options))}=")
    result = loop(raw_a.reshape(raw_a.shape + (1,) * raw_b.ndim), raw_b)
    return delivered(name, target, result, None if asks else dtype_of(name, [dtype_a, dtype_b]))


def at(name: str, target: Any, indices: Any, values: Any = None) -> None:
    """The ufunc in place at `indices`, once for each time an element is named."""
    loop, asks = loop_of(name)
    unary = name in kernels.UNARY
    raw, found = operand(REAL.type(0) if unary else values)
    target = balls_only(f"{name}.at", target, REAL if asks else found)
    if asks or target._immutable:
        raise left(f"np.{name}.at has no rule for these operands")
    named = np.asarray(np.arange(target.size).reshape(target.shape)[indices])
    raw = np.broadcast_to(raw, named.shape).ravel()
    for chosen in _rounds(named.ravel()):
        where = np.unravel_index(named.ravel()[chosen], target.shape)
        held = target._raw[where]
        target._raw[where] = cast(loop(held) if unary else loop(held, raw[chosen]), found, target._kind)


def _rounds(named: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    """Positions in `named`, in rounds that name no element twice, in order of appearance."""
    left_over = np.arange(named.size)
    while left_over.size:
        _, first = np.unique(named[left_over], return_index=True)
        yield left_over[np.sort(first)]
        left_over = np.delete(left_over, first)


def reduceat(name: str, value: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Outcome:
    """The reductions of the slices that begin at `indices`, as NumPy defines them."""
    raw, found = operand(value)
    along = np.moveaxis(raw, axis, 0)
    starts = [operator.index(k) for k in np.asarray(indices)]
    ends = [*starts[1:], len(along)]
    parts = [along[a : max(b, a + 1)] for a, b in zip(starts, ends, strict=True)]
    if any(a not in range(len(along)) for a in starts):
        raise IndexError(f"index out-of-bounds in {name}.reduceat [0, {len(along)})")
    rows = [_started(name, part, 0, False, None) for part in parts]
    target = out[0] if isinstance(out, tuple) else out
    note_dtype(dtype)
    return delivered(name, target, np.moveaxis(np.stack(rows), 0, axis), found)
