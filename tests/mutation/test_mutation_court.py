"""Mutants before the checks: what raises or never ends is convicted, and whatever happens nothing stays planted."""

import pytest
from mutation_tools import module_of

from oracle import Subject
from oracle.mutation import court
from oracle.mutation.campaign import mutate
from oracle.mutation.checks import CHECKS
from oracle.mutation.matrix import Fate
from oracle.mutation.mutants import mutants

SOURCE = """
import numpy as np

def forward(x, w):
    y = np.tanh(x * w)
    return y, (x, w, y)

def backward(y_bar, cache):
    x, w, y = cache
    n = 0
    while n < 2:
        n += 1
    a_bar = (1 - y ** 2) * y_bar
    return a_bar * w, a_bar * x
"""


@pytest.fixture
def module():
    """A right pair whose backward holds a loop."""
    return module_of(SOURCE)


def subject_of(module, **options):
    """The pair on trial."""
    return Subject.from_functions(
        module.forward, module.backward, inputs={"x": "D", "w": "D"}, name="looping", **options
    )


def stand_and_mutants(module, *operators):
    """The pair made ready, and its mutants by some operators."""
    one = court.stand(subject_of(module))
    return one, list(mutants(one.scenes, operators))


def test_a_mutant_that_never_ends_is_convicted_by_the_contract(module, monkeypatch):
    """A loop without end is interrupted after its time, convicted, and the next mutant is judged."""
    monkeypatch.setattr(court, "SECONDS", 0.4)
    one, made = stand_and_mutants(module, "drop-summand", "derivative-for-value")
    endless = next(mutant for mutant in made if "n += 1" in mutant.diff)
    before = module.backward.__code__
    row = court.judge(endless, [one])
    assert row.note == "the backward did not end within 0.4 seconds"
    assert {"certified path", "contract"} <= row.convicts
    assert module.backward.__code__ is before
    assert court.judge(made[-1], [one]).note == ""


def test_a_mutant_that_raises_is_convicted_by_the_contract_alone():
    """Witnesses of numbers have nothing to say of code that raises."""
    module = module_of(SOURCE.replace("a_bar * x", "a_bar[: len(w)] * x"))
    one = court.stand(subject_of(module, sizes={"D": (4, 4)}))
    (mutant,) = mutants(one.scenes, ["bounds"])
    assert court.judge(mutant, [one]).convicts == {"certified path", "contract"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_leaves_everything_as_it_was(module, monkeypatch, error):
    """An interrupt or an error in the middle of a check takes the fault out and goes on its way."""
    one, made = stand_and_mutants(module, "derivative-for-value")
    assert list(one.benches())
    before = module.backward.__code__

    def interrupted(evidence):
        assert module.backward.__code__ is not before
        raise error

    monkeypatch.setitem(CHECKS, "autodiff in balls", interrupted)
    with pytest.raises(error):
        court.judge(made[0], [one])
    assert module.backward.__code__ is before


def test_each_check_is_asked_apart_from_the_others(module):
    """A wrong formula is convicted by every witness of numbers, each alone, and by no promise of the contract."""
    one, made = stand_and_mutants(module, "value-for-derivative")
    row = court.judge(made[0], [one])
    assert row.convicts == set(CHECKS) - {"contract"}
    assert row.subject == "looping"
    assert row.seconds > 0


def test_a_check_that_accuses_the_unchanged_program_convicts_nothing(module, monkeypatch):
    """Such a check is struck, with the reason, and the matrix is not ok."""
    monkeypatch.setitem(CHECKS, "float64", lambda evidence: True)
    found = mutate([subject_of(module)], operators=["value-for-derivative"])
    assert found.kills("float64") == 0
    assert list(found.struck) == ["float64"]
    assert found.struck["float64"].startswith("accuses the unchanged looping in ")
    assert [entry.fate for entry in found.entries] == [Fate.CONVICTED] * len(found.entries)
    assert not found.ok


def test_a_subject_that_raises_as_it_is_cannot_be_mutated():
    """The message says so before any fault is planted."""
    module = module_of(
        "def forward(x):\n    return x, x\ndef backward(y_bar, x):\n    raise OverflowError('as it is')\n"
    )
    raising = Subject.from_functions(module.forward, module.backward, inputs={"x": "D"}, name="raising")
    with pytest.raises(ValueError, match=r"^raising raised OverflowError before any fault was planted: as it is$"):
        mutate([raising])


def test_a_function_that_is_not_there_is_refused(module):
    """A name that is not there, or of a function that the forward runs, is refused with a sentence."""
    for name in ("nowhere", "forward"):
        message = rf"^there is no function '{name}' that only the backward of looping runs$"
        with pytest.raises(ValueError, match=message):
            mutate([subject_of(module)], functions=[name])


def test_an_empty_matrix_is_not_ok(module):
    """A matrix that judged nothing is a failure."""
    found = mutate([subject_of(module)], operators=["wrong-axis"])
    assert found.entries == ()
    assert not found.ok


def test_rows_are_the_same_in_each_run(module):
    """Nothing but the seconds differs between two runs."""
    first, second = (mutate([subject_of(module)], limit=6).to_dict()["rows"] for _ in range(2))
    assert first == second
