"""A survivor is called equivalent only for a proof, or after fresh cases in which its change did something."""

import ast

import numpy as np
import pytest
from mutation_tools import module_of

from oracle import Subject
from oracle.mutation import court
from oracle.mutation.campaign import mutate
from oracle.mutation.equivalence import Cases, Presumption, presume, proof
from oracle.mutation.equivalence import presumed as presuming
from oracle.mutation.equivalence.watching import Watch, same
from oracle.mutation.matrix import Fate
from oracle.mutation.mutants import Mutant

SOURCE = """
import numpy as np

def forward(x):
    return x * x, x

def backward(y_bar, x):
    unused = y_bar
    late = x
    late = 2 * x
    z = np.multiply(x, y_bar)
    scratch = np.empty_like(x)
    np.multiply(x, x, out=scratch)
    np.multiply(x, y_bar, out=scratch)
    if len(x) > 100:
        late = -x
    kept = x / 1
    return late * y_bar
"""


@pytest.fixture(scope="module")
def module():
    """A right pair with statements that matter to nothing."""
    return module_of(SOURCE)


@pytest.fixture(scope="module")
def cases(stand):
    """Its fresh cases, the same for all."""
    return Cases(stand.trial)


@pytest.fixture(scope="module")
def stand(module):
    """The pair made ready."""
    subject = Subject.from_functions(module.forward, module.backward, inputs={"x": "D"}, name="idle")
    return court.stand(subject)


def planted_at(stand, old, new):
    """The mutant in which a statement or expression, given by its text, becomes another."""
    (scene,) = [one for one in stand.scenes if one.function.__name__ == "backward"]
    for statement in scene.statements:
        for node in (statement, *scene.expressions(statement)):
            if ast.unparse(node) == old:
                other = ast.parse(new, mode="eval").body if isinstance(node, ast.expr) else ast.parse(new).body
                return Mutant("by-hand:here:1:1:0", "by-hand", scene, statement, (node, other))
    raise AssertionError(f"{old} is not there")


@pytest.mark.parametrize(
    ("old", "new", "argument"),
    [
        ("unused = y_bar", "unused = x", "unused is never read"),
        ("late = x", "late = y_bar", "late is assigned again by the next statement, which does not read it"),
        ("np.multiply(x, y_bar)", "np.multiply(y_bar, x)", "np.multiply commutes"),
        ("x / 1", "x", "a factor 1 changes nothing"),
    ],
)
def test_proofs_hold_for_what_they_are_about(stand, old, new, argument):
    """Each argument proves the mutant that it is about, and says why."""
    assert proof(planted_at(stand, old, new)) == argument


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("late = 2 * x", "late = 3 * x"),  # read by the last statement
        ("unused = y_bar", "unused = np.multiply(x, x, out=y_bar)"),  # it does something besides
        ("np.multiply(x, y_bar)", "np.multiply(x, x)"),
        ("2 * x", "x"),
        ("late = -x", "late = x"),
    ],
)
def test_proofs_do_not_hold_for_what_is_nearly_the_same(stand, old, new):
    """The controls: a statement that is read, a call with an effect, another operand, a factor that is not 1."""
    assert proof(planted_at(stand, old, new)) == ""


def test_a_change_without_effect_on_gradients_is_presumed_equivalent(stand, cases):
    """Another value in scratch memory that is overwritten: seen to differ, certified in 200 fresh cases."""
    mutant = planted_at(stand, "np.multiply(x, x, out=scratch)", "np.multiply(x, 3.0, out=scratch)")
    assert proof(mutant) == ""
    found = presume(mutant, [cases])
    assert (found.cases, found.reached, found.differed, found.equivalent) == (200, 200, True, True)
    assert str(found) == (
        "executed 200 times in 200 fresh cases, with another effect than the original, "
        "while all gradients stayed certified"
    )


