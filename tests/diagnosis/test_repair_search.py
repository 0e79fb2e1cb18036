"""Edits with which every gradient is certified: what is found, what is said of it, and when nothing is."""

import dataclasses

import pytest
from repair_tools import INPUTS, LSTM, RNN, changed, line_of, searched, subject_of, wrong

from oracle import Verdict, verify
from oracle.diagnosis.cause import Cause

SINGLE = [
    (LSTM, "o_bar = h_bar * c", "o_bar = h_bar * o", "o_bar = h_bar * c"),
    (LSTM, "g_bar = s_bar * i", "g_bar = s_bar", "g_bar = s_bar * i"),
    (LSTM, "i_bar = s_bar * g", "i_bar = -s_bar * g", "i_bar = s_bar * g"),
    (LSTM, "(1 - g**2)", "(1 - g)", "a_g_bar = g_bar * (1 - g ** 2)"),
    (LSTM, "[a_g_bar, a_i_bar", "[a_g_bar, a_g_bar", "a_bar = np.hstack([a_g_bar, a_i_bar, a_o_bar])"),
    (LSTM, "x_bar = a_bar @ W", "x_bar = 2 * a_bar @ W", "x_bar = a_bar @ W"),
    (
        LSTM,
        "return x_bar, W_bar, a_bar.sum",
        "return x_bar, W_bar, a_bar.mean",
        "return x_bar, W_bar, a_bar.sum(axis=0)",
    ),
    (RNN, "(h_bar[t] + carry)", "(h_bar[t] - carry)", "a_bar = (h_bar[t] + carry) * (1 - h[t + 1] ** 2)"),
    (RNN, "(1 - h[t + 1] ** 2)", "(1 - h[t] ** 2)", "a_bar = (h_bar[t] + carry) * (1 - h[t + 1] ** 2)"),
    (RNN, "a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n", "U_bar += a_bar.T @ h[t]"),
    (RNN, "W_bar += a", "W_bar = a", "W_bar += a_bar.T @ x[t]"),
    (RNN, "a_bar @ U\n", "a_bar @ U.T\n", "carry = a_bar @ U"),
    (RNN, "reversed(range(T))", "range(T)", "for t in range(T)[::-1]:"),
]


def line(base, old, new):
    """The line of a change."""
    return base[: base.index(old)].count("\n") + 1


@pytest.mark.parametrize(("base", "old", "new", "repaired"), SINGLE, ids=[new for _, _, new, _ in SINGLE])
def test_one_wrong_statement_is_repaired(base, old, new, repaired):
    """The first repair is at the line of the fault, and undoes it; where another line would do, it is only a hint."""
    causes = searched(wrong(base, (old, new)))
    first = causes[0]
    assert (first.kind, first.claim) == ("one-line-repair", "one edit makes every gradient right")
    assert first.line == line(base, old, new)
    assert first.statement == changed(base, (old, new)).splitlines()[first.line - 1].strip()
    assert first.repair == repaired
    assert first.certain == (len(causes) == 1)


@pytest.mark.parametrize(("base", "old", "new", "repaired"), SINGLE[::3], ids=[new for _, _, new, _ in SINGLE[::3]])
def test_the_repair_as_reported_is_certified(base, old, new, repaired):
    """The statement replaced by the repair, as text, gives a program that a whole verification certifies."""
    source = changed(base, (old, new))
    assert verify(subject_of(source, INPUTS[base]), cases=4).verdict is Verdict.REFUTED
    cause = searched(subject_of(source, INPUTS[base]))[0]
    again = changed(source, (cause.statement, cause.repair))
    assert verify(subject_of(again, INPUTS[base]), cases=12).verdict is Verdict.CERTIFIED


