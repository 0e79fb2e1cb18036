"""Gradients that were cut: entry by entry, by their norm, or by what the slot held before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence, Sample
from oracle.diagnosis.patterns.relations import equal, ratio, same, shown
from oracle.diagnosis.patterns.words import counted, in_cases, said_of
from oracle.runs import Known

_KNOWN = 0.37  # what gradient slots are filled with in balls, times 1, 2, 3 …


def clipped(evidence: Evidence) -> Iterator[Cause]:
    """Wrong entries that lie at one number and its negative, where the derivative lies beyond."""
    cut: list[Any] = []
    for sample in evidence.plain:
        for leaf in sample.wrong:
            at = _cut_at(sample, leaf)
            if at is None:
                return
            cut += at
    if len(cut) >= 2 and equal(cut):
        bound = shown(cut[0])
        samples = [s for s in evidence.plain if s.wrong]
        claim = f"{said_of(evidence.wrong, evidence, 'is', 'are')} the derivative with every entry clipped to ±{bound}"
        seen = f"{counted(len(cut), 'wrong entr').replace('entrs', 'entries')} in {counted(len(samples))}"
        yield Cause("clip", claim, evidence=f"{seen}, all of them there", certain=True, leaves=evidence.wrong)


def _cut_at(sample: Sample, leaf: str) -> list[Any] | None:
    """The magnitudes of the wrong entries; None unless each lies towards zero from the derivative, the rest right."""
    mask, got, truth = sample.wrong_entries[leaf], sample.got[leaf], sample.truth[leaf]
    if (~mask).any() and not same(got[~mask], truth[~mask]):
        return None
    pairs = list(zip(got[mask].tolist(), truth[mask].tolist(), strict=True))
    inside = all(abs(g) < abs(t) and g * t > 0 for g, t in pairs)
    return [abs(g) for g, _ in pairs] if inside else None


def norm_clipped(evidence: Evidence) -> Iterator[Cause]:
    """All gradients shrunk by one factor, to one norm in all cases."""
    norms = []
    for sample in evidence.plain:
        if not sample.wrong:
            continue
        ratios = [ratio(sample.got[leaf], sample.truth[leaf]) for leaf in sample.got]
        known = [one for one in ratios if one is not None]
        if len(known) < len(ratios) or not equal(known) or not (known[0] > 0 and known[0] < 1):
            return
        norms.append(sum(adapter.inner(balls, balls) for balls in sample.got.values()).sqrt())
    if len(norms) >= 3 and equal(norms):
        claim = f"all gradients are the derivative scaled down to the joint norm {shown(norms[0])}"
        samples = [s for s in evidence.plain if s.wrong]
        yield Cause("norm-clip", claim, evidence=in_cases(samples), certain=True, leaves=evidence.wrong)


def overwritten(evidence: Evidence) -> Iterator[Cause]:
    """Where a backward is declared to accumulate: gradients that lost what their slots held before."""
    if not evidence.trial.subject.deviations.accumulates:
        return
    leaves = [leaf for leaf in evidence.wrong if all(_lost(s, leaf) for s in evidence.where_wrong(leaf))]
    if leaves:
        samples = [s for s in evidence.plain if any(leaf in s.wrong for leaf in leaves)]
        what = said_of(leaves, evidence, "overwrites what its slot held", "overwrite what their slots held")
        claim = f"{what}, where accumulates=True is declared"
        it_is = "they are" if len(leaves) > 1 else "it is"
        seen = f"without subtracting what was there before {it_is} the derivative: {in_cases(samples)}"
        yield Cause("overwrites", claim, evidence=seen, certain=True, leaves=tuple(leaves))


def _lost(sample: Sample, leaf: str) -> bool:
    """Whether the gradient is the derivative if nothing is subtracted of what the slot held before."""
    slots = Known(adapter.Balls(), _KNOWN)
    shape = sample.got[leaf].shape
    slots.prepare(leaf, adapter.Balls().array(np.zeros(shape)))
    before = adapter.raw(slots._before[leaf]).reshape(shape)
    return same(np.asarray(sample.got[leaf] + before, dtype=object), sample.truth[leaf])


FAMILIES = {"a clip of entries": clipped, "a clip by norm": norm_clipped, "overwriting": overwritten}
