"""Faults planted in networks, dropout, chunks, checkpoints and truncation: each is refuted, and named by its line."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path

import pytest
from probes_tools import asked, registered, said

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.faults.fault import CLASSES
from benchmarks.faults.networks import CHECKPOINTED, GATES, NETWORKS
from oracle import Verdict, subjects
from oracle.cases import Case
from oracle.diagnosis.probes.looking import look
from oracle.diagnosis.probes.truth import Twin
from oracle.hearing import Hearing
from oracle.mutation.planting import Text, planted, real_name
from oracle.trial import Trial

SUBJECTS = [name for name, where in subjects.REGISTERED.items() if where.startswith("oracle.subjects.networks:")]
SIZES = {"T": 5, "B": 2, "D": 4, "H": 3, "R": 2}
FAULTS = {fault.name: fault for fault in NETWORKS}
CERTAIN = [
    "directions: input cotangents not turned back",
    "chunks: no cotangent of the output",
    "chunks: no cotangent of the state",
    "chunks: the state's carry for the output's",
    "chunks: last cotangents in every chunk",
]
FIRST = [
    "directions: the other half of the outputs",
    "directions: the last direction alone",
    "directions: cotangents of directions subtracted",
    "directions: last output of another layer",
    "directions: last state dropped",
    "reversed: output cotangents not turned",
    "reversed: input cotangents not turned back",
    "stacked: the mask is forgotten",
    "stacked: the mask does not scale",
    "stacked: mask of the next gap",
    "stacked: cotangent not doubled but halved",
    "dropout: no scale",
    "dropout: no mask",
    "dropout: scaled down",
]
AMONG = [fault.name for fault in (*CHECKPOINTED, *GATES)]  # all that is computed from a wrong start may be to blame
BESIDE = sorted(set(FAULTS) - {*CERTAIN, *FIRST, *AMONG})  # hints, of which another line comes first


@functools.cache
def trial_of(name):
    """The trial of a registered subject, kept."""
    return Trial(registered(name), 30)


def sizes_of(subject):
    """The sizes of a case with several steps, chunks and borders."""
    return {name: min(SIZES[name], high) for name, (_, high) in subject.sizes.items()}


def causes_of(name):
    """What the probes say of a subject with one fault planted; no line that is right is certain."""
    fault = FAULTS[name]
    with planted(Text(*fault.edit)):
        causes, _ = asked(registered(fault.subject))
    wrong = [cause for cause in causes if cause.certain and (real_name(cause.file), cause.line) != fault.place]
    assert wrong == [], said(causes)
    return causes, fault


@pytest.mark.parametrize("name", CERTAIN)
def test_the_line_is_certain(name):
    """There is one cause, certain, at the planted line."""
    causes, fault = causes_of(name)
    assert [(cause.line, cause.certain) for cause in causes] == [(fault.line, True)], said(causes)


@pytest.mark.parametrize("name", FIRST)
def test_the_line_comes_first(name):
    """The first hint is the planted line."""
    causes, fault = causes_of(name)
    assert (real_name(causes[0].file), causes[0].line) == fault.place, said(causes)


@pytest.mark.parametrize("name", BESIDE)
def test_the_line_is_named(name):
    """The planted line is among those that the report names."""
    causes, fault = causes_of(name)
    line = rf"({re.escape(Path(fault.place[0]).name)}:|line ){fault.line}\b"
    assert re.search(line, "\n".join(said(causes))), said(causes)


@pytest.mark.parametrize("name", AMONG)
def test_the_line_is_among_the_suspects(name):
    """A run again from the wrong start spoils all values of a chunk: the planted line is suspected, with others."""
    causes, fault = causes_of(name)
    suspects = {
        (real_name(file), line) for cause in causes for file, line in [*cause.suspects, (cause.file, cause.line)]
    }
    assert fault.place in suspects, said(causes)


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_refuted(name):
    """It is no derivative, in a case of several steps; the catalogue knows the class of the mistake."""
    fault = FAULTS[name]
    trial = trial_of(fault.subject)
    with planted(Text(*fault.edit)):
        found = Hearing(trial, Case(sizes_of(trial.subject), seed=3), thorough=False).outcome()
    assert found.verdict is Verdict.REFUTED
    assert fault.cause in CLASSES


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_right_ones_have_no_cause(name):
    """The control: each probe was judged at every step, all of them are right, and nothing is said."""
    subject = registered(name)
    causes, notes = asked(subject)
    assert causes == []
    assert notes == ["every probed cotangent and every gradient follows from what was computed before it"]
    found = look(trial_of(name), Twin(subject), Case(sizes_of(subject), seed=3))
    assert found.unsampled == {}
    assert {probe for probe, _ in found.rules} == set(subject.probes)
    assert set(found.rules.values()) == set(found.leaves.values()) == {"right"}


def test_there_is_a_fault_for_every_subject():
    """At least two for each, and 25 in all; names are given once."""
    assert {fault.subject for fault in NETWORKS} == set(SUBJECTS)
    assert min(sum(fault.subject == name for fault in NETWORKS) for name in SUBJECTS) >= 2
    assert len(FAULTS) == len(NETWORKS) >= 25


DOWN = "seen in 5 of 5 cases, down to T=1 B=1 D=1 H=1"
SAID = {
    "directions: input cotangents not turned back": [
        "first wrong cotangent, backwards in time: z_1_bar (and z_0_bar)     network.py:{line}   "
        "z_bar = z_bar + zd_bar  # z is used by every direction",
        "  everything it is computed from is right; seen in 4 of 5 cases, down to T=3 B=2 D=1 R=1 H=2",
    ],
    "dropout: no scale": [
        "first wrong cotangent, backwards in time: y_0_bar     dropout.py:{line}   y_bar: Array = z_bar * mask",
        f"  everything it is computed from is right; {DOWN}; this line, or what feeds it: ",
    ],
    "chunks: no cotangent of the state": [
        "first wrong cotangent, backwards in time: s_j_bar at t=1     chunks.py:{line}   "
        "s_j_bar = np.zeros_like(part.s0) if truncated and n else 0 * part.s0",
        f"  everything it is computed from is right; wrong at every step; {DOWN}",
    ],
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_of_a_fault(name):
    """The line, the cotangent that is wrong there, and the sizes that show it."""
    causes, fault = causes_of(name)
    for got, expected in zip(said(causes), SAID[name], strict=True):
        assert got.startswith(expected.format(line=fault.line))
