"""Cases: a case is its sizes, regime and seed, on every machine and for good; regimes do what they say."""

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from oracle.cases import CORNERS, GENERIC, REGIMES, Case, cases, ranges, schedule, sizes_at
from oracle.inputs import Input, booleans, fixed, integers, reals
from oracle.shapes import ShapeError

SIZES = {"T": 4, "B": 3, "D": 5}
INPUTS: dict[str, Input] = {
    "x": reals("T B D"),
    "W": reals("2*D D"),
    "b": reals("D"),
    "s": reals(""),
    "p": reals("B", low=0.1, high=3.0),
}


def drawn(case: Case, inputs: dict[str, Input] = INPUTS) -> dict[str, np.ndarray]:
    """All inputs, and the cotangents of two outputs."""
    draw = case.draw()
    values = {name: draw.value(name, spec) for name, spec in inputs.items()}
    return values | {f"{name}_bar": draw.cotangents({name: (4, 3)})[name] for name in ("y", "h")}


def magnitudes(values: dict[str, np.ndarray]) -> np.ndarray:
    """All magnitudes in one vector."""
    return np.abs(np.concatenate([np.ravel(value) for value in values.values()]))


def within() -> st.SearchStrategy[dict[str, tuple[int, int]]]:
    """Ranges of up to five sizes, time among them."""
    ends = st.tuples(st.integers(1, 6), st.integers(0, 7)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    return st.dictionaries(st.sampled_from(["T", "B", "D", "H", "K"]), ends, max_size=5)


# ---- values


def test_the_values_of_a_case_are_pinned() -> None:
    """Sizes, regime and seed decide every number, for good."""
    draw = Case({"B": 2, "D": 3}, seed=7).draw()
    assert draw.value("x", reals("B D")).tolist() == [[-0.343316, -1.039579, -0.946409], [1.408496, 0.67456, -0.833999]]
    assert draw.value("k", integers("B D", below="D")).tolist() == [[0, 2, 1], [0, 2, 0]]
    assert draw.value("m", booleans("B D")).tolist() == [[True, True, False], [True, True, True]]
    assert draw.cotangents({"out": (2,)})["out"].tolist() == [-0.537459, 0.468759]
    assert draw.direction("x 0", (2,)).tolist() == [-0.890798, 0.676437]


@pytest.mark.parametrize("regime", REGIMES)
def test_a_case_draws_the_same_twice(regime: str) -> None:
    """Drawing again gives the same values, another seed gives others."""
    one, again = drawn(Case(SIZES, regime, 11)), drawn(Case(SIZES, regime, 11))
    other = drawn(Case(SIZES, regime, 12))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not any(np.array_equal(one[name], other[name]) for name in ("y_bar", "h_bar", "p"))


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_generic_values_are_pairwise_distinct_and_never_special(seed: int) -> None:
    """Across all inputs, cotangents and a direction: magnitudes differ, and none is 0, ±½, ±1 or ±2."""
    case = Case(SIZES, GENERIC, seed)
    every = magnitudes(drawn(case))
    assert np.unique(every).size == every.size
    assert not np.isin(every, [0.0, 0.5, 1.0, 2.0]).any()


def test_a_direction_has_no_small_component() -> None:
    """What is divided by, or seen in a slope, is of order one and unlike every input."""
    case = Case(SIZES, seed=5)
    draw = case.draw()
    x, v = draw.value("x", INPUTS["x"]), draw.direction("x 0", (4, 3, 5))
    assert np.abs(v).min() >= 0.08
    assert np.abs(v).max() <= 1.6
    assert not np.isin(np.abs(v), np.abs(x)).any()


def test_values_keep_to_their_range() -> None:
    """A positive input stays positive in every regime, where zero or a factor would leave its domain."""
    for regime in REGIMES:
        p = drawn(Case(SIZES, regime, 3))["p"]
        assert p.min() >= 0.1 - 1e-7
        assert p.max() <= 3.0 + 1e-7


def test_integers_start_where_they_should() -> None:
    """From `start` to below the size, with both ends in use."""
    found = Case({"N": 200, "V": 5}, seed=1).draw().value("k", integers("N", below="V", start=2))
    assert set(found.tolist()) == {2, 3, 4}
    assert found.dtype == np.int64


def test_integers_without_a_value_are_refused() -> None:
    """A bound that these sizes push below the start is told by name."""
    with pytest.raises(ShapeError, match=r"^input 'k' has no integer from 2 below V$"):
        Case({"N": 2, "V": 2}).draw().value("k", integers("N", below="V", start=2))


def test_every_row_of_a_mask_has_something_true() -> None:
    """A softmax over a row that is masked out altogether has no value; elsewhere a third is masked."""
    mask = Case({"N": 3000, "K": 3}, seed=2).draw().value("m", booleans("N K"))
    assert mask.any(axis=1).all()
    assert 0.7 < mask.mean() < 0.8
    assert Case({"N": 50}, seed=2).draw().value("m", booleans("N 1")).all()


def test_a_mask_may_be_empty_or_a_scalar() -> None:
    """No row, no last axis: nothing to make true."""
    draw = Case({"N": 1}).draw()
    assert draw.value("m", booleans("N-1 N")).shape == (0, 1)
    assert draw.value("n", booleans("N N-1")).shape == (1, 0)
    assert draw.value("s", booleans("")).shape == ()


def test_fixed_objects_are_the_same_in_every_case() -> None:
    """The very object."""
    value = {"stride": 2}
    assert Case({"N": 1}).draw().value("config", fixed(value)) is value


# ---- regimes


def test_saturated_inputs_are_four_times_larger() -> None:
    """Those around zero, and only those; cotangents stay as they are."""
    plain, saturated = drawn(Case(SIZES, GENERIC, 9)), drawn(Case(SIZES, "saturated", 9))
    ratios = {name: np.unique(np.round(saturated[name] / plain[name], 9)).tolist() for name in plain}
    assert ratios == {"x": [4.0], "W": [4.0], "b": [4.0], "s": [4.0], "p": [1.0], "y_bar": [1.0], "h_bar": [1.0]}


@pytest.mark.parametrize(("regime", "factor"), [("large cotangents", 1e6), ("tiny cotangents", 1e-9)])
def test_cotangents_are_scaled_and_inputs_are_not(regime: str, factor: float) -> None:
    """The factor of the regime, on every cotangent."""
    plain, scaled = drawn(Case(SIZES, GENERIC, 9)), drawn(Case(SIZES, regime, 9))
    assert all(np.array_equal(plain[name], scaled[name]) for name in INPUTS)
    assert all(np.array_equal(plain[name] * factor, scaled[name]) for name in ("y_bar", "h_bar"))


def test_a_third_of_the_inputs_are_zero() -> None:
    """Over many cases each input around zero is zero in a third, altogether; cotangents and positive inputs never."""
    counts = Counter[str]()
    for seed in range(300):
        values = drawn(Case({"T": 1, "B": 1, "D": 2}, "zeros", seed))
        assert all(np.all(value == 0.0) or np.all(value != 0.0) for value in values.values())
        counts.update(name for name, value in values.items() if not np.any(value))
    assert sorted(counts) == ["W", "b", "s", "x"]
    assert all(70 < count < 130 for count in counts.values())


def test_float32_values_are_float32_numbers() -> None:
    """Both precisions see the same case: a cast there and back changes nothing, and did change the generic case."""
    values, plain = drawn(Case(SIZES, "float32", 9)), drawn(Case(SIZES, GENERIC, 9))
    assert all(np.array_equal(v, v.astype(np.float32).astype(np.float64)) for v in values.values())
    assert not any(np.array_equal(v, v.astype(np.float32).astype(np.float64)) for v in plain.values())
    assert all(value.dtype == np.float64 for value in values.values())
    assert np.unique(magnitudes(values)).size == magnitudes(values).size


# ---- sizes


@given(within(), st.sampled_from(REGIMES), st.integers(0, 2**32))
def test_sizes_lie_within_their_ranges(limits: dict[str, tuple[int, int]], regime: str, seed: int) -> None:
    """In every regime, for every size, in the order of the ranges."""
    sizes = sizes_at(regime, seed, limits)
    assert list(sizes) == list(limits)
    assert all(low <= sizes[name] <= high for name, (low, high) in limits.items())
    assert sizes == sizes_at(regime, seed, limits)


@given(within(), st.integers(0, 2**32))
def test_equal_sizes_are_equal_where_some_size_suits_all(limits: dict[str, tuple[int, int]], seed: int) -> None:
    """One size, and not 1, where a transposition could not be seen, unless the ranges leave nothing else."""
    least, most = max((low for low, _ in limits.values()), default=1), min((h for _, h in limits.values()), default=1)
    sizes = set(sizes_at("equal sizes", seed, limits).values())
    common = set(range(max(least, min(2, most)), most + 1))
    assert len(sizes) == min(len(limits), 1) or not common
    assert sizes <= common or not common


def test_equal_sizes_take_every_common_size() -> None:
    """The ranges decide which: here 4, 5 and 6."""
    limits = {"T": (1, 6), "B": (4, 9), "D": (2, 8)}
    found = [sizes_at("equal sizes", seed, limits) for seed in range(60)]
    assert all(len(set(sizes.values())) == 1 for sizes in found)
    assert {sizes["T"] for sizes in found} == {4, 5, 6}


def test_equal_sizes_come_as_near_as_they_can() -> None:
    """Where no size suits all, the ranges' nearest ends meet."""
    assert sizes_at("equal sizes", 0, {"T": (1, 3), "D": (5, 8)}) == {"T": 3, "D": 5}


def test_size_one_is_the_least_of_each() -> None:
    """One where the range starts at one."""
    assert sizes_at("size one", 5, {"T": (1, 6), "D": (2, 8)}) == {"T": 1, "D": 2}


def test_small_sizes_are_among_the_three_least() -> None:
    """One, two or three, each of them now and then."""
    found = [sizes_at("small", seed, {"T": (1, 6), "D": (1, 2)}) for seed in range(60)]
    assert {sizes["T"] for sizes in found} == {1, 2, 3}
    assert {sizes["D"] for sizes in found} == {1, 2}


@pytest.mark.parametrize("regime", [GENERIC, "saturated", "zeros", "float32", "large cotangents", "tiny cotangents"])
def test_generic_sizes_are_pairwise_different(regime: str) -> None:
    """With the default ranges no two sizes of a case are the same, whichever narrow ranges stand last."""
    limits = ranges(("D", "H", "T", "N", "B"), {})
    for seed in range(200):
        sizes = sizes_at(regime, seed, {**limits, "K": (1, 1)})
        assert len(set(sizes.values())) == 6


def test_more_names_than_sizes_repeat_some() -> None:
    """There is no third size between 1 and 2."""
    sizes = sizes_at(GENERIC, 1, dict.fromkeys("ABC", (1, 2)))
    assert sorted(sizes.values()) in ([1, 1, 2], [1, 2, 2])


def test_time_is_often_long() -> None:
    """Two in three generic cases have four steps or more, where the range has them; no other size prefers that."""
    found = [sizes_at(GENERIC, seed, {"T": (1, 6), "D": (1, 6)}) for seed in range(600)]
    long = sum(sizes["T"] >= 4 for sizes in found) / 600
    other = sum(sizes["D"] >= 4 for sizes in found) / 600
    assert 0.75 < long < 0.9
    assert other < 0.55
    assert {sizes_at(GENERIC, seed, {"T": (1, 3)})["T"] for seed in range(60)} == {1, 2, 3}


def test_ranges_have_defaults() -> None:
    """Time up to 6, batch up to 3, N up to 4, everything else up to 8; given ones count."""
    found = ranges(("T", "B", "N", "D"), {"D": (2, 3)})
    assert found == {"T": (1, 6), "B": (1, 3), "N": (1, 4), "D": (2, 3)}
    assert ranges(("D",), {"D": [2, 3]}) == {"D": (2, 3)}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "pair", [(0, 3), (3, 2), (1,), (1, 2, 3), (1.0, 2), (True, 2), "18", 5, None, (-1, 2), (np.int64(1), 2)]
)
def test_what_is_no_range_is_refused(pair: Any) -> None:
    """The size and what was given are told, with what was expected."""
    sentence = f"sizes['D'] is {pair!r}; expected (smallest, largest) with 1 <= smallest <= largest"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        ranges(("D",), {"D": pair})


