"""The faulty programs: which mutants of `lstm_ref`, the same on every machine, and which of them are equivalent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from oracle.mutation.court import Stand
from oracle.mutation.equivalence import Cases, presume, proof
from oracle.mutation.mutants import Mutant, mutants
from oracle.mutation.reaching import reaches
from oracle.mutation.scene import Scene

SUBJECTS = ("lstm-standard", "lstm-seed", "lstm-classic-node", "lstm-classic-network")
COUNT = 84


def every(stands: Sequence[Stand]) -> list[Mutant]:
    """All mutants of the functions that only the backwards of these subjects run, where one reaches what is changed."""
    scenes: dict[object, list[Scene]] = defaultdict(list)
    for stand in stands:
        for scene in stand.scenes:
            scenes[scene.function].append(scene)
    found = mutants([seen[0] for seen in scenes.values()])
    return [one for one in found if any(reaches(scene, one) for scene in scenes[one.scene.function])]


def sampled(found: Sequence[Mutant], count: int) -> list[Mutant]:
    """A sample in order: of every operator its share of `count`, evenly spread, but no fewer than four if it has them.

    So rare operators are all there and frequent ones thinned, and there are some more than `count`.
    """
    by_operator: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in found:
        by_operator[mutant.operator].append(mutant)
    chosen = set()
    for group in by_operator.values():
        share = min(len(group), max(4, round(len(group) * count / len(found))))
        chosen |= {group[k * len(group) // share].id for k in range(share)}
    return [mutant for mutant in found if mutant.id in chosen]


def equivalence(mutant: Mutant, at: Sequence[Cases]) -> str:
    """Why a mutant that was not convicted is no fault; empty if nothing shows that."""
    if reason := proof(mutant):
        return f"proven: {reason}"
    seen = presume(mutant, at)
    return f"presumed: {seen}" if seen.equivalent else ""
