"""A mutant is put before the subjects that reach it, the simplest first, at sizes that tell its axes apart."""

from mutation_tools import module_of

from oracle import Subject
from oracle.inputs import fixed
from oracle.mutation import court
from oracle.mutation.mutants import mutants
from oracle.mutation.observe import unequal
from oracle.mutation.sharing import scenes_of

SOURCE = """
def forward(x, flag):
    return (x * x if flag else x * 3.0), (x, flag)

def slope(x, flag):
    return 2 * x if flag else 3.0 + 0 * x

def backward(y_bar, cache):
    return slope(*cache) * y_bar
"""


def stands():
    """The same pair with its option on and off."""
    module = module_of(SOURCE)
    return [
        court.stand(
            Subject.from_functions(
                module.forward, module.backward, inputs={"x": "D", "flag": fixed(flag)}, name=f"flag is {flag}"
            )
        )
        for flag in (True, False)
    ]


def test_only_subjects_that_take_the_branch_are_asked():
    """A fault in an arm of a conditional expression is put before the subject that takes that arm."""
    every = stands()
    first = {
        mutant.diff.splitlines()[-1]: [one.subject.name for one in court.in_order(mutant, every)]
        for mutant in mutants(scenes_of(every), ["constant-factor", "drop-factor"])
    }
    assert first["+    return x if flag else 3.0 + 0 * x"] == ["flag is True"]
    assert first["+    return 2 * x if flag else 3.0 + x"] == ["flag is False"]
    whole = [names for line, names in first.items() if "slope(*cache)" in line]
    assert whole
    assert all(set(names) == {"flag is True", "flag is False"} for names in whole)


def pair(*arguments):
    """Takes whatever it is given; never called."""


def sized(**sizes):
    """The unequal sizes of a subject with a matrix W of H rows and D columns, and these ranges."""
    inputs = {"x": "T B D", "W": "H D", "b": "H"}
    return unequal(Subject.from_functions(pair, pair, inputs=inputs, sizes=sizes, name="sized")).sizes


def test_sizes_differ_where_there_is_room():
    """All four are different, and none is 1."""
    found = sized()
    assert len(set(found.values())) == 4
    assert min(found.values()) > 1


def test_where_there_is_no_room_the_matrix_is_not_square():
    """With three values for four sizes, D and H differ all the same."""
    found = sized(T=(1, 3), B=(1, 2), D=(1, 3), H=(1, 3))
    assert found["D"] != found["H"]
    assert all(low <= found[name] <= high for name, (low, high) in {"T": (1, 3), "B": (1, 2), "D": (1, 3)}.items())
