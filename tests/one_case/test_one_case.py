"""`verify_case` says what is true of a backward in one case, whatever other cases were asked for before."""

import gc
import weakref

import numpy as np
import pytest

from oracle import GradientMismatch, Subject, Verdict, one_case, verify, verify_case
from oracle.cases import Case
from oracle.one_case import verify_exactly
from oracle.trial import Trial


def recur(x, U):
    """A recurrence that starts from zero."""
    h = np.zeros(len(U))
    states = [h]
    for x_t in x:
        h = np.tanh(x_t + U @ h)
        states.append(h)
    return h, (states, U, x)


def recur_vjp(h_bar, cache):
    """Its backward; the gradient of U is zero after a single step."""
    states, U, x = cache
    x_bar, U_bar = np.zeros_like(x), np.zeros_like(U)
    for t in reversed(range(len(x))):
        a_bar = h_bar * (1 - states[t + 1] ** 2)
        x_bar[t] = a_bar
        if t > 0:
            U_bar += np.outer(a_bar, states[t])
        h_bar = U.T @ a_bar
    return x_bar, U_bar


def wrong_vjp(h_bar, cache):
    """A backward with a wrong sign."""
    x_bar, U_bar = recur_vjp(h_bar, cache)
    return x_bar, -U_bar


def recurrence(backward=recur_vjp) -> Subject:
    """The recurrence on trial."""
    return Subject.from_functions(recur, backward, inputs={"x": "T H", "U": "H H"}, name="recurrence")


def relu() -> Subject:
    """A rectifier, which has a kink at zero."""
    return Subject.from_functions(
        lambda x: (np.maximum(x, 0), x), lambda y_bar, x: y_bar * (x > 0), inputs={"x": "D"}, name="relu"
    )


ONE, THREE = Case({"T": 1, "H": 2}, seed=3), Case({"T": 3, "H": 2}, seed=3)


def test_zero_gradient_is_a_note():
    """A gradient that is rightly zero in this case is named, and does not spoil the others."""
    report = verify_case(recurrence(), ONE)
    assert report.verdict is Verdict.CERTIFIED
    assert [leaf.verdict for leaf in report.leaves] == [Verdict.CERTIFIED, Verdict.CERTIFIED]
    assert "exactly zero in this case: U" in report.notes
    assert report.digits >= 30


def test_zero_gradient_in_every_case_is_none():
    """The same gradient, zero in every case, is a failure of `verify`."""
    subject = Subject.from_functions(recur, recur_vjp, inputs={"x": "T H", "U": "H H"}, sizes={"T": (1, 1)})
    assert verify(subject, cases=3).leaves[1].verdict is Verdict.NOTHING_COMPARED


def test_nothing_but_zeros_compares_nothing():
    """A case in which every gradient is zero compared nothing."""
    subject = Subject.from_functions(
        lambda x: (x - x, None), lambda y_bar, _: y_bar - y_bar, inputs={"x": "D"}, name="nothing"
    )
    report = verify_case(subject, Case({"D": 3}))
    assert report.verdict is Verdict.NOTHING_COMPARED
    assert report.failing_case == Case({"D": 3})


def product(x, w):
    """A forward whose gradients are all zero where both inputs are."""
    return x * w, (x, w)


def test_zeros_that_silence_every_gradient_accuse_nobody():
    """The inputs are zero by the regime, so a right backward is heard with generic values, and a note says so."""
    subject = Subject.from_functions(
        product, lambda y_bar, c: (y_bar * c[1], y_bar * c[0]), inputs={"x": "D", "w": "D"}
    )
    reports = [verify_case(subject, Case({"D": 3}, "zeros", seed)) for seed in range(30)]
    assert {report.verdict for report in reports} == {Verdict.CERTIFIED}
    note = "the zeros regime was never judged: every gradient is zero in it"
    assert 0 < sum(note in report.notes for report in reports) < 15


