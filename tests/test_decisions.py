"""Decisions by value that went one way only are named in the report: what holds on the other side was not judged."""

from __future__ import annotations

import contextvars
import threading

import numpy as np
import pytest

import oracle
from oracle.arithmetic.refusals import Question
from oracle.decisions import Decisions


def forward(x):
    """tanh, which decides nothing."""
    h = np.tanh(x)
    return h, h


def right(h_bar, h):
    """Its derivative, in one formula."""
    return h_bar * (1 - h**2)


def wrong_where_x_is_large(h_bar, h):
    """Another derivative where no case comes."""
    slope = np.where(np.arctanh(h) > 1e3, 2.0, 1 - h**2)
    return h_bar * slope


def guarded(h_bar, h):
    """The derivative, above a bound that it never meets."""
    slope = np.maximum(1 - h**2, -1.0)
    return h_bar * slope


def by_sign(h_bar, h):
    """The derivative, by two formulas that are both used."""
    slope = np.where(h > 0, (1 - h) * (1 + h), 1 - h**2)
    return h_bar * slope


def notes_of(backward):
    """The notes on decisions in the report of a certified pair."""
    subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}, sizes={"D": (2, 4)})
    report = oracle.verify(subject, cases=8)
    assert report.verdict.name == "CERTIFIED"
    return [note for note in report.notes if "other side" in note]


def test_an_arm_that_no_value_took_is_named_with_its_line():
    """What would be wrong for large x alone is CERTIFIED in these cases, and the report says what it did not see."""
    (note,) = notes_of(wrong_where_x_is_large)
    assert note.startswith("np.greater was False everywhere in every case, so that nothing is known of the other side")
    assert note.endswith("slope = np.where(np.arctanh(h) > 1e3, 2.0, 1 - h**2)")


def test_a_bound_that_never_cut_is_named_with_its_line():
    """A guard may be idle in every case, and the report says so."""
    (note,) = notes_of(guarded)
    assert note.startswith("np.maximum took its first argument everywhere in every case")
    assert note.endswith("slope = np.maximum(1 - h**2, -1.0)")


BEYOND_FIFTY = {  # factors of 1, as long as no number exceeds 50
    "np.absolute met negative numbers": lambda x: 1 + (x - 50 + np.abs(x - 50)),
    "np.sign met negative numbers": lambda x: 2 + np.sign(x - 50),
    "np.signbit met positive numbers": lambda x: 1 + np.signbit(50 - x),
    "np.heaviside met negative numbers": lambda x: 1 + np.heaviside(x - 50, 0.0),
    "np.copysign met positive numbers": lambda x: np.copysign(1.0, 50 - x),
    "np.hypot met negative numbers": lambda x: 1 + (x - 50) + np.hypot(x - 50, 0.0),
    "np.arctan2 met positive numbers": lambda x: 1 + np.arctan2(0.0 * x, 50 - x),
    "np.floor gave 0": lambda x: 1 + np.floor(x * x / 2500),
    "np.ceil gave 1": lambda x: np.ceil(x * x / 2500),
    "np.trunc gave 0": lambda x: 1 + np.trunc(x / 50),
    "np.rint gave 0": lambda x: 1 + np.rint(x / 100),
    "np.floor_divide gave 0": lambda x: 1 + (x * x) // 2500,
    "np.remainder took 0 times the divisor away": lambda x: 1 + (x * x - np.mod(x * x, 2500)),
    "np.fmod took 0 times the divisor away": lambda x: 1 + (x - np.fmod(x, 50)),
    "the integer part was 0": lambda x: 1 + (x / 50).astype(int),
    "np.equal was False": lambda x: np.where(x == 50, 2.0, 1.0),
    "np.not_equal was True": lambda x: np.where(x != 50, 1.0, 2.0),
    "the truth value was True": lambda x: 2.0 - np.logical_and(x - 50, True),
    "np.argmax gave place 0": lambda x: 1 + np.argmax(np.stack([np.full_like(x, 50.0), x]), axis=0),
    "np.argmin gave place 1": lambda x: np.argmin(np.stack([np.full_like(x, 50.0), x]), axis=0),
    "the largest along an axis stood at place 0": lambda x: np.stack([np.full_like(x, 50.0), x]).max(axis=0) / 50,
    "the smallest along an axis stood at place 0": lambda x: np.stack([np.full_like(x, -50.0), x]).min(axis=0) / -50,
    "sorting found one order": lambda x: np.sort(np.stack([np.full_like(x, 50.0), x]), axis=0)[1] / 50,
    "np.searchsorted gave place 0": lambda x: 1 + np.searchsorted(np.array([50.0]), x),
}