def test_a_line_that_is_never_executed_survives(stand, cases):
    """The control: nothing is presumed of a line that no case reaches."""
    found = presume(planted_at(stand, "late = -x", "late = x"), [cases])
    assert (found.reached, found.equivalent) == (0, False)
    assert str(found) == "its line was never executed in 400 fresh cases"


def test_a_change_that_never_did_anything_survives(stand, cases):
    """The control: nothing is presumed of a change whose effect never differed."""
    found = presume(planted_at(stand, "late = x", "late = x + 0.0"), [cases])
    assert (found.differed, found.equivalent) == (False, False)
    assert str(found) == "in 200 fresh cases it was executed 200 times, but never did anything else"


def test_a_fault_that_shows_in_few_cases_is_convicted_there(stand, cases):
    """The control: a fault at sizes that the first cases do not have is found by the fresh ones."""
    found = presume(planted_at(stand, "len(x) > 100", "len(x) > 8"), [cases])
    assert found.convicted.startswith("in D=")
    assert found.convicted.endswith("a gradient is refuted")
    assert (str(found), found.manner) == (f"convicted {found.convicted}", "refuted")
    assert not found.equivalent


def test_fresh_cases_are_not_those_of_the_verdict(stand, cases):
    """Fresh cases take every regime, go up to three times the declared sizes, and none was judged on before."""
    from oracle.cases import REGIMES

    fresh = [bench.case for bench in cases.first(200)]
    assert {case.regime for case in fresh} == set(REGIMES)
    assert 2 * 8 < max(case.sizes["D"] for case in fresh) <= 3 * 8
    assert not {str(case) for case in fresh} & {str(bench.case) for bench in stand.benches()}


def test_fewer_cases_presume_nothing():
    """The control: 199 cases that executed it are too few, and so is a conviction."""
    assert Presumption(200, 200, 1, differed=True).equivalent
    assert not Presumption(200, 199, 1, differed=True).equivalent
    assert not Presumption(200, 200, 1, differed=True, convicted="somewhere").equivalent
    assert str(Presumption(200, 199, 300)) == "only 199 of 200 fresh cases were certified and executed it"


def test_survivors_have_their_fate_and_reason(stand, monkeypatch):
    """In the matrix a never executed line is a survivor that counts; a dead store is proven equivalent."""
    monkeypatch.setattr(presuming, "FRESH", 10)
    found = mutate([stand.subject], operators=["flip-sign"])
    fates = {entry.row.mutant.diff.splitlines()[-1]: entry for entry in found.entries}
    dead = fates["+    unused = -y_bar"]
    assert (dead.fate, dead.reason) == (Fate.PROVEN, "unused is never read")
    never = fates["+        late = x"]
    assert (never.fate, never.reason) == (Fate.SURVIVED, "its line was never executed in 20 fresh cases")
    assert fates["+    late = -(2 * x)"].fate is Fate.CONVICTED
    assert not found.ok


def test_values_are_compared_in_depth():
    """Arrays, numbers and objects inside others are compared; NaN is NaN; shapes and types tell apart."""

    class Holder:
        def __init__(self, value):
            self.value = value

    assert same(Holder([np.ones(2)]), Holder([np.ones(2)]))
    assert not same(Holder([np.ones(2)]), Holder([np.zeros(2)]))
    assert same(np.array([np.nan]), np.array([np.nan]))
    assert not same(np.ones(2), np.ones((2, 1)))
    assert not same(1, 1.0)
    assert not same({"a": 1}, {"b": 1})


def test_a_statement_that_differs_from_itself_shows_nothing():
    """Where two runs of the original differ, a difference of the changed one is none; elsewhere it is one."""
    counter = iter(range(100))
    counting, one, two = (compile(f"n = {text}", "<watched>", "exec") for text in ("count()", "1", "2"))
    restless, sure = Watch(counting, one), Watch(one, two)
    for watch in (restless, sure):
        watch.compare({"count": lambda: next(counter)}, {})
    assert (restless.reached, restless.differed) == (1, False)
    assert (sure.reached, sure.differed) == (1, True)
