"""Arguments about copies, about arrays that lend their shape, and about several functions read together."""

import ast

import pytest
from mutation_tools import module_of

import lstm_ref.network
from oracle.mutation.equivalence import proof, readings
from oracle.mutation.equivalence.readings import READINGS, digest
from oracle.mutation.mutants import Mutant, mutants
from oracle.mutation.scene import scene_of

CARRIED = """
import numpy as np

def expect_shape(a):
    if a.ndim != 2:
        raise ValueError("no matrix")

def backward(h_bar, h_T_bar):
    expect_shape(h_T_bar)
    T, B, H = h_bar.shape
    h_next_bar = h_T_bar.copy()
    for t in reversed(range(T)):
        {}
        h_next_bar = 2.0 * (h_bar[t] + h_next_bar)
    return h_next_bar
"""
COPY = "h_next_bar = h_T_bar.copy()"
ARGUMENT = "h_next_bar is only read, and bound anew in each turn of the loop before it is returned"


def without_copy(source):
    """The mutant that leaves the copy out."""
    scene = scene_of(module_of(source).backward)
    (statement,) = [one for one in scene.statements if isinstance(one, ast.Assign) and ".copy()" in ast.unparse(one)]
    change = statement.value, ast.parse("h_T_bar", mode="eval").body
    return Mutant("by-hand:here:1:1:0", "by-hand", scene, statement, change)


def test_a_copy_that_is_only_read_may_be_left_out():
    """An operand until the loop binds the name anew: the argument is made."""
    assert proof(without_copy(CARRIED.format("pass"))) == ARGUMENT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pass", "h_next_bar += 1.0"),
        ("pass", "h_next_bar[0] = 1.0"),
        ("pass", "np.add(h_bar[t], 1.0, out=h_next_bar)"),
        ("pass", "h_T_bar[0] = 1.0"),
        ("pass", "kept = h_next_bar"),
        ("pass", "break"),
        ("range(T)", "range(T - 1)"),
        ("T, B, H = h_bar.shape", "T = int(h_bar.sum())"),
        ("    for t in reversed(range(T)):\n", "    for t in ():\n"),
        ("return h_next_bar", "h_T_bar *= 2.0\n    return h_next_bar"),
        ("2.0 * (h_bar[t] + h_next_bar)", "2.0 * (h_bar[t] + next(h_next_bar for _ in 'a'))"),
        ("        h_next_bar = 2.0 * (h_bar[t] + h_next_bar)", "        y = 2.0 * (h_bar[t] + h_next_bar)"),
    ],
)
def test_the_argument_is_not_made_where_the_copy_may_matter(old, new):
    """The controls: either array is written to or handed on, or the loop may have no turn or bind nothing."""
    source = CARRIED.format("pass")
    assert source.count(old) == 1
    assert proof(without_copy(source.replace(old, new))) == ""


LENDING = """
import numpy as np

def sized(a, like):
    return np.zeros(a.shape, dtype=like.dtype)

def through(a, like):
    return sized(a, like=like) if like is not None else a

def used(a, like):
    return np.zeros(a.shape) + like

def backward(y_bar, x):
    z = {}(y_bar, x[0])
    return z * y_bar
"""


def slices(name):
    """The indices that are put in the place of 0 in the call of a function."""
    made = mutants([seen(module_of(LENDING.format(name)).backward)], ["wrong-slice"])
    return [ast.unparse(one.change[1]) for one in made]


def seen(function):
    """The scene of a function of which one line was watched."""
    from oracle.mutation.scene import Scene, Seen

    bare = scene_of(function)
    (line,) = [one.lineno for one in bare.statements if isinstance(one, ast.Assign)]
    return Scene(bare.home, {line: {"x": Seen((2, 2), "f", identity=1), "x[0]": Seen((2,), "f", identity=2)}})


def test_no_fault_is_planted_in_what_lends_its_shape_to_a_call():
    """A parameter of which the function looks at shape or type alone, itself or in the next one, matters to nothing."""
    assert slices("sized") == slices("through") == []
    assert slices("used") == ["x[1]", "x[-1]"]


def test_what_was_read_together_is_as_it_was_read():
    """Each argument that rests on the text of functions still has that text under it."""
    homes = {"lstm_ref.network.backward": lstm_ref.network}
    assert {one.function for one in READINGS} == set(homes)
    for one in READINGS:
        known = vars(homes[one.function])
        assert {name: digest(readings.named(known, name)) for name in one.rests_on} == one.rests_on


def test_a_reading_lapses_with_the_text(monkeypatch):
    """The argument is made for its change alone, and no more once a function that it rests on is another."""
    scene = scene_of(lstm_ref.network.backward)
    statement = scene.statements[-1]
    assert ast.unparse(statement) == READINGS[0].before
    old = statement.value.args[1].elts[0]
    one, other = (
        Mutant("by-hand:here:1:1:0", "by-hand", scene, statement, (old, ast.parse(name, mode="eval").body))
        for name in ("z_bar", "h_T_bar")
    )
    assert readings.read_together(one) == READINGS[0].argument
    assert readings.read_together(other) == ""
    monkeypatch.setattr(lstm_ref.network, "drop_vjp", lstm_ref.network.drop_vjp.__globals__["drop"])
    assert readings.read_together(one) == ""
