"""A diagnosis that fails costs no verdict, and says that it failed."""

import pytest
from meta_tools import pair

from oracle import verify
from oracle.diagnosis import patterns, probes, repair

WRONG = """
def forward(x):
    y = np.empty(x.shape)
    y[:] = np.tanh(x)
    return y, x

def backward(y_bar, x):
    return np.arctan(np.exp(x)) * y_bar  # so wrong that no repair is found and every search is made
"""


@pytest.mark.parametrize(
    ("module", "name", "what"),
    [(probes, "examine", "at probes"), (repair, "asked", "for repairs"), (patterns, "recognise", "for patterns")],
)
def test_a_search_that_fails_is_named_and_the_verdict_stays(monkeypatch, module, name, what) -> None:
    """The other searches still speak."""

    def fail(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(module, name, fail)
    report = verify(pair(WRONG, inputs={"x": "D"}), cases=3)
    assert report.verdict.name == "REFUTED"
    sentence = f"looking {what} failed, which is a fault of the oracle: KeyError: 'a fault of ours'"
    assert sentence in report.diagnosis.remarks


def test_without_a_failure_nothing_of_the_kind_is_said() -> None:
    """The control."""
    report = verify(pair(WRONG, inputs={"x": "D"}), cases=3)
    assert report.diagnosis.remarks == ()
    assert report.diagnosis.causes or report.diagnosis.ruled_out


CACHED_WRONGLY = """
def forward(x):
    h = np.tanh(x)
    return h, h * h

def backward(y_bar, h):
    s = 1 - h * h
    return y_bar * s
"""


def test_a_repair_alone_makes_no_line_certain() -> None:
    """The forward is to blame here, which caches h ⊙ h for h; the line that would make up for it is right."""
    report = verify(pair(CACHED_WRONGLY, inputs={"x": "D"}), cases=3)
    repairs = [cause for cause in report.diagnosis.causes if cause.kind == "one-line-repair"]
    assert repairs
    assert not any(cause.certain for cause in report.diagnosis.causes if cause.file)
