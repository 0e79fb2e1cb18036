"""Arrays of balls: the loops, reductions and products that every other module of this arithmetic is built on.

A *raw* array is an object ndarray whose elements are `flint.arb` (real balls) or `flint.acb` (complex balls). Every
function here takes raw arrays, broadcasts as NumPy does, and returns a raw ndarray, 0-d ones included, whose balls
enclose the exact result. Precision is flint's own, set by `precision(bits)`.

Callers look a kernel up when they call it (`kernels.UNARY["tanh"](a)`, `kernels.reduce_sum(a, 0)`), so that replacing
one entry replaces it for the array of balls and for the program executor alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import acb, acb_mat, arb, arb_mat
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from oracle.arithmetic import decided, elements
from oracle.arithmetic.conversions import Bools as Bools
from oracle.arithmetic.conversions import Raw as Raw
from oracle.arithmetic.conversions import boxed as boxed
from oracle.arithmetic.conversions import complexified as complexified
from oracle.arithmetic.conversions import filled as filled
from oracle.arithmetic.conversions import imaginary_part as imaginary_part
from oracle.arithmetic.conversions import is_finite as is_finite
from oracle.arithmetic.conversions import lift as lift
from oracle.arithmetic.conversions import midpoints as midpoints
from oracle.arithmetic.conversions import precision as precision
from oracle.arithmetic.conversions import radii as radii
from oracle.arithmetic.conversions import real_part as real_part
from oracle.arithmetic.loops import Loop, choosing, native, rule, same, scaling
from oracle.arithmetic.questions import COMPARE as COMPARE
from oracle.arithmetic.questions import PREDICATE as PREDICATE
from oracle.arithmetic.questions import note_equal
from oracle.arithmetic.questions import truth as truth
from oracle.arithmetic.refusals import answered, left

Axes = int | tuple[int, ...] | None


# ---- elementwise


_METHODS = (
    "exp expm1 log log1p sqrt sin cos tan sinh cosh tanh erf erfc arcsin:asin arccos:acos arctan:atan "
    "arcsinh:asinh arccosh:acosh arctanh:atanh gammaln:lgamma digamma:digamma psi:digamma gamma:gamma"
)
_UNARY_RULES: dict[str, Callable[[Any], Any]] = {
    "absolute": elements.absolute,
    "fabs": elements.absolute,
    "sign": elements.sign,
    "reciprocal": lambda v: 1 / v,
    "exp2": lambda v: arb(2) ** v,
    "log2": lambda v: v.log() / arb.const_log2(),
    "log10": lambda v: v.log() / arb.const_log10(),
    "cbrt": elements.cube_root,
    "floor": elements.floor,
    "ceil": elements.ceiling,
    "trunc": elements.truncated,
    "rint": elements.nearest,
    "expit": elements.logistic,
    "conjugate": elements.conjugate,
    "deg2rad": lambda v: v * arb.pi() / 180,
    "radians": lambda v: v * arb.pi() / 180,
    "rad2deg": lambda v: v * 180 / arb.pi(),
    "degrees": lambda v: v * 180 / arb.pi(),
}
UNARY: dict[str, Loop] = {
    **{
        name: rule(name, operator.methodcaller(method or name), 1)
        for name, _, method in (entry.partition(":") for entry in _METHODS.split())
    },
    **{name: rule(name, each, 1) for name, each in _UNARY_RULES.items()},
    "negative": native("negative", np.negative),
    "positive": native("positive", np.copy),
    "square": lambda a: BINARY["multiply"](a, a),
}
for _name in ("absolute", "fabs", "sign"):
    UNARY[_name] = decided.of_operands(_name, UNARY[_name], decided.signs)
for _name in ("floor", "ceil", "trunc", "rint"):
    UNARY[_name] = decided.of_result(_name, UNARY[_name])
"""Loops of one argument, by the name of NumPy's ufunc (`expit`, `erf`, `gammaln` … by SciPy's)."""

_BINARY_RULES: dict[str, Callable[[Any, Any], Any]] = {
    "float_power": elements.power,
    "fmax": elements.noting_ties(elements.larger, "fmax"),  # taken for their way with NaN: they decide nothing
    "fmin": elements.noting_ties(elements.smaller, "fmin"),
    "arctan2": elements.angle,
    "hypot": elements.hypotenuse,
    "logaddexp": elements.logarithm_of_sum,
    "logaddexp2": elements.binary_logarithm_of_sum,
    "floor_divide": elements.floor_quotient,
    "remainder": elements.remainder,
    "fmod": elements.truncated_remainder,
    "heaviside": elements.heaviside,
    "copysign": elements.copied_sign,
}
_CHOICES: dict[str, Callable[[Any, Any], Any]] = {
    "maximum": elements.larger,
    "minimum": elements.smaller,
}
_DECISIONS: dict[str, Callable[..., decided.Answers]] = {
    "arctan2": lambda y, x: decided.signs_beside_zero(x, y),
    "hypot": lambda a, b: decided.signs_beside_zero(a, b) | decided.signs_beside_zero(b, a),
    "remainder": decided.quotients,
    "fmod": decided.truncated_quotients,
    "heaviside": lambda a, at_zero: decided.signs(a),
    "copysign": lambda a, b: decided.signs(b),
}
_general_power = rule("power", elements.power, 2)


def _power(a: Raw, b: Raw) -> Raw:
    """Powers; a single exponent 2, the usual one, is one multiplication."""
    return BINARY["multiply"](a, a) if b.ndim == 0 and b[()] == 2 else _general_power(a, b)


BINARY: dict[str, Loop] = {
    "add": native("add", np.add),
    "subtract": native("subtract", np.subtract),
    "multiply": scaling("multiply", np.multiply, True),
    "divide": scaling("divide", np.divide, False),
    **{name: rule(name, each, 2) for name, each in _BINARY_RULES.items()},
    **{name: choosing(name, each) for name, each in _CHOICES.items()},
    "power": _power,
}
for _name, _answers in _DECISIONS.items():
    BINARY[_name] = decided.of_operands(_name, BINARY[_name], _answers)
BINARY["floor_divide"] = decided.of_result("floor_divide", BINARY["floor_divide"])
"""Loops of two arguments, by the name of NumPy's ufunc."""

