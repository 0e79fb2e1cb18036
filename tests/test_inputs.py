"""Input specs: what may be declared, how it is flattened and put back, and what is refused."""

import re
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.inputs import Input, booleans, fixed, fresh, integers, joined, nest, parse, reals
from oracle.shapes import Shape, ShapeError

Pair = namedtuple("Pair", "h c")


def specs() -> st.SearchStrategy[Any]:
    """Nested specs of dictionaries, lists and tuples."""
    leaves = st.sampled_from(["B D", "H", ""]).map(str) | st.just(integers("B", below=3))
    names = st.sampled_from(["W", "b", "gate"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.dictionaries(names, inner, max_size=3)
            | st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
        ),
        max_leaves=8,
    )


def test_text_is_a_differentiated_real_array() -> None:
    """A plain spec stands for `reals`."""
    assert parse({"x": "B D"}) == {"x": Input("real", Shape.parse("B D"), True, low=-1.6, high=1.6)}
    assert parse({"x": "B D"}) == parse({"x": reals("B D")})


def test_only_reals_are_differentiated() -> None:
    """Integers, masks and fixed objects have no gradient, nor have reals that say so."""
    every = [reals("B"), reals("B", differentiated=False), integers("B", below=2), booleans("B"), fixed(3)]
    assert [spec.differentiated for spec in every] == [True, False, False, False, False]


def test_nested_specs_are_flattened_by_path() -> None:
    """Dictionaries give their keys, lists their positions."""
    spec = {"params": {"W": "D H", "layers": ["H", ("H", "H H")]}, "x": "B D"}
    assert list(parse(spec)) == ["params.W", "params.layers.0", "params.layers.1.0", "params.layers.1.1", "x"]


@given(specs())
def test_nesting_undoes_flattening(spec: Any) -> None:
    """Values come back in the nesting of the spec, with the same kinds of containers."""
    leaves = parse({"top": spec})
    rebuilt = nest({"top": spec}, {name: f"<{name}>" for name in leaves})["top"]
    assert structure(rebuilt, "top") == structure(spec, "top")
    assert repr(rebuilt).count("<") == len(leaves)


def structure(tree: Any, path: str) -> Any:
    """Containers as they are, and for each leaf the text that stands for it."""
    if isinstance(tree, dict):
        return {key: structure(part, f"{path}.{key}") for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(structure(part, f"{path}.{k}") for k, part in enumerate(tree))
    return f"<{path}>"


def test_named_tuples_come_back_as_named_tuples() -> None:
    """A state given as a named tuple of specs reaches the code as that tuple."""
    assert nest(Pair("H", "H"), {"0": 1, "1": 2}) == Pair(h=1, c=2)


def test_the_sizes_of_an_input_include_those_of_its_bound() -> None:
    """`below` may bring in a size of its own, and one that is there already counts once."""
    assert integers("T B", below="V+1").names == ("T", "B", "V")
    assert integers("T B", below="B").names == ("T", "B")
    assert integers("T B", below=10).names == ("T", "B")


@pytest.mark.parametrize("spec", [5, None, b"B D", {"B"}])
def test_what_is_no_spec_is_refused(spec: Any) -> None:
    """The path of the offender is in the message."""
    with pytest.raises(TypeError) as refused:
        parse({"params": {"W": spec}})
    assert str(refused.value) == (
        f'the spec of params.W is {spec!r}; expected a shape spec such as "B D", '
        "oracle.reals, oracle.integers, oracle.booleans or oracle.fixed, or a dict or list of them"
    )


def test_a_spec_that_is_nothing_at_all_is_refused() -> None:
    """At the top there is no path to show."""
    with pytest.raises(TypeError, match=r"^the spec of an input is 5; expected a shape spec"):
        parse(5)  # type: ignore[arg-type]


def test_two_inputs_of_one_name_are_refused() -> None:
    """A name that is written out and one that comes from nesting may collide: neither input is lost silently."""
    sentence = "two inputs or parameters are called 'cell.W'; give each a name of its own"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        parse({"cell.W": "D H", "cell": {"W": "H"}})


def test_joining_keeps_both_and_refuses_a_common_name() -> None:
    """Parameters and inputs are one collection of leaves."""
    some, more = parse({"W": "H"}), parse({"x": "B"})
    assert list(joined(some, more)) == ["W", "x"]
    with pytest.raises(ValueError, match=r"^two inputs or parameters are called 'W'; give each a name of its own$"):
        joined(some, parse({"x": "B", "W": "B"}))


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf")), (float("-inf"), 0.0)]
)
def test_ranges_of_reals_are_finite_and_not_empty(low: float, high: float) -> None:
    """Both ends are told."""
    sentence = f"reals('B') needs finite low < high, but got low={low} and high={high}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        reals("B", low=low, high=high)


@pytest.mark.parametrize("below", ["V W", "", True, 2.5, None])
def test_a_bound_of_integers_is_one_number_or_size(below: Any) -> None:
    """A flag, a fraction and two sizes are none."""
    with pytest.raises(ShapeError) as refused:
        integers("B", below=below)
    assert str(refused.value) == f'below={below!r} must be one number or size, such as 10 or "V"'


def test_integers_exist_between_start_and_bound() -> None:
    """An empty range that can be seen at once is refused at once."""
    assert integers("B", below=3, start=2).low == 2
    with pytest.raises(ValueError, match=r"^integers\('B'\) has no integer from 3 below 3$"):
        integers("B", below=3, start=3)


def test_start_is_a_whole_number() -> None:
    """Half an integer would be cut off silently."""
    with pytest.raises(ValueError, match=r"^start=0\.5 must be a whole number$"):
        integers("B", below=3, start=0.5)  # type: ignore[arg-type]


def test_fixed_objects_are_handed_on_as_they_are() -> None:
    """The very object, without a shape."""
    value = {"stride": 2}
    assert fixed(value).value is value
    assert fixed(value).shape.is_scalar


def test_specs_that_do_not_parse_say_so_when_they_are_declared() -> None:
    """Every declaration parses its shape."""
    for declare in (reals, booleans, lambda text: integers(text, below=2)):
        with pytest.raises(ShapeError, match=r"^shape spec 'B/2' does not parse at 'B/2'"):
            declare("B/2")


def test_what_a_call_could_change_is_copied() -> None:
    """Containers at every depth, arrays and random generators; other objects stay themselves."""
    options = {"mode": "train", "running": [1.0]}
    fresh(options)["running"].append(2.0)
    assert options == {"mode": "train", "running": [1.0]}
    generator = np.random.default_rng(0)
    assert fresh(generator).random() == generator.random()
    assert fresh(re) is re


def test_a_container_that_cannot_be_copied_deeply_shares_its_parts() -> None:
    """A module in it cannot be copied, and the container can."""
    options = {"np": np}
    copied = fresh(options)
    assert copied == options
    assert copied is not options
