"""Comparing enclosures: every entry is one of agreeing, wrong, rounded and unsettled, and none is ever dropped."""

import math
import re
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.arithmetic.adapter import precision
from oracle.comparison import compare
from oracle.verdict import Comparison

DIGITS = 30
EXACT = arb(3)
THIN = arb(3, 1e-40)  # known to 40 digits
FAT = arb(3, 1e-20)  # to 20
TINY = arb(0, 1e-40)  # around zero
WIDE = arb(0, 1.0)
with precision(256):
    NEAR = arb(3) + arb(2) ** -200  # exact, and not 3
NOT_FINITE = (arb("nan"), arb("inf"), arb("-inf"), arb(0, math.inf), arb(3, math.inf))


def balls(*entries: Any) -> np.ndarray:
    """A vector of balls."""
    array = np.empty(len(entries), dtype=object)
    array[:] = [arb(entry) if not isinstance(entry, arb) else entry for entry in entries]
    return array


def counts(comparison: Comparison) -> tuple[int, int, int]:
    """Wrong, unsettled, rounded."""
    return comparison.wrong, comparison.unsettled, comparison.rounded


def compared(got: Any, truth: Any, **options: Any) -> Comparison:
    """Two single balls compared at 256 bits."""
    with precision(256):
        return compare("W", balls(got), balls(truth), digits=DIGITS, **options)


@pytest.mark.parametrize(
    ("got", "truth", "expected"),
    [
        (EXACT, EXACT, (0, 0, 0)),
        (THIN, THIN, (0, 0, 0)),
        (EXACT, THIN, (0, 0, 0)),
        (NEAR, THIN, (0, 0, 0)),
        (FAT, THIN, (0, 1, 0)),
        (THIN, FAT, (0, 1, 0)),
        (EXACT, FAT, (0, 1, 0)),
        (FAT, FAT, (0, 1, 0)),
        (arb(4), EXACT, (1, 0, 0)),
        (arb(4, 0.25), arb(3, 0.25), (1, 0, 0)),
        (arb(3.5, 0.75), arb(3, 0.25), (0, 1, 0)),
        (-THIN, THIN, (1, 0, 0)),
        (NEAR, EXACT, (1, 0, 0)),
        (0, EXACT, (1, 0, 0)),
        (0, 0, (0, 0, 0)),
        (0, TINY, (0, 1, 0)),
        (TINY, 0, (0, 1, 0)),
        (TINY, TINY, (0, 1, 0)),
        (0, arb(1e-100), (1, 0, 0)),
        (WIDE, EXACT, (1, 0, 0)),
        (WIDE, arb(0.5), (0, 1, 0)),
    ],
)
def test_two_balls_lie_to_each_other(got: Any, truth: Any, expected: tuple[int, int, int]) -> None:
    """Disjoint is wrong; overlapping and both thin relative to themselves agrees; overlapping otherwise is open."""
    assert counts(compared(got, truth)) == expected


@pytest.mark.parametrize("other", [*NOT_FINITE, EXACT, arb(0), TINY, WIDE])
@pytest.mark.parametrize("strange", NOT_FINITE)
def test_what_is_not_finite_never_agrees(strange: arb, other: arb) -> None:
    """Neither with a number nor with itself, on either side, whatever is allowed; nor is it ever called wrong."""
    generous: dict[str, Any] = {"scale": np.full(1, 1e300), "rounding": np.full(1, 1e300), "zero_allowed": True}
    for options in ({}, generous):
        for pair in ((strange, other), (other, strange)):
            found = compared(*pair, **options)
            assert counts(found) == (0, 1, 0)
            assert not found.agrees
            assert found.zeros == 0


def test_arb_alone_would_let_nan_agree() -> None:
    """The control: why finiteness is asked first."""
    assert arb("nan").overlaps(arb(1))
    assert arb(3, math.inf).overlaps(arb(1))


