"""What a witness says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Testimony(Enum):
    """What the finite-difference witness says of a slope."""

    CONFIRMS = "finite differences of the hand-written forward agree"
    REFUTES = "finite differences of the hand-written forward disagree"
    SILENT = "finite differences of the hand-written forward cannot tell"


@dataclass(frozen=True)
class Statement:
    """The testimony, to how many digits, how far apart, and why the witness is silent if it is."""

    testimony: Testimony
    digits: float = 0.0
    gap: float = 0.0  # |estimate - claim|, at least
    why: str = ""
