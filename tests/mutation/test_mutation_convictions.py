"""What a conviction rests on: a short one says what the whole hearing says, and how a mutant was convicted is told."""

import pytest
from mutation_tools import module_of

from oracle import Subject, subjects
from oracle.mutation import court
from oracle.mutation.bench import Bench
from oracle.mutation.checks import as_before, certified_path, shortly, wholly
from oracle.mutation.equivalence import Cases, presume, presumed
from oracle.mutation.evidence import Evidence
from oracle.mutation.manner import manner, sentence
from oracle.mutation.matrix import sampled
from oracle.mutation.mutants import mutants
from oracle.mutation.planting import Text, planted

SOURCE = """
import numpy as np

kept = []

def scaled(a):
    return a

def forward(x, w):
    y = np.tanh(x * w)
    return y, (x, w, y)

def backward(y_bar, cache):
    x, w, y = cache
    a_bar = (1 - y ** 2) * y_bar
    a_bar = scaled(a_bar)
    return a_bar * w, a_bar * x
"""
FAULTS = {  # what stands in the place of `return a`: how it is convicted, and the sentence
    "return 2 * a": ("refuted", "a gradient is refuted"),
    "return np.add(a, 0, out=a)[::-1][::-1] if not kept.append(1) and len(kept) < 2 else a + 1": (
        "broke the contract",
        "the contract is broken",
    ),
    "raise KeyError('here')": ("raised", "the code raised KeyError: 'here'"),
}


def subject_of(module):
    """The pair on trial."""
    return Subject.from_functions(module.forward, module.backward, inputs={"x": "D", "w": "D"}, name="pair")


@pytest.fixture
def module():
    """A right pair, of which one function of the backward is there to be changed."""
    return module_of(SOURCE)


@pytest.fixture
def stand(module):
    """The pair made ready."""
    return court.stand(
        Subject.from_functions(module.forward, module.backward, inputs={"x": "D", "w": "D"}, name="pair")
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_how_a_mutant_was_convicted_is_told(module, stand, fault):
    """Wrong numbers, a leak from call to call and an error are told apart, and a whole hearing convicts each."""
    bench = next(stand.benches())
    with planted(Text(module.scaled, "return a", fault)):
        evidence = Evidence(bench)
        assert certified_path(evidence)
        assert wholly(evidence)
        assert (manner(evidence), sentence(evidence)) == FAULTS[fault]


def test_a_program_that_only_leaves_balls_is_not_convicted_for_that(module, stand):
    """Right numbers made by way of text: the hearing goes on in floats and finds nothing, so nothing is presumed."""
    bench = next(stand.benches())
    left = "return np.array([float(str(one)) for one in a])"
    with planted(Text(module.scaled, "return a", left)):
        evidence = Evidence(bench)
        assert evidence.balls is None
        assert not certified_path(evidence)
        assert manner(evidence) == "left ball arithmetic"
        assert sentence(evidence).startswith("the code left ball arithmetic: ")


def test_the_unchanged_program_is_as_before(stand):
    """Nothing is planted: the short way acquits, and so does the whole hearing."""
    for bench in stand.benches():
        evidence = Evidence(bench)
        assert not shortly(evidence)
        assert as_before(evidence) is (bench.case.regime != "float32")
        assert not wholly(evidence)


def test_a_program_that_keeps_values_is_not_as_before(module, stand):
    """The control: the same numbers in the first call, but a leak into the next."""
    fault = next(one for one, (how, _) in FAULTS.items() if how == "broke the contract")
    with planted(Text(module.scaled, "return a", fault)):
        assert not as_before(Evidence(next(stand.benches())))


@pytest.mark.parametrize("name", ["lstm-classic-node", "gru-reset-before"])
def test_the_short_way_never_contradicts_the_whole_hearing(name):
    """Of a sample of mutants in the first two cases: what is convicted shortly, a whole hearing convicts."""
    one = court.stand(subjects.load(name))
    agreed = []
    for mutant in sampled(list(mutants(one.scenes)), 20):
        for bench in list(one.benches(0, 2)):
            with planted(mutant.edit):
                evidence = Evidence(bench)
                if shortly(evidence):
                    agreed.append(wholly(evidence))
                if as_before(evidence):
                    agreed.append(not wholly(evidence))
    assert len(agreed) >= 30
    assert all(agreed)


def test_without_a_witness_there_is_no_short_way(module, stand, monkeypatch):
    """The control: if finite differences do not refute, the whole hearing decides."""
    from oracle.mutation import checks

    bench = next(stand.benches())
    with planted(Text(module.scaled, "return a", "return 2 * a")):
        assert shortly(Evidence(bench))
        monkeypatch.setattr(checks, "finite_differences", lambda evidence: False)
        assert not shortly(Evidence(bench))
        assert certified_path(Evidence(bench))


def test_fresh_cases_that_cannot_be_certified_do_not_count(stand, monkeypatch):
    """A mutant that is neither certified nor convicted in fresh cases is not presumed equivalent."""
    mutant = next(mutants(stand.scenes, ["flip-sign"]))
    monkeypatch.setattr(presumed, "FRESH", 5)
    assert presume(mutant, [Cases(stand.trial)]).convicted
    monkeypatch.setattr(presumed, "certified_path", lambda evidence: False)
    found = presume(mutant, [Cases(stand.trial)])
    assert (found.cases, found.convicted, found.equivalent) == (0, "", False)


def test_a_bench_of_a_program_that_leaves_balls_judges_it_in_floats(module):
    """No check of balls speaks, and nothing raises."""
    with planted(Text(module.scaled, "return a", "return np.array([float(str(one)) for one in a])")):
        one = court.stand(subject_of(module))
        bench = next(one.benches())
        assert isinstance(bench, Bench)
        assert bench.verdict.name == "CONSISTENT"
        assert one.struck == {}
