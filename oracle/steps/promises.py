"""What a backward promises besides numbers, checked in two steps: structure first, behaviour last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from oracle import contract
from oracle.accuracy import FEW
from oracle.contract.structure import NO_VALUES
from oracle.steps import floats
from oracle.verdict import Finding, Verdict

if TYPE_CHECKING:
    from oracle.hearing import Hearing


def check_structure(hearing: Hearing) -> None:
    """One gradient per input, same shape, a float dtype. Without values there is nothing further to hear."""
    broken = list(contract.structure(hearing.point, hearing.floats))
    for leaf in contract.single_precision(hearing.point, hearing.floats):
        hearing.found.notes.append(f"the gradient of {leaf} is float32 although all inputs are float64")
    adding, unwritten = contract.slot_faults(hearing.point, hearing.trial.binding, hearing.floats)
    hearing.trial.adding.update(adding)
    if not adding and hearing.trial.adding.issuperset(unwritten):
        adding = unwritten  # to which nothing was added here, since they are zero
    if adding:
        hearing.end(
            Verdict.REFUTED,
            f"the backward adds to what the gradient slots held before: {', '.join(adding)}; "
            "declare accumulates=True if that is meant",
        )
    if unwritten:
        hearing.end(
            Verdict.BROKEN_CONTRACT,
            f"the backward never writes the gradient of {', '.join(unwritten)}: the slot holds what it held before",
        )
    for finding in broken:
        if finding.detail == NO_VALUES:
            hearing.end(finding.verdict, finding.message)
        hearing.found.findings.append(finding)


def check_behaviour(hearing: Hearing) -> None:
    """Everything that shows when forward and backward are called again or otherwise."""
    if not hearing.thorough:
        return

    dtype = np.float32 if floats.rounds_to_single(hearing) else np.float64

    def bound(leaf: str) -> Any:
        """The bound of a gradient, in the shape in which the backward returns it."""
        return np.reshape(hearing.bound(leaf, dtype, FEW), np.shape(hearing.floats.gradients[leaf]))

    found: list[Finding] = list(contract.behaviour(hearing.point, hearing.trial.binding, hearing.floats, bound))
    hearing.found.findings.extend(found)
