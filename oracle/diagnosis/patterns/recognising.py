"""Tries every family of patterns, and orders what was found by how much it explains."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.coverage import Switches
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.counting import Counter
from oracle.diagnosis.covering import covering
from oracle.diagnosis.patterns import blocks, horizon, limits, masks, sides, sizes, terms, values
from oracle.diagnosis.patterns.budget import Budget
from oracle.diagnosis.patterns.evidence import BITS, Evidence, gather
from oracle.diagnosis.switches import switches
from oracle.runs import in_floats
from oracle.verdict import Verdict

if TYPE_CHECKING:
    from oracle.outcome import Outcome
    from oracle.trial import Trial

# Evaluations of the code under test; of code that runs more lines, which takes longer, fewer.
FOR_EVIDENCE, FOR_TERMS, FOR_THE_REST = 500, 700, 200
SHORT = 300  # lines of one case in floats: code that runs no more has all evaluations
MOST = 4  # findings shown

Family = Callable[[Evidence], Iterator[Cause]]
Stage = tuple[int, Mapping[str, Family]]
_AS_THEY_STAND: Stage = (0, {**limits.FAMILIES, **values.FAMILIES})
_WHICH_TERM: Stage = (FOR_TERMS, terms.FAMILIES)
_WHERE: Stage = (
    FOR_THE_REST,
    {**horizon.FAMILIES, **blocks.FAMILIES, **masks.FAMILIES, **sizes.FAMILIES, **sides.FAMILIES},
)
SHORTLY: tuple[Stage, ...] = (_AS_THEY_STAND,)
WITHOUT_TERMS: tuple[Stage, ...] = (_AS_THEY_STAND, _WHERE)
ALL: tuple[Stage, ...] = (_AS_THEY_STAND, _WHICH_TERM, _WHERE)
_EXPLAIN = frozenset(
    (
        *("constant-ratio", "sign", "transpose", "other-gradient", "zero", "missing-summand", "replaced-factor"),
        *("overwrites", "clip", "norm-clip", "truncated", "permuted-blocks", "batch"),
    )
)
_SAYS_MORE = {"norm-clip": "changing-ratio", "permuted-blocks": "one-block", "missing-summand": "carry"}


def recognise(
    trial: Trial, failing: Outcome, smallest: Case, stages: Sequence[Stage] = ALL
) -> tuple[list[Cause], list[str]]:
    """The patterns that hold, the most telling first, and in words those that were tried and do not.

    Parameters
    ----------
    trial : Trial
        The whole subject on trial, with its options open.
    failing : Outcome
        The worst outcome.
    smallest : Case
        The smallest case that fails like it.
    stages
        What is asked: `ALL`; `WITHOUT_TERMS` where lines are known that may be to blame; where one line or a repair
        is, `SHORTLY` what the wrong values are as they stand.

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
    evidence = gather(trial.settled(smallest), failing.case, smallest, Budget(FOR_EVIDENCE))
    if not evidence.wrong:
        return [], []
    with adapter.precision(BITS):
        causes, ruled_out = _found(evidence, stages)
    return _where(causes, trial, smallest, evidence), ruled_out


def _where(causes: list[Cause], trial: Trial, smallest: Case, evidence: Evidence) -> list[Cause]:
    """The causes with the values of options and switches that they were seen with, where that is not all of them."""
    seen = Switches(evidence.trial.subject.leaves)  # the options are settled, as the smallest case has them
    met = Switches(trial.subject.leaves).at(smallest.seed)
    met = met.union(*(seen.at(sample.case.seed) for sample in evidence.plain))
    open_ = [labels for labels in Switches(trial.subject.leaves).labels.values() if not met.issuperset(labels)]
    if not causes or not open_:
        return causes
    where = " and ".join(" or ".join(one for one in labels if one in met) for labels in open_)
    everywhere = _said_with_others(trial, smallest)
    return [one if one.claim in everywhere else replace(one, claim=f"{one.claim}, where {where}") for one in causes]


def _said_with_others(trial: Trial, smallest: Case) -> set[str]:
    """What is claimed of the values as they stand with each of the other values of the switches."""
    said: list[set[str]] = []
    for case in covering(trial, [smallest])[1:]:
        other = gather(trial.settled(case), case, case, Budget(FOR_EVIDENCE))
        with adapter.precision(BITS):
            said.append({cause.claim for cause in _found(other, SHORTLY)[0]} if other.wrong else set())
    return set.intersection(*said)


def _found(evidence: Evidence, stages: Sequence[Stage]) -> tuple[list[Cause], list[str]]:
    """What each stage finds, until every wrong gradient is explained; and what was tried in vain."""
    causes: list[Cause] = []
    ruled_out: list[str] = []
    lines = _lines(evidence) if len(stages) > 1 else SHORT
    for evaluations, families in stages:
        if not _explained(causes, evidence):
            evidence.budget.left, evidence.budget.short = evaluations * SHORT // max(SHORT, lines), False
            for family, look in families.items():
                if family not in masks.FAMILIES or switches(evidence.trial.subject):
                    _try(family, look, evidence, causes, ruled_out)
    return _ordered(causes, evidence)[:MOST], ruled_out


def _lines(evidence: Evidence) -> int:
    """The lines that the code under test runs in a telling case."""
    sample = max(evidence.plain, key=lambda sample: len(sample.wrong))
    counter = Counter(sys.maxsize, evidence.trial.binding.scopes)
    with counter.counting():
        in_floats(sample.point, evidence.trial.binding, restore=False)
    return counter.lines


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
