"""What a report says over all cases: lines that no case reached, and when not to speak of them."""

from meta_tools import pair

from oracle import verify

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
