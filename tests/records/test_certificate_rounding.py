"""Rounding to the decimal grid: by integers alone, the same for every enclosure of a number, and always with an end."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.arithmetic import kernels
from oracle.arithmetic.decimal_grid import LAST_BITS, PLACES, Rounded, agreeing_places, rounded

BITS = 384
finite = st.floats(min_value=-1e30, max_value=1e30, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-30)


def lifted(values, bits=BITS):
    """Exact balls, rounded with so many bits."""
    with kernels.precision(bits):
        return rounded(kernels.lift(np.asarray(values, dtype=float)), bits)


def unity(value, bits):
    """An enclosure of the value that is exact at no precision: the value times sin² + cos² of 1."""
    with kernels.precision(bits):
        one = kernels.lift(1.0)
        sine = kernels.UNARY["square"](kernels.UNARY["sin"](one))
        cosine = kernels.UNARY["square"](kernels.UNARY["cos"](one))
        return kernels.BINARY["multiply"](kernels.lift([float(value)]), kernels.BINARY["add"](sine, cosine))


def by_definition(values):
    """Exponent and integers, from the definition, with fractions."""
    exact = [Fraction(value) for value in values]
    largest = max(map(abs, exact))
    exponent = next(e for e in range(-40, 40) if Fraction(10) ** e <= largest < Fraction(10) ** (e + 1))
    grid = Fraction(10) ** (exponent - PLACES)
    return exponent, tuple((value / grid + Fraction(1, 2)).__floor__() for value in exact)


@given(st.lists(finite, min_size=1, max_size=5).filter(any))
def test_the_definition(values):
    """Exact numbers round as the definition says, ties upwards."""
    found = lifted(values)
    assert (found.exponent, found.integers) == by_definition(values)


@given(finite.filter(bool))
def test_enclosures_round_as_their_number(value):
    """A ball that is not exact rounds as the number in it, at the last precision at the latest."""
    balls = unity(value, LAST_BITS)
    assert not balls[0].is_exact()
    with kernels.precision(LAST_BITS):
        found = rounded(balls, LAST_BITS)
    assert (found.exponent, found.integers) == by_definition([value])


TIE = 1 + 2.0**-41  # 10^40 times this is a whole number and a half


def test_a_tie_is_open_until_the_last_precision():
    """A number on a boundary in a ball that is not exact stays open, and at 1536 bits counts as the boundary."""
    assert (Fraction(TIE) * 10**PLACES).denominator == 2
    exact = lifted([TIE])
    assert exact.integers == ((Fraction(TIE) * 10**PLACES + Fraction(1, 2)).numerator,)
    found = []
    for bits in (BITS, 2 * BITS, LAST_BITS):
        with kernels.precision(bits):
            found.append(rounded(unity(TIE, bits), bits))
    assert found == [None, None, exact]


def test_close_to_a_tie_is_no_tie():
    """A hundredth of a billionth of a unit below a boundary is below it."""
    with kernels.precision(BITS):
        below = kernels.BINARY["subtract"](kernels.lift([TIE]), kernels.lift([2.0**-200]))
        found = rounded(below, BITS)
    assert found.integers == (lifted([TIE]).integers[0] - 1,)


def test_the_power_of_ten_is_decided_without_floats():
    """What a float would take for 1 is known to be below it; exactly 1 in a ball that is not exact ends as 1."""
    with kernels.precision(BITS):
        nearly = kernels.BINARY["subtract"](kernels.lift([1.0]), kernels.lift([2.0**-150]))
        assert float(nearly[0]) == 1.0
        assert rounded(nearly, BITS).exponent == -1
        assert rounded(unity(1.0, BITS), BITS) is None
    with kernels.precision(LAST_BITS):
        assert rounded(unity(1.0, LAST_BITS), LAST_BITS) == lifted([1.0])


def test_zeros():
    """Exact zeros are zero at once, and balls around zero when 1536 bits cannot tell them from it."""
    assert lifted([0.0, 0.0]) == Rounded((2,), None, (0, 0))
    assert lifted([0.0, 3.0]).integers[0] == 0

    def cancelled(bits):
        with kernels.precision(bits):
            return rounded(kernels.BINARY["subtract"](unity(1.0, bits), kernels.lift([1.0])), bits)

    assert cancelled(BITS) is None
    assert cancelled(LAST_BITS) == Rounded((1,), None, (0,))


@pytest.mark.parametrize("bits", [BITS, LAST_BITS])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_never_rounded(bad, bits):
    """NaN and infinity have no place on the grid."""
    assert lifted([1.0, bad], bits) is None


def test_wide_balls_are_never_rounded():
    """A ball over several units stays open at any precision: no boundary is taken for granted."""
    with kernels.precision(64):
        wide = unity(1.1, 64)
    with kernels.precision(LAST_BITS):
        assert rounded(wide, LAST_BITS) is None


def test_text():
    """The canonical text names shape, power of ten and integers."""
    assert lifted([[0.5, -0.25]]).text == "1x2 e-1 " + f"{5 * 10**40} {-25 * 10**39}"
    assert lifted(0.0).text == "scalar zero"


def test_agreeing_places():
    """Places in common are counted from the larger power of ten; equal entries have all of them."""
    one, other = lifted([1.0, 2.0, 3.0]), lifted([1.0, 2.0 + 2.0**-20, 4.0])
    assert agreeing_places(one, other).tolist() == [np.inf, 6.0, 0.0]
    with pytest.raises(ValueError, match=r"^shapes \(3,\) and \(\) differ; compare like shapes$"):
        agreeing_places(one, lifted(1.0))
