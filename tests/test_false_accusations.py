"""Correct code is never accused in floats, and a planted error of 1e-10 always is: the campaign, in short."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import oracle
from oracle import Verdict, subjects
from oracle.cases import Case

spec = importlib.util.spec_from_file_location(
    "false_accusations", Path(__file__).parents[1] / "benchmarks" / "false_accusations.py"
)
campaign = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = campaign  # where dataclasses look for it
spec.loader.exec_module(campaign)

DTYPES = ("float64", "float32")
LEAVES = {"lstm-seed": "W", "lstm-standard": "U", "lstm-classic-node": "param.wi"}


def test_no_false_accusation_in_240_cases():
    """Three subjects, two float types, four regimes: no case is accused, and none was left out."""
    tallies = campaign.campaign(list(LEAVES), 240, seed=11)
    assert {(tally.cases, len(tally.accused), tally.undecided) for tally in tallies.values()} == {(40, 0, 0)}
    assert len(tallies) == 6
    assert all(tally.entries > 1000 for tally in tallies.values())


def test_every_registered_subject_has_a_share():
    """All subjects in both float types, and not a case more or less than asked for."""
    names = subjects.names()
    found = campaign.chunks(names, 12_000, 3)
    assert sum(chunk.count for chunk in found) == 12_000
    assert {(chunk.name, chunk.dtype) for chunk in found} == {(name, dtype) for name in names for dtype in DTYPES}
    assert max(chunk.count for chunk in found) == campaign.CHUNK
    assert len(set(found)) == len(found)


def test_the_campaign_goes_on_where_it_was(tmp_path, monkeypatch):
    """What was saved is not heard again; in other versions it counts for nothing."""
    monkeypatch.setattr(campaign, "CHUNK", 4)
    names, path = ["lstm-classic-node"], tmp_path / "seen.json"
    first = campaign.campaign(names, 16, 2, saved=campaign.Saved(path))
    once = campaign.heard
    monkeypatch.setattr(campaign, "heard", lambda chunk: pytest.fail(f"heard again: {chunk}"))
    assert campaign.campaign(names, 16, 2, saved=campaign.Saved(path)) == first
    asked = []
    monkeypatch.setattr(campaign, "heard", lambda chunk: asked.append(chunk) or once(chunk))
    more = campaign.campaign(names, 24, 2, saved=campaign.Saved(path))
    assert [(chunk.first, chunk.count) for chunk in asked] == [(8, 4)] * 2
    assert {tally.cases for tally in more.values()} == {12}
    monkeypatch.setattr(campaign, "environment", lambda: {"python": "2"})
    with pytest.raises(SystemExit, match=r"is of other code, other versions or elsewhere; give another --save PATH$"):
        campaign.Saved(path)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", LEAVES)
def test_a_planted_error_is_seen(name, seed):
    """The control: a relative error of 1e-10 in one entry is INCONSISTENT, at every seed tried."""
    subject = subjects.load(name)
    case = Case({size: min(3, high) for size, (_, high) in subject.sizes.items()}, seed=seed)
    check = oracle.check_in_floats(campaign.planted(subject, LEAVES[name]), case)
    assert (check.verdict, [suspect.name for suspect in check.suspects]) == (Verdict.INCONSISTENT, [LEAVES[name]])


def test_the_campaign_counts_what_it_accuses():
    """The control of the tally: a check that accuses is counted as such."""
    subject = campaign.planted(subjects.load("lstm-classic-node"), "x")
    tally = campaign.Tally()
    tally.add(oracle.check_in_floats(subject, Case({"H": 2, "D": 3})))
    assert (tally.cases, len(tally.accused)) == (1, 1)


def test_the_control_of_the_campaign_itself(monkeypatch):
    """Were the planted error not seen, the campaign would not begin."""
    monkeypatch.setattr(campaign, "PLANTED", 1e-17)
    monkeypatch.setattr(campaign, "planted", lambda subject, leaf: subject)
    with pytest.raises(RuntimeError, match="a relative error of 1e-17 in b of lstm-seed was not seen"):
        campaign.require_that_faults_are_seen(["lstm-seed"])


def in_small_places(x):
    """Numbers of order 1e-196, written entry by entry, so that JAX is no witness."""
    y = np.zeros_like(x)
    for k in range(len(x)):
        y[k] = np.exp(-450.0 + np.sin(x[k]))
    return y, (x, y)


def in_small_places_backward(y_bar, cache):
    """Its backward."""
    x, y = cache
    return y_bar * y * np.cos(x)


def a_millionth_more(y_bar, cache):
    """A backward whose floats lose digits that no conditioning explains."""
    x, y = cache
    return (np.float64(1.0) + (1e-6 if isinstance(y, np.ndarray) else 0.0)) * y_bar * y * np.cos(x)


def test_numbers_whose_squares_vanish_have_a_bound():
    """Deviations of order 1e-212 are added without their squares, so that right code is not called INACCURATE."""
    subject = oracle.Subject.from_functions(in_small_places, in_small_places_backward, inputs={"x": "D"})
    assert oracle.verify(subject, cases=6).verdict is Verdict.CERTIFIED


def test_numbers_whose_squares_vanish_have_no_wide_bound():
    """A relative error of a millionth is seen there too."""
    subject = oracle.Subject.from_functions(in_small_places, a_millionth_more, inputs={"x": "D"})
    assert not oracle.verify(subject, cases=6, explain=False).ok
