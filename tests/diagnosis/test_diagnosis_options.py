"""What is said of a wrong backward whose options are drawn holds for every value of them, or says for which."""

import pytest
from probes_tools import pair

import oracle
from oracle.cases import Case
from oracle.diagnosis import covering
from oracle.diagnosis.patterns import recognising
from oracle.diagnosis.repair import confirming
from oracle.hearing import Hearing
from oracle.program import CannotTrace
from oracle.reference import Reference
from oracle.trial import Trial

DROPOUT = """
def forward(x, w, mask, p):
    h = x @ w
    y = h * mask / (1 - p)
    return y, (x, w, mask, p)

def backward(dy, cache):
    x, w, mask, p = cache
    dh = dy * mask
    return dh @ w.T, x.T @ dh
"""
INPUTS = {"x": "B D", "w": "D H", "mask": oracle.booleans("B H")}


def dropout(source=DROPOUT, p=None):
    """The pair, with the share of dropped entries drawn from two."""
    return pair(source, inputs={**INPUTS, "p": oracle.choice(0.25, 0.5) if p is None else p})


def causes(subject):
    """The causes in a few cases."""
    report = oracle.verify(subject, cases=20)
    assert report.verdict.name == "REFUTED"
    return report.diagnosis.causes


def recognised(subject, seed=2, **sizes):
    """The causes that the values show, after a case of these sizes has failed."""
    trial, case = Trial(subject, 30), Case(sizes, seed=seed)
    return recognising.recognise(trial, Hearing(trial, case).outcome(), case)[0]


def factor(subject):
    """What is said of the one factor by which every gradient is wrong."""
    (ratio,) = [cause for cause in recognised(subject, B=2, D=3, H=4) if cause.kind == "constant-ratio"]
    return ratio.claim


def test_a_repair_holds_for_every_value_of_an_option():
    """The factor that is missing depends on p: no plain number is offered, though one does for each value."""
    first = causes(dropout())[0]
    assert (first.kind, first.repair) == ("one-line-repair", "dh = dy * mask / (1 - p)")


def test_a_factor_that_holds_for_one_value_says_for_which():
    """With p = 1/4 every gradient is 3/4 of the derivative, with p = 1/2 it is one half."""
    assert factor(dropout()) in (
        "every gradient is 0.75 times the derivative, where p=0.25",
        "every gradient is 1/2 times the derivative, where p=0.5",
    )


def test_a_factor_that_holds_for_all_values_says_nothing_of_them():
    """The control: the same factor with every value is a fact of the whole backward."""
    wrong = DROPOUT.replace("dh = dy * mask", "dh = 3 * (dy * mask) / (1 - p)")
    assert factor(dropout(wrong)) == "every gradient is 3 times the derivative"


def test_without_a_look_at_other_values_the_factor_would_be_called_universal(monkeypatch):
    """The control of the claim: where one value alone is looked at, nothing is said of the other."""
    monkeypatch.setattr(recognising, "_where", lambda causes, *_: causes)
    assert "where" not in factor(dropout())


def test_without_cases_of_every_value_a_wrong_repair_would_be_certified(monkeypatch):
    """The control of the cases: an edit that is right for one value of p passes where no case has another."""
    trial = Trial(dropout(), 30)
    case = Case({"B": 2, "D": 3, "H": 4}, seed=1)
    monkeypatch.setattr(confirming, "schedule", lambda *_: [])
    found = confirming.confirming_cases(trial, case, case)
    assert covering.unmet(trial, found) == []
    assert len(covering.unmet(trial, [case])) == 1


@pytest.mark.parametrize("switch", [oracle.booleans(""), oracle.choice("a", "b", "c")])
def test_covering_cases_meet_every_value(switch):
    """Single booleans are met as choices are; the cases given come first."""
    source = "def forward(x, flag):\n    return x\n\ndef backward(dy, cache):\n    return dy"
    trial = Trial(pair(source, inputs={"x": "D", "flag": switch}), 30)
    first = Case({"D": 1}, seed=3)
    found = covering.covering(trial, [first])
    assert found[0] == first
    assert covering.unmet(trial, found) == []
    assert len(found) == len(switch.options or (False, True))


LOOPED = """
def forward(x, w):
    y = np.empty((len(x), w.shape[1]))
    for k in range(len(x)):
        y[k] = x[k] @ w
    return y, (x, w)

def backward(dy, cache):
    x, w = cache
    return dy @ w.T, 2 * x.T @ dy
"""


@pytest.fixture
def without_jax(monkeypatch):
    """JAX can trace no forward."""

    def refuse(*_):
        raise CannotTrace("no forward is traced here")

    monkeypatch.setattr(Reference, "_own", refuse)


def test_where_jax_is_no_witness_lines_are_searched_by_finite_differences(without_jax):
    """Every entry of a small case is known by a difference, and the repair is certified as the verdict would be."""
    report = oracle.verify(pair(LOOPED, inputs={"x": "B D", "w": "D H"}), cases=3)
    first = report.diagnosis.causes[0]
    assert "autodiff" not in report.witnesses
    assert (first.kind, first.repair) == ("one-line-repair", "return dy @ w.T, x.T @ dy")


def test_where_entries_are_too_many_the_report_says_that_no_line_was_searched(without_jax):
    """The control: 2600 entries are too many for a difference of each."""
    report = oracle.verify(pair(LOOPED, inputs={"x": "B 50", "w": "50 H"}, sizes={"H": (50, 50)}), cases=2)
    (remark,) = report.diagnosis.remarks
    assert remark == (
        "no line was searched for, because JAX is no witness and gradients have too many entries for finite "
        "differences of each; give a twin with reference="
    )
    assert f"  {remark}" in str(report).splitlines()


HEADS = """
def forward(q, k):
    s = q @ k.T / np.sqrt(q.shape[-1])
    return np.tanh(s), (q, k, np.tanh(s))

def backward(dy, cache):
    q, k, y = cache
    ds = (1 - y * y) * dy
    return ds @ k / np.sqrt(q.shape[-1]), ds.T @ q
"""


def test_a_root_of_a_size_is_named():
    """Of one gradient alone, where the other is right."""
    found = recognised(pair(HEADS, inputs={"q": "N D", "k": "M D"}), N=3, D=5, M=2)
    assert [cause.claim for cause in found] == ["the gradient of k is √D times the derivative"]


def test_a_root_that_changes_with_no_size_is_no_root():
    """The control: a factor that is the same at all sizes is a number."""
    wrong = HEADS.replace("ds.T @ q", "1.5 * ds.T @ q / np.sqrt(q.shape[-1])")
    found = recognised(pair(wrong, inputs={"q": "N D", "k": "M D"}), N=3, D=5, M=2)
    assert [cause.claim for cause in found] == ["the gradient of k is 1.5 times the derivative"]


@pytest.mark.parametrize(("loop", "kind"), [(True, "carry"), (False, "above-size")])
def test_steps_are_spoken_of_only_where_the_code_loops_over_them(loop, kind):
    """A backward that is wrong from T = 2 on hands on nothing where it has no steps."""
    body = "for t in range(len(x)):\n        dx[t] += 0 * t" if loop else "dx = dx + 0"
    source = f"""
def forward(x):
    return np.sin(x), x

def backward(dy, x):
    dx = np.cos(x) * dy
    {body}
    return dx + (x[:1] ** 3 * np.arctan(x[-1:]) * (len(x) > 1))
"""
    found = recognised(pair(source, inputs={"x": "T D"}), T=2, D=3)
    conditions = [cause.kind for cause in found if cause.claim.startswith("right")]
    assert conditions == [kind]