def test_agreement_is_relative_to_each_entry() -> None:
    """A small entry beside a large one must be as thin as the large one: 40 places after the point do not do."""
    with precision(256):
        found = compare("W", balls(1e30, arb(1e-15, 1e-40)), balls(1e30, arb(1e-15, 1e-40)), digits=DIGITS)
    assert counts(found) == (0, 1, 0)


# ---- zeros


@pytest.mark.parametrize(
    ("scale", "allowed", "unsettled"),
    [
        (1.0, True, 0),
        (1e-9, True, 0),
        (1e-11, True, 1),  # 1e-40 is not thirty digits below it
        (1.0, False, 1),
        (0.0, True, 1),
        (-1.0, True, 1),
        (math.inf, True, 1),
        (math.nan, True, 1),
    ],
)
@pytest.mark.parametrize(("got", "truth"), [(TINY, TINY), (TINY, 0), (0, TINY), (TINY, arb(5e-41))])
def test_a_ball_around_zero_is_accepted_beside_its_terms(
    got: Any, truth: Any, scale: float, allowed: bool, unsettled: int
) -> None:
    """Only where that is allowed, and only below 10^-digits of a finite positive sum of terms."""
    found = compared(got, truth, scale=np.full(1, scale), zero_allowed=allowed)
    assert counts(found) == (0, unsettled, 0)


def test_without_a_scale_no_ball_around_zero_is_accepted() -> None:
    """There is nothing to be small beside."""
    assert counts(compared(TINY, TINY, zero_allowed=True)) == (0, 1, 0)


def test_a_scale_excuses_no_ball_away_from_zero() -> None:
    """A fat ball that does not contain zero stays unsettled, a wrong one wrong, however large the terms were."""
    options: dict[str, Any] = {"scale": np.full(1, 1e60), "zero_allowed": True}
    assert counts(compared(FAT, FAT, **options)) == (0, 1, 0)
    assert counts(compared(arb(4), EXACT, **options)) == (1, 0, 0)
    assert counts(compared(TINY, arb(1e-30), **options)) == (1, 0, 0)


def test_zeros_are_counted_where_the_code_gives_exactly_zero() -> None:
    """And the derivative is not known to be anything else; a wrong zero does not count."""
    with precision(256):
        found = compare("W", balls(0, 0, 0, 3, TINY), balls(0, TINY, 3, 3, 0), digits=DIGITS)
    assert found.zeros == 2
    assert counts(found) == (1, 2, 0)


# ---- rounding


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (None, (1, 0, 0)),
        (1e-15, (0, 0, 1)),
        (1e-17, (1, 0, 0)),
        (0.0, (1, 0, 0)),
        (math.inf, (1, 0, 0)),
        (math.nan, (1, 0, 0)),
    ],
)
def test_a_gap_within_the_rounding_is_rounded(rounding: float | None, expected: tuple[int, int, int]) -> None:
    """A third in float64 is not a third; a bound that is not finite excuses nothing."""
    with precision(256):
        third = arb(1) / 3
    found = compared(arb(1 / 3), third, rounding=None if rounding is None else np.full(1, rounding))
    assert counts(found) == expected
    assert not found.agrees


def test_rounding_settles_nothing_that_overlaps() -> None:
    """An open question is not a rounded constant."""
    assert counts(compared(FAT, FAT, rounding=np.full(1, 1.0))) == (0, 1, 0)


def test_rounding_is_entry_by_entry() -> None:
    """Each gap has its own bound."""
    with precision(256):
        found = compare("W", balls(1.5, 1.5, 1), balls(1, 1, 1), digits=DIGITS, rounding=np.array([0.1, 0.75, 0.0]))
    assert counts(found) == (1, 0, 1)
    assert found.worst is not None
    assert found.worst.index == (0,)


# ---- digits


def test_digits_are_those_of_the_worst_entry() -> None:
    """The thinnest ball has 50, the widest 40 digits."""
    with precision(256):
        found = compare("W", balls(arb(3, 1e-50), arb(3, 1e-40)), balls(3, 3), digits=DIGITS)
    assert found.agrees
    assert 39 <= found.digits <= 41


