"""Work shared by processes of their own, or done in this one, with each result as soon as it is there."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import Any

from oracle.parallel import one_thread_each


def shared(function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[Any]:
    """What a function of a module says of the arguments of each task, in no particular order.

    >>> sorted(shared(pow, [(2, 3), (3, 2)], jobs=1))
    [8, 9]
    """
    if jobs < 2 or len(tasks) < 2:
        yield from (function(*task) for task in tasks)
        return
    fresh = multiprocessing.get_context("spawn")  # JAX has threads, which no fork survives
    with one_thread_each(), ProcessPoolExecutor(min(jobs, len(tasks)), fresh, initializer=_quietly) as pool:
        asked = {pool.submit(function, *task) for task in tasks}
        try:
            while asked:
                done, asked = wait(asked, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _quietly() -> None:
    """JAX logs what a planted fault raises."""
    logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)
