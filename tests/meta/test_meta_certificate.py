"""What a certificate must not depend on, and what it must not miss; each with the change that shows."""

import sys

import numpy as np
import pytest
from meta_tools import pair

from oracle import runs, verify
from oracle.arithmetic import adapter, decimal_grid
from oracle.records.certificate_making import NoCertificate, certificate
from oracle.subjects import load as registered
from oracle.trial import Trial

SOURCE = """
    def forward(x, w):
        return np.tanh(x @ w), (x, w)

    def backward(y_bar, cache):
        x, w = cache
        a_bar = y_bar * (1 - np.tanh(x @ w) ** 2)
        return a_bar @ w.T, x.T @ a_bar
"""
INPUTS = {"x": "B D", "w": "D H"}


def digests(source=SOURCE, cases=3, subject=None):
    """The digests of gradients, of source texts and of the program."""
    subject = subject or pair(source, inputs=INPUTS)
    (one,) = certificate([subject], [verify(subject, cases=cases)], 30).subjects
    return one.gradients, list(one.source.values()), one.program


def test_float_noise_changes_nothing(monkeypatch):
    """An ulp more or less in every float gradient, as of another BLAS, leaves the certificate as it is."""
    subject = registered("lstm-classic-node")
    before = certificate([subject], [verify(subject, cases=3)], 30).to_dict()
    evaluated, moved = runs.evaluate, []

    def noisy(run, point, numbers, **options):
        evaluated(run, point, numbers, **options)
        if isinstance(numbers, adapter.Floats):
            run.gradients = {name: np.nextafter(value, np.inf) for name, value in run.gradients.items()}
            moved.extend(run.gradients)

    monkeypatch.setattr(runs, "evaluate", noisy)
    monkeypatch.setattr(sys.modules["oracle.verify"], "is_thorough", lambda *_: False)  # which would see the noise
    report = verify(subject, cases=3)
    monkeypatch.undo()
    assert moved
    assert certificate([subject], [report], 30).to_dict() == before


def test_ball_noise_changes_the_digits(monkeypatch):
    """The control: a unit of the 40th decimal is seen."""
    before = digests()
    rounded = decimal_grid.rounded

    def off_by_one(balls, bits):
        found = rounded(balls, bits)
        return found and decimal_grid.Rounded(found.shape, found.exponent, (found.integers[0] + 1, *found.integers[1:]))

    monkeypatch.setattr(decimal_grid, "rounded", off_by_one)
    after = digests()
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_programs_that_round_apart_get_none(monkeypatch):
    """Both programs must round alike: where the gradient program is off by a 40th decimal there is no certificate."""
    subject = pair(SOURCE, inputs=INPUTS)
    report = verify(subject, cases=1)
    declared = Trial.declared

    def nudged(self, truth, sizes):
        moved = {name: value + value * 2.0**-100 for name, value in truth.items()}
        return declared(self, moved, sizes)

    monkeypatch.setattr(Trial, "declared", nudged)
    monkeypatch.setattr("oracle.records.certificate_making.enclosures.meet", lambda a, b: np.ones(1, bool))
    with pytest.raises(NoCertificate, match=r"^an entry of planted cannot be rounded with 6144 bits at B="):
        certificate([subject], [report], 30)


def test_another_source_is_seen():
    """The same function in other words: same digits, same program, other source."""
    other = SOURCE.replace("y_bar * (1 - np.tanh(x @ w) ** 2)", "y_bar / np.cosh(x @ w) ** 2")
    one, two = digests(), digests(other)
    assert (one[0], one[2]) == (two[0], two[2])
    assert one[1] != two[1]


def test_a_helper_in_another_module_counts():
    """The source of every module whose lines ran is named, not only that of the two functions."""
    subject = registered("lstm-seed")
    (one,) = certificate([subject], [verify(subject, cases=1)], 30).subjects
    assert {"lstm_ref.layer", "lstm_ref.cell", "lstm_ref.activations"} <= set(one.source)


def test_what_floats_decide_is_not_certified():
    """A case that was redrawn because the float forward overflowed leaves no certificate, though all is CERTIFIED."""
    subject = pair(
        """
        def forward(x):
            return np.exp(40 * x * x).sum(axis=0), x

        def backward(y_bar, x):
            return y_bar * 80 * x * np.exp(40 * x * x)
        """,
        inputs={"x": "B D"},
    )
    report = verify(subject, cases=12)
    assert report.verdict.name == "CERTIFIED"
    assert {case.regime for case in report.outside} == {"saturated"}
    with pytest.raises(NoCertificate, match=r"^the float forward of planted left its domain at .*, saturated, seed"):
        certificate([subject], [report], 30)
    calm = verify(subject, cases=4)
    assert certificate([subject], [calm], 30).subjects[0].cases[0].regime == "generic"


def test_a_kink_is_redrawn_by_balls_and_named():
    """Cases that balls redraw are named by what was heard in their place."""
    source = """
        def forward(x):
            return np.maximum(x, 0.0) * x, x

        def backward(y_bar, x):
            return y_bar * np.where(x > 0, 2 * x, 0.0)
    """
    subject = pair(source, inputs={"x": "D"})
    report = verify(subject, cases=20)
    (one,) = certificate([subject], [report], 30).subjects
    assert [case.case for case in one.cases] == list(report.heard)


def test_only_certified():
    """CONSISTENT is ok, and gets none."""
    leaving = SOURCE.replace("return np.tanh(x @ w)", "return through_text(np.tanh(x @ w))")
    helper = """
    def through_text(h):
        return np.array([[float("%.17g" % v) for v in row] for row in h])
    """
    subject = pair(helper + leaving, inputs=INPUTS)
    report = verify(subject, cases=2)
    assert report.ok
    with pytest.raises(
        NoCertificate, match=r"^planted is CONSISTENT, so there is no certificate; nothing was written$"
    ):
        certificate([subject], [report], 30)


def test_ties_end():
    """A linear map of generic decimals meets exact ties of the grid, and is certified all the same."""
    subject = pair(
        """
        def forward(x):
            return 1.0 * x, None

        def backward(y_bar, cache):
            return 1.0 * y_bar
        """,
        inputs={"x": "D"},
        reference=lambda x: x,
    )
    report = verify(subject, cases=100)
    assert certificate([subject], [report], 30).subjects[0].entries == report.entries
