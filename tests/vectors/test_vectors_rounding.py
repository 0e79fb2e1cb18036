"""What a ball rounds to, as a float64 and as a decimal."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from oracle.arithmetic.adapter import precision
from oracle.arithmetic.nearest import nearest

EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
LARGEST = np.finfo(float).max


def ball(value, radius=0.0):
    """An array of one ball."""
    return np.array([arb(value, radius)], dtype=object)


def rounded(balls):
    """The float64 and the text of an array of one ball, and whether both are decided."""
    numbers, texts, decided = nearest(balls, 40)
    return float(numbers[0]), texts[0], bool(decided[0])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_rounds_to_itself(number):
    """Every float64, subnormal ones included, is its own nearest, and its decimal is that of the decimal module."""
    value, text, decided = rounded(ball(number))
    assert decided
    assert value == number
    assert Decimal(text) == EXACT.plus(Decimal(number))


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30), st.integers(-1100, 900))
def test_a_quotient_rounds_as_the_exact_one(numerator, denominator, exponent):
    """n / d · 2^e in thin balls: the float64 is that of exact fractions, the decimal that of exact division."""
    exact = Fraction(numerator, denominator) * Fraction(2) ** exponent
    with precision(600):
        balls = np.array([arb(exact.numerator) / arb(exact.denominator)], dtype=object)
    value, text, decided = rounded(balls)
    assert decided
    assert value == exact.numerator / exact.denominator
    assert Decimal(text) == EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator))


@pytest.mark.parametrize(("middle", "radius"), [(1.0, 1e-16), (0.0, 1e-300), (3.0, 0.5), ("nan", 0.0), ("inf", 0.0)])
def test_a_ball_that_is_too_wide_is_not_decided(middle, radius):
    """The control: where two numbers are possible, or none is known, nothing is said."""
    assert not rounded(ball(middle, radius))[2]


def test_a_ball_can_be_thin_enough_for_one_and_not_the_other():
    """A radius of 1e-25 decides the float64 of a third, but not its 40 digits."""
    with precision(200):
        value, text, decided = rounded(np.array([arb(1) / 3 + arb(0, 1e-25)], dtype=object))
    assert (value, text, decided) == (1 / 3, "", False)


def test_ties_go_to_even():
    """Halfway between two float64 numbers the even one is nearest; a radius around a tie leaves it open."""
    with precision(200):
        assert rounded(np.array([arb(1) + arb(2) ** -53], dtype=object))[0] == 1.0
        assert rounded(np.array([arb(1) + 3 * arb(2) ** -53], dtype=object))[0] == 1.0 + 2.0**-51
        assert not rounded(np.array([arb(1) + arb(2) ** -53 + arb(0, 1e-40)], dtype=object))[2]


def test_texts_have_forty_digits():
    """Sign, one digit, point, 39 digits, exponent with its sign; zero is 0."""
    assert rounded(ball(-0.5))[1] == "-5." + "0" * 39 + "e-1"
    assert rounded(ball(1234.0))[1] == "1.234" + "0" * 36 + "e+3"
    assert rounded(ball(0.0)) == (0.0, "0", True)


def test_what_is_larger_than_any_float64_is_refused():
    """There is no nearest float64, so nothing is written."""
    with pytest.raises(ValueError, match=r"^a number near 2\^2000 is larger than any float64$"):
        nearest(np.array([arb(2) ** 2000], dtype=object), 40)
