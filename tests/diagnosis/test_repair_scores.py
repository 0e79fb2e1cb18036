"""The scores of the diagnosis count hits, misses and false certainty as they say."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.diagnosis import PARTS, Result, examine, is_hit, keep, kept, misses, planted_in, results, table
from benchmarks.faults import CLASSES, SINGLE
from oracle.diagnosis import Cause

BY_NAME = {fault.name: fault for fault in SINGLE}
ONE, OTHER = BY_NAME["step: o for c in o_bar"], BY_NAME["layer: U doubled"]


def at(fault, kind="wrong-cotangent", certain=True, off=0):
    """A cause that names the line of a fault, or one so many lines off."""
    file, line = fault.place
    return Cause(kind, "claim", certain=certain, file=file, line=line + off)


@pytest.mark.parametrize(
    ("part", "faults", "causes", "hit"),
    [
        ("probes", (ONE,), [at(ONE), at(OTHER)], True),
        ("probes", (ONE,), [at(OTHER), at(ONE)], False),
        ("probes", (ONE,), [Cause("replaced-factor", "claim")], False),
        ("probes", (ONE,), [], False),
        ("pairs", (ONE, OTHER), [at(OTHER), at(ONE)], True),
        ("pairs", (ONE, OTHER), [at(ONE), at(ONE)], False),
        ("bare", (ONE,), [at(ONE, "one-line-repair")], True),
        ("bare", (ONE,), [at(ONE, "one-line-repair", off=1)], False),
        ("bare", (ONE,), [Cause("replaced-factor", "claim")], True),
        ("bare", (ONE,), [Cause("constant-ratio", "claim")], False),
        ("bare", (OTHER,), [Cause("constant-ratio", "claim"), at(OTHER)], True),
    ],
)
def test_a_hit_is_what_the_part_asks_for(part, faults, causes, hit):
    """The first cause of one fault, all causes of two."""
    assert is_hit(part, faults, causes) is hit


def test_certainty_of_a_right_line_is_counted():
    """A certain cause at a line that was not touched is false; a hint there is not, nor is a fact without a line."""
    causes = (at(ONE), at(ONE, off=1), at(ONE, certain=False, off=2), Cause("zero", "claim", certain=True))
    found = Result("probes", (ONE,), causes, 0.5, hit=True)
    assert found.falsely_certain == [causes[1]]
    assert (
        table([found])[2] == "| single faults, with probes: the right line first | 1 of 1 (100%) | 95% | 1 | 0.5, 0.5 |"
    )
    assert misses([found])[2].startswith("| probes | step: o for c in o_bar | cell.py:")
    assert len(misses([Result("probes", (ONE,), (at(ONE),), 0.5, hit=True)])) == 2


def test_what_is_kept_is_not_run_again(tmp_path):
    """Results come back from a file as they were, and a part whose results are all known runs nothing."""
    path = tmp_path / "kept.jsonl"
    assert kept(path) == []
    found = [Result("fresh", faults, (at(ONE),), 0.5, hit=False) for faults in planted_in("fresh")]
    for result in found:
        keep(result, path)
    assert kept(path) == found
    assert list(results(["fresh"], 1, found)) == []


def test_fresh_faults_are_others():
    """At least 20, none of which is in the catalogue."""
    fresh = [fault for (fault,) in planted_in("fresh")]
    assert len(fresh) >= 20
    assert not {(one.place, one.new) for one in fresh} & {(one.place, one.new) for one in SINGLE}
    assert not {one.name for one in fresh} & {one.name for one in SINGLE}


def test_every_class_of_mistake_can_be_hit():
    """Facts without a line are known for each class of the catalogue."""
    from benchmarks.diagnosis import FACTS

    assert set(FACTS) == set(CLASSES)
    assert all(FACTS.values())
    assert set(PARTS) == {"probes", "pairs", "bare", "fresh"}


@pytest.mark.parametrize("probes", [True, False], ids=["with probes", "without"])
def test_one_fault_from_planting_to_score(probes):
    """The state in place of its tanh is named, with its repair, by either way."""
    fault = BY_NAME["step: s for tanh(s) in o_bar"]
    causes, seconds = examine((fault,), probes)
    assert is_hit("probes", (fault,), causes)
    assert causes[0].certain is probes  # no repair alone makes a line certain
    assert causes[0].repair == "np.multiply(h_bar, c, out=o_bar)"
    assert Result("probes", (fault,), causes, seconds, hit=True).falsely_certain == []
