"""What a conviction on the certified path rests on, in a word for the matrix and in a sentence for the reader."""

from __future__ import annotations

from typing import Final

from oracle.arithmetic.refusals import LeftArithmetic, Undecided
from oracle.mutation.checks import autodiff, finite_differences, promises
from oracle.mutation.evidence import Evidence

REFUTED: Final = "refuted"
BROKE: Final = "broke the contract"
RAISED: Final = "raised"
LEFT: Final = "left ball arithmetic"
ENDLESS: Final = "did not end"
OPEN: Final = "not certified"
MANNERS: Final = (REFUTED, BROKE, RAISED, LEFT, ENDLESS, OPEN)


def manner(evidence: Evidence) -> str:
    """How what is planted was convicted on this bench, if it was: by its numbers, its behaviour, or by not running."""
    if evidence.floats.error is not None:
        return RAISED
    if True in (evidence.says(autodiff), evidence.says(finite_differences)):
        return REFUTED
    if evidence.says(promises):
        return BROKE
    return LEFT if evidence.balls is None else OPEN


def sentence(evidence: Evidence) -> str:
    """The same with what was raised or refused."""
    kind, run = manner(evidence), evidence.in_balls
    if kind == RAISED:
        error = evidence.floats.error
        return f"the code raised {type(error).__name__}: {error}"
    if kind != LEFT:
        return {REFUTED: "a gradient is refuted", BROKE: "the contract is broken"}.get(
            kind, "a gradient is not certified"
        )
    if run.record.refusals:
        return f"the code left ball arithmetic: {run.record.refusals[0]}"
    if run.error is not None and not isinstance(run.error, (LeftArithmetic, Undecided)):
        return f"in balls only, the code raised {type(run.error).__name__}: {run.error}"
    return "a gradient was not computed in balls, or has another shape there"
