"""The diagnosis that needs no probes: edits of one statement, or of two, with which every gradient is certified.

An edit is found by trying: the inverses of the mistakes that people make, on every statement of the backward whose
value flows into what is wrong, in float64 on one small case. What passes is certified in balls on several cases.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from oracle.diagnosis.cause import Cause

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.outcome import Outcome
    from oracle.trial import Trial

TRIES, SECONDS = 1500, 2.5  # edits tried, and the seconds of this thread after which no further one is


def search(trial: Trial, failing: Outcome, smallest: Case, causes: Sequence[Cause] = ()) -> tuple[Cause, ...]:
    """The causes given, with the repair of the statement they name where one was found; else the repairs found.

    Parameters
    ----------
    trial, failing, smallest
        The subject on trial, the worst outcome, and the smallest case that fails like it.
    causes
        What is known already: statements that are certainly wrong are the only ones that are edited.

    Returns
    -------
    causes
        Those given come first. A repair is certain only if edits at no other line were found to do.
    """
    from oracle.diagnosis.repair.finding import Finder

    if not any(comparison.wrong for comparison in failing.comparisons.values()):
        return tuple(causes)
    named = [cause for cause in causes if cause.certain and cause.line]
    lines = {_line(cause) for cause in named} or None
    with trial.binding.untouched():
        finder = Finder.on(trial, failing, smallest, lines)
        if finder is None:
            return tuple(causes)
        if lines is None:
            return (*causes, *finder.repairs())
        repairs = finder.repairs_at(lines)
    return tuple(
        dataclasses.replace(cause, repair=repairs.get(_line(cause), "")) if cause in named else cause
        for cause in causes
    )


def _line(cause: Cause) -> tuple[str, int]:
    """The file, in its usual spelling, and the line of a cause."""
    from oracle.mutation.planting import real_name

    return real_name(cause.file), cause.line