@pytest.mark.parametrize(("bits", "digits"), [(64, 19.27), (256, 77.06), (4096, 1233.02)])
def test_exact_balls_have_the_digits_of_the_precision(bits: int, digits: float) -> None:
    """Two exact balls that agree are known to the precision in force, not to millions of digits."""
    with precision(bits):
        found = compare("W", balls(3), balls(3), digits=10)
    assert found.digits == pytest.approx(digits, abs=0.01)


def test_the_precision_does_not_make_exact_balls_fat() -> None:
    """At 53 bits an exact ball is still exact: asking for thirty digits is no reason to doubt it."""
    with precision(53):
        assert compare("W", balls(3), balls(3), digits=30).agrees


def test_zeros_have_no_digits_to_count() -> None:
    """Where all entries are zero there is no worst one."""
    with precision(256):
        assert compare("W", balls(0, 0), balls(0, 0), digits=DIGITS).digits == math.inf
        assert compare("W", balls(0, 3), balls(0, 3), digits=DIGITS).digits == pytest.approx(77.06, abs=0.01)


def test_an_accepted_zero_has_the_digits_by_which_it_is_below_its_terms() -> None:
    """A ball of 1e-40 around zero beside terms of 100: zero to 42 places."""
    found = compared(TINY, TINY, scale=np.full(1, 100.0), zero_allowed=True)
    assert found.digits == pytest.approx(42, abs=0.1)


def test_thirty_digits_are_thirty_digits() -> None:
    """Where a ball is said to be thin, its radius is below 10^-digits of its magnitude; 29 digits are refused."""
    assert counts(compared(arb(1, 1e-29), arb(1))) == (0, 1, 0)
    for exponent in np.linspace(29, 32, 200):
        radius = 10.0**-exponent
        found = compared(arb(1, radius), arb(1))
        assert found.unsettled or radius < 1e-30
    assert counts(compared(arb(1, 1e-31), arb(1))) == (0, 0, 0)


# ---- the worst entry


def test_the_worst_entry_has_the_largest_gap() -> None:
    """With its place, both sides and their enclosures."""
    got, truth = balls(1, 2, 3, 4).reshape(2, 2), balls(1, 2.5, 3, 3).reshape(2, 2)
    with precision(64):
        found = compare("W", got, truth, digits=10)
    assert counts(found) == (2, 0, 0)
    assert found.shape == (2, 2)
    worst = found.worst
    assert worst is not None
    assert (worst.index, worst.got, worst.derivative) == ((1, 1), "4.00000", "3.00000")
    assert worst.got_enclosure == "4.000000000000000000000000"
    assert worst.gap == math.nextafter(1.0, 2.0)


def test_a_wrong_entry_is_shown_before_a_rounded_one() -> None:
    """Even where the rounded gap is larger; without a wrong one the rounded one is shown."""
    with precision(64):
        both = compare("W", balls(5, 1.5), balls(3, 1), digits=10, rounding=np.array([9.0, 0.0]))
        one = compare("W", balls(5, 1), balls(3, 1), digits=10, rounding=np.array([9.0, 0.0]))
    assert (both.worst.index if both.worst else None, counts(both)) == ((1,), (1, 0, 1))
    assert (one.worst.index if one.worst else None, counts(one)) == ((0,), (0, 0, 1))


def test_what_agrees_or_is_open_has_no_worst_entry() -> None:
    """There is nothing to show that is wrong."""
    assert compared(EXACT, EXACT).worst is None
    assert compared(FAT, FAT).worst is None
    assert compared(arb("nan"), EXACT).worst is None


# ---- shapes


