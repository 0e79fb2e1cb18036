"""Conversions, reductions and matrix products on raw arrays, and flint's traps that they avoid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from arithmetic_tools import BITS
from flint import acb, arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from oracle.arithmetic import kernels
from oracle.arithmetic.refusals import LeftArithmetic, Undecided, recording

FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)
REDUCTIONS = {
    "reduce_sum": np.sum,
    "reduce_product": np.prod,
    "reduce_max": np.max,
    "reduce_min": np.min,
}


def raw(seed: int, *shape: int) -> tuple[np.ndarray, Any]:
    """Floats and the same numbers as a raw array."""
    values = np.random.default_rng(seed).uniform(-2, 2, shape)
    return values, kernels.lift(values)


# ---- conversions


@given(value=FLOATS)
@settings(max_examples=50, deadline=None)
def test_lifting_a_float_is_exact(value: float) -> None:
    """A float comes back from its ball, which has no radius."""
    lifted = kernels.lift(value)
    assert (lifted.shape, kernels.midpoints(lifted)[()], kernels.radii(lifted)[()]) == ((), value, 0)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        *[(3, ()), (True, ()), (2.5, ()), (1 + 2j, ()), (np.float32(0.1), ()), (np.int8(-3), ()), ([1, 2.5], (2,))],
        *[
            ([[1, 2], [3, 4]], (2, 2)),
            (np.zeros((0, 3)), (0, 3)),
            (np.array([True, False]), (2,)),
            (np.float16(0.5), ()),
        ],
        *[(np.array([1j, 2]), (2,)), (np.arange(3, dtype=np.uint8), (3,)), (np.float32([0.1, 0.2]), (2,))],
    ],
    ids=repr,
)
def test_lifting_keeps_shape_and_value(value: Any, shape: tuple[int, ...]) -> None:
    """Numbers, arrays and nested lists become raw arrays of the same values."""
    lifted = kernels.lift(value)
    assert (type(lifted), lifted.dtype, lifted.shape) == (np.ndarray, object, shape)
    np.testing.assert_array_equal(kernels.midpoints(lifted), np.asarray(value))


@pytest.mark.parametrize("value", ["1.5", None, np.longdouble("0.1"), np.array(["a"]), [None], {"a": 1}], ids=repr)
def test_what_has_no_exact_ball_is_refused(value: Any) -> None:
    """Text, None and extended floats are refused."""
    with pytest.raises(LeftArithmetic, match="exact ball"):
        kernels.lift(value)


def test_each_lift_is_fresh() -> None:
    """Two lifted zeros are different balls: inputs that are equal are a tie, not the same number."""
    lifted = kernels.lift([0.0, 0.0])
    assert lifted[0] is not lifted[1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_not_a_number_and_infinities_are_not_finite(value: float) -> None:
    """They lift to balls without bounds, with an infinite radius."""
    lifted = kernels.lift([value, 1.0])
    assert kernels.is_finite(lifted).tolist() == [False, True]
    assert kernels.radii(lifted).tolist() == [math.inf, 0]


def test_precision_is_restored() -> None:
    """The previous precision returns, also after an exception."""
    before, inside = ctx.prec, []
    with pytest.raises(ZeroDivisionError), kernels.precision(999):
        inside.append(ctx.prec / 0 if ctx.prec == 999 else None)
    assert (ctx.prec, inside) == (before, [])


@pytest.mark.parametrize("radius", [1.0, 0.1, 1e-300, 1e-320, 0.0])
def test_radii_are_upper_bounds(radius: float) -> None:
    """The float is no smaller than the radius, even where floats are denormal."""
    ball = arb(1, radius)
    assert arb(float(kernels.radii(kernels.boxed(ball))[()])) >= ball.rad()


def test_a_radius_below_all_floats_is_not_zero() -> None:
    """A radius of 1e-400 is reported as the smallest float, never as 0."""
    assert kernels.radii(kernels.boxed(arb(1, arb("1e-400"))))[()] == 5e-324


def test_complex_parts() -> None:
    """Real and imaginary parts are real balls; the radius bounds the distance in the plane."""
    ball = kernels.boxed(acb(arb(1, 0.5), arb(2, 0.5)))
    assert kernels.midpoints(ball)[()] == 1 + 2j
    assert kernels.radii(ball)[()] >= math.hypot(0.5, 0.5)
    assert [type(part[()]) for part in (kernels.real_part(ball), kernels.imaginary_part(ball))] == [arb, arb]


# ---- traps


def test_the_traps_are_real() -> None:
    """What flint answers, and what this arithmetic must therefore not ask: kept here so that a change is noticed."""
    nan, wide = arb("nan"), arb(0, 1)
    assert nan.overlaps(arb(1)) is True
    assert [wide > 0, wide < 0, wide == 0, wide != 0] == [False] * 4
    assert not (wide**2).is_finite()
    assert arb("inf").rel_accuracy_bits() > 10**6


@pytest.mark.parametrize("name", sorted(set(kernels.COMPARE) - {"logical_and", "logical_or", "logical_xor"}))
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (arb(0, 1), arb(0.5)),
        (arb(0, 1), arb(0, 1)),
        (arb("nan"), arb(1)),
        (arb(1), arb("nan")),
        (arb(1, 1e-30), arb(1)),
    ],
    ids=["around", "equal but different balls", "nan", "nan right", "thin"],
)
def test_overlapping_balls_do_not_compare(name: str, a: Any, b: Any) -> None:
    """A comparison that some points answer with yes and others with no is undecided."""
    with pytest.raises(Undecided, match=f"np.{name} of overlapping balls"):
        kernels.COMPARE[name](kernels.boxed(a), kernels.boxed(b))


@pytest.mark.parametrize(
    ("name", "expected"), [("less", False), ("less_equal", True), ("equal", True), ("not_equal", False)]
)
def test_a_ball_is_equal_to_itself(name: str, expected: bool) -> None:
    """The same ball object is the same number, whatever its radius; not-a-number is not."""
    ball, nan = kernels.boxed(arb(1, 0.5)), kernels.boxed(arb("nan"))
    assert kernels.COMPARE[name](ball, ball)[()] == expected
    with pytest.raises(Undecided):
        kernels.COMPARE[name](nan, nan)


def test_touching_balls() -> None:
    """Where only an end point is shared, <= is decided and < is not."""
    low, high = kernels.boxed(arb(0, 1).lower()), kernels.boxed(arb(0, 1))
    assert kernels.COMPARE["less_equal"](low, high)[()]
    with pytest.raises(Undecided):
        kernels.COMPARE["less"](low, high)


# ---- reductions and products


@pytest.mark.parametrize("name", list(REDUCTIONS))
@settings(max_examples=25, deadline=None)
@given(shape=array_shapes(max_dims=4, max_side=4), data=st.data(), keepdims=st.booleans())
def test_reductions_follow_numpy(name: str, shape: tuple[int, ...], data: Any, keepdims: bool) -> None:
    """Over any axes, kept or not, a reduction has NumPy's shape and values."""
    axes = data.draw(
        st.none() | st.integers(-len(shape), len(shape) - 1) | st.sets(st.integers(0, len(shape) - 1)).map(tuple)
    )
    values, lifted = raw(7, *shape)
    with kernels.precision(BITS):
        got = getattr(kernels, name)(lifted, axes, keepdims)
    expected = REDUCTIONS[name](values, axis=axes, keepdims=keepdims)
    assert (type(got), got.shape) == (np.ndarray, expected.shape)
    np.testing.assert_allclose(kernels.midpoints(got), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "neutral"), [("reduce_sum", 0), ("reduce_product", 1)])