def test_zeros_excuse_no_wrong_backward():
    """The control: one that is wrong at zero alone, one that is wrong elsewhere alone, and one that is always zero."""
    for backward in (
        lambda y_bar, c: (y_bar * (c[1] if c[1].any() or c[0].any() else 1 + c[1]), y_bar * c[0]),
        lambda y_bar, c: (y_bar * c[1] * 2, y_bar * c[0]),
        lambda y_bar, c: (0 * y_bar, 0 * y_bar),
    ):
        subject = Subject.from_functions(product, backward, inputs={"x": "D", "w": "D"})
        verdicts = {verify_case(subject, Case({"D": 3}, "zeros", seed)).verdict for seed in range(30)}
        assert Verdict.REFUTED in verdicts or Verdict.UNDECIDED in verdicts
        silent = next(seed for seed in range(30) if not any(np.any(v) for v in zeros(subject, seed)))
        assert not verify_case(subject, Case({"D": 3}, "zeros", silent)).ok


def zeros(subject, seed):
    """The inputs of a case of zeros."""
    draw = Case({"D": 3}, "zeros", seed).draw()
    return [draw.value(name, leaf) for name, leaf in subject.leaves.items()]


def test_order_of_cases():
    """A case that skips lines of the backward gets the same report before and after one that does not."""
    subject = recurrence()
    before, other, after = (verify_case(subject, case) for case in (ONE, THREE, ONE))
    assert before.verdict is other.verdict is Verdict.CERTIFIED
    assert (before.leaves, before.findings, before.notes) == (after.leaves, after.findings, after.notes)
    assert "exactly zero in this case: U" not in other.notes


def test_wrong_backward():
    """A wrong gradient is refuted where it shows, and certified where it does not."""
    subject = recurrence(wrong_vjp)
    assert verify_case(subject, ONE).verdict is Verdict.CERTIFIED
    report = verify_case(subject, THREE)
    assert [leaf.verdict.name for leaf in report.leaves] == ["CERTIFIED", "REFUTED"]
    assert report.failing_case == THREE
    with pytest.raises(GradientMismatch) as mismatch:
        verify_case(subject, THREE, throw=True)
    assert str(mismatch.value) == str(report)


def test_kinks_are_redrawn():
    """A case at a kink is redrawn and counted; where the very case is asked for, nothing is compared."""
    subject = relu()
    at_kink = next(
        case
        for case in (Case({"D": 2}, "zeros", seed) for seed in range(50))
        if not np.any(case.draw().value("x", subject.leaves["x"]))
    )
    report = verify_case(subject, at_kink)
    assert (report.verdict, report.redrawn > 0) == (Verdict.CERTIFIED, True)
    exact = verify_exactly(subject, at_kink, 30)
    assert (exact.verdict, exact.redrawn, exact.failing_case) == (Verdict.NOTHING_COMPARED, 0, at_kink)
    assert exact.findings[0].message.startswith("every case met a kink, where the derivative does not exist")


def test_trial_is_kept(monkeypatch):
    """A subject is put on trial once for each number of digits."""
    made = []

    def counted(subject, digits):
        made.append(digits)
        return Trial(subject, digits)

    monkeypatch.setattr(one_case, "Trial", counted)
    subject = relu()
    for digits in (30, 30, 40, 30):
        assert verify_case(subject, Case({"D": 2}), digits=digits).ok
    assert made == [30, 40]


def test_trial_is_let_go():
    """What is kept with a subject does not keep the subject."""
    subject = relu()
    assert verify_case(subject, Case({"D": 2})).ok
    watched = weakref.ref(subject)
    del subject
    gc.collect()
    assert watched() is None


def test_misuse():
    """What is no subject or no case of it is refused with a sentence."""
    with pytest.raises(TypeError, match=r"^verify takes a Subject, but got a str; "):
        verify_case("relu", ONE)
    with pytest.raises(TypeError, match=r"^expected an oracle\.cases\.Case, but got a dict$"):
        verify_case(relu(), {"D": 2})
    with pytest.raises(ValueError, match=r"^relu has the sizes D, but the case has T, H$"):
        verify_case(relu(), ONE)
    with pytest.raises(ValueError, match=r"^digits=0 must be a number between 1 and 200$"):
        verify_case(relu(), Case({"D": 2}), digits=0)
