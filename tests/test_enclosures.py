"""Questions about enclosures: finiteness first, thinness relative to the ball itself, and bounds that are bounds."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import acb, arb
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.arithmetic import enclosures
from oracle.arithmetic.adapter import precision

NOT_FINITE = (arb("nan"), arb("inf"), arb("-inf"), arb(0, math.inf), arb(3, math.inf))


def balls(*entries: Any) -> np.ndarray:
    """A vector of balls."""
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array


def ends(ball: arb) -> tuple[Fraction, Fraction]:
    """Exact ends of a finite ball."""
    mid, radius = (
        Fraction(int(man)) * Fraction(2) ** int(exp) for man, exp in (ball.mid().man_exp(), ball.rad().man_exp())
    )
    return mid - radius, mid + radius


def finite_balls() -> st.SearchStrategy[arb]:
    """Balls from tiny to huge, thin and wide."""
    mid = st.floats(-1e300, 1e300) | st.sampled_from([0.0, 1e-300, -1.0])
    return st.builds(
        lambda m, r, e: arb(m, r) * arb(2) ** e, mid, st.floats(0, 1e10), st.sampled_from([0, 2000, -2000])
    )


def test_only_balls_with_finite_ends_are_finite() -> None:
    """A number, a thin ball, a wide ball are; nan, infinities and a ball without ends are not."""
    assert enclosures.finite(balls(arb(0), arb(3), arb(3, 1e-9), arb(0, 1e300))).tolist() == [True] * 4
    assert enclosures.finite(balls(*NOT_FINITE)).tolist() == [False] * 5


def test_balls_meet_where_they_have_a_point_in_common() -> None:
    """Touching counts, and what is not finite meets nothing, not even itself."""
    a = balls(arb(0, 1), arb(0, 1), arb(0, 1), arb(1), arb(1))
    b = balls(arb(2, 1), arb(3, 1), arb(0.5), arb(1), arb(2))
    assert enclosures.meet(a, b).tolist() == [True, False, True, True, False]
    assert enclosures.meet(balls(*NOT_FINITE), balls(*NOT_FINITE)).tolist() == [False] * 5
    assert enclosures.meet(balls(*NOT_FINITE), balls(*[arb(1)] * 5)).tolist() == [False] * 5


def test_accuracy_is_relative_to_the_ball() -> None:
    """Bits of the radius below the midpoint; exact balls are capped; around zero and not finite it is negative."""
    with precision(300):
        thin = balls(arb(1, 2.0**-100), arb(2.0**-500, 2.0**-600), arb(2.0**500, 2.0**400))
    assert all(98 <= bits <= 100 for bits in enclosures.accuracy_bits(thin).tolist())
    assert enclosures.accuracy_bits(balls(arb(3), arb(0))).tolist() == [enclosures.EXACT] * 2
    assert enclosures.accuracy_bits(balls(arb(0, 1e-300), *NOT_FINITE)).tolist() == [-enclosures.EXACT] * 6
    assert (enclosures.accuracy_bits(balls(arb(1, 2), arb(1, 1))) <= 0).all()


@given(finite_balls())
@settings(deadline=None, max_examples=300)
def test_accuracy_promises_no_more_than_there_is(ball: arb) -> None:
    """Where b bits are claimed, the radius is at most 2^-b of the midpoint."""
    bits = max(-3000, min(int(enclosures.accuracy_bits(balls(ball))[0]), 3000))
    low, high = ends(ball)
    assert bits == -3000 or (high - low) * Fraction(2) ** bits <= abs(high + low)


@given(finite_balls())
@settings(deadline=None, max_examples=300)
def test_magnitude_and_radius_are_upper_bounds(ball: arb) -> None:
    """As floats, and hardly above what they bound; where a float cannot be as large, infinity."""
    low, high = ends(ball)
    largest, smallest = Fraction(np.finfo(float).max), Fraction(5e-324)
    for bound, exact in (
        (enclosures.magnitude(balls(ball))[0], max(abs(low), abs(high))),
        (enclosures.radius(balls(ball))[0], (high - low) / 2),
    ):
        at_most = exact * (1 + Fraction(1, 10**6)) + smallest
        assert exact <= Fraction(min(bound, largest)) <= at_most or exact >= largest == Fraction(min(bound, largest))


@given(finite_balls(), finite_balls())
@settings(deadline=None, max_examples=300)
def test_the_gap_bounds_the_distance_of_any_two_points(a: arb, b: arb) -> None:
    """The farthest points of two balls are no farther apart, and of disjoint balls the gap is not zero."""
    gap = float(enclosures.gap(balls(a), balls(b))[0])
    (low_a, high_a), (low_b, high_b) = ends(a), ends(b)
    assert gap == math.inf or max(high_a - low_b, high_b - low_a) <= Fraction(gap)
    assert gap > 0 or (a == b and a.is_exact())


def test_zero_is_bounded_by_zero() -> None:
    """An exact zero has magnitude 0, an exact ball radius 0; the smallest ball beside them does not."""
    assert enclosures.magnitude(balls(arb(0))).tolist() == [0.0]
    assert enclosures.radius(balls(arb(3))).tolist() == [0.0]
    tiny = arb(2) ** -3000
    assert enclosures.magnitude(balls(tiny)).tolist() == [5e-324]
    assert enclosures.radius(balls(arb(0, tiny))).tolist() == [5e-324]


def test_bounds_of_what_is_not_finite_bound_nothing() -> None:
    """Infinity, or nan: no comparison with them is true."""
    found = enclosures.magnitude(balls(*NOT_FINITE))
    assert not (found <= 1e308).any()


def test_zero_is_exactly_zero_and_nothing_else() -> None:
    """A ball around zero contains it and is not it."""
    given = balls(arb(0), arb(0, 1e-300), arb(1, 1), arb(1), arb("nan"))
    assert enclosures.exactly_zero(given).tolist() == [True, False, False, False, False]
    assert enclosures.contains_zero(given[:4]).tolist() == [True, True, True, False]


def test_complex_balls_are_real_where_their_imaginary_part_is_exactly_zero() -> None:
    """A thin ball around zero is not, for it may be anything in there."""
    found = enclosures.real(balls(arb(1, 0.5), acb(2, 0)))
    assert found is not None
    assert [type(ball) for ball in found] == [arb, arb]
    assert found[1] == 2
    assert found[0].overlaps(arb(1.25))
    for imaginary in (arb(1), arb(0, 1e-300), arb("nan")):
        assert enclosures.real(balls(arb(1), acb(2, imaginary))) is None


@pytest.mark.parametrize("stranger", [1.0, None, "1"])
def test_what_is_no_ball_is_not_real(stranger: object) -> None:
    """A float among balls has left them."""
    assert enclosures.real(balls(arb(1), stranger)) is None


def test_scalars_and_empty_arrays_keep_their_shape() -> None:
    """Every question is answered by an array of the shape of what was asked."""
    questions = (
        enclosures.finite,
        enclosures.accuracy_bits,
        enclosures.exactly_zero,
        enclosures.contains_zero,
        enclosures.magnitude,
        enclosures.radius,
        enclosures.real,
        lambda a: enclosures.meet(a, a),
        lambda a: enclosures.gap(a, a),
    )
    for shape in ((), (0,), (2, 0), (1, 2)):
        for ask in questions:
            answer = ask(np.full(shape, arb(3), dtype=object))
            assert isinstance(answer, np.ndarray)
            assert answer.shape == shape


@pytest.mark.parametrize(
    ("ball", "text"),
    [
        (arb(1) / 3, "0.333333"),
        (arb(-0.5), "-0.500000"),
        (arb(0), "0"),
        (arb(0, 1), "0"),
        (arb(5, 10), "5.00000"),
        (arb(123456789), "1.23457e+8"),
        (arb(1e-300), "1.00000e-300"),
        (arb("inf"), "inf"),
        (arb("-inf"), "-inf"),
        (arb("nan"), "nan"),
        (arb(3, math.inf), "nan"),
    ],
)
def test_a_ball_is_shown_by_its_midpoint(ball: arb, text: str) -> None:
    """To six digits; of what nothing is known, nothing is shown."""
    assert enclosures.show(ball) == text


def test_more_digits_can_be_shown() -> None:
    """Nine, where floats are compared."""
    assert enclosures.show(arb(1) / 3, 9) == "0.333333333"


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (-1.32815149e-06, "-1.32815149012e-6", ("-1.3281514900e-6", "-1.3281514901e-6")),
        (2.0, "3", ("2.00000000", "3.00000000")),
        (float("inf"), "1", ("inf", "1.00000000")),
        (0.5, "0.5", ("0.500000000", "0.500000000")),
        (1.0, "1." + 39 * "0" + "1", ("1." + 40 * "0", "1." + 39 * "0" + "1")),
    ],
)
def test_numbers_that_differ_are_shown_to_differ(one: float, other: str, texts: tuple[str, str]) -> None:
    """In one format, and to as many digits as that takes; equal ones to nine."""
    with precision(400):
        assert enclosures.told_apart(one, arb(other), 9) == texts


def test_an_enclosure_shows_its_radius() -> None:
    """As Arb prints it; an exact ball has none."""
    assert enclosures.enclosure(arb(1) / 3) == "[0.3333333333333333 +/- 7.04e-17]"
    assert enclosures.enclosure(arb(5)) == "5.000000000000000000000000"


def test_bits_are_digits_of_two() -> None:
    """256 bits are 77 digits."""
    assert enclosures.decimal_digits(256) == pytest.approx(77.0637, abs=1e-4)
    assert 10 ** enclosures.decimal_digits(10) == pytest.approx(1024)


def test_the_working_precision_is_the_one_in_force() -> None:
    """Inside a block its own, afterwards the one before."""
    before = enclosures.working_bits()
    with precision(777):
        assert enclosures.working_bits() == 777
    assert enclosures.working_bits() == before