def test_a_range_of_an_unknown_size_is_refused() -> None:
    """A misspelt size would be ignored otherwise."""
    with pytest.raises(ValueError, match=r"^sizes= names 'Q', but the inputs have only the sizes B, D$"):
        ranges(("B", "D"), {"Q": (1, 2)})
    with pytest.raises(ValueError, match=r"^sizes= names 'Q', but the inputs have only the sizes \(none\)$"):
        ranges((), {"Q": (1, 2)})


# ---- cases


@pytest.mark.parametrize("size", [0, -1, 1.0, True, "3", None])
def test_a_size_is_a_positive_integer(size: Any) -> None:
    """Nothing else is a size."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'size D is {size!r}; expected an integer of at least 1')}$"):
        Case({"B": 1, "D": size})


def test_numpy_integers_are_sizes() -> None:
    """A size read off an array counts."""
    assert Case({"D": np.int64(3)}).draw().value("x", reals("D")).shape == (3,)


def test_a_regime_is_one_of_those_there_are() -> None:
    """The message lists them."""
    with pytest.raises(ValueError, match=r"^there is no regime 'wild'; the regimes are generic, size one, equal sizes"):
        Case({"B": 1}, "wild")


@pytest.mark.parametrize("seed", [1.0, "1", None, True])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    """A seed of another type would be another case on another day."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'seed is {seed!r}; expected a whole number')}$"):
        Case({"B": 1}, seed=seed)


