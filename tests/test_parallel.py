"""Registered subjects on several cores: the same reports as one after another, in the order asked for."""

import dataclasses
import os

import pytest

from oracle import parallel, subjects, verify
from oracle.report.json import to_dict
from oracle.subject import Subject

NAMES = ["lstm-classic-node", "lstm-seed"]


def told(reports):
    """What is said of each subject, but for the time it took."""
    return [{**one, "seconds": 0} for one in to_dict(reports, 0.0)["subjects"]]


def test_the_reports_are_those_of_one_process_in_the_order_asked_for() -> None:
    """Cases follow from the seed alone, and balls from the cases."""
    asked = [subjects.load(name) for name in NAMES]
    shared = list(parallel.reports(asked, 2, cases=4, seed=5, digits=30))
    assert [report.subject for report in shared] == NAMES
    assert told(shared) == told([verify(subject, cases=4, seed=5) for subject in asked])


def test_no_file_of_the_user_runs_twice() -> None:
    """Only what is registered is made again elsewhere, and a single subject needs no other process."""
    seed, node = (subjects.load(name) for name in NAMES)
    assert parallel.can_share([seed, node])
    assert not parallel.can_share([seed])
    assert not parallel.can_share([seed, dataclasses.replace(node, spec="mine.py:node")])
    assert not parallel.can_share([seed, dataclasses.replace(node, spec=None)])


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads are limited for the processes alone, and not where the user has said how many."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    with parallel.one_thread_each():
        assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("1", "7")
    assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


def test_what_goes_wrong_elsewhere_is_raised_here() -> None:
    """The control: a subject that no process can make."""
    unknown = dataclasses.replace(subjects.load("lstm-seed"), spec="no-such-subject")
    asked: list[Subject] = [subjects.load("lstm-classic-node"), unknown]
    with pytest.raises(KeyError, match="no-such-subject"):
        list(parallel.reports(asked, 2, cases=1, seed=0, digits=30))
