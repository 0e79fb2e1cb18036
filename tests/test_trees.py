"""Outputs as people return them: flattened by name, and rebuilt as they were."""

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.trees import flatten, like

Pair = namedtuple("Pair", "h c")


class Stack(list[Any]):
    """A list of somebody's own."""


def trees() -> st.SearchStrategy[Any]:
    """Nested lists, tuples and dictionaries of numbers, with None where there is nothing."""
    return st.recursive(
        st.floats(allow_nan=False) | st.none() | st.sampled_from(["", "text"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.sampled_from(["h", "c", 0, (1, 2)]), inner, max_size=3)
            | st.tuples(inner, inner).map(lambda parts: Pair(*parts))
        ),
        max_leaves=10,
    )


@given(trees())
def test_rebuilding_undoes_flattening(tree: Any) -> None:
    """The same values in the same containers."""
    leaves, rebuild = flatten(tree)
    assert rebuild(leaves) == tree
    assert type(rebuild(leaves)) is type(tree)


@given(trees())
def test_every_leaf_is_found_once_and_put_back_in_its_place(tree: Any) -> None:
    """Replacing the leaves by their names and flattening again gives each name its own."""
    leaves, rebuild = flatten(tree, "y")
    names = {name: f"<{name}>" for name in leaves}
    again, _ = flatten(rebuild(names), "y")
    assert again == names
    assert list(again) == list(leaves)


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        (1.0, ["out"]),
        ((1.0, 2.0), ["out[0]", "out[1]"]),
        ([1.0, [2.0]], ["out[0]", "out[1][0]"]),
        ({"h": 1.0, 3: (2.0,)}, ["out['h']", "out[3][0]"]),
        (Pair(1.0, {"c": 2.0}), ["out[0]", "out[1]['c']"]),
        ((1.0, None, 2.0), ["out[0]", "out[2]"]),
        (None, []),
        ([], []),
        ({}, []),
        ("text", ["out"]),
        ({1, 2}, ["out"]),
    ],
)
def test_leaves_are_named_by_how_one_gets_to_them(tree: Any, names: list[str]) -> None:
    """By index and by key, as in Python; None is no leaf, and what is no container is one."""
    assert list(flatten(tree)[0]) == names


def test_leaves_are_the_objects_themselves() -> None:
    """Nothing is copied."""
    array = np.arange(3.0)
    leaves, rebuild = flatten({"h": [array]})
    assert leaves["out['h'][0]"] is array
    assert rebuild(leaves)["h"][0] is array


def test_an_array_is_one_leaf() -> None:
    """Whatever its dtype: it is not taken apart."""
    assert list(flatten(np.array([[1.0], [2.0]]))[0]) == ["out"]
    assert list(flatten(np.array([[1], [None]], dtype=object))[0]) == ["out"]


def test_containers_of_ones_own_keep_their_kind() -> None:
    """Named tuples and derived lists come back as such; a mapping comes back as a dictionary."""
    assert type(like(Pair(1, 2), [3, 4])) is Pair
    assert like(Pair(1, 2), [3, 4]) == Pair(h=3, c=4)
    _, rebuild = flatten(Stack([1.0, 2.0]))
    assert type(rebuild({"out[0]": 3.0, "out[1]": 4.0})) is Stack
    _, rebuild = flatten(OrderedDict(h=1.0))
    assert rebuild({"out['h']": 2.0}) == {"h": 2.0}


def test_rebuilding_needs_every_leaf() -> None:
    """A cotangent that was forgotten is no zero."""
    _, rebuild = flatten((1.0, 2.0))
    with pytest.raises(KeyError, match=r"^'out\[1\]'$"):
        rebuild({"out[0]": 1.0})
