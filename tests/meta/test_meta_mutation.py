"""The kill matrix sabotaged: each witness broken in turn, and its column must fall."""

import numpy as np
import pytest

from oracle import contract
from oracle.arithmetic import adapter
from oracle.loading import load
from oracle.mutation import campaign, checks, court, fates
from oracle.mutation.equivalence import Presumption
from oracle.mutation.matrix import sampled
from oracle.mutation.mutants import mutants
from oracle.reference import Reference
from oracle.verdict import Comparison
from oracle.witnesses import finite_difference, statement

AUTODIFF, DIFFERENCES, CONTRACT = "autodiff in balls", "finite differences in balls", "contract"
PATH = "certified path"


class Judged:
    """What the checks say of a small sample of faults in the cell, wrong in its numbers and in its contract in turn."""

    def __init__(self):
        (subject,) = load("oracle.subjects.parts:cell_standard")
        self.stand = court.stand(subject, ["step_vjp"])
        operators = ["derivative-for-value", "stale-cache", "no-gradient"]
        sample = sampled(list(mutants(self.stand.scenes, operators)), 9)
        self.rows = [court.judge(mutant, [self.stand]) for mutant in sample]

    def kills(self, check):
        """How many of the nine a check alone convicts."""
        return sum(check in row.convicts - set(self.stand.struck) for row in self.rows)


@pytest.fixture(scope="module")
def sound():
    """The same with nothing sabotaged."""
    return Judged()


def test_without_sabotage(sound):
    """The control: nothing is struck, everything is convicted, and each witness convicts most of the sample."""
    assert sound.stand.struck == {}
    assert sound.kills(PATH) == len(sound.rows) == 9
    assert min(sound.kills(AUTODIFF), sound.kills(DIFFERENCES)) >= 6
    assert sound.kills(CONTRACT) >= 3


_truth, _claimed, _compare = Reference.truth, finite_difference.claimed, checks.compare


def _changed_truth(change):
    """A gradient program whose gradients are changed before they are handed out."""

    def truth(self, point, outputs):
        said, gradients = _truth(self, point, outputs)
        return said, {leaf: change(value) for leaf, value in gradients.items()}

    return Reference, "truth", truth


def _without_last_row(value):
    found = value.copy()
    found[-1] = adapter.lift(np.zeros(found[-1].shape))
    return found


def _fewer_leaves(gradients, direction):
    first = next(iter(direction))
    return _claimed(gradients, {first: direction[first]})


def _rowless(gradients, direction):
    return _claimed(gradients, {leaf: _without_last_row(v) for leaf, v in direction.items()})


def _no_slope(point, binding, direction, bits=512, step=150):
    nothing = adapter.lift(0.0)[()]
    return finite_difference.Slope(nothing, nothing)


def _always(testimony):
    return lambda seen, claim, size, digits: statement.Statement(testimony, 90.0)


SABOTAGES = {
    "autodiff returns zeros": (AUTODIFF, [_changed_truth(lambda value: adapter.lift(np.zeros(value.shape)))]),
    "autodiff drops a row": (AUTODIFF, [_changed_truth(_without_last_row)]),
    "autodiff returns the hand-written value itself": (
        AUTODIFF,
        [(checks, "compare", lambda name, got, truth, **options: _compare(name, got, got, **options))],
    ),
    "autodiff compares nothing": (
        AUTODIFF,
        [(checks, "compare", lambda name, got, truth, **options: Comparison(name, got.shape, 0))],
    ),
    "autodiff is silent": (AUTODIFF, [(checks.CHECKS, AUTODIFF, lambda evidence: None)]),
    "finite differences return zero": (DIFFERENCES, [(finite_difference, "slope", _no_slope)]),
    "finite differences agree with whatever is claimed": (
        DIFFERENCES,
        [(finite_difference, "judge", _always(statement.Testimony.CONFIRMS))],
    ),
    "finite differences compare nothing": (
        DIFFERENCES,
        [(finite_difference, "judge", _always(statement.Testimony.SILENT))],
    ),
    "finite differences leave out gradients": (DIFFERENCES, [(finite_difference, "claimed", _fewer_leaves)]),
    "finite differences drop a row": (DIFFERENCES, [(finite_difference, "claimed", _rowless)]),
    "the contract is off": (
        CONTRACT,
        [
            (contract, "structure", lambda point, run: iter(())),
            (contract, "slot_faults", lambda point, binding, run: ([], [])),
            (contract, "behaviour", lambda point, binding, first, bound: iter(())),
        ],
    ),
}


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_a_sabotaged_witness_convicts_less(sound, sabotage, monkeypatch):
    """The column of the witness falls: it convicts fewer mutants, or is struck since it accuses the unchanged code."""
    column, patches = SABOTAGES[sabotage]
    for owner, name, value in patches:
        (monkeypatch.setitem if isinstance(owner, dict) else monkeypatch.setattr)(owner, name, value)
    assert Judged().kills(column) < sound.kills(column)


def test_a_column_that_accuses_everybody_convicts_nobody(monkeypatch):
    """A witness that refutes all it sees is struck, and has no score at all."""
    monkeypatch.setitem(checks.CHECKS, AUTODIFF, lambda evidence: True)
    found = Judged()
    assert found.kills(AUTODIFF) == 0
    assert list(found.stand.struck) == [AUTODIFF]


def test_without_the_certified_path_mutants_survive(monkeypatch):
    """With the path off, what the fresh cases do not convict counts as survived, and the matrix is not ok."""
    monkeypatch.setitem(checks.CHECKS, PATH, lambda evidence: False)
    monkeypatch.setattr(fates, "presume", lambda mutant, cases: Presumption(cases=200))
    subjects = load("oracle.subjects.parts:cell_standard")
    found = campaign.mutate(subjects, functions=["step_vjp"], operators=["no-gradient"], limit=2)
    assert found.kills(PATH) == 0
    assert [entry.reason for entry in found.entries] == ["its line was never executed in 200 fresh cases"] * 2
    assert not found.ok


def test_witnesses_that_contradict_each_other_leave_no_certified_path(monkeypatch):
    """With a gradient program that returns zeros the path is struck: nothing is convicted, and the matrix says why."""
    owner, name, value = SABOTAGES["autodiff returns zeros"][1][0]
    monkeypatch.setattr(owner, name, value)
    subjects = load("oracle.subjects.parts:cell_standard")
    found = campaign.mutate(subjects, functions=["step_vjp"], operators=["no-gradient"], limit=1)
    assert set(found.struck) >= {PATH, AUTODIFF}
    assert found.entries[0].reason == "there is no certified path that could have convicted it"
    assert not found.ok
