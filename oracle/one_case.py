"""One case alone, for property tests and replays: what is true of the backward in this very case.

Two things that `verify` asks of all cases together cannot be asked of one. Not every line of the backward is reached
in each, and a gradient may rightly be zero in some (that of a recurrent weight after a single step). So here such a
gradient is named in a note, and only a case in which every gradient is zero compared nothing. In the regime that makes
inputs zero that may rightly be so, as of a product of two of them: then the same sizes are heard with generic values.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable

from oracle.cases import GENERIC, ZEROS, Case
from oracle.hearing import Hearing
from oracle.outcome import Outcome
from oracle.subject import Subject
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Finding, FloatAccuracy, GradientMismatch, LeafReport, Report, Verdict
from oracle.verify import DIGITS, check, hear


def verify_case(subject: Subject, case: Case, *, digits: float = DIGITS, throw: bool = False) -> Report:
    """What is true of the subject's backward in one case, every entry; what a property test asserts.

    What is known of the subject, such as the traced gradient program, is kept with it, so that the next case is quick.
    A case at a kink, or outside the domain of the forward, is redrawn from its own seed; the report counts that.
    A case of zeros in which every gradient is zero is heard with generic values instead, and a note says so.

    Parameters
    ----------
    subject : Subject
        The hand-written pair.
    case : Case
        Sizes, regime and seed, as `oracle.cases.cases(subject.sizes)` draws them.
    digits : float
        Decimal digits to which every entry must be known.
    throw : bool
        Raise `GradientMismatch` unless the verdict is ok.

    Returns
    -------
    Report
        With `ok`, `verdict`, a report for each gradient, and findings.

    Raises
    ------
    GradientMismatch
        With `throw`, if the verdict is not ok.
    TypeError
        If `subject` is not a Subject, or `case` not a Case.
    ValueError
        If the case's sizes are not those of the subject, `digits` is out of range, or a declared truncation has
        nothing to say of so many steps.
    WitnessesDisagree
        If two witnesses contradict each other: a fault of the oracle.

    Examples
    --------
    >>> import numpy as np, oracle
    >>> from hypothesis import given, settings
    >>> def forward(x):
    ...     return np.tanh(x), x
    >>> def backward(y_bar, x):
    ...     return (1 - np.tanh(x) ** 2) * y_bar
    >>> subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"})
    >>> @settings(max_examples=5, deadline=None, database=None)
    ... @given(oracle.cases.cases(subject.sizes))
    ... def test_backward(case):
    ...     oracle.verify_case(subject, case, throw=True)
    >>> test_backward()
    """
    __tracebackhide__ = True  # a test that fails should show its own lines, and the message
    check(subject, 1, digits)
    _check_case(subject, case)
    began = time.perf_counter()
    trial = _trial_of(subject, digits)
    trial.expect_within(case)
    summary = _OneCase(trial, case.seed)
    report = report_on(_telling(hear(trial, case, summary), trial, summary), summary, began)
    if throw and not report.ok:
        raise GradientMismatch(report)
    return report


def verify_exactly(subject: Subject, case: Case, digits: float) -> Report:
    """The report on this very case: nothing is kept from earlier cases, and nothing is redrawn."""
    check(subject, 1, digits)
    _check_case(subject, case)
    began = time.perf_counter()
    trial = Trial(subject, digits)
    return report_on(Hearing(trial, case).outcome(), _OneCase(trial, case.seed), began)


def _telling(outcome: Outcome, trial: Trial, summary: _OneCase) -> Outcome:
    """The same, or that of generic values where inputs that the regime makes zero make every gradient zero, rightly."""
    if not (outcome.counts and outcome.verdict.ok and outcome.case.regime == ZEROS and not speaks(outcome, trial)):
        return outcome
    summary.avoided.setdefault(ZEROS, "every gradient is zero in it")
    return hear(trial, Case(outcome.case.sizes, GENERIC, outcome.case.seed), summary)


def speaks(outcome: Outcome, trial: Trial) -> bool:
    """Whether some gradient is not zero throughout."""
    compared = [outcome.comparisons.get(name) for name in trial.subject.differentiated]
    return any(comparison.zeros < comparison.entries for comparison in compared if comparison is not None)


def report_on(outcome: Outcome, summary: Summary, began: float) -> Report:
    """The report on one outcome; where it failed, with the case itself."""
    summary.add(outcome)
    report = summary.report(time.perf_counter() - began)
    if report.ok:
        return report
    return dataclasses.replace(report, failing_case=outcome.case)


def _check_case(subject: Subject, case: Case) -> None:
    if not isinstance(case, Case):
        raise TypeError(f"expected an oracle.cases.Case, but got a {type(case).__name__}")
    if set(case.sizes) != set(subject.sizes):
        raise ValueError(
            f"{subject.name} has the sizes {', '.join(subject.sizes) or '(none)'}, "
            f"but the case has {', '.join(case.sizes) or '(none)'}"
        )


def _trial_of(subject: Subject, digits: float) -> Trial:
    """The trial of a subject, which lives as long as the subject; what earlier cases showed is forgotten."""
    kept: dict[float, Trial] = vars(subject).setdefault("_trials", {})
    if digits not in kept:
        kept[digits] = Trial(subject, digits)
    trial = kept[digits]
    for memory in (trial.executed, trial.backward_codes, trial.left, trial.located, trial.cut):
        memory.clear()
    return trial


class _OneCase(Summary):
    """A summary of a single case."""

    def _unreached_lines(self) -> Iterable[Finding]:
        return ()

    def _says_too_little(self, verdict: Verdict, seen: FloatAccuracy | None) -> bool:
        return False  # the detection limit is in the report; another case may see more

    def _clip_shows(self) -> Iterable[Finding]:
        return ()

    def _leaf(self, name: str) -> LeafReport:
        leaf = super()._leaf(name)
        (outcome,) = self.outcomes
        found = outcome.verdicts.get(name)
        if leaf.verdict is not Verdict.NOTHING_COMPARED or found is None or not speaks(outcome, self.trial):
            return leaf
        return dataclasses.replace(leaf, verdict=found, digits=float(self.trial.digits) if found.ok else 0.0)

    def _notes(self) -> list[str]:
        (outcome,) = self.outcomes
        silent = [
            name
            for name in self.trial.subject.differentiated
            if (comparison := outcome.comparisons.get(name)) and comparison.zeros == comparison.entries
        ]
        notes = super()._notes()
        return [*notes, f"exactly zero in this case: {', '.join(silent)}"] if silent else notes
