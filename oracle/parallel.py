"""Registered subjects verified on several cores: one process each, and the reports in the order asked for."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from oracle.subject import Subject
from oracle.verdict import Report

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def can_share(subjects: Sequence[Subject]) -> bool:
    """Whether another process can make each of these subjects by its name, without running a file of the user's."""
    from oracle.subjects import REGISTERED

    return len(subjects) > 1 and all(subject.spec in REGISTERED for subject in subjects)


def cores() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def reports(subjects: Sequence[Subject], jobs: int, *, cases: int, seed: int, digits: float) -> Iterator[Report]:
    """The report of each subject, in order, as soon as it and those before it are there.

    Raises
    ------
    WitnessesDisagree
        If two witnesses contradict each other in one of them: a fault of the oracle.
    """
    fresh = multiprocessing.get_context("spawn")  # JAX has threads, which no fork survives
    with one_thread_each(), ProcessPoolExecutor(min(jobs, len(subjects)), fresh) as pool:
        asked = [pool.submit(_report, str(subject.spec), cases, seed, digits) for subject in subjects]
        try:
            for future in asked:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _report(name: str, cases: int, seed: int, digits: float) -> Report:
    """The report of a registered subject."""
    from oracle.subjects import load
    from oracle.verify import verify

    return verify(load(name), cases=cases, seed=seed, digits=digits)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that share the cores do not also share each product: unless the user says how many threads."""
    mine = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(mine, "1"))
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)