def test_cases_print_what_they_are() -> None:
    """Sizes, regime, seed: all there is."""
    assert str(Case({"T": 4, "B": 1}, "zeros", 12)) == "T=4 B=1, zeros, seed 12"
    assert str(Case({}, seed=3)) == "generic, seed 3"


def test_a_case_at_other_sizes_keeps_the_rest() -> None:
    """Sizes move, seed and regime stay, and so do the leading values of each input."""
    case = Case({"T": 4, "D": 5}, "zeros", 8)
    assert case.at(D=2) == Case({"T": 4, "D": 2}, "zeros", 8)
    long, short = (Case({"D": size}, seed=8).draw().value("x", reals("D")) for size in (5, 2))
    assert long[:2].tolist() == short.tolist()


def test_the_schedule_is_pinned() -> None:
    """The same cases in the same order, for good."""
    limits = ranges(("T", "B", "D", "H"), {})
    assert [str(case) for case in schedule(6, 0, limits)] == [
        "T=5 B=1 D=4 H=2, generic, seed 3162605136",
        "T=1 B=1 D=1 H=1, size one, seed 3065354624",
        "T=5 B=2 D=3 H=4, generic, seed 3716358042",
        "T=3 B=3 D=3 H=3, equal sizes, seed 1826376601",
        "T=6 B=2 D=7 H=8, generic, seed 3155917411",
        "T=4 B=3 D=1 H=7, saturated, seed 3567416796",
    ]