def test_the_message_is_this():
    """Claim and place, evidence, repair."""
    (cause,) = searched(wrong(LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o")))
    claim, evidence, repair = dataclasses.replace(cause, file="planted.py").lines()
    assert claim == "one edit makes every gradient right     planted.py:18   g_bar = s_bar * o"
    head, tail = evidence.split(" edits tried, ")
    assert head.rstrip("0123456789") == "  certified in 6 cases to 110 digits; of "
    assert tail == "none at another line does"
    assert repair == "  right with: g_bar = s_bar * i"


PAIRS = [
    (LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o"), ("o_bar = h_bar * c", "o_bar = h_bar * o")),
    (LSTM, ("i_bar = s_bar * g", "i_bar = s_bar"), ("W_bar = a_bar.T @ x", "W_bar = 2 * a_bar.T @ x")),
    (RNN, ("(h_bar[t] + carry)", "(h_bar[t] - carry)"), ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")),
    (RNN, ("a_bar @ U\n", "a_bar @ U.T\n"), ("(1 - h[t + 1] ** 2)", "(1 - h[t] ** 2)")),
]


@pytest.mark.parametrize(("base", "one", "other"), PAIRS, ids=[f"{one[1]} and {other[1]}" for _, one, other in PAIRS])
def test_two_wrong_statements_have_no_repair_of_one_line(base, one, other):
    """Two edits are found, at the two lines, and what is reported of them makes the program right."""
    source = changed(base, one, other)
    causes = searched(subject_of(source, INPUTS[base]))
    assert {cause.kind for cause in causes} == {"two-line-repair"}
    assert {cause.line for cause in causes[:2]} == {line(base, *one), line(base, *other)}
    assert {cause.claim for cause in causes} == {"two edits together make every gradient right"}
    again = changed(source, *((cause.statement, cause.repair) for cause in causes[:2]))
    assert verify(subject_of(again, INPUTS[base]), cases=8).verdict is Verdict.CERTIFIED


def test_lines_that_are_known_get_their_repair():
    """Where causes are certain of lines, only these are edited, and each cause gets what its line would be."""
    one, other = PAIRS[0][1:]
    source = changed(LSTM, one, other)
    subject = subject_of(source, INPUTS[LSTM])
    file = subject.form.backward_function.__code__.co_filename
    known = [
        Cause("wrong-cotangent", "known", certain=True, file=file, line=line_of(source, begins))
        for begins in ("o_bar =", "g_bar =")
    ]
    hint = Cause("constant-ratio", "a hint")
    found = searched(subject, (*known, hint))
    assert [cause.repair for cause in found] == ["o_bar = h_bar * c", "g_bar = s_bar * i", ""]
    assert [dataclasses.replace(cause, repair="") for cause in found] == [*known, hint]


def test_a_line_that_is_named_wrongly_gets_no_repair():
    """The control: no edit of a right line is reported, nor any other."""
    source = changed(LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o"))
    subject = subject_of(source, INPUTS[LSTM])
    file = subject.form.backward_function.__code__.co_filename
    known = Cause("wrong-cotangent", "known", certain=True, file=file, line=line_of(source, "W_bar ="))
    assert searched(subject, (known,)) == (known,)


@pytest.mark.parametrize("base", [LSTM, RNN], ids=["LSTM", "RNN"])
def test_a_right_backward_gives_nothing(base):
    """Nothing is wrong, so nothing is repaired."""
    assert searched(subject_of(base, INPUTS[base])) == ()


def test_what_no_edit_repairs_gives_nothing():
    """A gradient that is made of something else altogether."""
    assert searched(wrong(LSTM, ("x_bar = a_bar @ W", "x_bar = np.cos(np.cumsum(x, axis=1))"))) == ()


def test_a_function_without_source_gives_nothing():
    """What cannot be read cannot be edited."""
    source = changed(LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o"))
    assert searched(subject_of(source, INPUTS[LSTM], known=False)) == ()


def test_where_either_line_would_do_both_are_hints():
    """A factor can be taken out where the cotangent is made, or made good where it is used."""
    causes = searched(wrong(LSTM, ("o_bar = h_bar * c", "o_bar = 2 * h_bar * c")))
    assert [cause.line for cause in causes] == [16, 22]
    assert not any(cause.certain for cause in causes)
    assert {cause.evidence for cause in causes} == {"certified in 6 cases to 110 digits; another line would do as well"}
