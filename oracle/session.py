"""Several subjects verified, one after another or on several cores, with somebody watching."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Protocol

from oracle import parallel
from oracle.records import saved
from oracle.subject import Subject
from oracle.verdict import Report, Verdict
from oracle.verify import Progress, verify


class Watcher(Protocol):
    """Is told what happens."""

    def begin(self, subject: str, cases: int) -> Progress:
        """A subject is about to be heard; the result is told of each case."""

    def judged(self, report: Report) -> None:
        """A subject has failed, and the cause is about to be looked for."""

    def end(self, report: Report) -> None:
        """A subject has been heard, and the cause looked for."""

    def interrupted(self, reports: Sequence[Report], of: int, seconds: float) -> None:
        """Ctrl-C, after some of the subjects have been heard."""

    def close(self, reports: Sequence[Report], seconds: float) -> None:
        """All have."""


def run_session(
    subjects: Sequence[Subject],
    *,
    cases: int,
    seed: int,
    digits: float,
    terminal: Watcher,
    records: bool = False,
    jobs: int = 1,
) -> tuple[list[Report], float]:
    """The reports of all subjects, and the time it took.

    With `records`, failing cases are saved to be replayed. Registered subjects are verified in `jobs` processes.
    On KeyboardInterrupt the terminal is told of what was judged so far, and then it is raised.
    """
    began, reports = time.perf_counter(), []
    shared = jobs > 1 and parallel.can_share(subjects)
    judged = (_on_cores if shared else _one_by_one)(subjects, terminal, jobs, cases=cases, seed=seed, digits=digits)
    try:
        with closing(judged):
            for subject, report in judged:
                if records:
                    report = saved(report, spec=subject.spec, digits=digits)
                reports.append(report)
                terminal.end(report)
    except KeyboardInterrupt:
        terminal.interrupted(reports, len(subjects), time.perf_counter() - began)
        raise
    seconds = time.perf_counter() - began
    terminal.close(reports, seconds)
    return reports, seconds


def _one_by_one(
    subjects: Sequence[Subject], terminal: Watcher, _: int, *, cases: int, seed: int, digits: float
) -> Generator[tuple[Subject, Report]]:
    """Each subject and its report, while the terminal shows how many cases were heard."""
    for subject in subjects:
        progress = terminal.begin(subject.name, cases)
        yield subject, verify(subject, cases=cases, seed=seed, digits=digits, progress=progress, judged=terminal.judged)


def _on_cores(
    subjects: Sequence[Subject], terminal: Watcher, jobs: int, *, cases: int, seed: int, digits: float
) -> Generator[tuple[Subject, Report]]:
    """Each subject and its report, while the terminal shows which subject is waited for."""
    with closing(parallel.reports(subjects, jobs, cases=cases, seed=seed, digits=digits)) as found:
        for number in range(len(subjects)):
            told = terminal.begin(f"{subjects[number].name} and others, {jobs} at a time", len(subjects))
            told(number, len(subjects), Verdict.CERTIFIED)
            yield next(found)
