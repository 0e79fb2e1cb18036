"""Edited code is run, and nothing of that is left: no endless loop, output, changed function or random number."""

import sys
import time

import numpy as np
from repair_tools import INPUTS, LSTM, changed, searched, subject_of

from oracle.diagnosis.repair.bench import Bench, carrying
from oracle.diagnosis.repair.candidates import _never_ends, backward_sources
from oracle.diagnosis.repair.finding import _small
from oracle.trial import Trial

WRONG = changed(LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o"))

WHILE = """
import numpy as np

def forward(x, w):
    return x * w, (x, w)

def backward(y_bar, cache):
    x, w = cache
    x_bar, w_bar = np.zeros(x.shape), np.zeros(w.shape)
    n = len(x)
    while n > 0:
        n -= 1
        x_bar[n] = y_bar[n] * x[n]
        w_bar[n] = y_bar[n] * x[n]
    return x_bar, w_bar
"""


def test_a_loop_that_never_ends_is_given_up():
    """`n -= 1` made `n += 1` or `n = 1` never ends; the search does, and finds what is wrong."""
    began = time.thread_time()
    causes = searched(subject_of(WHILE, {"x": "D", "w": "D"}))
    assert [(cause.line, cause.repair) for cause in causes] == [(13, "x_bar[n] = y_bar[n] * w[n]")]
    assert time.thread_time() - began < 20


def test_a_bench_counts_lines():
    """The control: the same loop without an end is no result, and takes no time."""
    subject = subject_of(WHILE, {"x": "D", "w": "D"})
    trial = Trial(subject, 30)
    with trial.binding.untouched():
        bench = Bench(trial, _small(trial, 1))
    endless = subject_of(WHILE.replace("n -= 1", "n += 0"), {"x": "D", "w": "D"})
    with carrying(subject.form.backward_function, endless.form.backward_function.__code__):
        assert bench.right() is None
    assert bench.right() is not None


def test_nothing_is_left_behind():
    """Functions have their code, the tracer is the one before, and the global generator stands where it stood."""
    subject = subject_of(WRONG, INPUTS[LSTM])
    functions = [subject.form.forward_function, subject.form.backward_function]
    before = [id(function.__code__) for function in functions], sys.gettrace(), np.random.get_state()[1].tolist()
    assert searched(subject)
    after = [id(function.__code__) for function in functions], sys.gettrace(), np.random.get_state()[1].tolist()
    assert before == after


def test_output_is_swallowed(capsys):
    """A backward that prints prints nothing while it is edited."""
    talking = WRONG.replace("    o_bar = h_bar * c\n", "    print('here')\n    o_bar = h_bar * c\n")
    assert searched(subject_of(talking, INPUTS[LSTM]))
    assert capsys.readouterr() == ("", "")


def test_random_numbers_of_the_code_do_not_move_ours():
    """A backward that draws from the global generator leaves it where it was."""
    drawing = WRONG.replace("    o_bar = h_bar * c\n", "    np.random.rand()\n    o_bar = h_bar * c\n")
    before = np.random.get_state()[1:3]
    searched(subject_of(drawing, INPUTS[LSTM]))
    after = np.random.get_state()[1:3]
    assert before[0].tolist() == after[0].tolist()
    assert before[1] == after[1]


ENDLESS = """
import itertools
from itertools import repeat

import numpy as np

def forward(x, w):
    return x * w, (x, w)

def backward(y_bar, cache):
    x, w = cache
    halves = list(map(np.multiply, y_bar, repeat(0.5)))
    numbers = itertools.count()
    counted = dict(zip(numbers, halves))
    return y_bar * x, y_bar * x
"""


def test_iterators_without_an_end_are_left_alone():
    """`list(map(f, y, repeat(a)))` made `list(repeat(a))` would fill the memory, in C; the search ends, and finds."""
    began = time.thread_time()
    causes = searched(subject_of(ENDLESS, {"x": "D", "w": "D"}))
    assert [cause.repair for cause in causes] == ["return y_bar * w, y_bar * x"]
    assert time.thread_time() - began < 20


def test_statements_with_iterators_without_an_end_are_known():
    """The control: exactly the statements that make or use one, by either spelling, are not edited."""
    subject = subject_of(ENDLESS, {"x": "D", "w": "D"})
    trial = Trial(subject, 30)
    with trial.binding.untouched():
        (source,) = backward_sources(Bench(trial, _small(trial, 1)))
    assert [_never_ends(source, statement) for statement in source.statements] == [False, True, True, True, False]
