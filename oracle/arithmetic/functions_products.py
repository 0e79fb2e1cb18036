"""NumPy functions that multiply arrays: dot, tensordot, einsum, outer and the linear algebra that flint encloses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import acb_mat, arb_mat

from oracle.arithmetic import einsum as contraction
from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, apply_ufunc, into, made
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.operands import COMPLEX, REAL, cast, constant, implements, operand, unified
from oracle.arithmetic.refusals import left, undecided


def _multiplied(a: Any, b: Any) -> Any:
    """The elementwise product."""
    return apply_ufunc("multiply", "__call__", (a, b), {})


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The sum over the last axis of `a` and the last but one of `b`."""
    (x, y), dtype = unified([a, b])
    if x.ndim == 0 or y.ndim == 0:
        return into(out, made(kernels.BINARY["multiply"](x, y), dtype))
    shared = 0 if y.ndim == 1 else y.ndim - 2
    if x.shape[-1] != y.shape[shared]:
        raise ValueError(
            f"shapes {_text(x)} and {_text(y)} not aligned: {x.shape[-1]} (dim {x.ndim - 1}) != "
            f"{y.shape[shared]} (dim {shared})"
        )
    if y.ndim <= 2:
        return into(out, made(kernels.matmul(x, y), dtype))
    return into(out, tensordot(made(x, dtype), made(y, dtype), ((x.ndim - 1,), (shared,))))


def _text(raw: Raw) -> str:
    """The shape as NumPy's messages print it."""
    return str(raw.shape).replace(" ", "")


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum over pairs of axes."""
    (x, y), dtype = unified([a, b])
    if isinstance(axes, (int, np.integer)):
        axes = (tuple(range(-int(axes), 0)), tuple(range(int(axes))))
    first, second = (tuple(np.atleast_1d(np.asarray(part, dtype=int)).tolist()) for part in axes)
    first, second = tuple(k % x.ndim for k in first), tuple(k % y.ndim for k in second)
    if [x.shape[k] for k in first] != [y.shape[k] for k in second]:
        raise ValueError("shape-mismatch for sum")
    rest_x, rest_y = ([k for k in range(r.ndim) if k not in used] for r, used in ((x, first), (y, second)))
    count = int(np.prod([x.shape[k] for k in first], dtype=int))
    left_shape, right_shape = [x.shape[k] for k in rest_x], [y.shape[k] for k in rest_y]
    left_ = x.transpose([*rest_x, *first]).reshape(int(np.prod(left_shape, dtype=int)), count)
    right_ = y.transpose([*second, *rest_y]).reshape(count, int(np.prod(right_shape, dtype=int)))
    return made(kernels.matmul(left_, right_).reshape(left_shape + right_shape), dtype)


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    """The sum over the last axes of both."""
    if not np.ndim(a) or not np.ndim(b):
        return _multiplied(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    """The sum of the products of all elements, the first conjugated."""
    (x, y), dtype = unified([a, b])
    return made(kernels.matmul(kernels.UNARY["conjugate"](x.ravel()), y.ravel()), dtype)


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """All products of two flattened arrays."""
    (x, y), dtype = unified([a, b])
    return into(out, made(kernels.BINARY["multiply"](x.reshape(-1, 1), y.reshape(1, -1)), dtype))


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product."""
    (x, y), dtype = unified([a, b])
    n = max(x.ndim, y.ndim)
    x, y = x.reshape((1,) * (n - x.ndim) + x.shape), y.reshape((1,) * (n - y.ndim) + y.shape)
    spread = kernels.BINARY["multiply"](
        x.reshape([m for size in x.shape for m in (size, 1)]), y.reshape([m for size in y.shape for m in (1, size)])
    )
    return made(spread.reshape([p * q for p, q in zip(x.shape, y.shape, strict=True)]), dtype)


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """The vector product of vectors of length 3."""
    if axis is not None:
        axisa = axisb = axisc = axis
    (x, y), dtype = unified([a, b])
    x, y = np.moveaxis(x, axisa, 0), np.moveaxis(y, axisb, 0)
    if len(x) != 3 or len(y) != 3:
        raise left("np.cross of balls on vectors that have not 3 components")
    times, minus = kernels.BINARY["multiply"], kernels.BINARY["subtract"]
    parts = [minus(times(x[i], y[j]), times(x[j], y[i])) for i, j in ((1, 2), (2, 0), (0, 1))]
    return made(np.moveaxis(np.stack(parts), 0, axisc), dtype)


