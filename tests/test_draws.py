"""The generator of all cases: its outputs for good, and decimals that no coincidence can hide behind."""

import hashlib
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.draws import Decimals, Wanted, _word, below, bits, key

SPECIAL = [0.0, 0.5, 1.0, 2.0]


def magnitudes(*arrays: np.ndarray) -> np.ndarray:
    """All magnitudes in one vector."""
    return np.abs(np.concatenate([array.ravel() for array in arrays]))


def test_the_generator_is_splitmix64() -> None:
    """The published test vector of SplitMix64 for the seed 1234567."""
    assert bits(1234567, 0, 5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(st.integers(0, 2**70), st.integers(0, 100), st.integers(0, 20), st.integers(0, 20))
def test_a_stream_can_be_read_from_anywhere(seed: int, start: int, first: int, second: int) -> None:
    """Reading on from where one stopped gives the same numbers as reading at once."""
    together = bits(seed, start, first + second)
    apart = np.concatenate([bits(seed, start, first), bits(seed, start + first, second)])
    assert together.tolist() == apart.tolist()


def test_seeds_are_taken_modulo_2_to_the_64() -> None:
    """A seed has 64 bits, and a negative one is as good as any."""
    assert bits(2**64 + 5, 0, 3).tolist() == bits(5, 0, 3).tolist()
    assert bits(-1, 0, 3).tolist() == bits(2**64 - 1, 0, 3).tolist() != bits(1, 0, 3).tolist()


def test_keys_are_blake2b_of_the_words() -> None:
    """The key is pinned: a case that was drawn once is drawn the same for good."""
    assert key(1, "a") == key("1", "a") == 17830588005661422861
    assert key(1, "a") == int.from_bytes(hashlib.blake2b(b"1\x1fa", digest_size=8).digest(), "little")
    assert len({key(""), key("a", "b"), key("ab"), key("b", "a"), key(0), key(-0.0)}) == 6


def test_keys_exist_for_names_that_are_no_text() -> None:
    """Names of files may hold bytes that no encoding has."""
    assert key("caf\udce9") != key("cafe")


@given(st.integers(1, 2**40), st.integers(0, 2**64 - 1))
def test_integers_lie_below_their_bound(bound: int, seed: int) -> None:
    """From 0 up to and excluding the bound."""
    found = below(bound, seed, 50)
    assert found.dtype == np.int64
    assert found.min() >= 0
    assert found.max() < bound


def test_every_integer_below_the_bound_occurs() -> None:
    """Seven values in some hundred draws, each about as often."""
    counts = np.bincount(below(7, key("counts"), 7000), minlength=7)
    assert counts.size == 7
    assert counts.min() > 850
    assert counts.max() < 1150


def test_values_are_pinned() -> None:
    """The same numbers on every machine, in every version, and in this order of drawing."""
    decimals = Decimals(7)
    assert decimals.take("W", (2, 3), -1.6, 1.6).tolist() == [
        [0.175449, 1.23913, -1.330843],
        [-0.553686, -0.61586, 0.522297],
    ]
    assert decimals.take("x", (2,), 0.5, 2.0).tolist() == [1.805711, 1.188544]
    assert decimals.take("big", (3,), 10, 1000).tolist() == [723.877904, 114.605125, 474.211845]


@given(
    st.integers(0, 2**32),
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([(-1.6, 1.6), (0.4, 0.6), (-3.0, 0.1), (0.0, 1e-3), (1e6, 2e6)])),
        max_size=6,
    ),
)
@settings(deadline=None)
def test_magnitudes_are_pairwise_distinct_and_never_special(
    seed: int, parts: list[tuple[int, tuple[float, float]]]
) -> None:
    """Over all arrays of a case together, each within its range, and none of them 0, ±½, ±1 or ±2."""
    decimals = Decimals(seed)
    drawn = [decimals.take(f"{k}", (count,), *ends) for k, (count, ends) in enumerate(parts)]
    together = magnitudes(np.zeros(0), *drawn)
    assert np.unique(together).size == together.size == sum(count for count, _ in parts)
    assert not np.isin(together, SPECIAL).any()
    for array, (_, (low, high)) in zip(drawn, parts, strict=True):
        assert np.all((low <= array) & (array <= high))


def test_values_are_redrawn_until_they_are_distinct() -> None:
    """A range with few decimals is used up to a good part, and still no magnitude occurs twice."""
    decimals = Decimals(3)
    one, other = decimals.take("one", (60_000,), -1.6, 1.6), decimals.take("other", (60_000,), -1.6, 1.6)
    raw = below(3_200_001, key(3, "one"), 60_000)
    assert np.unique(np.abs(raw - 1_600_000)).size < 60_000
    assert np.unique(magnitudes(one, other)).size == 120_000


@pytest.mark.parametrize("special", [0, 500_000, 1_000_000, 2_000_000])
def test_special_values_are_drawn_again(special: int) -> None:
    """Close to a special value the generator hits it now and then (the control), and the decimals never do."""
    first = max(special - 100, 0)
    low, high = first / 1e6, (first + 200) / 1e6
    hits = [special in (first + below(201, key(seed, "W"), 4)).tolist() for seed in range(400)]
    assert sum(hits) > 2
    kept = [Decimals(seed).take("W", (4,), low, high) for seed in range(400)]
    assert not np.isin(magnitudes(*kept), SPECIAL).any()


