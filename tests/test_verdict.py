"""Verdicts: their order, what is ok, and records that cannot be taken for an answer."""

import dataclasses
import re
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.report.text import failure_text
from oracle.verdict import Comparison, Finding, GradientMismatch, LeafReport, Report, Verdict, worst

ORDER = [
    "REFUTED",
    "INCONSISTENT",
    "FORWARD_DIFFERS",
    "BROKEN_CONTRACT",
    "INACCURATE",
    "NOTHING_COMPARED",
    "UNDECIDED",
    "CONSISTENT",
    "CERTIFIED",
]


def leaf(name: str, verdict: Verdict, entries: int = 4, digits: float = 57.5) -> LeafReport:
    """What was found for one gradient."""
    return LeafReport(name, "(H,)", verdict, entries, digits)


def test_the_order_of_verdicts_is_fixed() -> None:
    """From worst to best."""
    assert [verdict.name for verdict in Verdict] == ORDER
    assert [verdict.severity for verdict in Verdict] == list(range(9))


def test_only_certified_and_consistent_are_ok() -> None:
    """Everything else fails a test."""
    assert [verdict.name for verdict in Verdict if verdict.ok] == ["CONSISTENT", "CERTIFIED"]


def test_a_verdict_is_a_sentence() -> None:
    """Different ones, each without a full stop, because more may follow."""
    sentences = [verdict.value for verdict in Verdict]
    assert len(set(sentences)) == 9
    assert all(re.fullmatch(r"[a-z][^\n.]*[a-z]", sentence) for sentence in sentences)


def test_the_worst_of_two_is_the_one_further_up() -> None:
    """For every pair, in either order."""
    for one, other in combinations_with_replacement(list(Verdict), 2):
        assert worst([one, other]) is worst([other, one]) is one


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1))
def test_the_worst_of_several_is_one_of_them(verdicts: list[Verdict]) -> None:
    """None of the others is worse, and only ok ones make an ok whole."""
    found = worst(verdicts)
    assert found in verdicts
    assert found.severity == min(verdict.severity for verdict in verdicts)
    assert found.ok == all(verdict.ok for verdict in verdicts)


def test_the_worst_of_nothing_is_that_nothing_was_compared() -> None:
    """An empty report is a failure."""
    assert worst([]) is Verdict.NOTHING_COMPARED
    assert not worst([]).ok


@pytest.mark.parametrize(("wrong", "unsettled", "rounded"), [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 2, 2)])
def test_a_comparison_agrees_if_every_entry_does(wrong: int, unsettled: int, rounded: int) -> None:
    """One wrong, open or rounded entry is one too many."""
    assert Comparison("W", (4,), 4).agrees
    assert not Comparison("W", (4,), 4, wrong=wrong, unsettled=unsettled, rounded=rounded).agrees


def test_a_report_adds_up_its_gradients() -> None:
    """All entries, and the digits of the worst one."""
    report = Report("lstm", Verdict.CERTIFIED, (leaf("W", Verdict.CERTIFIED, 9, 57.5), leaf("b", Verdict.CERTIFIED)))
    assert (report.entries, report.digits, report.ok) == (13, 57.5, True)
    empty = Report("lstm", Verdict.NOTHING_COMPARED, ())
    assert (empty.entries, empty.digits, empty.ok) == (0, 0.0, False)


def test_a_report_is_ok_by_its_verdict_alone() -> None:
    """Certified gradients do not outweigh a broken contract."""
    leaves = (leaf("W", Verdict.CERTIFIED),)
    assert [Report("lstm", verdict, leaves).ok for verdict in Verdict] == [verdict.ok for verdict in Verdict]


def test_a_report_is_neither_true_nor_false() -> None:
    """`assert report` would always pass otherwise."""
    report = Report("lstm", Verdict.REFUTED, ())
    with pytest.raises(TypeError, match=r"^a report is neither true nor false: assert report\.ok, str\(report\)$"):
        bool(report)


def test_a_report_is_represented_by_one_short_line() -> None:
    """pytest cuts a longer one in the middle; the line says where the rest is."""
    assert repr(Report("lstm", Verdict.CERTIFIED, ())) == "<Report CERTIFIED lstm; str(report) says all>"
    wrong = Report(
        "lstm", Verdict.BROKEN_CONTRACT, (), findings=(Finding(Verdict.BROKEN_CONTRACT, "no\n" + 300 * "x"),)
    )
    assert repr(wrong).startswith("<Report BROKEN_CONTRACT lstm: BROKEN_CONTRACT: no")
    assert repr(wrong).endswith("; str(report) says all>")
    long = Report(300 * "x", Verdict.BROKEN_CONTRACT, ())
    assert len(repr(long)) <= 240


def test_printing_a_report_tells_the_whole_story() -> None:
    """The text is that of the failure report."""
    report = Report("lstm", Verdict.CERTIFIED, (leaf("W", Verdict.CERTIFIED),), cases=3)
    assert str(report).splitlines()[0] == "lstm: CERTIFIED to 57 digits, 4 gradient entries over 3 cases"
    assert str(report) == failure_text(report)


def test_a_mismatch_carries_its_report() -> None:
    """It is an AssertionError with the text as its message."""
    report = Report("lstm", Verdict.UNDECIDED, ())
    error = GradientMismatch(report)
    assert isinstance(error, AssertionError)
    assert error.report is report
    assert str(error) == str(report)
    assert str(error).startswith("lstm: UNDECIDED: the question stayed open")


def test_records_are_frozen() -> None:
    """What was found stays found."""
    report = Report("lstm", Verdict.REFUTED, ())
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.verdict = Verdict.CERTIFIED  # type: ignore[misc]
