"""A diagnosis that fails costs no verdict, and says that it failed."""

import pytest
from meta_tools import pair

from oracle import verify
from oracle.diagnosis import patterns, probes, repair

WRONG = """
def forward(x):
    return np.tanh(x), x

def backward(y_bar, x):
    return (1 - np.tanh(x)) * y_bar
"""


@pytest.mark.parametrize(
    ("module", "name", "what"),
    [(probes, "examine", "at probes"), (repair, "search", "for repairs"), (patterns, "recognise", "for patterns")],
)
def test_a_search_that_fails_is_named_and_the_verdict_stays(monkeypatch, module, name, what) -> None:
    """The other searches still speak."""

    def fail(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(module, name, fail)
    report = verify(pair(WRONG, inputs={"x": "D"}), cases=3)
    assert report.verdict.name == "REFUTED"
    sentence = f"looking {what} failed, which is a fault of the oracle: KeyError: 'a fault of ours'"
    assert sentence in report.diagnosis.ruled_out


def test_without_a_failure_nothing_of_the_kind_is_said() -> None:
    """The control."""
    report = verify(pair(WRONG, inputs={"x": "D"}), cases=3)
    assert not [line for line in report.diagnosis.ruled_out if "failed" in line]
    assert report.diagnosis.causes