@pytest.mark.parametrize("said", BEYOND_FIFTY)
def test_every_function_that_decides_by_values_is_named(said):
    """Whatever tells large numbers apart is named where it told nothing apart, and by what it found."""
    factor = BEYOND_FIFTY[said]

    def backward(h_bar, h):
        return h_bar * (1 - h**2) * factor(np.arctanh(h))

    (note,) = notes_of(backward)
    assert note.startswith(f"{said} everywhere in every case, so that nothing is known of the other side: ")


BOTH_WAYS = {
    "absolute": lambda x: np.abs(x) / np.abs(x),
    "sign": lambda x: np.sign(x) ** 2,
    "copysign": lambda x: np.copysign(1.0, x) ** 2,
    "floor": lambda x: 1 + 0 * np.floor(10 * x),
    "remainder": lambda x: 1 + 0 * np.mod(10 * x, 1),
    "integer part": lambda x: 1 + 0 * (100 * x).astype(int),
    "argmax": lambda x: 1 + 0 * np.argmax(x),
    "largest": lambda x: x / x.max() * x.max() / x,
    "sort": lambda x: np.sort(x).sum() / x.sum(),
    "nothing to choose": lambda x: x[:1].max() / x[0] + 0 * np.argmax(x[:1]) + 0 * np.sort(x[:1])[0],
}


@pytest.mark.parametrize("what", BOTH_WAYS)
def test_a_function_that_told_numbers_apart_is_not_named(what):
    """Where both signs, several whole numbers or several places were met, and where there is no choice."""

    def backward(h_bar, h):
        return h_bar * (1 - h**2) * BOTH_WAYS[what](np.arctanh(h))

    assert notes_of(backward) == []


