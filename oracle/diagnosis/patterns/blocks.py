"""Where in a gradient the wrong entries lie: in one gate's block, at the first or last step, in all but these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence, Sample
from oracle.diagnosis.patterns.relations import same, zero
from oracle.diagnosis.patterns.words import gradients, in_cases, listed

_LEAST = 3
_BLOCKS = re.compile(r"(\d+)\*(\w+)")  # 4*H: four blocks of H


def _blocks(evidence: Evidence, leaf: str) -> tuple[int, int] | None:
    """The axis that is made of blocks, and how many there are."""
    for axis, dimension in enumerate(evidence.trial.subject.leaves[leaf].shape.dimensions):
        if (found := _BLOCKS.fullmatch(dimension)) is not None and int(found[1]) > 1:
            return axis, int(found[1])
    return None


def permuted(evidence: Evidence) -> Iterator[Cause]:
    """Gradients whose blocks are those of the derivative in another order."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for leaf in evidence.wrong:
        if (blocks := _blocks(evidence, leaf)) is not None:
            samples = evidence.where_wrong(leaf)
            orders = {_order(sample, leaf, *blocks) for sample in samples}
            if len(samples) >= _LEAST and len(orders) == 1 and (order := orders.pop()) is not None:
                groups.setdefault(order, []).append(leaf)
    for order, leaves in groups.items():
        samples = [s for s in evidence.plain if any(leaf in s.wrong for leaf in leaves)]
        moved = listed([f"block {k} holds block {other}" for k, other in enumerate(order) if k != other])
        claim = f"the blocks of {gradients(leaves, evidence)} are in another order (counted from 0): {moved}"
        yield Cause("permuted-blocks", claim, evidence=in_cases(samples), certain=True, leaves=tuple(leaves))


def _order(sample: Sample, leaf: str, axis: int, count: int) -> tuple[int, ...] | None:
    """Which block of the derivative each block is; None unless each is exactly one."""
    got, truth = (np.split(side, count, axis) for side in (sample.got[leaf], sample.truth[leaf]))
    found = [[k for k, other in enumerate(truth) if same(block, other)] for block in got]
    return tuple(one[0] for one in found) if all(len(one) == 1 for one in found) else None


def one_block(evidence: Evidence) -> Iterator[Cause]:
    """Gradients of which some blocks are wrong and the others right, the same in all cases."""
    groups: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for leaf in evidence.wrong:
        if (blocks := _blocks(evidence, leaf)) is not None:
            samples = evidence.where_wrong(leaf)
            wrong = {_wrong_blocks(sample, leaf, *blocks) for sample in samples}
            if len(samples) >= _LEAST and len(wrong) == 1 and (which := wrong.pop()) and len(which) < blocks[1]:
                groups.setdefault((blocks[1], which), []).append(leaf)
    for (count, which), leaves in groups.items():
        samples = [s for s in evidence.plain if any(leaf in s.wrong for leaf in leaves)]
        numbers = listed([str(k) for k in which])
        claim = f"of the {count} blocks of {listed(leaves)}, only {'blocks' if len(which) > 1 else 'block'} {numbers} "
        claim += f"(counted from 0) {'are' if len(which) > 1 else 'is'} wrong"
        yield Cause("one-block", claim, evidence=in_cases(samples), certain=True, leaves=tuple(leaves))


def _wrong_blocks(sample: Sample, leaf: str, axis: int, count: int) -> tuple[int, ...] | None:
    """The blocks with a wrong entry; None where another block is not known to be right."""
    pairs = zip(np.split(sample.got[leaf], count, axis), np.split(sample.truth[leaf], count, axis), strict=True)
    masks = np.split(sample.wrong_entries[leaf], count, axis)
    wrong = []
    for k, ((got, truth), mask) in enumerate(zip(pairs, masks, strict=True)):
        if mask.any():
            wrong.append(k)
        elif not same(got, truth):
            return None
    return tuple(wrong)


# ---- steps


def steps(evidence: Evidence) -> Iterator[Cause]:
    """Gradients that are wrong at the first or last step alone, or right at it alone."""
    for leaf in evidence.wrong:
        dimensions = evidence.trial.subject.leaves[leaf].shape.dimensions
        if "T" not in dimensions:
            continue
        axis = dimensions.index("T")
        long = [s for s in evidence.where_wrong(leaf) if s.case.sizes["T"] >= 3]
        where = {_where(_along(s, leaf, axis)) for s in long}
        if len(long) >= 2 and len(where) == 1 and (kind := where.pop()) in _STEPS:
            says, only = _STEPS[kind]
            zeros = all(zero(np.take(s.got[leaf], 0 if kind == "first-step" else -1, axis)) for s in long)
            claim = f"the gradient of {leaf} is {says}{', and zero there' if only and zeros else ''}"
            yield Cause(kind, claim, evidence=in_cases(long), certain=True, leaves=(leaf,))


_STEPS = {
    "first-step": ("wrong at the first step, t=0, and right at all others", True),
    "last-step": ("wrong at the last step, t=T-1, and right at all others", True),
    "carry": ("right at the last step, t=T-1, and wrong at all before it", False),
}


def _along(sample: Sample, leaf: str, axis: int) -> Any:
    """At which steps there is a wrong entry."""
    others = tuple(k for k in range(sample.wrong_entries[leaf].ndim) if k != axis)
    return sample.wrong_entries[leaf].any(axis=others)


def _where(wrong: Any) -> str:
    """Which pattern a row of steps shows."""
    inner = wrong.tolist()
    rest = len(inner) - 1
    patterns = {
        "first-step": [True, *[False] * rest],
        "last-step": [*[False] * rest, True],
        "carry": [*[True] * rest, False],
    }
    return next((kind for kind, pattern in patterns.items() if pattern == inner), "")


FAMILIES = {"permuted blocks": permuted, "one block alone": one_block, "one step alone": steps}
