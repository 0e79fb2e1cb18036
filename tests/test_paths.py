"""Places by path: what is read is what is written, and a path that leads nowhere says where it ended."""

import re
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle import paths
from oracle.paths import PathError

STEPS = st.text("abW.é0-_ '{}", min_size=1, max_size=6)
EXAMPLES = """expected one such as "param.wg", "layers[0].W" or 'grads["W"]'"""


class Params(dict[str, Any]):
    """A dictionary whose items may also be attributes."""


class Guarded:
    """An object that hands out but does not take."""

    __slots__ = ("_w",)

    def __init__(self) -> None:
        self._w = 1.0

    @property
    def W(self) -> float:
        """Cannot be set."""
        return self._w


def model() -> SimpleNamespace:
    """An object with something of everything."""
    params = Params(U=1.0)
    params.W = 2.0  # type: ignore[attr-defined]
    return SimpleNamespace(
        param=SimpleNamespace(wg=3.0),
        layers=[SimpleNamespace(W=4.0), {"W": 5.0}],
        grads={"W": 6.0, "a.b": 7.0, 0: 8.0, -1: 9.0, "1": 10.0, 1: 11.0},
        params=params,
        pair=(12.0, 13.0),
    )


PLACES = {
    "param.wg": 3.0,
    "layers[0].W": 4.0,
    "layers.1.W": 5.0,
    "layers[-1]['W']": 5.0,
    'grads["W"]': 6.0,
    "grads.W": 6.0,
    'grads["a.b"]': 7.0,
    "grads[0]": 8.0,
    "grads[-1]": 9.0,
    "grads[1]": 10.0,
    "params.U": 1.0,
    "params.W": 2.0,
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("W", ["W"]),
        ("param.wg", ["param", "wg"]),
        ("layers[0].W", ["layers", "0", "W"]),
        ("layers[ -12 ].W", ["layers", "-12", "W"]),
        ('grads["W"]', ["grads", "W"]),
        ("grads['W']['b']", ["grads", "W", "b"]),
        ('grads["a.b"].c', ["grads", "a.b", "c"]),
        ('grads["it\'s"]', ["grads", "it's"]),
        ('grads[""]', ["grads", ""]),
        ("_private.été", ["_private", "été"]),
        ("grads.{}", ["grads", "{}"]),
    ],
)
def test_a_path_has_steps(path: str, steps: list[str]) -> None:
    """Attributes and keys by dots, keys and indices in brackets; a quoted key stays whole."""
    assert paths.split(path) == steps


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_splitting_undoes_joining(steps: list[str]) -> None:
    """Whatever the keys are."""
    assert paths.split(paths.join(steps)) == steps


