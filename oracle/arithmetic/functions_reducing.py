"""NumPy functions that reduce axes, accumulate along one, or ask for an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from oracle.arithmetic import kernels, ordering
from oracle.arithmetic.ball_array import BallArray, apply_ufunc, into, made
from oracle.arithmetic.operands import FUNCTIONS, REAL, implements, operand
from oracle.arithmetic.refusals import left, undecided
from oracle.arithmetic.ufuncs import axes_of, note_dtype

NOT_GIVEN = np._NoValue  # what NumPy passes for an argument that its caller left out


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were really passed."""
    return {name: value for name, value in options.items() if value is not NOT_GIVEN}


def _sum_or_product(ufunc: str) -> Callable[..., Any]:
    """The reduction of a ufunc, over all axes unless told otherwise."""

    def reduction(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Any:
        options = _given({"keepdims": keepdims, "initial": initial, "where": where})
        return apply_ufunc(ufunc, "reduce", (a,), options | {"axis": axis, "dtype": dtype, "out": out})

    return reduction


def _extremum(ufunc: str) -> Callable[..., Any]:
    """The same for the largest or the smallest element, which take no dtype."""
    reduction = _sum_or_product(ufunc)
    return lambda a, axis=None, out=None, *options, **named: reduction(a, axis, None, out, *options, **named)


FUNCTIONS[np.sum] = _sum_or_product("add")
FUNCTIONS[np.prod] = _sum_or_product("multiply")
FUNCTIONS[np.max] = FUNCTIONS[np.amax] = _extremum("maximum")
FUNCTIONS[np.min] = FUNCTIONS[np.amin] = _extremum("minimum")


@implements(np.any)
def any_of(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """Whether any number differs from 0."""
    return into(out, np.any(kernels.truth(operand(a)[0]), axis=axis, keepdims=_kept(keepdims), **_given(options)))


@implements(np.all)
def all_of(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """Whether all numbers differ from 0."""
    return into(out, np.all(kernels.truth(operand(a)[0]), axis=axis, keepdims=_kept(keepdims), **_given(options)))


def _kept(keepdims: Any) -> bool:
    """Whether reduced axes are to be kept."""
    return keepdims is not NOT_GIVEN and bool(keepdims)


def _count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements one lane along the reduced axes has."""
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    count = 1
    for k in axes:
        count *= shape[k]
    return count


@implements(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """The sum over the axes, divided by the number of summands; not-a-number over nothing."""
    note_dtype(dtype)
    options = _given(options)
    raw, found = operand(a)
    keepdims = _kept(keepdims)
    counted: Any = _count(raw.shape, axis)
    if (mask := options.pop("where", True)) is not True:
        counted = np.sum(np.broadcast_to(mask, raw.shape), axis=axes_of(axis), keepdims=keepdims)
    if options:
        raise left(f"np.mean of balls with {', '.join(sorted(options))}=")
    total = apply_ufunc("add", "reduce", (made(raw, found),), {"axis": axis, "keepdims": keepdims, "where": mask})
    return into(out, total / counted)


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """The mean, or the sum of `weights * a` divided by the sum of the weights."""
    keepdims = _kept(keepdims)
    x: Any = BallArray(*operand(a))
    if weights is None:
        result, total = mean(x, axis, keepdims=keepdims), made(*operand(float(_count(x.shape, axis))))
    else:
        w: Any = BallArray(*operand(weights))
        if w.shape != x.shape:
            if axis is None or w.ndim != 1:
                raise TypeError("Axis must be specified when shapes of a and weights differ.")
            k = normalize_axis_index(axis, x.ndim)
            w = w.reshape([-1 if j == k else 1 for j in range(x.ndim)])
            w = BallArray(np.broadcast_to(w._raw, x.shape), w._kind)
        total = FUNCTIONS[np.sum](w, axis=axis, keepdims=keepdims)
        product = apply_ufunc("multiply", "__call__", (x, w), {})
        result = product.sum(axis=axis, keepdims=keepdims) / total
    return (result, total * np.ones(np.shape(result))) if returned else result


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    **options: Any,
) -> Any:
    """The mean of the squared distances from the mean."""
    note_dtype(dtype)
    if "correction" in (options := _given(options)):
        ddof = options.pop("correction")
    centre = options.pop("mean", None)
    if options:
        raise left(f"np.var of balls with {', '.join(sorted(options))}=")
    raw, found = operand(a)
    x = BallArray(raw, found)
    deviation = x - (mean(x, axis, keepdims=True) if centre is None else centre)
    squared = deviation * deviation if found is REAL else (deviation * deviation.conj()).real
    keepdims = _kept(keepdims)
    return into(out, squared.sum(axis=axis, keepdims=keepdims) / (_count(raw.shape, axis) - ddof))


@implements(np.std)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, *arguments: Any, **options: Any) -> Any:
    """The square root of the variance."""
    return into(out, apply_ufunc("sqrt", "__call__", (var(a, axis, dtype, None, *arguments, **options),), {}))


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """The largest minus the smallest."""
    keepdims = {"keepdims": _kept(keepdims)}
    return into(out, FUNCTIONS[np.max](a, axis, **keepdims) - FUNCTIONS[np.min](a, axis, **keepdims))


# ---- along one axis


def _accumulating(ufunc: str) -> Callable[..., Any]:
    """The running result along an axis, or along the flattened array."""

    def accumulation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        raw, found = operand(a)
        x = BallArray(raw.ravel() if axis is None else raw, found)
        return apply_ufunc(ufunc, "accumulate", (x,), {"axis": axis or 0, "dtype": dtype, "out": out})

    return accumulation


FUNCTIONS[np.cumsum] = _accumulating("add")
FUNCTIONS[np.cumprod] = _accumulating("multiply")


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NOT_GIVEN, append: Any = NOT_GIVEN) -> Any:
    """The n-th differences between neighbours."""
    if prepend is not NOT_GIVEN or append is not NOT_GIVEN:
        raise left("np.diff of balls with prepend= or append=")
    raw, found = operand(a)
    along = np.moveaxis(raw, axis, -1)
    for _ in range(n):
        along = kernels.BINARY["subtract"](along[..., 1:], along[..., :-1])
    return BallArray(np.moveaxis(along, -1, axis), found)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """The sum of a diagonal."""
    note_dtype(dtype)
    raw, found = operand(a)
    return into(out, made(kernels.reduce_sum(np.diagonal(raw, offset, axis1, axis2), -1), found))


# ---- order


def _indexing(name: str) -> Callable[..., Any]:
    """argmax and argmin, of the flattened array unless an axis is given."""

    def index(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        raw, _ = operand(a)
        found = getattr(ordering, name)(raw.ravel() if axis is None else raw, 0 if axis is None else axis)
        if _kept(keepdims):
            found = found.reshape((1,) * raw.ndim) if axis is None else np.expand_dims(found, axis)
        return into(out, found[()])

    return index


FUNCTIONS[np.argmax] = _indexing("argmax")
FUNCTIONS[np.argmin] = _indexing("argmin")


@implements(np.argsort)
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """The indices that sort along an axis."""
    raw, _ = operand(a)
    return ordering.argsort(raw.ravel() if axis is None else raw, -1 if axis is None else axis)


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """A sorted copy."""
    raw, found = operand(a)
    return BallArray(ordering.sorted_along(raw.ravel() if axis is None else raw, -1 if axis is None else axis), found)


@implements(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle element, or the mean of the two middle ones."""
    raw, found = operand(a)
    if axis is not None and not isinstance(axis, int):
        raise left("np.median of balls over several axes")
    along = (
        ordering.sorted_along(raw.ravel(), 0)
        if axis is None
        else np.moveaxis(ordering.sorted_along(raw, axis), axis, 0)
    )
    low, high = (len(along) - 1) // 2, len(along) // 2
    result = (made(kernels.boxed(along[low]), found) + made(kernels.boxed(along[high]), found)) / 2
    if keepdims:
        result = result.reshape((1,) * raw.ndim if axis is None else np.expand_dims(np.empty(result.shape), axis).shape)
    return into(out, result)


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """The positions at which values keep a sorted array sorted."""
    lane = operand(a)[0]
    return ordering.insertion_points(lane if sorter is None else lane[sorter], operand(v)[0], side)[()]


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The bins that values fall into, of bins in ascending or in descending order."""
    edges, side = operand(bins)[0], "left" if right else "right"
    if ordering.is_rising(edges):
        return searchsorted(bins, x, side)
    if not ordering.is_rising(edges[::-1]):
        raise ValueError("bins must be monotonically increasing or decreasing")
    return len(edges) - ordering.insertion_points(edges[::-1], operand(x)[0], side)[()]


@implements(np.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: Any = False, invert: bool = False, *, kind: Any = None
) -> Any:
    """Which numbers are equal to one of others."""
    equal = kernels.COMPARE["equal"](operand(element)[0][..., None], operand(test_elements)[0].ravel())
    return np.asarray(equal.any(axis=-1) != invert)


def _positions(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of which numbers differ from 0."""
    return lambda a, *arguments, **options: function(kernels.truth(operand(a)[0]), *arguments, **options)


for _function in (np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero):
    FUNCTIONS[_function] = _positions(_function)

# ---- not-a-number


def _without_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """On finite balls the function itself; whether other balls are not-a-number is undecided."""

    def reduction(a: Any, *arguments: Any, **options: Any) -> Any:
        if not kernels.is_finite(operand(a)[0]).all():
            raise undecided("which balls without finite bounds are not-a-number")
        return FUNCTIONS[function](a, *arguments, **options)

    return reduction


for _name in ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "cumsum", "cumprod", "median"):
    FUNCTIONS[getattr(np, f"nan{_name}")] = _without_nan(getattr(np, _name))
