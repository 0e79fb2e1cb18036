"""Tries every family of patterns, and orders what was found by how much it explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

# Evaluations of the code under test; in a small case one takes half a millisecond.
FOR_EVIDENCE, FOR_TERMS, FOR_THE_REST = 500, 700, 200
MOST = 4  # findings shown

Family = Callable[[Evidence], Iterator[Cause]]
Stage = tuple[int, Mapping[str, Family]]
STAGES: tuple[Stage, ...] = (
    (0, {**limits.FAMILIES, **values.FAMILIES}),
    (FOR_TERMS, terms.FAMILIES),
    (FOR_THE_REST, {**horizon.FAMILIES, **blocks.FAMILIES, **sizes.FAMILIES, **sides.FAMILIES}),
)
_EXPLAIN = frozenset(
    (
        *("constant-ratio", "sign", "transpose", "other-gradient", "zero", "missing-summand", "replaced-factor"),
        *("overwrites", "clip", "norm-clip", "truncated", "permuted-blocks", "batch"),
    )
)
_SAYS_MORE = {"norm-clip": "changing-ratio", "permuted-blocks": "one-block", "missing-summand": "carry"}


def recognise(trial: Trial, failing: Outcome, smallest: Case, shortly: bool = False) -> tuple[list[Cause], list[str]]:
    """The patterns that hold, the most telling first, and in words those that were tried and do not.

    Parameters
    ----------
    trial : Trial
        The subject on trial.
    failing : Outcome
        The worst outcome.
    smallest : Case
        The smallest case that fails like it.
    shortly : bool
        Whether to ask only what the wrong values are as they stand, since a repair explains the rest.

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
    with adapter.precision(BITS):
        return _found(evidence, STAGES[:1] if shortly else STAGES)


def _found(evidence: Evidence, stages: Sequence[Stage]) -> tuple[list[Cause], list[str]]:
    """What each stage finds, until every wrong gradient is explained; and what was tried in vain."""
    causes: list[Cause] = []
    ruled_out: list[str] = []
    for evaluations, families in stages:
        if not _explained(causes, evidence):
            evidence.budget.left, evidence.budget.short = evaluations, False
            for family, look in families.items():
                _try(family, look, evidence, causes, ruled_out)
    return _ordered(causes, evidence)[:MOST], ruled_out


def _try(family: str, look: Family, evidence: Evidence, causes: list[Cause], ruled_out: list[str]) -> None:
    """Ask one family."""
    found = list(look(evidence))
    causes += found
    unfinished = " (as far as the budget allowed)" if evidence.budget.short else ""
    ruled_out += [] if found else [f"{family}{unfinished}"]


def _explained(causes: list[Cause], evidence: Evidence) -> bool:
    """Whether what is certain says of every wrong gradient what it is."""
    known = {leaf for cause in causes if cause.certain and cause.kind in _EXPLAIN for leaf in cause.leaves}
    return known >= set(evidence.wrong)


def _ordered(causes: list[Cause], evidence: Evidence) -> list[Cause]:
    """What is certain and explains all comes first, then what explains some, then where it is, then hints."""
    wrong, kinds = set(evidence.wrong), {cause.kind for cause in causes}
    implied = {less for more, less in _SAYS_MORE.items() if more in kinds}

    def rank(cause: Cause) -> tuple[bool, bool, bool, int]:
        explains = cause.kind in _EXPLAIN
        return (not cause.certain, not explains, not set(cause.leaves) >= wrong, -len(cause.leaves))

    return sorted((cause for cause in causes if cause.kind not in implied), key=rank)
