"""Several subjects verified one after another, with somebody watching."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from oracle.records import saved
from oracle.subject import Subject
from oracle.verdict import Report
from oracle.verify import Progress, verify


class Watcher(Protocol):
    """Is told what happens."""

    def begin(self, subject: str, cases: int) -> Progress:
        """A subject is about to be heard; the result is told of each case."""

    def end(self, report: Report) -> None:
        """A subject has been heard."""

    def close(self, reports: Sequence[Report], seconds: float) -> None:
        """All have."""


def run_session(
    subjects: Sequence[Subject], *, cases: int, seed: int, digits: float, terminal: Watcher, records: bool = False
) -> tuple[list[Report], float]:
    """The reports of all subjects, and the time it took; with `records`, failing cases are saved to be replayed."""
    began, reports = time.perf_counter(), []
    for subject in subjects:
        progress = terminal.begin(subject.name, cases)
        report = verify(subject, cases=cases, seed=seed, digits=digits, progress=progress)
        if records:
            report = saved(report, spec=subject.spec, digits=digits)
        reports.append(report)
        terminal.end(report)
    seconds = time.perf_counter() - began
    terminal.close(reports, seconds)
    return reports, seconds