def test_a_hundred_cases_cover_every_regime_twice() -> None:
    """Corners come early, and most cases are generic."""
    regimes = [case.regime for case in schedule(100, 3, {"B": (1, 3)})]
    counts = Counter(regimes)
    assert {regime: counts[regime] for regime in CORNERS} == dict.fromkeys(CORNERS, 2)
    assert counts[GENERIC] == 100 - 2 * len(CORNERS)
    assert set(regimes[:16]) == set(REGIMES)


def test_another_seed_gives_other_cases() -> None:
    """Not one seed in common, and a longer schedule begins like a shorter one."""
    limits = {"B": (1, 3), "D": (1, 8)}
    one, other = list(schedule(50, 0, limits)), list(schedule(50, 1, limits))
    assert not {case.seed for case in one} & {case.seed for case in other}
    assert len({case.seed for case in one}) == 50
    assert list(schedule(10, 0, limits)) == one[:10]


# ---- the strategy


@given(cases({"T": (2, 6), "B": (1, 3)}, regimes=("zeros", "small"), seeds=9))
def test_the_strategy_keeps_to_what_is_asked(case: Case) -> None:
    """Sizes within their ranges, regimes and seeds of those given."""
    assert 2 <= case.sizes["T"] <= 6
    assert 1 <= case.sizes["B"] <= 3
    assert case.regime in ("zeros", "small")
    assert 0 <= case.seed <= 9


def test_the_strategy_shrinks_sizes_first() -> None:
    """The first size gives way before the second, both before the regime, and the seed comes last."""
    found = find(
        cases({"T": (1, 6), "D": (1, 8)}),
        lambda case: case.sizes["T"] + case.sizes["D"] >= 7 and case.regime != "size one" and case.seed % 8 >= 3,
        settings=settings(database=None),
    )
    assert (dict(found.sizes), found.regime, found.seed) == ({"T": 1, "D": 6}, GENERIC, 3)


@pytest.mark.parametrize("regime", REGIMES)
def test_the_strategy_finds_every_regime(regime: str) -> None:
    """None is out of reach."""
    quick = settings(database=None, phases=[Phase.generate])
    assert find(cases({"D": (1, 3)}), lambda case: case.regime == regime, settings=quick).regime == regime
