"""How far back a backward reaches, and over how many rows: seen with a cotangent at one step, or in one row, alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.cases import Case
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence, Sample, sample
from oracle.diagnosis.patterns.relations import same, zero
from oracle.diagnosis.patterns.sizes import BATCH
from oracle.diagnosis.patterns.words import counted, in_cases, said_of


def only(size: int, index: int) -> Any:
    """Keeps of a cotangent what lies at one index of the axis of this length; zero elsewhere."""

    def keep(cotangent: Any) -> Any:
        axes = [axis for axis, length in enumerate(cotangent.shape) if length == size]
        if len(axes) != 1:
            return np.zeros_like(cotangent)
        kept = np.zeros_like(cotangent)
        place: list[Any] = [slice(None)] * cotangent.ndim
        place[axes[0]] = index
        kept[tuple(place)] = cotangent[tuple(place)]
        return kept

    return keep


def _apart(evidence: Evidence, name: str, size: int, number: int) -> Case:
    """A case in which one size has a value that no other size has."""
    base, within = evidence.plain[0].case, evidence.trial.sizes
    size = min(size, within[name][1])
    rest = [other for other in base.sizes if other != name]
    free = [other for other in (2, 3, 4) if other != size]
    sizes = {other: free[(k + number) % 2] for k, other in enumerate(rest)}
    bounded = {key: min(max(value, within[key][0]), within[key][1]) for key, value in {**sizes, name: size}.items()}
    return Case(bounded, seed=base.seed + 101 * number + size)


# ---- steps


def truncated(evidence: Evidence) -> Iterator[Cause]:
    """Gradients of the inputs that hear of a later step only so many steps before it."""
    leaves = [leaf for leaf in evidence.wrong if "T" in evidence.trial.subject.leaves[leaf].shape.dimensions]
    if not leaves or not _has_cotangents(evidence):
        return
    samples = []
    for number, steps in enumerate((4, 5, 6)):
        case = _apart(evidence, "T", steps, number)
        if case.sizes["T"] == steps:
            found = sample(evidence.trial, case, evidence.budget, keep=only(steps, steps - 1))
            samples += [found] if found is not None else []
    for leaf in leaves:
        reach = {_reach(evidence, s, leaf) for s in samples}
        if len(samples) >= 2 and len(reach) == 1 and (k := reach.pop()):
            back = f"at its own step and {counted(k - 1, 'step')} before it" if k > 1 else "at its own step"
            claim = f"a cotangent reaches {leaf} {back}, and none further back"
            seen = f"the derivative there, exactly zero beyond: {in_cases(samples)}"
            kind = "truncated" if k > 1 else "carry"
            yield Cause(kind, claim, evidence=seen, certain=True, leaves=evidence.wrong)
            return


def _reach(evidence: Evidence, seen: Sample, leaf: str) -> int:
    """How many of the last steps are right, where all before are zero and should not be; otherwise 0."""
    axis = evidence.trial.subject.leaves[leaf].shape.dimensions.index("T")
    got, truth = np.moveaxis(seen.got[leaf], axis, 0)[::-1], np.moveaxis(seen.truth[leaf], axis, 0)[::-1]
    mask = np.moveaxis(seen.wrong_entries[leaf], axis, 0)[::-1]
    right = [same(got[t], truth[t]) for t in range(len(got))]
    k = right.index(False) if False in right else 0
    cut = all(zero(got[t]) and mask[t].any() for t in range(k, len(got)))
    return k if k and cut else 0


# ---- rows


def one_row(evidence: Evidence) -> Iterator[Cause]:
    """Gradients of parameters that are those of one row of the batch."""
    names = [name for name in BATCH if name in evidence.trial.sizes]
    if not names or not _has_cotangents(evidence):
        return
    name = names[0]
    leaves = [leaf for leaf in evidence.wrong if name not in evidence.trial.subject.leaves[leaf].shape.names]
    for index, words in ((-1, "last"), (0, "first")):
        held = [leaf for leaf in leaves if leaf]
        told = 0
        for number, rows in enumerate((3, 2)):
            case = _apart(evidence, name, rows, number)
            whole = sample(evidence.trial, case, evidence.budget) if held and case.sizes[name] > 1 else None
            alone = _alone(evidence, case, name, index) if whole is not None else None
            if whole is None or alone is None:
                continue
            told += 1
            held = [leaf for leaf in held if leaf in whole.wrong and same(whole.got[leaf], alone.truth[leaf])]
        if held and told >= 2:
            claim = f"{said_of(held, evidence, 'is that', 'are those')} of the {words} row of the batch alone"
            yield Cause("batch", claim, evidence=f"every entry, in {counted(told)}", certain=True, leaves=tuple(held))
            return


def _alone(evidence: Evidence, case: Case, name: str, index: int) -> Sample | None:
    """The case with a cotangent in one row alone."""
    size = case.sizes[name]
    return sample(evidence.trial, case, evidence.budget, keep=only(size, index % size))


def _has_cotangents(evidence: Evidence) -> bool:
    """Whether the backward takes a cotangent that has entries to choose from."""
    return any(len(shape) for shape in evidence.plain[0].cotangents.values())


FAMILIES = {"truncation": truncated, "one row of the batch alone": one_row}