def test_a_range_around_zero_has_no_small_values() -> None:
    """At least a fortieth of the range away from 0, on both sides; a range that only touches 0 has small ones."""
    around = Decimals(1).take("W", (20_000,), -1.6, 1.6)
    assert 0.08 <= np.abs(around).min() < 0.081
    assert around.min() < -1.59
    assert around.max() > 1.59
    assert Decimals(1).take("W", (20_000,), 0.0, 1.6).min() < 0.001


def test_more_entries_have_more_decimals() -> None:
    """Six decimals, and a seventh where six would not keep them apart."""
    few, many = Decimals(2).take("W", (10_000,), -1.6, 1.6), Decimals(2).take("W", (70_000,), -1.6, 1.6)
    assert np.array_equal(few, np.round(few, 6))
    assert not np.array_equal(many, np.round(many, 6))
    assert np.array_equal(many, np.round(many, 7))


def test_millions_of_entries_are_distinct_and_quick() -> None:
    """Three million entries, then a hundred more, then another million."""
    decimals, began = Decimals(1), time.process_time()
    arrays = [decimals.take(f"{k}", (count,), -1.6, 1.6) for k, count in enumerate((3_000_000, 100, 1_000_000))]
    seconds = time.process_time() - began
    assert np.unique(magnitudes(*arrays)).size == 4_000_100
    assert seconds < 4.0


def test_arrays_without_entries_take_nothing() -> None:
    """Neither a value nor a place in the set of those seen."""
    decimals = Decimals(7)
    assert decimals.take("none", (0, 3), -1.6, 1.6).shape == (0, 3)
    assert decimals.take("W", (2, 3), -1.6, 1.6)[0, 0] == 0.175449


def test_a_scalar_is_an_array_without_dimensions() -> None:
    """One value."""
    assert Decimals(7).take("W", (), -1.6, 1.6).tolist() == 0.175449


def test_the_same_name_twice_gives_other_values() -> None:
    """What was drawn stays taken."""
    decimals = Decimals(7)
    one, other = decimals.take("W", (4,), -1.6, 1.6), decimals.take("W", (4,), -1.6, 1.6)
    assert np.unique(magnitudes(one, other)).size == 8


@pytest.mark.parametrize(("low", "high"), [(1e20, 2e20), (1e-21, 2e-21), (1e9, 1e9 + 1e-6)])
def test_a_range_without_enough_decimals_is_refused(low: float, high: float) -> None:
    """Too large, too close to zero for anything but zero, and too narrow; each would never find its values."""
    sentence = (
        f"'W' needs 4 different numbers between {low} and {high}, but float64 cannot tell so many "
        "short decimals apart; give it a wider range, or one closer to 0"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Decimals(1).take("W", (4,), low, high)


@pytest.mark.parametrize(("low", "high"), [(1e-18, 2e-18), (1e8, 2e8), (1.0, 1.0 + 1e-10)])
def test_a_narrow_range_has_as_many_decimals_as_it_needs(low: float, high: float) -> None:
    """The control: these are far from one, or narrow, and still have room."""
    found = Decimals(1).take("W", (50,), low, high)
    assert np.unique(found).size == 50
    assert low <= found.min()
    assert found.max() <= high


WIDE = [
    Wanted("W", (7, 9), -1.6, 1.6),
    Wanted("e", (0, 3), 0.0, 1.0),
    Wanted("s", (), 0.1, 3.0),
    Wanted("U", (40,), -8.0, 8.0),
]
NARROW = [Wanted("p", (12,), 0.0, 0.00003), Wanted("q", (12,), 0.00001, 0.00003), Wanted("r", (30, 20), -1e-4, 1e-4)]


@pytest.mark.parametrize("wanted", [WIDE, NARROW, [], WIDE[1:2]])
def test_arrays_drawn_at_once_are_those_drawn_one_after_another(wanted: list[Wanted]) -> None:
    """Every value is the same, before and after arrays that were drawn alone, for 60 seeds."""
    for seed in range(60):
        single, together = Decimals(seed), Decimals(seed)
        expected = [single.take("first", (5,), -1.6, 1.6), *(single.take(*one) for one in wanted)]
        expected.append(single.take("last", (50,), -1.6, 1.6))
        got = [
            together.take("first", (5,), -1.6, 1.6),
            *together.take_all(wanted),
            together.take("last", (50,), -1.6, 1.6),
        ]
        assert [(array.shape, array.tobytes()) for array in got] == [
            (array.shape, array.tobytes()) for array in expected
        ]


def test_words_one_by_one_are_those_of_the_stream() -> None:
    """In Python's integers as in NumPy's, the first at place 1."""
    for seed in (0, 7, 2**64 - 1):
        assert [_word(seed, place) for place in range(1, 40)] == bits(seed, 0, 39).tolist()


def test_coincidences_are_drawn_again_one_after_another() -> None:
    """Ranges so narrow that magnitudes coincide are not drawn at once, wide ones are: both paths are taken above."""
    assert sum(Decimals(seed)._together(NARROW) is None for seed in range(60)) > 30
    assert sum(Decimals(seed)._together([WIDE[0], *WIDE[2:]]) is None for seed in range(60)) < 5


def test_a_range_without_room_is_refused_at_once_as_well() -> None:
    """The message names the array."""
    with pytest.raises(ValueError, match=r"^'W' needs 4 different numbers between 1000000000000\.0 and "):
        Decimals(0).take_all([Wanted("W", (4,), 1e12, 1e12 + 1e-4)])
