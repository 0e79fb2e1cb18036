"""What a network is made of beside its parameters: cell, directions, dropout, and its way along the sequence."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_ref.checks import expect_kind
from lstm_ref.dropout import expect_rate
from lstm_ref.unrolling import WHOLE, Unrolling
from lstm_ref.variant import STANDARD, Variant

FORWARDS = (1,)
REVERSED = (-1,)  # from the last step of x to the first
BOTH = (1, -1)


@dataclass(frozen=True)
class Architecture:
    """The choices that hold for all layers of a network.

    Parameters
    ----------
    cell : which cell
    directions : FORWARDS, REVERSED or BOTH: in which each layer runs; the outputs of both stand side by side
    rate : how likely a unit is dropped between two layers, in [0, 1)
    unrolling : how each layer walks along the sequence: WHOLE, or `chunked`, `truncated` or `checkpointed` ones

    Raises
    ------
    ValueError : the rate is outside [0, 1), or the directions are none of the three
    TypeError : the rate is no number, the cell no Variant, or the unrolling none

    Example
    -------
    >>> Architecture(directions=BOTH, rate=0.5).directions
    (1, -1)
    """

    cell: Variant = STANDARD
    directions: tuple[int, ...] = FORWARDS
    rate: float = 0.0
    unrolling: Unrolling = WHOLE

    def __post_init__(self) -> None:
        """Raise unless the choices are possible ones."""
        expect_kind("cell", self.cell, Variant, "a Variant, such as SEED or STANDARD")
        expect_kind("unrolling", self.unrolling, Unrolling, "WHOLE, or what chunked, truncated or checkpointed return")
        expect_rate(self.rate)
        if self.directions not in (FORWARDS, REVERSED, BOTH):
            raise ValueError(
                f"directions is {self.directions!r}, expected FORWARDS (1,), REVERSED (-1,) or BOTH (1, -1)"
            )
