"""The catalogue of planted faults: every one fits the code as it is, is wrong, and says so if it no longer fits."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.faults import CLASSES, LAYER, NETWORK, NODE, SEED_STEP, SINGLE, STEP, StaleFault, pairs
from oracle import Verdict, subjects, verify
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.mutation.planting import Text, planted
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
