"""The catalogue of planted faults: every one fits the code as it is, is wrong, and says so if it no longer fits."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.faults import CLASSES, LAYER, NETWORK, NODE, SEED_STEP, SINGLE, STEP, StaleFault, pairs
from benchmarks.faults.pairs import HIDDEN
from oracle import Verdict, subjects, verify
from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.mutation.planting import Text, planted
from oracle.point import Point
from oracle.runs import Run, evaluate, quiet
from oracle.trial import Trial

TRIALS = {name: Trial(subjects.load(name), 30) for name in {fault.subject for fault in SINGLE}}
SEEN_ONLY_TWICE = {"network: carry kept from the call before"}  # right on a fresh object


def test_there_are_enough_of_them():
    """At least 60 single faults over objects, cell and layer, and 60 pairs; every class of mistake occurs."""
    assert len(SINGLE) >= 120
    assert len(pairs(SINGLE)) >= 60
    assert {fault.cause for fault in SINGLE} == set(CLASSES)
    assert min(map(len, (NODE, NETWORK, STEP, LAYER))) >= 15
    assert len(SEED_STEP) == 3
    assert len({fault.name for fault in SINGLE}) == len(SINGLE)


@pytest.mark.parametrize("fault", SINGLE, ids=lambda fault: fault.name)
def test_every_fault_fits_the_code(fault):
    """Its text stands exactly once in its function, on the line that the catalogue finds."""
    file, line = fault.place
    text = Path(file).read_text(encoding="utf-8").splitlines()[line - 1]
    assert fault.old.split("\n")[0] in text
    assert fault.old != fault.new


@pytest.mark.parametrize("fault", SINGLE, ids=lambda fault: fault.name)
def test_every_fault_is_refuted(fault):
    """In one of two cases of different sizes; one fault shows only where the object is used twice."""
    with planted(Text(*fault.edit)):
        if fault.name in SEEN_ONLY_TWICE:
            found = verify(subjects.load(fault.subject), cases=2).verdict
        else:
            trial, every = TRIALS[fault.subject], {"T": 3, "B": 2, "D": 8, "H": 3}
            sizes = [{name: every[name] for name in trial.sizes}, dict.fromkeys(trial.sizes, 3)]
            heard = [Hearing(trial, Case(one, seed=3), thorough=False).outcome().verdict for one in sizes]
            found = min(heard, key=lambda verdict: verdict.severity)
    assert found is Verdict.REFUTED


@pytest.mark.parametrize("subject", sorted(TRIALS))
def test_nothing_is_refuted_without_a_fault(subject):
    """The control: the same cases of the code as it is are certified."""
    every = {"T": 3, "B": 2, "D": 8, "H": 3}
    trial = TRIALS[subject]
    case = Case({name: every[name] for name in trial.sizes}, seed=3)
    assert Hearing(trial, case, thorough=False).outcome().verdict is Verdict.CERTIFIED


def test_a_fault_that_no_longer_fits_says_so():
    """The control: a text that is gone, or stands twice, is an error that names the fault."""
    for old, count in (("no such text", 0), ("a_o_bar", 4)):
        stale = dataclasses.replace(NODE[0], old=old)
        with pytest.raises(StaleFault) as raised:
            _ = stale.place
        assert str(raised.value) == (
            f"the fault {stale.name!r} replaces {old!r}, which stands {count} times in "
            "lstm_ref.classic:LstmNode.top_diff_is; expected once: adapt the fault to the code as it is now"
        )


def test_the_two_of_a_pair_stand_at_different_lines():
    """Of one subject, and at two places."""
    for one, other in pairs(SINGLE):
        assert one.subject == other.subject
        assert one.place != other.place


def gradients(*faults):
    """All gradients with these faults planted, in two cases; slots hold something before."""
    trial, found = TRIALS[faults[0].subject], []
    with planted(*(Text(*fault.edit) for fault in faults)), trial.binding.untouched():
        for sizes in ({"T": 3, "B": 2, "D": 8, "H": 3}, {"T": 2, "B": 3, "D": 3, "H": 3}):
            run, case = Run(), Case({name: sizes[name] for name in trial.sizes}, seed=3)
            with quiet():
                evaluate(run, Point(trial.subject, case), adapter.Floats(), known=0.37)
            found += [np.ravel(run.gradients[name]) for name in trial.subject.differentiated if name in run.gradients]
    return np.concatenate(found) if found else np.zeros(0)


def hides(one, other):
    """Whether two faults together do what one of them does alone."""
    both = gradients(one, other)
    alone = [gradients(fault) for fault in (one, other)]
    return any(both.shape == each.shape and np.allclose(both, each, rtol=1e-9, atol=1e-12) for each in alone)


def test_both_of_a_pair_show():
    """Each fault of a pair changes what the other one gives; but for the one that takes a second call to be seen."""
    hidden = {(one.name, other.name) for one, other in pairs(SINGLE) if hides(one, other)}
    assert {pair for pair in hidden if not SEEN_ONLY_TWICE.intersection(pair)} == set()


def test_pairs_that_are_left_out_hide_one_of_the_two():
    """The control: what the catalogue leaves out it leaves out for that reason."""
    by_name = {fault.name: fault for fault in SINGLE}
    assert HIDDEN
    assert all(hides(by_name[one], by_name[other]) for one, other in HIDDEN)