@pytest.mark.parametrize(
    "path", ["", ".", "..", "a.", "a..b", "a[", "a[b]", "a[0", 'a["b]', "a]", "a[1.5]", "[]", "a[²]"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    """Nothing is guessed from a path that does not parse."""
    for use in (paths.split, lambda text: paths.read(model(), text), lambda text: paths.write(model(), text, 1.0)):
        with pytest.raises(PathError) as refused:
            use(path)
        assert str(refused.value) == f"{path!r} is not a path; {EXAMPLES}"
    assert not paths.has(model(), path)


@pytest.mark.parametrize(("path", "value"), PLACES.items())
def test_a_path_is_read(path: str, value: float) -> None:
    """Through attributes, keys, indices from either end; text before numbers where a mapping has both."""
    assert paths.read(model(), path) == value
    assert paths.has(model(), path)


@pytest.mark.parametrize("path", PLACES)
def test_what_is_written_is_read_and_nothing_else_changes(path: str) -> None:
    """Each place is the one that reading finds, and only it is rebound."""
    root = model()
    paths.write(root, path, 99.0)
    same = {paths.read(root, other) == value for other, value in PLACES.items() if PLACES[other] != PLACES[path]}
    assert paths.read(root, path) == 99.0
    assert same == {True}


def test_an_attribute_of_a_dictionary_is_written_as_an_attribute() -> None:
    """A key of that name would not be seen by the code, which reads the attribute."""
    root = model()
    paths.write(root, "params.W", 99.0)
    assert root.params.W == 99.0
    assert "W" not in root.params


def test_a_new_place_is_made_where_its_owner_is() -> None:
    """A key or an attribute that was not there; its owner must be."""
    root = model()
    paths.write(root, "param.bg", 1.0)
    paths.write(root, 'grads["new"]', 2.0)
    assert (root.param.bg, root.grads["new"]) == (1.0, 2.0)
    with pytest.raises(PathError, match=r"^'nobody\.W' leads nowhere: a SimpleNamespace has no 'nobody'$"):
        paths.write(root, "nobody.W", 1.0)


def test_modules_and_classes_are_places_too() -> None:
    """Whatever has attributes."""
    owner = type("Owner", (), {"W": 1.0})
    paths.write(owner, "W", 2.0)
    assert (paths.read(owner, "W"), paths.read(np, "linalg.norm")) == (2.0, np.linalg.norm)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nothing", "'nothing' leads nowhere: a SimpleNamespace has no 'nothing'"),
        ("param.wi", "'param.wi' leads nowhere: a SimpleNamespace has no 'wi'"),
        ("layers[2].W", "'layers[2].W' leads nowhere: a list has no '2'"),
        ("layers[-3]", "'layers[-3]' leads nowhere: a list has no '-3'"),
        ('grads["V"]', "'grads[\"V\"]' leads nowhere: a Params has no 'V'"),
        ("param.wg.x", "'param.wg.x' leads nowhere: a float has no 'x'"),
        ("pair[2]", "'pair[2]' leads nowhere: a tuple has no '2'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ended(path: str, sentence: str) -> None:
    """The whole path, what is there, and the step that is not."""
    root = model()
    root.grads = Params(root.grads)
    with pytest.raises(PathError, match=f"^{re.escape(sentence)}$"):
        paths.read(root, path)
    assert not paths.has(root, path)


@pytest.mark.parametrize(
    ("root", "path", "sentence"),
    [
        (model(), "pair[0]", "'pair[0]' cannot be written on a tuple: 'tuple' object has no attribute '0'"),
        (model(), "layers[2]", "'layers[2]' cannot be written on a list: list assignment index out of range"),
        (Guarded(), "W", "'W' cannot be written on a Guarded: property 'W' of 'Guarded' object has no setter"),
        (Guarded(), "V", "'V' cannot be written on a Guarded: 'Guarded' object has no attribute 'V'"),
        (int, "W", "'W' cannot be written on a type: cannot set 'W' attribute of immutable type 'int'"),
    ],
)
def test_what_cannot_be_written_says_why(root: Any, path: str, sentence: str) -> None:
    """The place, its owner's type, and Python's own reason."""
    with pytest.raises(PathError, match=f"^{re.escape(sentence)}$"):
        paths.write(root, path, 1.0)


def test_a_read_only_mapping_is_not_written() -> None:
    """Neither its keys nor attributes that would shadow them."""
    root = SimpleNamespace(params=MappingProxyType({"W": 1.0}))
    assert paths.read(root, "params.W") == 1.0
    with pytest.raises(PathError, match=r"^'params\.W' cannot be written on a mappingproxy: "):
        paths.write(root, "params.W", 2.0)


def test_errors_of_the_owner_are_its_own() -> None:
    """A property that raises something else than AttributeError is not taken for a missing place."""

    class Broken:
        @property
        def W(self) -> float:
            raise ZeroDivisionError("inside")

    ask: Callable[[], Any]
    for ask in (lambda: paths.read(Broken(), "W"), lambda: paths.has(Broken(), "W")):
        with pytest.raises(ZeroDivisionError, match=r"^inside$"):
            ask()
