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

from oracle.arithmetic import elements
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
from oracle.arithmetic.refusals import left, tie, undecided

Loop = Callable[..., Raw]
Axes = int | tuple[int, ...] | None


# ---- elementwise


def _rule(name: str, rule: Callable[..., Any], arity: int) -> Loop:
    """The loop that broadcasts a rule for single balls; what the rule lacks for complex balls is refused."""
    return _native(name, np.frompyfunc(rule, arity, 1))


def _native(name: str, ufunc: Callable[..., Any]) -> Loop:
    """The loop around a ufunc for object arrays."""

    def loop(*operands: Raw) -> Raw:
        try:
            result = ufunc(*operands)
        except (TypeError, AttributeError) as error:
            raise left(f"np.{name} has no rule for these balls ({error})") from error
        return result if type(result) is np.ndarray else boxed(result)

    loop.__name__ = name
    return loop


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
        name: _rule(name, operator.methodcaller(method or name), 1)
        for name, _, method in (entry.partition(":") for entry in _METHODS.split())
    },
    **{name: _rule(name, rule, 1) for name, rule in _UNARY_RULES.items()},
    "negative": _native("negative", np.negative),
    "positive": _native("positive", np.copy),
    "square": lambda a: BINARY["multiply"](a, a),
}
"""Loops of one argument, by the name of NumPy's ufunc (`expit`, `erf`, `gammaln` … by SciPy's)."""

_BINARY_RULES: dict[str, Callable[[Any, Any], Any]] = {
    "float_power": elements.power,
    "maximum": elements.noting_ties(elements.larger, "maximum"),
    "minimum": elements.noting_ties(elements.smaller, "minimum"),
    "fmax": elements.noting_ties(elements.larger, "fmax"),
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
_general_power = _rule("power", elements.power, 2)


def _power(a: Raw, b: Raw) -> Raw:
    """Powers; a single exponent 2, the usual one, is one multiplication."""
    return BINARY["multiply"](a, a) if b.ndim == 0 and b[()] == 2 else _general_power(a, b)


BINARY: dict[str, Loop] = {
    **{name: _native(name, getattr(np, name)) for name in ("add", "subtract", "multiply", "divide")},
    **{name: _rule(name, rule, 2) for name, rule in _BINARY_RULES.items()},
    "power": _power,
}
"""Loops of two arguments, by the name of NumPy's ufunc."""

# ---- questions: NumPy's bool arrays, or undecided

_same = np.frompyfunc(operator.is_, 2, 1)
_vanishes = np.frompyfunc(operator.methodcaller("is_zero"), 1, 1)


def _ordered(name: str, yes: Callable[..., Any], no: Callable[..., Any], when_equal: bool, kink: bool) -> Loop:
    """A comparison that holds or fails for all points of both balls; the same ball compares as one number."""

    def compare(a: Raw, b: Raw) -> Raw:
        try:
            holds, fails = np.asarray(yes(a, b), dtype=bool), np.asarray(no(a, b), dtype=bool)
        except TypeError as error:
            raise left(f"np.{name} has no rule for these balls ({error})") from error
        open_ = ~(holds | fails)
        if open_.any():
            alike = np.asarray(_same(a, b), dtype=bool) & is_finite(a)
            if (open_ & ~alike).any():
                raise undecided(f"np.{name} of overlapping balls")
            holds = holds | (open_ & when_equal)
        if kink:
            _note_equal(name, a, b)
        return holds

    compare.__name__ = name
    return compare


def _note_equal(name: str, a: Raw, b: Raw) -> None:
    """Note a tie where two different balls are exactly equal."""
    equal = np.asarray(np.equal(a, b), dtype=bool)
    if not equal.any():
        return
    tied = equal & is_finite(a) & ~np.asarray(_same(a, b), dtype=bool)
    if tied.any():
        zeros = all(_vanishes(np.broadcast_to(a, tied.shape)[tied]))
        tie(f"{name} of two zeros" if zeros else f"{name} of two equal values")


_truth = np.frompyfunc(elements.truth, 1, 1)


def truth(a: Raw) -> Bools:
    """Where the numbers differ from 0; undecided for a ball around 0."""
    return np.asarray(_truth(a), dtype=bool)


COMPARE: dict[str, Loop] = {
    "less": _ordered("less", np.less, np.greater_equal, False, True),
    "less_equal": _ordered("less_equal", np.less_equal, np.greater, True, True),
    "greater": _ordered("greater", np.greater, np.less_equal, False, True),
    "greater_equal": _ordered("greater_equal", np.greater_equal, np.less, True, True),
    "equal": _ordered("equal", np.equal, np.not_equal, True, False),
    "not_equal": _ordered("not_equal", np.not_equal, np.equal, False, False),
    "logical_and": lambda a, b: np.asarray(np.logical_and(truth(a), truth(b))),
    "logical_or": lambda a, b: np.asarray(np.logical_or(truth(a), truth(b))),
    "logical_xor": lambda a, b: np.asarray(np.logical_xor(truth(a), truth(b))),
}
"""Questions about two arrays, answered by bool arrays."""


def _predicate(rule: Callable[[Any], bool]) -> Loop:
    """The loop of a question about one ball."""
    ufunc = np.frompyfunc(rule, 1, 1)
    return lambda a: np.asarray(ufunc(a), dtype=bool)


PREDICATE: dict[str, Loop] = {
    "isfinite": _predicate(elements.is_finite_number),
    "isinf": _predicate(elements.is_infinite_number),
    "isnan": _predicate(elements.is_not_a_number),
    "signbit": _predicate(elements.sign_bit),
    "logical_not": lambda a: np.asarray(~truth(a)),
}
"""Questions about one array, answered by bool arrays."""

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


def _extremum(name: str, choose: Callable[[Any, Any], Any], a: Raw, axes: Axes, keepdims: bool) -> Raw:
    """The union of all values the extremum over `axes` may take; a tie is noted if it is the winner's."""
    lanes, kept = _lanes(a, axes)
    if not len(lanes):
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
    try:
        result = boxed(np.frompyfunc(choose, 2, 1).reduce(lanes, axis=0))
    except TypeError as error:
        raise left(f"np.{name} has no rule for these balls ({error})") from error
    _note_equal(name, result, lanes)
    return _reduced(result, kept, keepdims)


def reduce_max(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The maxima over `axes`: that very ball where one is largest, else the union of the candidates."""
    return _extremum("maximum", elements.larger, a, axes, keepdims)


def reduce_min(a: Raw, axes: Axes = None, keepdims: bool = False) -> Raw:
    """The minima over `axes`: that very ball where one is smallest, else the union of the candidates."""
    return _extremum("minimum", elements.smaller, a, axes, keepdims)


def cumulative_sum(a: Raw, axis: int) -> Raw:
    """The running sums along `axis`, the first entry included."""
    return np.asarray(np.add.accumulate(a, axis=normalize_axis_index(axis, a.ndim)))


def cumulative_product(a: Raw, axis: int) -> Raw:
    """The running products along `axis`, the first entry included."""
    return np.asarray(np.multiply.accumulate(a, axis=normalize_axis_index(axis, a.ndim)))


# ---- products of matrices


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
    product[:] = (matrix(m, k, left_list) * matrix(k, n, right_list)).entries()
    return product.reshape(m, n)


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