def test_a_scalar_is_one_entry() -> None:
    """Without dimensions, in every outcome."""

    def scalar(ball: Any) -> np.ndarray:
        return balls(ball).reshape(())

    options: dict[str, Any] = {"digits": DIGITS, "scale": np.ones(()), "zero_allowed": True}
    with precision(256):
        right = compare("s", scalar(3), scalar(3), **options)
        wrong = compare("s", scalar(4), scalar(3), **options, rounding=np.zeros(()))
        rounded = compare("s", scalar(4), scalar(3), **options, rounding=np.full((), 2.0))
        fat = compare("s", scalar(FAT), scalar(3), **options)
        nan = compare("s", scalar(arb("nan")), scalar(3), **options)
        zero = compare("s", scalar(TINY), scalar(TINY), **options)
    assert [c.entries for c in (right, wrong, rounded, fat, nan, zero)] == [1] * 6
    expected = [(0, 0, 0), (1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 0), (0, 0, 0)]
    assert [counts(c) for c in (right, wrong, rounded, fat, nan, zero)] == expected
    assert wrong.worst is not None
    assert wrong.worst.index == ()


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2)])
def test_arrays_without_entries_compare_nothing(shape: tuple[int, ...]) -> None:
    """No entry, no digits, nothing wrong: it is for the report to say that nothing was compared."""
    empty = np.empty(shape, dtype=object)
    options: dict[str, Any] = {"scale": np.ones(shape), "rounding": np.ones(shape), "zero_allowed": True}
    found = compare("W", empty, empty, digits=DIGITS, **options)
    assert (found.entries, counts(found), found.zeros, found.worst) == (0, (0, 0, 0), 0, None)
    assert found.digits == math.inf


@pytest.mark.parametrize(("one", "other"), [((3,), (1,)), ((3,), (3, 1)), ((3, 1), (1, 3)), ((1,), ()), ((0,), (1,))])
def test_arrays_of_other_shapes_are_not_compared(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """NumPy would broadcast them, and compare some entries twice and others never."""
    got, truth = np.full(one, arb(1), dtype=object), np.full(other, arb(1), dtype=object)
    sentence = f"W has shape {one}, but the derivative has shape {other}; compare like shapes"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        compare("W", got, truth, digits=DIGITS)


# ---- nothing is dropped


def anything() -> st.SearchStrategy[arb]:
    """Balls of every kind."""
    mid = st.sampled_from([0.0, 1.0, -1.0, 1 / 3, 1e-300, 1e300, 1e-40])
    radius = st.sampled_from([0.0, 1e-60, 1e-40, 1e-20, 0.5, 1e10])
    strange = st.integers(0, len(NOT_FINITE) - 1).map(lambda k: NOT_FINITE[k])
    return strange | st.builds(arb, mid, radius)


@given(
    st.lists(st.tuples(anything(), anything(), st.sampled_from([0.0, 1.0, 1e-300, math.inf, math.nan])), max_size=12),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_every_entry_is_counted_once(rows: list[Any], scaled: bool, rounding: bool, allowed: bool) -> None:
    """Wrong, unsettled, rounded and agreeing add up to all entries, and each is what its two balls alone are."""
    bounds = np.array([row[2] for row in rows])
    options = {"scale": bounds if scaled else None, "rounding": bounds if rounding else None}
    with precision(256):
        whole = compare(
            "W", balls(*(r[0] for r in rows)), balls(*(r[1] for r in rows)), digits=30, zero_allowed=allowed, **options
        )
        singles = [
            compare(
                "W",
                balls(got),
                balls(truth),
                digits=30,
                zero_allowed=allowed,
                **{name: value if value is None else np.array([bound]) for name, value in options.items()},
            )
            for got, truth, bound in rows
        ]
    assert whole.entries == len(rows)
    assert counts(whole) == tuple(sum(column) for column in zip((0, 0, 0), *map(counts, singles), strict=True))
    assert all(sum(counts(c)) + c.agrees == 1 for c in singles)
    assert whole.digits == min((c.digits for c in singles), default=math.inf)
    assert whole.zeros == sum(c.zeros for c in singles)
    assert (whole.worst is None) == (whole.wrong + whole.rounded == 0)


@given(anything(), anything())
@settings(deadline=None)
def test_agreement_is_symmetric(one: arb, other: arb) -> None:
    """It does not matter which side is the code's."""
    assert counts(compared(one, other)) == counts(compared(other, one))
