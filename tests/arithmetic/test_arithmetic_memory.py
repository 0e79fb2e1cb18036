"""Memory in balls is as in NumPy: which array is a view, in which order a copy lies, what an overlapping store does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arithmetic_tools import assert_agree, ball_numpy, in_balls, in_floats
from memory_cases import CASES

from oracle.arithmetic import ball_array, kernels
from oracle.arithmetic.ball_array import wrap
from oracle.arithmetic.refusals import LeftArithmetic

pytestmark = pytest.mark.filterwarnings("ignore:'where' used without 'out'")


@pytest.mark.parametrize("name", CASES)
def test_memory_is_as_in_numpy(name: str) -> None:
    """A calculation that looks at the order of memory, or stores through a view, has NumPy's result."""
    assert_agree(name, in_floats(name, CASES[name]), in_balls(name, CASES[name]))


def test_there_are_many_cases() -> None:
    """An empty table would test nothing."""
    assert len(CASES) > 100


def test_a_copy_that_loses_its_order_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with copies that are always in C's order, the table no longer agrees."""

    def copy(self: Any, order: str = "C") -> Any:
        return type(self)(self._raw.copy(), self._kind)

    monkeypatch.setattr(ball_array._Shared, "copy", copy)
    with pytest.raises(AssertionError, match="copy K"):
        test_memory_is_as_in_numpy("copy K")


def balls(*shape: int) -> Any:
    """Some balls."""
    return wrap(kernels.lift(np.arange(1.0, 1 + np.prod(shape)).reshape(shape)))


REFUSED = {
    "strides of a part of a number": (
        lambda: ball_numpy.lib.stride_tricks.as_strided(balls(6), (2, 2), (0, 12)),
        "as_strided",
    ),
    "strides that leave the memory": (
        lambda: ball_numpy.lib.stride_tricks.as_strided(balls(6), (4, 4), (16, 8)),
        "as_strided",
    ),
    "a whole number that a narrow type cannot hold": (
        lambda: (balls(3) * 300).astype(np.uint8),
        "^a number that uint8 cannot hold was cast to it",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_memory_cannot_do_is_refused(what: str) -> None:
    """Nothing is read from memory that holds no ball, and no whole number wraps around."""
    calculation, message = REFUSED[what]
    with pytest.raises(LeftArithmetic, match=message):
        calculation()
