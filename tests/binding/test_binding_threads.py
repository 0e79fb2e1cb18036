"""Lines are followed in the threads that code under test starts, whichever run started them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from oracle.binding import Binding
from oracle.tracing import executed_lines


def work(n):
    """One line of two."""
    if n > 1:
        return 2
    return 1


def lines_of(execution):
    """The lines of `work` that were executed, counted from its first one."""
    first = work.__code__.co_firstlineno
    return sorted(line - first for file, line in execution.lines if file == __file__ and 0 < line - first < 5)


def test_a_thread_of_the_block_is_followed():
    """A thread that is started inside the block is followed there."""
    with executed_lines([globals()]) as execution:
        thread = threading.Thread(target=work, args=(1,))
        thread.start()
        thread.join()
    assert lines_of(execution) == [2, 4]


def test_a_thread_that_outlives_a_run_is_followed_in_the_next_one():
    """Threads of a pool tell each run of what they do in it, also those that a run without lines started."""
    binding = Binding([work])
    with ThreadPoolExecutor(1) as pool:
        with binding.untouched():
            pool.submit(work, 1).result()
        with binding.untouched(), executed_lines([globals()]) as first:
            pool.submit(work, 2).result()
        with binding.untouched(), executed_lines([globals()]) as second:
            pool.submit(work, 1).result()
    assert lines_of(first) == [2, 3]
    assert lines_of(second) == [2, 4]


def test_a_thread_that_is_older_than_every_run_is_not_followed():
    """The control: nobody asked such a thread to tell."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, 1).result()
        with executed_lines([globals()]) as execution:
            pool.submit(work, 2).result()
    assert lines_of(execution) == []


def test_the_tracer_of_threads_is_as_it_was():
    """What a debugger set for new threads is set again."""
    before = threading.gettrace()
    with executed_lines([globals()]):
        assert threading.gettrace() is not before
    assert threading.gettrace() is before
