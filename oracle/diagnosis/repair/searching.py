"""One edit with which every gradient is right; failing that, two at different lines."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from oracle.diagnosis.repair.bench import Bench, Mask
from oracle.diagnosis.repair.candidates import Group, Line, candidates
from oracle.diagnosis.repair.sources import Source
from oracle.diagnosis.repair.trying import Budget, Try, gains, made, ordered, tries

_STARTS, _ALIKE = 6, 3  # first edits of a pair from which a second one is looked for, and how many of one line
_LOOKED_AT = 40  # first edits that are tried on the other cases
_NEXT = 0.5  # how much more inventive edits are tried once one was found, to see whether they would do as well


@dataclass
class Found:
    """Repairs that held in floats, each of one or more edits, and what the search covered."""

    repairs: list[tuple[Try, ...]] = field(default_factory=list)
    tried: int = 0
    complete: bool = True  # whether every edit that is no more of an invention was tried
    partial: list[Try] = field(default_factory=list)  # those that put some entry right and none wrong


class Stage:
    """A case with the edits that can be tried on it."""

    def __init__(self, bench: Bench, sources: Sequence[Source], lines: Collection[Line] | None = None) -> None:
        self.bench, self._sources, self._lines = bench, sources, lines

    @cached_property
    def groups(self) -> list[Group]:
        """The edits; made when they are asked for, with the code as it is then."""
        return candidates(self.bench, self._sources, self._lines)

    def right(self) -> Mask:
        """Which entries are right with the edits made so far; none, if the code fails."""
        found = self.bench.right()
        return np.zeros_like(self.bench.before) if found is None else found


def single(stage: Stage, right: Mask, budget: Budget, apart: Collection[Line] = ()) -> Found:
    """Every single edit with which all entries are right, and others that put some right; not at the lines `apart`."""
    wrong, found, before, last = ~right, Found(), stage.bench.tried, math.inf
    groups = [group for group in stage.groups if group.line not in apart]
    for rank, batches in ordered([group for group in groups if group.reaches(wrong)], wrong):
        if rank > last or budget.spent:
            break
        exactly = any(one.group.flows_into(wrong) for (one,) in found.repairs)
        likely = [batch for batch in batches if batch[0].flows_into(wrong)] if exactly else batches
        for one in tries(stage.bench, likely, budget):
            if one.right.all():
                found.repairs.append((one,))
                last = min(last, rank + _NEXT)
            elif gains(one.right, right):
                found.partial.append(one)
    found.tried, found.complete = stage.bench.tried - before, not budget.spent
    return found


def repairs(stages: Sequence[Stage], budget: Budget) -> Found:
    """One edit with which every stage is right; failing that, two at different lines.

    The first stage is the smallest at which something is wrong. What repairs it and not the others is half of a pair,
    and so is what puts some of its entries right and none wrong.
    """
    first, *later = stages
    found = single(first, first.bench.before, budget)
    whole = [edits for edits in found.repairs if _holds(edits, later)]
    if whole:
        return replace(found, repairs=whole)
    starts = [one for (one,) in found.repairs] or found.partial
    if not found.repairs:
        budget.renew()
        starts = starts + _partial(first, budget)
    budget.renew()
    return replace(found, repairs=list(_completed(starts, stages, budget)), complete=not budget.spent)


def _completed(starts: Sequence[Try], stages: Sequence[Stage], budget: Budget) -> Iterator[tuple[Try, ...]]:
    """Pairs that begin with one of these edits: all second edits of the first that has any."""
    for start in _best_of_all(starts, stages, stages[0].bench.before):
        with made(start.edit) as possible:
            wrong = [(stage, right) for stage in stages if possible and not (right := stage.right()).all()]
            if not wrong:
                continue
            stage, right = wrong[0]
            seconds = single(stage, right, budget, {start.group.line}).repairs
            held = [edits for edits in seconds if _holds(edits, stages)]
        yield from ((start, *edits) for edits in held)
        if held:
            return


def _partial(stage: Stage, budget: Budget) -> list[Try]:
    """Of the edits that do not flow into all that is wrong, those that put some of it right."""
    right = stage.bench.before
    return _gaining(stage, [group for group in stage.groups if not group.reaches(~right)], right, budget)


def _gaining(stage: Stage, groups: Sequence[Group], right: Mask, budget: Budget) -> list[Try]:
    """The least inventive edits that put some entry right and none wrong."""
    found, last = list[Try](), math.inf
    for rank, batches in ordered(groups, ~right):
        if rank > last or budget.spent:
            break
        found += [one for one in tries(stage.bench, batches, budget) if gains(one.right, right)]
        last = min(last, rank + _NEXT) if found else last
    return found


def at_lines(
    stages: Sequence[Stage], lines: Collection[Line], budget: Budget, done: tuple[Try, ...] = ()
) -> list[tuple[Try, ...]]:
    """One edit at each of some lines, the one that puts most right first, until every stage is right."""
    wrong = [(stage, right) for stage in stages if not (right := stage.right()).all()]
    if not wrong:
        return [done]
    (stage, right), left = wrong[0], set(lines) - {one.group.line for one in done}
    starts = _gaining(stage, [group for group in stage.groups if group.line in left], right, budget)
    for start in _best_of_all(starts, stages, right):
        with made(start.edit) as possible:
            found = at_lines(stages, lines, budget, (*done, start)) if possible else []
        if found:
            return found
    return []


def _holds(edits: Sequence[Try], stages: Sequence[Stage]) -> bool:
    """Whether every stage is right with these edits."""
    with contextlib.ExitStack() as undone:
        possible = [undone.enter_context(made(one.edit)) for one in edits]
        return all(possible) and all(bool(stage.right().all()) for stage in stages)


def _best_of_all(starts: Sequence[Try], stages: Sequence[Stage], right: Mask) -> list[Try]:
    """A few edits of each line, those first that put most right in all stages: `h[0]` is `h[t]` in one step alone."""
    simplest = sorted(starts, key=lambda one: (-gains(one.right, right), one.edit.weight))[:_LOOKED_AT]
    before = [stage.right() for stage in stages]
    further = {id(one): _gains_with(one, stages, before) for one in simplest}
    by_line: dict[Line, list[Try]] = {}
    for one in sorted(simplest, key=lambda one: -further[id(one)]):
        by_line.setdefault(one.group.line, []).append(one)
    return [one for alike in by_line.values() for one in alike[:_ALIKE]][:_STARTS]


def _gains_with(one: Try, stages: Sequence[Stage], before: Sequence[Mask]) -> int:
    """How many entries of all stages an edit puts right, not counting stages of which it spoils some."""
    with made(one.edit) as possible:
        if not possible:
            return 0
        return sum(gains(stage.right(), right) for stage, right in zip(stages, before, strict=True))
