"""What is shown before the cause is looked for, and what is said once for many cases."""

import io

from rich.console import Console

from oracle import Subject, verify
from oracle.report import terminal
from oracle.report.text import details
from oracle.verdict import Finding, Report, Verdict


def wrong() -> Subject:
    """A pair whose gradient is half of what it should be."""
    return Subject.from_functions(lambda x: (2 * x, None), lambda y_bar, _: y_bar, inputs={"x": "D"})


def text(found: terminal.Terminal) -> str:
    """What was written so far."""
    stream = found.out.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_the_verdict_is_shown_before_the_cause_is_looked_for() -> None:
    """Title and table once, then what is wrong; the report is then still without a diagnosis."""
    shown = terminal.Terminal()
    shown.out = Console(file=io.StringIO(), width=200)
    early: list[Report] = []
    report = verify(wrong(), cases=3, judged=lambda one: (early.append(one), shown.judged(one))[0])
    assert (early[0].verdict, early[0].diagnosis.causes, early[0].smallest) == (Verdict.REFUTED, (), "")
    first = text(shown)
    assert first.startswith("REFUTED  ")
    assert "smallest failing sizes" not in first
    shown.end(report)
    assert text(shown).startswith(first)
    assert text(shown).count("REFUTED  ") == first.count("REFUTED  ")
    assert "smallest failing sizes: D=1" in text(shown)


def test_the_next_subject_has_its_own_table() -> None:
    """What was shown early of one subject leaves out nothing of the next."""
    shown = terminal.Terminal()
    shown.out = Console(file=io.StringIO(), width=200)
    for name in ("one", "two"):
        if name == "one":
            shown.judged(Report(name, Verdict.UNDECIDED, ()))
        shown.end(Report(name, Verdict.UNDECIDED, ()))
    assert [line.split()[1] for line in text(shown).splitlines() if line.startswith("UNDECIDED")] == ["one", "two"]


def test_what_is_right_is_not_told_early() -> None:
    """There is no cause to look for."""
    right = Subject.from_functions(lambda x: (2 * x, None), lambda y_bar, _: 2 * y_bar, inputs={"x": "D"})
    early: list[Report] = []
    assert verify(right, cases=3, judged=early.append).ok
    assert early == []


def findings(*found: Finding) -> list[str]:
    """The lines of a report with these findings."""
    lines = details(Report("a", Verdict.BROKEN_CONTRACT, (), findings=found))
    return [line for line in lines if line.startswith("BROKEN_CONTRACT")]


def shape(leaf: str, size: int) -> Finding:
    """The finding that a gradient has the wrong shape, in one case."""
    message = f"the gradient of {leaf} has shape ({size},); expected (7,), the shape of the input"
    return Finding(Verdict.BROKEN_CONTRACT, message, case=f"D={size}, generic, seed 1")


def test_the_same_in_many_cases_is_one_line() -> None:
    """The first, and in how many more cases it was seen."""
    (line,) = findings(*(shape("w", size) for size in range(1, 6)))
    assert line == (
        "BROKEN_CONTRACT: the gradient of w has shape (1,); expected (7,), the shape of the input "
        "(D=1, generic, seed 1), and likewise in at least 4 more cases"
    )
    assert findings(shape("w", 1), shape("w", 2))[0].endswith(", and likewise in at least 1 more case")


def test_what_differs_in_more_than_numbers_stays_apart() -> None:
    """The control: another gradient, or lines of code that no case reached."""
    assert len(findings(shape("w", 1), shape("b", 1))) == 2
    lines = (Finding(Verdict.BROKEN_CONTRACT, f"no case reached this line: a.py:{line}") for line in (3, 4))
    assert len(findings(*lines)) == 2
