"""The cases of a certificate follow from its seed, or it is said when it is replayed that they may be picked."""

import dataclasses

import numpy as np
import pytest

import oracle
from oracle import Verdict
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.records.certificate_making import certificate
from oracle.records.certificate_replay import replay
from oracle.summary import Summary
from oracle.trial import Trial


def subject(backward, **more):
    """A backward of sin."""
    return oracle.Subject.from_functions(lambda x: (np.sin(x), x), backward, inputs={"x": "D"}, **more)


def right(y_bar, x):
    """The derivative."""
    return y_bar * np.cos(x)


def wrong_from_three(y_bar, x):
    """The derivative, of arrays shorter than 3."""
    return y_bar * np.cos(x) * (1 if x.shape[0] < 3 else 2)


def clipped(y_bar, x):
    """The derivative, clipped."""
    return np.clip(y_bar * np.cos(x), -0.1, 0.1)


@pytest.mark.parametrize("pair", [subject(right), subject(clipped, clip=0.1)], ids=["plain", "clipped"])
def test_cases_that_were_drawn_are_not_remarked_on(pair):
    """Those of a declared clip are drawn too, beyond the number asked for."""
    (made,) = certificate([pair], [oracle.verify(pair, cases=20, seed=3)], 30).subjects
    again = replay(made, pair)
    assert (again.same, again.picked, len(again.sentences())) == (True, "", 1)


def test_a_redrawn_case_is_not_remarked_on():
    """A case at a kink is redrawn from its own seed."""

    def forward(x):
        return np.maximum(x, 0.0), x

    def backward(y_bar, x):
        return y_bar * (x > 0)

    pair = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"})
    report = oracle.verify(pair, cases=34, seed=0)
    assert report.redrawn > 0
    (made,) = certificate([pair], [report], 30).subjects
    assert replay(made, pair).picked == ""


def test_cases_that_avoid_a_fault_are_remarked_on():
    """A wrong backward is right in cases that somebody picked: every digit is the same, but that is said."""
    pair = subject(wrong_from_three)
    trial = Trial(pair, 30)
    summary = Summary(trial, 0)
    for seed in range(3):
        summary.add(Hearing(trial, Case({"D": 2}, seed=seed)).outcome())
    report = summary.report(0.0)
    assert report.verdict is Verdict.CERTIFIED
    (made,) = certificate([pair], [report], 30).subjects
    assert replay(made, pair).sentences()[-1] == (
        "the cases are not those that seed 0 draws in this version, so they may be picked: "
        "one of them is D=2, generic, seed 0"
    )


def test_cases_that_were_left_out_are_remarked_on():
    """Without its last cases a certificate of a clip has others than are drawn for their number."""
    pair = subject(clipped, clip=0.1)
    (made,) = certificate([pair], [oracle.verify(pair, cases=6)], 30).subjects
    assert "may be picked" in replay(dataclasses.replace(made, cases=made.cases[:-2]), pair).picked
