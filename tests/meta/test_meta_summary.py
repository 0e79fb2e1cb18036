"""What a report says over all cases: lines that no case reached, and when not to speak of them."""

from meta_tools import pair

from oracle import verify
from oracle.cases import SATURATED
from oracle.hearing import Hearing
from oracle.trial import Trial

RAISES = """
def forward(x):
    return np.tanh(x), x

def backward(y_bar, x):
    slope = 1 - np.tanh(y) ** 2
    return slope * y_bar
"""
BRANCHES = """
def forward(x):
    return np.tanh(x), x

def backward(y_bar, x):
    if x.ndim == 2:
        y_bar = y_bar.sum(axis=0)
    return (1 - np.tanh(x) ** 2) * y_bar
"""


def test_a_backward_that_always_raises_is_blamed_for_that_alone() -> None:
    """The lines below the one that raised were not reached either, which helps nobody."""
    report = verify(pair(RAISES, inputs={"x": "D"}), cases=3)
    assert [finding.message for finding in report.findings] == ["the code raised NameError: name 'y' is not defined"]
    assert report.verdict.name == "BROKEN_CONTRACT"


def test_a_line_that_no_case_reached_is_named() -> None:
    """It was never judged, whatever else was certified."""
    report = verify(pair(BRANCHES, inputs={"x": "D"}), cases=3)
    (finding,) = report.findings
    assert "no case reached this line of the backward: " in finding.message
    assert finding.message.endswith(":8: y_bar = y_bar.sum(axis=0)")
    assert report.verdict.name == "UNDECIDED"


RIGHT = """
def forward(x, w):
    h = np.tanh(x @ w)
    return h, (x, w, h)

def backward(h_bar, cache):
    x, w, h = cache
    a_bar = h_bar * (1 - h**2)
    return a_bar @ w.T, x.T @ a_bar
"""


def test_the_case_of_the_largest_error_has_that_error() -> None:
    """Heard alone, it gives each gradient the ulps that the report shows; any other calm case gives no more."""
    subject = pair(RIGHT, inputs={"x": "B D", "w": "D H"})
    report = verify(subject, cases=20)
    trial = Trial(subject, 30)
    alone = {str(case): Hearing(trial, case).outcome().float64 for case in report.heard if case.regime != SATURATED}
    for leaf in report.leaves:
        each = {case: found[leaf.name].max_ulps for case, found in alone.items()}
        assert leaf.float64 is not None
        assert each[leaf.float64.case] == leaf.float64.max_ulps == max(each.values())
    assert len({round(found["x"].max_ulps, 3) for found in alone.values()}) > 5, "cases differ, so the test can fail"
