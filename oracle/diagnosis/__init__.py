"""Says where a wrong backward is wrong, and why. Everything it says was tried in balls and held."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from oracle.diagnosis.cause import Cause, Diagnosis, Suspicion

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.outcome import Outcome
    from oracle.trial import Trial

__all__ = ["Cause", "Diagnosis", "diagnose"]

_REPAIRS = ("one-line-repair", "two-line-repair")
Found = tuple[Sequence[Cause], Sequence[str]]  # causes, and what was ruled out or could not be looked at


def diagnose(trial: Trial, failing: Outcome, smallest: Case) -> Diagnosis:
    """What is known of the cause of a failure, given the worst outcome and the smallest case that fails like it.

    The trial is that of the whole subject: what is said holds for every value of its options, or says for which.
    """
    from oracle.diagnosis import patterns, probes, repair

    own = trial.settled(smallest)
    probed, notes, trouble = _looked("at probes", lambda: probes.examine(own, failing, smallest))
    repaired, why, more = _looked("for repairs", lambda: repair.asked(trial, failing, smallest, probed))
    remarks = (*notes, *trouble, *why, *more)
    located = {(cause.file, cause.line) for cause in probed if cause.is_located}
    found = [cause.plain() if isinstance(cause, Suspicion) else cause for cause in (repaired or probed)]
    if any(cause.repair and (cause.certain or (cause.file, cause.line) in located) for cause in found):
        return Diagnosis(tuple(map(_published, found)), (), remarks)
    shortly = bool(located) or any(cause.repair for cause in found)
    asked = (
        patterns.SHORTLY if shortly else patterns.WITHOUT_TERMS if any(cause.line for cause in found) else patterns.ALL
    )
    causes, ruled_out, more = _looked("for patterns", lambda: patterns.recognise(trial, failing, smallest, asked))
    return Diagnosis((*map(_published, found), *causes), tuple(ruled_out), (*remarks, *more))


def _published(cause: Cause) -> Cause:
    """A repair that no probe stands behind is no certain line: what the forward cached may be to blame as well."""
    return dataclasses.replace(cause, certain=False) if cause.kind in _REPAIRS else cause


def _looked(what: str, search: Callable[[], Found]) -> tuple[Sequence[Cause], Sequence[str], Sequence[str]]:
    """What a search found; one that fails says so, for no diagnosis may cost the verdict that it explains."""
    try:
        return *search(), ()
    except Exception as error:
        return (), (), (f"looking {what} failed, which is a fault of the oracle: {type(error).__name__}: {error}",)
