"""Registered subjects verified on several cores: one process each, and the reports in the order asked for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

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


def reports(
    subjects: Sequence[Subject], jobs: int, *, cases: int, seed: int, digits: float
) -> Generator[tuple[Subject, Report]]:
    """Each subject and its report, in order, as soon as it and those before it are there.

    On KeyboardInterrupt those that are there come at once, and then it is raised.

    Raises
    ------
    WitnessesDisagree
        If two witnesses contradict each other in one of them: a fault of the oracle.
    """
    with workers(min(jobs, len(subjects))) as submit:
        asked = [submit(_report, str(subject.spec), cases, seed, digits) for subject in subjects]
        told = 0
        try:
            for subject, future in zip(subjects, asked, strict=True):
                found = future.result()
                told += 1  # before it is given away: an interruption may come while it is shown
                yield subject, found
        except KeyboardInterrupt:
            there = [(one, future) for one, future in zip(subjects, asked, strict=True) if _is_there(future)]
            yield from ((one, future.result()) for one, future in there[told:])
            raise


def _is_there(future: Future[Any]) -> bool:
    """Whether a future has its result."""
    return future.done() and not future.cancelled() and future.exception() is None


Submit = Callable[..., "Future[Any]"]


@contextmanager
def workers(jobs: int) -> Iterator[Submit]:
    """So many fresh processes, to which work is submitted; they end at once if the block is left before they have.

    Ctrl-C reaches this process alone; and if this process is gone, so are they.
    """
    fresh = multiprocessing.get_context("spawn")  # JAX has threads, which no fork survives
    others = set(multiprocessing.active_children())
    with one_thread_each(), ProcessPoolExecutor(jobs, fresh, initializer=_end_with_parent) as pool:

        def submit(work: Callable[..., Any], *arguments: Any) -> Future[Any]:
            with _no_interruption():  # a process that is started now leaves Ctrl-C to this one
                return pool.submit(work, *arguments)

        try:
            yield submit
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


@contextmanager
def _no_interruption() -> Iterator[None]:
    """SIGINT waits until the end of the block; processes started in it never see one."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows they ignore it from their first task on
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """In a process of its own: leave Ctrl-C to the parent, and end as soon as the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_end_of_the_parent, daemon=True).start()


def _wait_for_the_end_of_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # whatever is being computed: there is nobody to tell


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