def test_over_nothing_a_reduction_is_neutral(name: str, neutral: int) -> None:
    """The sum over no elements is 0, their product is 1."""
    got = getattr(kernels, name)(kernels.lift(np.zeros((0, 2))), 0)
    assert kernels.midpoints(got).tolist() == [neutral, neutral]


@pytest.mark.parametrize(("name", "word"), [("reduce_max", "maximum"), ("reduce_min", "minimum")])
def test_over_nothing_an_extremum_does_not_exist(name: str, word: str) -> None:
    """NumPy's own error."""
    with pytest.raises(ValueError, match=f"zero-size array to reduction operation {word} which has no identity"):
        getattr(kernels, name)(kernels.lift(np.zeros((0, 2))), 0)


def test_the_largest_is_that_very_ball() -> None:
    """A decided maximum is the ball itself, so that comparing it with the array finds it."""
    with kernels.precision(BITS):
        thirds = kernels.BINARY["divide"](kernels.lift([1.0, 2.0, 0.5]), kernels.lift(3))
        assert kernels.COMPARE["equal"](thirds, kernels.reduce_max(thirds, 0)).tolist() == [False, True, False]


def test_ties_of_the_largest_are_noted() -> None:
    """Equal values are noted where they are largest, not elsewhere, and not for one ball used twice."""
    with recording() as record:
        kernels.reduce_max(kernels.lift([1.0, 1.0, 2.0]), 0)
        one = kernels.lift(1.0)[()]
        kernels.reduce_max(np.array([one, one], object), 0)
    assert record.ties == {}
    with recording() as record:
        kernels.reduce_max(kernels.lift([1.0, 2.0, 2.0]), 0)
        kernels.reduce_min(kernels.lift([0.0, 0.0]), 0)
    assert list(record.ties) == ["maximum of two equal values", "minimum of two zeros"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        *[
            ((2, 3), (3, 4)),
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 2)),
            ((5, 2, 3), (3, 4)),
            ((5, 1, 2, 3), (4, 3, 2)),
        ],
        *[
            ((3,), (4, 3, 2)),
            ((4, 2, 3), (3,)),
            ((2, 1), (1, 3)),
            ((0, 3), (3, 2)),
            ((2, 0), (0, 2)),
            ((40, 50), (50, 30)),
        ],
    ],
)
def test_matmul_follows_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """Vectors, matrices and batches multiply as NumPy multiplies them."""
    (x, lifted_x), (y, lifted_y) = raw(1, *a), raw(2, *b)
    with kernels.precision(BITS):
        got = kernels.matmul(lifted_x, lifted_y)
    assert (type(got), got.shape) == (np.ndarray, np.matmul(x, y).shape)
    np.testing.assert_allclose(kernels.midpoints(got), np.matmul(x, y), rtol=1e-11, atol=1e-13)
    assert (kernels.radii(got) < 1e-60).all()


