"""The soundness campaign counts what was certified, and every kind of alarm makes it fail."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import oracle
from oracle.mutation.court import stand
from oracle.mutation.matrix import Matrix
from oracle.mutation.mutants import mutants as every

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.campaign import Heard, fine, listen, shares
from benchmarks.field import sample, showing
from benchmarks.field.alarms import Alarms
from benchmarks.field.faults import Judged


def forward(x):
    """Of one input."""
    return np.tanh(x), x


def subject(slope):
    """The hyperbolic tangent with this slope."""
    return oracle.Subject.from_functions(forward, lambda y_bar, x: slope(x) * y_bar, inputs={"x": "B D"}, name="tanh")


def test_a_correct_program_is_certified_without_alarm():
    """At least as many entries as asked for, in every regime."""
    heard = listen(subject(lambda x: 1 - np.tanh(x) ** 2), 300, seed=3)
    assert (heard.verdict, heard.alarms, heard.entries >= 300) == ("CERTIFIED", [], True)
    assert fine([heard], None)


def test_a_wrong_program_raises_an_alarm_in_every_case():
    """Nothing of it is certified, the listening ends, and the campaign fails."""
    heard = listen(subject(lambda x: 2 - 2 * np.tanh(x) ** 2), 300, seed=3)  # wrong at 0 too
    assert (heard.verdict, heard.entries, heard.cases) == ("REFUTED", 0, 50)
    assert all(alarm.startswith("REFUTED in ") for alarm in heard.alarms)
    assert len(heard.alarms) == 50
    assert not fine([heard], None)


@pytest.mark.parametrize(
    "heard",
    [
        [],
        [Heard("silent")],
        [Heard("accused", certified=Counter(generic=9), alarms=["INACCURATE in T=1"])],
        [Heard("right", certified=Counter(generic=9)), Heard("silent")],
    ],
)
def test_nothing_heard_nothing_certified_and_any_alarm_fail(heard):
    """A campaign in which anything was not shown is not fine."""
    assert not fine(heard, None)


def test_a_matrix_without_mutants_fails():
    """No mutant at all is no success."""
    assert not fine([Heard("right", certified=Counter(generic=9))], Matrix((), ()))


def test_the_shares_of_all_subjects_add_up():
    """Every subject has its least, and together there are as many entries as asked for."""
    found = shares(oracle.subjects.names(), 1_000_000)
    assert set(found) == set(oracle.subjects.names())
    assert min(found.values()) == 10_000
    assert sum(found.values()) >= 1_000_000


@pytest.fixture(scope="module")
def mutants():
    """A few mutants of the classic node."""
    (scene,) = stand(oracle.subjects.load("lstm-classic-node"), ["top_diff_is"]).scenes
    return list(every([scene], ["flip-sign", "drop-summand", "assign-for-add"]))


def test_a_sample_has_every_operator(mutants):
    """All rare ones, and in the order of the whole."""
    found = sample.sampled(mutants, 1)
    assert {one.operator for one in found} == {one.operator for one in mutants}
    assert [one for one in mutants if one in found] == found


def test_a_fault_that_the_certified_path_misses_is_named(mutants):
    """Without a reason it is missed and the run is not ok; with one it is no fault; nothing judged is not ok."""
    columns = {"certified path": False, "jax check_grads": True}
    missed = Judged(mutants[0], columns, dict(columns), {"certified path": 1.0, "jax float32": 3.0})
    results = showing.Results([missed], 1, 0.0, [], [], {})
    assert not results.ok
    assert showing.summary(results)[-1] == f"missed by the certified path: {mutants[0].id}"
    assert [row[0] for row in showing.fault_rows(results)] == ["tool", "certified path", "jax check_grads"]
    assert [row[-4:] for row in showing.fault_rows(results)[1:]] == [
        ["0/1", "0.0", "0/1", "1.000"],
        ["1/1", "100.0", "1/1", "3.000"],
    ]
    missed.equivalent = "proven: nothing reads it"
    assert results.ok
    assert not showing.Results([], 0, 0.0, [], [], {}).ok


def test_a_false_alarm_of_the_certified_path_fails_the_run():
    """Alarms of other tools are counted by column; one of the certified path makes the run not ok."""
    rejected = {"certified path": [], "scipy check_grad < 1e-6": ["lstm-seed"]}
    alarms = Alarms("float64", 2, rejected, {"certified path": 1.0, "scipy": 3.0}, {"lstm-truncated": "is cut"})
    results = showing.Results([], 0, 0.0, [alarms], [], {})
    assert results.ok
    assert showing.alarm_rows(results) == [
        ["tool", "float64", "CPU s a program"],
        ["certified path", "0/2", "0.50"],
        ["scipy check_grad < 1e-6", "1/2", "1.50"],
    ]
    assert showing.summary(results)[-1] == "float64: without lstm-truncated: is cut"
    rejected["certified path"].append("lstm-seed")
    assert not results.ok
