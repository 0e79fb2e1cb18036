"""One subject, judged piece by piece: a few cases at once, the rest while nothing else happens."""

from __future__ import annotations

import time

from oracle.agenda import heard, is_thorough
from oracle.subject import Subject
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Report, Verdict
from oracle.verify import hear, truncates, with_cause


class Docket:
    """What is still to be heard of a subject, and what was found so far."""

    def __init__(self, subject: Subject, *, cases: int, seed: int, digits: float) -> None:
        self.trial = Trial(subject, digits)
        self.summary = Summary(self.trial, seed)
        self._agenda = heard(self.trial, cases, seed)
        self.cases, self.seed, self.heard = len(self._agenda), seed, 0
        self._seconds = 0.0

    @property
    def subject(self) -> Subject:
        """Who is judged."""
        return self.trial.subject

    @property
    def failed(self) -> bool:
        """Whether a case decided that it is not ok: then no more are heard."""
        return self.summary.failing is not None

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to hear."""
        return self.failed or self.heard == self.cases

    @property
    def verdict(self) -> Verdict:
        """The worst so far."""
        return self.summary.verdict

    @property
    def files(self) -> set[str]:
        """The files of the lines that were executed so far."""
        return {file for file, _ in self.trial.executed}

    def hear_next(self) -> None:
        """Hear one case."""
        began, case = time.perf_counter(), self._agenda[self.heard]
        self.heard += 1
        self.summary.add(hear(self.trial, case, self.summary, is_thorough(self.heard, case, self.trial.sizes)))
        self._seconds += time.perf_counter() - began

    def hear_some(self, least: int, seconds: float) -> None:
        """Hear cases until the time is up, but `least` of them, unless there are no more to hear."""
        until = time.perf_counter() + seconds
        while not self.finished and (self.heard < least or time.perf_counter() < until):
            self.hear_next()

    def report(self) -> Report:
        """The report on what was heard; of a failure with its smallest sizes and its cause."""
        if not self.failed and self.subject.deviations.truncate is not None:
            self.summary.add_findings(truncates(self.trial, self.seed))
        report = self.summary.report(self._seconds)
        failing = self.summary.failing
        return report if failing is None else with_cause(report, self.trial, failing)
