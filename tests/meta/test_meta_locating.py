"""Where finite differences are the only witness: a gradient that is known to be wrong hides no other one."""

import numpy as np
import pytest

from oracle import Subject, Verdict, verify
from oracle.reference import Reference
from oracle.steps import locating

INPUTS = {"x": "D", "w": "D"}


def forward(x, w):
    """An elementwise product, bent."""
    return np.tanh(x * w), (x, w)


def right(y_bar, cache):
    """Its gradients."""
    x, w = cache
    a_bar = (1 - np.tanh(x * w) ** 2) * y_bar
    return a_bar * w, a_bar * x


def wrong_in_w(y_bar, cache):
    """The gradient of w is always wrong."""
    x_bar, w_bar = right(y_bar, cache)
    return x_bar, 2 * w_bar


def wrong_in_w_and_rarely_in_x(y_bar, cache):
    """That of x is wrong too, for seventeen numbers and more, which come late."""
    x_bar, w_bar = right(y_bar, cache)
    return x_bar * (1 + len(x_bar) // 17), 2 * w_bar


@pytest.fixture(autouse=True)
def no_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX is no witness."""
    monkeypatch.setattr(Reference, "truth", lambda *_: None)


def verdicts(backward):
    """The verdict of each gradient."""
    report = verify(Subject.from_functions(forward, backward, inputs=INPUTS), cases=40, explain=False)
    return {leaf.name: leaf.verdict for leaf in report.leaves}


def test_what_is_wrong_late_is_found_beside_what_is_wrong_always() -> None:
    """The first cases show only one of the two."""
    assert verdicts(wrong_in_w_and_rarely_in_x) == {"x": Verdict.REFUTED, "w": Verdict.REFUTED}


def test_what_is_right_stays_certified_beside_what_is_wrong() -> None:
    """The control."""
    assert verdicts(wrong_in_w) == {"x": Verdict.CERTIFIED, "w": Verdict.REFUTED}
    assert verdicts(right) == {"x": Verdict.CERTIFIED, "w": Verdict.CERTIFIED}


def test_gradients_that_are_believed_without_asking_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the first: it is the question about the others together that finds the second one."""
    monkeypatch.setattr(locating, "_all_right", lambda *_: True)
    assert verdicts(wrong_in_w_and_rarely_in_x)["x"] is not Verdict.REFUTED


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a gradient is known to be wrong, a case costs two questions however many gradients there are."""
    asked = []
    says = locating._says
    monkeypatch.setattr(locating, "_says", lambda *words: asked.append(str(words[0].case)) or says(*words))
    verdicts(wrong_in_w)
    cases = list(dict.fromkeys(asked))
    assert len(cases) > 2 * locating.KNOWN
    assert {asked.count(case) for case in cases[locating.KNOWN :]} == {2}


def test_what_a_declared_clip_has_cut_is_not_taken_for_wrong() -> None:
    """Beside a gradient that is wrong: no slope of the forward shows what a clip leaves of a right one."""

    def clipped(y_bar, cache):
        return tuple(np.clip(bar, -0.5, 0.5) for bar in wrong_in_w(y_bar, cache))

    report = verify(Subject.from_functions(forward, clipped, inputs=INPUTS, clip=0.5), cases=30, explain=False)
    x, w = report.leaves
    assert (x.verdict, x.wrong, w.verdict) == (Verdict.CERTIFIED, 0, Verdict.REFUTED)
    assert w.worst is not None
    assert abs(float(w.worst.got)) < 0.5
