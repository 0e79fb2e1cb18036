"""Does the loss go down: the whole demonstration, `python -m lstm_ref`, 100 iterations with the classic objects."""

from __future__ import annotations

import contextlib
import io
import math
import re
import sys
from types import CodeType, FrameType
from typing import Any

import numpy as np

import lstm_ref.__main__ as demonstration

REACHED = 3e-6  # what the unchanged demonstration falls below
_LOSS = re.compile(r"loss: (\S+)")


def losses() -> list[float]:
    """The losses of the demonstration, as it prints them."""
    before, printed = np.random.get_state(), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
            demonstration.main()
    finally:
        np.random.set_state(before)
    return [float(found) for found in _LOSS.findall(printed.getvalue())]


def goes_down(seen: list[float]) -> bool:
    """Whether the last loss is below the first.

    >>> goes_down([2.0, 3.0, 1.0]), goes_down([2.0, float("nan")])
    (True, False)
    """
    return bool(seen) and math.isfinite(seen[-1]) and seen[-1] < seen[0]


def as_before(seen: list[float]) -> bool:
    """Whether the last loss is as low as that of the unchanged demonstration."""
    return bool(seen) and seen[-1] < REACHED


def codes() -> frozenset[CodeType]:
    """The code that the demonstration runs."""
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        losses()
    finally:
        sys.setprofile(before)
    return frozenset(seen)