@implements(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **options: Any) -> Any:
    """The Einstein sum of the operands."""
    if not isinstance(operands[0], str) or options:
        raise left("np.einsum of balls without a subscripts string, or with options")
    raws, dtype = unified(operands[1:])
    terms, output = contraction.parsed(operands[0], tuple(raw.ndim for raw in raws))
    return into(out, made(contraction.einsum(terms, output, raws), dtype))


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product of several matrices."""
    return into(out, functools.reduce(dot, arrays))


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """A matrix multiplied by itself."""
    raw, dtype = operand(a)
    if n < 0:
        return matrix_power(inv(a), -n)
    result = cast(np.where(np.eye(raw.shape[-1], dtype=bool), constant(1), constant(0)), REAL, dtype)
    for _ in range(n):
        result = kernels.matmul(result, raw)
    return made(result, dtype)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of the sum of squares; for vectors also the largest and the sum of absolute values."""
    raw, dtype = operand(x)
    vectors = (axis is None and raw.ndim == 1) or isinstance(axis, int)
    if ord in (None, "fro") or (ord == 2 and vectors):
        squares = raw if dtype is REAL else kernels.UNARY["absolute"](raw)
        total = kernels.reduce_sum(kernels.BINARY["multiply"](squares, squares), axis, keepdims)
        return made(kernels.UNARY["sqrt"](total), REAL)
    if vectors and ord in (1, np.inf):
        reduce = kernels.reduce_sum if ord == 1 else kernels.reduce_max
        return made(reduce(kernels.UNARY["absolute"](raw), axis, keepdims), REAL)
    raise left(f"np.linalg.norm of balls with ord={ord!r}")


def _matrix(raw: Raw, dtype: np.dtype[Any]) -> Any:
    """A matrix in flint's own form."""
    matrix: Any = acb_mat if dtype is COMPLEX else arb_mat
    return matrix(*raw.shape, raw.ravel().tolist())


def _square(name: str, a: Any) -> tuple[Raw, np.dtype[Any]]:
    """One square matrix, or NumPy's error."""
    raw, dtype = operand(a)
    if raw.ndim != 2:
        raise left(f"np.linalg.{name} of balls for {raw.ndim} dimensions: one matrix at a time is supported")
    if raw.shape[0] != raw.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return raw, dtype


def _solved(name: str, solve: Callable[[], Any]) -> Any:
    """flint's result; a matrix that may be singular is undecided."""
    try:
        return solve()
    except ZeroDivisionError as error:
        raise undecided(f"np.linalg.{name}: the matrix may be singular") from error


def _entries(matrix: Any, shape: tuple[int, ...]) -> Raw:
    """A matrix of flint's as a raw array."""
    result = np.empty(int(np.prod(shape, dtype=int)), object)
    result[:] = matrix.entries()
    return result.reshape(shape)


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """The inverse of a matrix."""
    raw, dtype = _square("inv", a)
    return made(_entries(_solved("inv", _matrix(raw, dtype).inv), raw.shape), dtype)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """The solution x of a x = b."""
    _square("solve", a)
    (matrix, right), dtype = unified([a, b])
    columns = right.reshape(-1, 1) if right.ndim == 1 else right
    if right.ndim > 2 or len(columns) != len(matrix):
        raise ValueError(f"np.linalg.solve: shapes {_text(matrix)} and {_text(right)} do not fit")
    x = _solved("solve", lambda: _matrix(matrix, dtype).solve(_matrix(columns, dtype)))
    return made(_entries(x, columns.shape).reshape(right.shape), dtype)


@implements(np.linalg.det)
def det(a: Any) -> Any:
    """The determinant of a matrix."""
    raw, dtype = _square("det", a)
    return made(kernels.boxed(_matrix(raw, dtype).det()), dtype)


def _sliding(a: Raw, v: Raw, mode: str) -> Raw:
    """The sums of products of `v` with every window of `a`, as np.correlate defines its modes."""
    n, m = len(a), len(v)
    margin = {"valid": 0, "same": m // 2, "full": m - 1}.get(mode)
    if margin is None or n < m:
        raise left(f"sliding products of balls with mode={mode!r} and lengths {n} and {m}")
    zero = cast(constant(0), REAL, COMPLEX) if type(a[0]) is not type(constant(0)[()]) else constant(0)
    right = m - 1 - margin if mode == "same" else margin
    padded = np.concatenate([np.broadcast_to(zero, margin), a, np.broadcast_to(zero, right)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, m)
    return kernels.matmul(windows, v)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The sums of products of `a` with the shifted conjugate of `v`."""
    (x, y), dtype = unified([a, v])
    return BallArray(_sliding(x, kernels.UNARY["conjugate"](y), mode), dtype)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The coefficients of the product of two polynomials."""
    (x, y), dtype = unified([a, v])
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    if len(x) < len(y):
        x, y = y, x
    return BallArray(_sliding(x, y[::-1], mode), dtype)
