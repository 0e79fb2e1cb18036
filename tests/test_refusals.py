"""Refusals: recorded before they are raised, so that code under test that swallows them changes nothing."""

import contextlib
import threading
from pathlib import Path

import numpy as np
import pytest

from oracle.arithmetic import refusals
from oracle.arithmetic.refusals import LeftArithmetic, Place, Refusal, Undecided, left, note, recording, tie, undecided

HERE = Path(__file__).name


def test_a_refusal_is_recorded_even_if_it_is_swallowed() -> None:
    """The exception is caught, the record stays."""
    with recording() as record, contextlib.suppress(LeftArithmetic, Undecided):
        raise left("a ball left")
    with recording() as other, contextlib.suppress(LeftArithmetic, Undecided):
        raise undecided("who knows")
    assert [(refusal.kind, refusal.why) for refusal in record.refusals] == [("LeftArithmetic", "a ball left")]
    assert [(refusal.kind, refusal.why) for refusal in other.refusals] == [("Undecided", "who knows")]


def test_a_refusal_is_recorded_even_if_it_is_never_raised() -> None:
    """Making the exception is enough."""
    with recording() as record:
        left("a ball left")
        undecided("who knows")
    assert [refusal.kind for refusal in record.refusals] == ["LeftArithmetic", "Undecided"]


def test_without_a_run_nothing_is_recorded() -> None:
    """The exceptions are the same."""
    with recording() as record:
        pass
    assert isinstance(left("a ball left"), LeftArithmetic)
    assert isinstance(undecided("who knows"), Undecided)
    note("casts to float32")
    tie("maximum")
    assert (record.refusals, record.notes, record.ties) == ([], {}, {})


def test_a_refusal_names_file_line_and_code() -> None:
    """Of the statement that asked; the sentence comes first."""
    error = left("a ball left")  # the statement that asks
    line = test_a_refusal_names_file_line_and_code.__code__.co_firstlineno + 2
    place = f'{__file__}:{line}: error = left("a ball left")  # the statement that asks'
    assert str(error) == f"a ball left, at {place}"


def test_the_place_is_outside_numpy_and_the_arithmetic() -> None:
    """A callback that NumPy makes is found in the statement that called NumPy."""
    found = []
    np.apply_along_axis(lambda row: found.append(refusals.place()) or 0, 0, np.ones(1))  # here
    assert [Path(place.file).name for place in found] == [HERE]
    np.vectorize(refusals.note, otypes=[float])  # no call yet
    with recording() as record, contextlib.suppress(TypeError):
        np.vectorize(refusals.note, otypes=[float])(["seen"])
    assert [Path(place.file).name for place in record.notes.values()] == [HERE]


def test_a_place_without_source_has_no_code() -> None:
    """Code that was made from text has a line, and nothing to show there."""
    scope = {"note": note}
    with recording() as record:
        exec(compile("\nnote('seen')", "<made up>", "exec"), scope)
    assert str(record.notes["seen"]) == "<made up>:2"
    assert str(Place("a.py", 3, "x = 1")) == "a.py:3: x = 1"
    assert str(Refusal("Undecided", "who knows", Place("a.py", 3, "x = 1"))) == "who knows, at a.py:3: x = 1"


def test_notes_and_ties_keep_their_first_place() -> None:
    """However often the code passes there, each is told once."""
    with recording() as record:
        for _ in range(3):
            note("casts to float32")
            tie("maximum of two zeros")
        note("casts to float32")
    assert list(record.notes) == ["casts to float32"]
    assert record.notes["casts to float32"].code == 'note("casts to float32")'
    assert record.notes["casts to float32"].line < record.ties["maximum of two zeros"].line
    assert list(record.ties) == ["maximum of two zeros"]


def test_runs_have_records_of_their_own() -> None:
    """An inner run does not tell the outer one, which goes on where it was."""
    with recording() as outer:
        with recording() as inner:
            left("inside")
        left("outside")
    assert [refusal.why for refusal in inner.refusals] == ["inside"]
    assert [refusal.why for refusal in outer.refusals] == ["outside"]


def test_a_run_ends_with_its_block_even_if_that_raises() -> None:
    """Afterwards nothing is recorded any more."""
    with contextlib.suppress(ZeroDivisionError), recording() as record:
        raise ZeroDivisionError
    left("too late")
    assert record.refusals == []


def test_a_thread_of_the_code_under_test_is_heard() -> None:
    """A refusal in a thread that knows of no run counts for the run under way: it cannot be swallowed there either."""
    with recording() as record:
        worker = threading.Thread(target=left, args=("in a thread",))
        worker.start()
        worker.join()
    assert [refusal.why for refusal in record.refusals] == ["in a thread"]


def test_a_run_in_a_thread_is_its_own() -> None:
    """A thread that records for itself tells nobody else."""
    inside = []

    def work() -> None:
        with recording() as record:
            left("in a thread")
        inside.append(record)

    with recording() as record:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert record.refusals == []
    assert [refusal.why for refusal in inside[0].refusals] == ["in a thread"]


@pytest.mark.parametrize("kind", [LeftArithmetic, Undecided])
def test_numpy_does_not_replace_refusals(kind: type[Exception]) -> None:
    """NumPy turns a TypeError or a ValueError into another; these derive from neither."""
    assert kind.__bases__ == (Exception,)

    class Refusing:
        def __float__(self) -> float:
            raise kind("kept")

    with pytest.raises(kind, match=r"^kept$"):
        np.array([1.0, 2.0])[0:1] = Refusing()