# ---- reductions


def _lanes(a: Raw, axes: Axes) -> tuple[Raw, tuple[int, ...]]:
    """The array with the reduced axes folded into its first one, and the shape that keeps them as 1."""
    which = tuple(range(a.ndim)) if axes is None else normalize_axis_tuple(axes, a.ndim)
    rest = tuple(k for k in range(a.ndim) if k not in which)
    kept = tuple(1 if k in which else n for k, n in enumerate(a.shape))
    shape = tuple(a.shape[k] for k in rest)
    count = 1
    for k in which:
        count *= a.shape[k]
    return a.transpose(which + rest).reshape((count, *shape)), kept


def _reduced(result: Any, kept: tuple[int, ...], keepdims: bool) -> Raw:
    """The reduction as a raw array in the shape that was asked for."""
    return boxed(result).reshape(kept) if keepdims else boxed(result)


def reduce_sum(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The sums over `axes`; 0 over nothing."""
    lanes, kept = _lanes(a, axes)
    result = np.add.reduce(lanes, axis=0) if len(lanes) else filled(lanes.shape[1:], elements.ZERO)
    return _reduced(result, kept, keepdims)


def reduce_product(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The products over `axes`; 1 over nothing."""
    lanes, kept = _lanes(a, axes)
    result = np.multiply.reduce(lanes, axis=0) if len(lanes) else filled(lanes.shape[1:], elements.ONE)
    return _reduced(result, kept, keepdims)


_larger, _smaller = np.frompyfunc(elements.larger, 2, 1), np.frompyfunc(elements.smaller, 2, 1)


def _extremum(name: str, choose: Any, a: Raw, axes: Axes, keepdims: bool) -> Raw:
    """The union of all values the extremum over `axes` may take; a tie is noted if it is the winner's."""
    lanes, kept = _lanes(a, axes)
    if not len(lanes):
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
    try:
        result = boxed(choose.reduce(lanes, axis=0))
    except TypeError as error:
        raise left(f"np.{name} has no rule for these balls ({error})") from error
    note_equal(name, result, lanes)
    if len(lanes) > 1:
        answered(f"{name} along an axis", lambda: decided.winners(result, lanes, same))
    return _reduced(result, kept, keepdims)


def reduce_max(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The maxima over `axes`: that very ball where one is largest, else the union of the candidates."""
    return _extremum("maximum", _larger, a, axes, keepdims)


def reduce_min(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The minima over `axes`: that very ball where one is smallest, else the union of the candidates."""
    return _extremum("minimum", _smaller, a, axes, keepdims)


def cumulative_sum(a: Raw, axis: int) -> Raw:
    """The running sums along `axis`, the first entry included."""
    return np.asarray(np.add.accumulate(a, axis=normalize_axis_index(axis, a.ndim)))


def cumulative_product(a: Raw, axis: int) -> Raw:
    """The running products along `axis`, the first entry included."""
    return np.asarray(np.multiply.accumulate(a, axis=normalize_axis_index(axis, a.ndim)))


# ---- products of matrices


_LARGE, _KEPT = 2**8, 2**17  # entries of a matrix worth remembering, and of all that are remembered
_remembered: dict[tuple[int, int, int], tuple[list[Any], Any]] = {}  # by shape and first ball: balls, and their matrix


def _product(a: Raw, b: Raw) -> Raw:
    """The product of two matrices."""
    (m, k), n = a.shape, b.shape[1]
    if k == 0 or m * n == 0:
        return filled((m, n), elements.ZERO)
    if k == 1:
        return BINARY["multiply"](a, b)
    left_list, right_list = a.ravel().tolist(), b.ravel().tolist()
    matrix = acb_mat if acb in map(type, (left_list[0], right_list[0])) or _mixed(left_list, right_list) else arb_mat
    product = np.empty(m * n, object)
    product[:] = (_matrix(matrix, m, k, left_list) * _matrix(matrix, k, n, right_list)).entries()
    return product.reshape(m, n)


def _matrix(kind: Any, rows: int, columns: int, balls: list[Any]) -> Any:
    """The balls as flint's matrix, which takes longer to make than to multiply: weights are used again at each step."""
    if not _LARGE <= len(balls) <= _KEPT:
        return kind(rows, columns, balls)
    key = rows, columns, id(balls[0])
    known, made = _remembered.get(key, ((), None))
    if type(made) is kind and known == balls:  # the same balls, or exact ones that are equal
        return made
    _remembered.pop(key, None)
    while _remembered and len(balls) + sum(len(others) for others, _ in _remembered.values()) > _KEPT:
        del _remembered[next(iter(_remembered))]
    made = kind(rows, columns, balls)
    _remembered[key] = balls, made
    return made


def _mixed(*lists: list[Any]) -> bool:
    """Whether any ball is complex."""
    return any(acb in set(map(type, balls)) for balls in lists)


def matmul(a: Raw, b: Raw) -> Raw:
    """NumPy's matmul, batches and vectors included, each matrix multiplied by flint."""
    if a.ndim == 0 or b.ndim == 0:
        which = 0 if a.ndim == 0 else 1
        raise ValueError(f"matmul: Input operand {which} does not have enough dimensions (has 0, gufunc core needs 1)")
    left_, right_ = a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    if left_.shape[-1] != right_.shape[-2]:
        raise ValueError(
            "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
            f"(n?,k),(k,m?)->(n?,m?) (size {right_.shape[-2]} is different from {left_.shape[-1]})"
        )
    result = _batched(left_, right_)
    if a.ndim == 1:
        result = result[..., 0, :]
    return boxed(result[..., 0]) if b.ndim == 1 else result


def _batched(a: Raw, b: Raw) -> Raw:
    """The products of stacked matrices."""
    if a.ndim == 2 and b.ndim == 2:
        return _product(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, batch + a.shape[-2:]), np.broadcast_to(b, batch + b.shape[-2:])
    result = np.empty((*batch, a.shape[-2], b.shape[-1]), object)
    for index in np.ndindex(batch):
        result[index] = _product(a[index], b[index])
    return result
