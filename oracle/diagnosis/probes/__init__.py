"""Probes: the cotangents of a backward's own variables, each judged from the author's own upstream values.

`examine` runs the unchanged backward under a tracer, beside a twin that marks the same places, in several cases. A
probe or a gradient is reported if it does not follow from what the author himself computed before it, so that an
error upstream condemns nothing below, and every independent error comes out.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.diagnosis.cause import Cause
    from oracle.outcome import Outcome
    from oracle.trial import Trial


def examine(trial: Trial, failing: Outcome, smallest: Case) -> tuple[list[Cause], list[str]]:
    """Every probe and gradient whose own rule is wrong, in the order of the backward; and what was ruled out."""
    if not trial.subject.probes or trial.subject.twin is None:  # of which the notes of every report speak
        return [], []
    if (why := _impossible(trial)) != "":
        return [], [f"probes could not be examined: {why}"]
    from oracle.diagnosis.probes.examining import cases_for, examined
    from oracle.diagnosis.probes.findings import causes

    found = examined(trial, cases_for(trial, failing.case, smallest))
    notes = [f"probes could not be examined in some cases: {why}" for why in found.refused[:2]]
    if not found.looks:
        return [], [f"probes could not be examined: {why}" for why in found.refused[:2]]
    unsampled: dict[str, list[str]] = {}
    for name, why in {name: str(why) for look in found.looks for name, why in look.unsampled.items()}.items():
        unsampled.setdefault(why, []).append(name)
    notes += [f"not examined: {', '.join(names)}: {why}" for why, names in unsampled.items()]
    judged = [rule for look in found.looks for rule in (*look.rules.values(), *look.leaves.values())]
    if set(judged) == {"right"}:
        which = "cotangent that was examined" if unsampled else "probed cotangent"
        notes.append(f"every {which} and every gradient follows from what was computed before it")
    made = causes(found)
    if trial.subject.deviations.truncate is not None:  # a line may be right in itself, and not at a border
        made = [dataclasses.replace(cause, certain=False) for cause in made]
    return made, notes


def _impossible(trial: Trial) -> str:
    """Why probes say nothing of this subject; empty if they can."""
    declared = trial.subject.deviations
    cut = declared.truncate is not None and not trial.reference.truncates  # else the reference is cut alike
    if declared.clip is not None or declared.scale is not None or declared.mean_over or cut:
        return "the backward is declared to be something else than the derivative"
    if trial.left:
        return "the code left ball arithmetic"
    return ""