def test_complex_and_real_matrices_multiply() -> None:
    """A complex ball anywhere makes the product complex."""
    x, y = np.array([[1, 2], [3, 4j]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    mixed = kernels.lift(x)
    mixed[0, 0] = arb(1)
    np.testing.assert_array_equal(kernels.midpoints(kernels.matmul(mixed, kernels.lift(y))), x @ y)


@pytest.mark.parametrize(("a", "b"), [((2, 3), (2, 3)), ((3,), (4,)), ((), (2,)), ((2, 2, 3), (3, 3, 3))])
def test_matmul_of_shapes_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """NumPy raises ValueError, and so does the kernel."""
    with pytest.raises(ValueError, match=r"matmul|broadcast"):
        np.matmul(np.zeros(a), np.zeros(b))
    with pytest.raises(ValueError, match=r"matmul|broadcast"):
        kernels.matmul(kernels.lift(np.zeros(a)), kernels.lift(np.zeros(b)))


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "rint", "cbrt"])
def test_real_rules_of_one_argument_refuse_complex_balls(name: str) -> None:
    """What a rule does not know of complex balls is refused, never an exception of flint's."""
    with pytest.raises(LeftArithmetic, match=f"np.{name} has no rule for these balls"):
        kernels.UNARY[name](kernels.lift(1 + 1j))


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "arctan2", "hypot", "less", "greater_equal"])
def test_real_rules_of_two_arguments_refuse_complex_balls(name: str) -> None:
    """The same for two arguments, and for the order of complex numbers."""
    table = kernels.BINARY if name in kernels.BINARY else kernels.COMPARE
    with pytest.raises(LeftArithmetic, match=f"np.{name} has no rule for these balls"):
        table[name](kernels.lift(1 + 1j), kernels.lift(2 + 1j))


def test_cumulative_kernels() -> None:
    """Running sums and products along an axis."""
    values, lifted = raw(3, 3, 4)
    with kernels.precision(BITS):
        np.testing.assert_allclose(
            kernels.midpoints(kernels.cumulative_sum(lifted, -1)), np.cumsum(values, -1), rtol=1e-12
        )
        np.testing.assert_allclose(
            kernels.midpoints(kernels.cumulative_product(lifted, 0)), np.cumprod(values, 0), rtol=1e-12
        )