def in_a_thread(function, *arguments):
    """What a function gives when another thread calls it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function(*arguments)))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("elsewhere", [in_a_thread, lambda *call: contextvars.Context().run(*call)])
def test_a_decision_in_a_thread_or_a_context_of_its_own_is_named(elsewhere):
    """It belongs to the run that is under way."""

    def backward(h_bar, h):
        return elsewhere(wrong_where_x_is_large, h_bar, h)

    (note,) = notes_of(backward)
    assert note.endswith("slope = np.where(np.arctanh(h) > 1e3, 2.0, 1 - h**2)")


def one_of_two(h_bar, h):
    """Two comparisons on one line, of which one went both ways."""
    return h_bar * (1 - h**2) * np.where(h > 0, 1.0, np.where(h > -1.0, 1.0, 2.0))


def test_two_questions_on_one_line_are_two():
    """That one of them told numbers apart does not hide the other."""
    (note,) = notes_of(one_of_two)
    assert note.startswith("np.greater was True everywhere")


def two_bounds(h_bar, h):
    """Two bounds that never cut, in one call."""
    return h_bar * np.clip(1 - h**2, -1.0, 2.0)


def test_the_decisions_of_one_line_share_one_sentence():
    """What went one way on one line is said once."""
    (note,) = notes_of(two_bounds)
    assert note.startswith("np.maximum took its first argument and np.minimum took its first argument everywhere")


@pytest.mark.parametrize("backward", [right, by_sign])
def test_nothing_is_said_where_both_sides_were_seen(backward):
    """Neither code without decisions nor a decision that went both ways has such a note."""
    assert notes_of(backward) == []


def test_of_many_decisions_three_are_shown():
    """The others are counted."""
    decisions = Decisions()
    decisions.add({Question("f.py", line, "less"): {True} for line in range(1, 7)})
    decisions.add({Question("f.py", 1, "less"): {False}})
    notes = list(decisions.notes())
    assert [note.rpartition(": ")[2] for note in notes[:3]] == ["f.py:2", "f.py:3", "f.py:4"]
    assert notes[3:] == ["further decisions by value that went one way only: 2"]


def small(h_bar, h):
    """The derivative, at sizes that cases have."""
    return h_bar * (1 - h**2)


def large(h_bar, h):
    """Another one, where no case comes."""
    return 3 * h_bar


def is_small(h):
    """Whether an array is of the sizes that cases have."""
    return len(h) < 100


def by_dispatch(h_bar, h):
    """Two functions, of which one is never entered."""
    return (small if len(h) < 100 else large)(h_bar, h)


def by_question(h_bar, h):
    """The same, where a function answers."""
    return small(h_bar, h) if is_small(h) else large(h_bar, h)


def by_table(h_bar, h):
    """The same, in a table."""
    return {True: small, False: large}[len(h) < 100](h_bar, h)


def by_chain(h_bar, h):
    """The same, in a chain."""
    return h_bar * (1 - h**2) if not len(h) >= 100 and h_bar.size else 3 * h_bar


def by_factor(h_bar, h):
    """The same, as a number."""
    return h_bar * (1 - h**2) * (1 + (len(h) > 100))


def beside(h_bar, h):
    """The same, with the body beside its condition."""
    if len(h) > 100: h_bar = 3 * h_bar  # noqa: E701  # fmt: skip
    return h_bar * (1 - h**2)


@pytest.mark.parametrize("backward", [by_dispatch, by_question, by_table, by_chain, by_factor, beside])
def test_a_condition_inside_a_line_that_was_answered_one_way_is_named(backward):
    """No line of its own was left out, and the report says that the other side was never taken."""
    (note,) = notes_of(backward)
    assert note.startswith("the condition was ")
    assert " everywhere in every case, so that nothing is known of the other side: " in note


def by_both(h_bar, h):
    """A condition that goes both ways, and conditions that sizes and values do not decide."""
    kind, spare = "tanh", None
    assert len(h) < 100
    if len(h) < 0:
        raise ValueError(f"{len(h)} numbers")
    slope = (1 - h) * (1 + h) if len(h) > 2 else 1 - h**2
    factor = 1.0 if kind == "tanh" and spare is None else 2.0
    return h_bar * slope * factor if h.ndim == 1 else h_bar


def test_a_condition_that_sizes_answered_both_ways_is_not_named():
    """Nor are an assertion, a check that raises, the name of a variant, and what a spec says of every case."""
    assert notes_of(by_both) == []


def test_a_condition_of_a_forward_is_not_named():
    """What a forward is at other sizes is no more asked than its lines are that no case reached."""

    def sized(x):
        h = np.tanh(x) if len(x) < 100 else x
        return h, h

    subject = oracle.Subject.from_functions(sized, lambda h_bar, h: h_bar * (1 - h**2), inputs={"x": "D"})
    report = oracle.verify(subject, cases=8)
    assert (report.verdict.name, [note for note in report.notes if "other side" in note]) == ("CERTIFIED", [])


SOURCE = """
def rule(h_bar, h):
    return h_bar * (1 - h**2)
"""


def by_exec(h_bar, h):
    """The derivative, by code of no file and with globals of its own."""
    space = {}
    exec(SOURCE, space)
    return space["rule"](h_bar, h)


def test_code_of_no_file_is_named():
    """Nobody follows its lines, and the report says so."""
    subject = oracle.Subject.from_functions(forward, by_exec, inputs={"x": "D"}, sizes={"D": (2, 4)})
    report = oracle.verify(subject, cases=4)
    assert any(
        note.startswith("code of no file ran, whose lines nobody followed: <module>, rule;") for note in report.notes
    )


def in_steps(h_bar, h):
    """The derivative, with a statement that no case reaches."""
    slope = 1 - h**2
    if len(h) > 100:
        slope = 2 * slope
    return h_bar * slope


def test_a_line_that_a_thread_never_reached_is_undecided():
    """Lines are followed in the threads that the code under test starts."""

    def backward(h_bar, h):
        return in_a_thread(in_steps, h_bar, h)

    subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}, sizes={"D": (2, 4)})
    report = oracle.verify(subject, cases=4)
    assert report.verdict.name == "UNDECIDED"
    assert any("no case reached this line of the backward" in finding.message for finding in report.findings)
