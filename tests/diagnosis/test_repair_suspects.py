"""Where values are known to go wrong and not by which line, the lines that may be to blame are edited first."""

import ast
from types import SimpleNamespace

import pytest
from repair_tools import INPUTS, LSTM, changed, line_of, searched, subject_of

from oracle.diagnosis.cause import Suspicion
from oracle.diagnosis.repair.families import alone
from oracle.diagnosis.repair.trying import Budget

HALF = ("o_bar = h_bar * c", "o_bar = 2 * h_bar * c")  # a factor that could be made good further down as well


def suspicion(subject, source, *begins):
    """A wrong value for which lines that begin with these texts may be to blame, the first one the likeliest."""
    file = subject.form.backward_function.__code__.co_filename
    lines = [line_of(source, one) for one in begins]
    return Suspicion(
        "wrong-cotangent", "o_bar is wrong", file=file, line=lines[0], suspects=tuple((file, line) for line in lines)
    )


def told(base, fault, *begins):
    """The suspicion, and what the search makes of it."""
    source = changed(base, fault)
    subject = subject_of(source, INPUTS[base])
    known = suspicion(subject, source, *begins)
    return known, searched(subject, (known,)), source


def test_the_repair_of_a_suspect_comes_first():
    """Before the suspicion, which named another line; and as a hint, for no other lines were tried."""
    known, (first, second), source = told(LSTM, HALF, "i_bar =", "o_bar =")
    assert (first.kind, first.line, first.certain) == ("one-line-repair", line_of(source, "o_bar ="), False)
    assert first.repair == "o_bar = h_bar * c"
    assert first.evidence.endswith(" edits tried of what may be to blame, none at another line does")
    assert second == known


def test_a_repair_of_the_line_that_is_named_is_said_with_it():
    """One finding, not two."""
    known, (only,), _ = told(LSTM, HALF, "o_bar =", "i_bar =")
    assert (only.kind, only.claim, only.repair) == (known.kind, known.claim, "o_bar = h_bar * c")
    assert only.evidence.startswith("; one edit makes every gradient right, certified in 6 cases to ")


def test_where_no_suspect_can_be_repaired_all_lines_are_edited():
    """The control: a suspicion of lines that are right hides nothing."""
    known, causes, source = told(LSTM, ("g_bar = s_bar * i", "g_bar = s_bar * o"), "x_bar =", "W_bar =")
    assert [(cause.kind, cause.line) for cause in causes] == [
        ("one-line-repair", line_of(source, "g_bar =")),
        (known.kind, known.line),
    ]
    assert causes[0].certain


@pytest.mark.parametrize(
    ("text", "whole"),
    [("h[1:] + h[:1]", ["h"]), ("x * (1 - x)", ["x"]), ("x * (1 - y)", []), ("f(x)", [])],
)
def test_of_parts_put_together_the_whole_is_tried(text, whole):
    """Where slices or values of one name are put together, the name; not where there are two."""
    place = SimpleNamespace(node=ast.parse(text, mode="eval").body)
    assert [ast.unparse(node) for _, node in alone(place)] == whole


def test_a_budget_counts():
    """So much in a row, so much of all, whatever the time; renewed, a row begins again and the whole does not."""
    work = iter(range(10, 100))
    now = [next(work)]

    def runs():
        """One more run, and whether another is allowed."""
        now[0] = next(work)
        return not budget.spent

    budget = Budget(lambda: now[0], 3, 5, 1000.0)
    assert [runs(), runs(), runs()] == [True, True, False]
    budget.renew()
    assert [runs(), runs()] == [True, False]
    budget.renew()
    assert budget.spent
    assert Budget(lambda: 0, 3, 5, 0.0).spent
