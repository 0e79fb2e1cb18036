"""Tries every family of patterns, and orders what was found by how much it explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from oracle.arithmetic import adapter
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns import blocks, horizon, limits, sides, sizes, terms, values
from oracle.diagnosis.patterns.budget import Budget
from oracle.diagnosis.patterns.evidence import BITS, Evidence, gather
from oracle.verdict import Verdict

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.outcome import Outcome
    from oracle.trial import Trial

EVALUATIONS, FOR_EVIDENCE = 1100, 500  # of the code under test; a small case costs half a millisecond
MOST = 4  # findings shown

Family = Callable[[Evidence], Iterator[Cause]]
EXPLAINING: dict[str, Family] = {**values.FAMILIES, **limits.FAMILIES, **horizon.FAMILIES}
PLACING: dict[str, Family] = {**blocks.FAMILIES}
HINTING: dict[str, Family] = {**sizes.FAMILIES, **sides.FAMILIES}


def recognise(trial: Trial, failing: Outcome, smallest: Case) -> tuple[list[Cause], list[str]]:
    """The patterns that hold, the most telling first, and in words those that were tried and do not.

    Parameters
    ----------
    trial : Trial
        The subject on trial.
    failing : Outcome
        The worst outcome.
    smallest : Case
        The smallest case that fails like it.

    Returns
    -------
    causes, ruled_out
        Nothing of either unless the backward was refuted in balls.
    """
    if failing.verdict is not Verdict.REFUTED:
        return [], []
    if found := list(sides.second_call(failing)):
        return found, []
    if trial.left:
        return [], []
    budget = Budget(FOR_EVIDENCE)
    evidence = gather(trial, failing.case, smallest, budget)
    if not evidence.wrong:
        return [], []
    budget.left += EVALUATIONS - FOR_EVIDENCE
    with adapter.precision(BITS):
        return _found(evidence)


def _found(evidence: Evidence) -> tuple[list[Cause], list[str]]:
    causes: list[Cause] = []
    ruled_out: list[str] = []
    for family, look in EXPLAINING.items():
        _try(family, look, evidence, causes, ruled_out)
    if not _explained(causes, evidence):
        for family, look in (*terms.FAMILIES.items(), *PLACING.items()):
            _try(family, look, evidence, causes, ruled_out)
    if not _explained(causes, evidence):
        for family, look in HINTING.items():
            _try(family, look, evidence, causes, ruled_out)
    if evidence.budget.short:
        ruled_out.append(f"(not all was tried: the budget of {EVALUATIONS} evaluations was used up)")
    return _ordered(causes, evidence)[:MOST], ruled_out


def _try(family: str, look: Family, evidence: Evidence, causes: list[Cause], ruled_out: list[str]) -> None:
    """Ask one family."""
    found = list(look(evidence))
    causes += found
    ruled_out += [] if found else [family]


_EXPLAIN = frozenset(
    (
        *("constant-ratio", "sign", "transpose", "other-gradient", "zero", "missing-summand", "replaced-factor"),
        *("overwrites", "clip", "norm-clip", "truncated", "permuted-blocks", "batch"),
    )
)


def _explained(causes: list[Cause], evidence: Evidence) -> bool:
    """Whether what is certain says of every wrong gradient what it is."""
    known = {leaf for cause in causes if cause.certain and cause.kind in _EXPLAIN for leaf in cause.leaves}
    return known >= set(evidence.wrong)


def _ordered(causes: list[Cause], evidence: Evidence) -> list[Cause]:
    """What is certain and explains all comes first, then what explains some, then where it is, then hints."""
    wrong = set(evidence.wrong)

    def rank(cause: Cause) -> tuple[bool, bool, bool, int]:
        explains = cause.kind in _EXPLAIN
        return (not cause.certain, not explains, not set(cause.leaves) >= wrong, -len(cause.leaves))

    return sorted(causes, key=rank)
