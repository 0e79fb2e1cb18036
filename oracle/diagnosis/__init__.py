"""Says where a wrong backward is wrong, and why. Everything it says was tried in balls and held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.diagnosis.cause import Cause, Diagnosis

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.outcome import Outcome
    from oracle.trial import Trial

__all__ = ["Cause", "Diagnosis", "diagnose"]


def diagnose(trial: Trial, failing: Outcome, smallest: Case) -> Diagnosis:
    """What is known of the cause of a failure, given the worst outcome and the smallest case that fails like it."""
    from oracle.diagnosis import patterns, probes, repair

    found, notes = probes.examine(trial, failing, smallest)
    repaired = repair.search(trial, failing, smallest, found)
    causes, ruled_out = patterns.recognise(trial, failing, smallest)
    return Diagnosis((*repaired, *causes), (*notes, *ruled_out))
