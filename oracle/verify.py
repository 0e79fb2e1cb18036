"""Puts a subject on trial over many cases and returns a report. Reads as a checklist."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable

from oracle.agenda import heard, is_thorough, redraws
from oracle.cases import GENERIC, Case, schedule
from oracle.diagnosis import Diagnosis, diagnose
from oracle.diagnosis.probes.placing import expect_places, unmarked
from oracle.hearing import Hearing
from oracle.outcome import Outcome
from oracle.subject import Subject
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Finding, GradientMismatch, Report, Verdict

CASES, DIGITS = 100, 30
_DRAWS = 64  # cases among which one of each choice of options is looked for

Progress = Callable[[int, int, Verdict], None]
Judged = Callable[[Report], None]


def verify(
    subject: Subject,
    *,
    cases: int = CASES,
    seed: int = 0,
    digits: float = DIGITS,
    throw: bool = False,
    explain: bool = True,
    progress: Progress | None = None,
    judged: Judged | None = None,
) -> Report:
    """What is true of the subject's backward, over random shapes, every entry.

    Parameters
    ----------
    subject : Subject
        The hand-written pair.
    cases : int
        How many cases are drawn.
    seed : int
        From which the cases follow.
    digits : float
        Decimal digits to which every entry must be known.
    throw : bool
        Raise `GradientMismatch` unless the verdict is ok.
    explain : bool
        Look for the cause of a failure, which takes up to some seconds.
    progress : function, optional
        Called after each case with the number heard, the number of all, and the verdict so far.
    judged : function, optional
        Called with the report of a failure before its cause is looked for.

    Returns
    -------
    Report
        With `ok`, `verdict`, a report for each gradient, and findings. `str(report)` is the whole story.

    Raises
    ------
    GradientMismatch
        With `throw`, if the verdict is not ok.
    ValueError
        If `cases` or `digits` are not positive, or the adapter does not fit the code under test.
    WitnessesDisagree
        If two witnesses contradict each other: a fault of the oracle.

    Examples
    --------
    >>> import numpy as np, oracle
    >>> def forward(x):
    ...     return np.tanh(x), x
    >>> def backward(y_bar, x):
    ...     return (1 - np.tanh(x) ** 2) * y_bar
    >>> oracle.verify(oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}), cases=5).verdict.name
    'CERTIFIED'
    """
    check(subject, cases, digits)
    began = time.perf_counter()
    trial = Trial(subject, digits)
    summary = Summary(trial, seed)
    agenda = heard(trial, cases, seed)
    expect_places(trial, agenda[0])
    for number, case in enumerate(agenda, 1):
        summary.add(hear(trial, case, summary, is_thorough(number, case, trial.sizes)))
        if progress is not None:
            progress(number, len(agenda), summary.verdict)
    if subject.deviations.truncate is not None:
        summary.add_findings(truncates(trial, seed))
    trial.remarks += unmarked(trial, agenda[0])
    report = summary.report(time.perf_counter() - began)
    if not report.ok and summary.failing is not None:
        if judged is not None:
            judged(report)
        report = with_cause(report, trial, summary.failing, explain)
    if throw and not report.ok:
        raise GradientMismatch(report)
    return report


def with_cause(report: Report, trial: Trial, failing: Outcome, explain: bool = True) -> Report:
    """The report of a failure with its smallest sizes, and with its cause where that is asked for."""
    smallest = shrink(trial, failing)
    return dataclasses.replace(
        report,
        smallest=sizes_text(smallest.sizes),
        failing_case=smallest,
        diagnosis=diagnose(trial, failing, smallest) if explain else Diagnosis(),
    )


def check(subject: Subject, cases: int, digits: float) -> None:
    """Refuse what cannot be verified."""
    if not isinstance(subject, Subject):
        raise TypeError(
            f"verify takes a Subject, but got a {type(subject).__name__}; "
            "make one with oracle.Subject.from_functions, from_object or from_loss"
        )
    if type(cases) is not int or cases < 1:
        raise ValueError(f"cases={cases!r} must be a whole number of at least 1")
    if isinstance(digits, bool) or not isinstance(digits, int | float) or not 1 <= digits <= 200:
        raise ValueError(f"digits={digits!r} must be a number between 1 and 200")


def hear(trial: Trial, case: Case, summary: Summary | None = None, thorough: bool = True) -> Outcome:
    """Hear a case; at a kink or outside the domain it is redrawn, and counted."""
    outcome = Hearing(trial, case, thorough).outcome()
    for again in redraws(trial, case):
        if outcome.counts:
            break
        if summary is not None:
            summary.redrawn += 1
            summary.outside += [outcome.case] if outcome.outside else []
            summary.avoided.setdefault(outcome.case.regime, outcome.outside or f"at a kink: {outcome.kink}")
        outcome = Hearing(trial, again, thorough).outcome()
    return outcome


def truncates(trial: Trial, seed: int) -> list[Finding]:
    """A declared truncation must show: one step beyond it the gradient is no longer the derivative.

    A reference that is cut alike has shown that it is; then the gradient must be the reference's.
    """
    steps = trial.subject.deviations.truncate
    assert steps is not None
    low, high = trial.subject.sizes["T"]
    if not low <= steps + 1 <= high:
        return []
    first: dict[int, Case] = {}  # one case of each choice of options, if there are any
    for case in schedule(_DRAWS, seed, {**trial.sizes, "T": (steps + 1, steps + 1)}):
        if case.regime == GENERIC:
            first.setdefault(id(trial.settled(case)), case)
    return [finding for case in first.values() for finding in _truncates_at(trial, steps, case)]


def _truncates_at(trial: Trial, steps: int, case: Case) -> list[Finding]:
    """The same of one case."""
    outcome = hear(trial, case)
    if outcome.counts and trial.settled(outcome.case).reference.truncates:
        message = f"at T={steps + 1}, the first length that truncate={steps} cuts, the gradient is not the reference's"
        return [] if outcome.verdict.ok else [Finding(outcome.verdict, message, case=str(case))]
    if outcome.counts and outcome.verdict in (Verdict.REFUTED, Verdict.INCONSISTENT):
        return []
    if outcome.counts and outcome.verdict.ok:
        message = f"truncate={steps} is declared, but at T={steps + 1} the gradient is still the whole derivative"
        return [Finding(Verdict.BROKEN_CONTRACT, message, case=str(case))]
    message = f"whether anything is cut at T={steps + 1}, as truncate={steps} declares, stayed open"
    return [Finding(Verdict.UNDECIDED, message, case=str(case))]


def shrink(trial: Trial, failing: Outcome) -> Case:
    """The smallest sizes at which the case still fails in the same way. Sizes move, values do not."""
    case, verdict = failing.case, failing.verdict

    def fails(candidate: Case) -> bool:
        try:
            return Hearing(trial, candidate).outcome().verdict is verdict
        except Exception:
            return False

    moved = True
    while moved:
        moved = False
        for candidate in _smaller(case, trial.subject):
            if fails(candidate):
                case, moved = candidate, True
                break
    return case


def _smaller(case: Case, subject: Subject) -> Iterable[Case]:
    """Cases with smaller sizes: all at their least, then one at a time."""
    least = {name: low for name, (low, _) in subject.sizes.items()}
    if dict(case.sizes) != least:
        yield Case(least, case.regime, case.seed)
    for name, size in case.sizes.items():
        for smaller in dict.fromkeys((least[name], size // 2, size - 1)):
            if least[name] <= smaller < size:
                yield case.at(**{name: smaller})


def sizes_text(sizes: object) -> str:
    """`T=1 B=1 D=2`."""
    return " ".join(f"{name}={size}" for name, size in dict(sizes).items())  # type: ignore[call-overload]
