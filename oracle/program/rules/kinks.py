"""Kinks count only where a differentiated value meets them: a mask compared with zero is no kink."""

from __future__ import annotations

from typing import Any

from oracle.arithmetic import refusals
from oracle.program.rules.registry import Site, Step


def kinked(site: Site, step: Step) -> Step:
    """`step`, which notes exact ties only if an operand depends on differentiated inputs."""
    return step if site.varied else quietly(step)


def quietly(step: Step) -> Step:
    """`step` without its ties; what it refuses or otherwise notes is recorded as ever."""

    def run(*operands: Any) -> Any:
        refused: Exception | None = None
        with refusals.recording() as record:
            try:
                result = step(*operands)
            except (refusals.Undecided, refusals.LeftArithmetic) as error:
                refused = error
        for what in record.notes:
            refusals.note(what)
        if refused is None:
            return result
        why = record.refusals[-1].why if record.refusals else str(refused)
        raise refusals.undecided(why) if isinstance(refused, refusals.Undecided) else refusals.left(why)

    return run
