"""Tries edits on a bench, the most plausible first, as many as may be tried."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from oracle.diagnosis.repair.bench import Bench, Mask, carrying
from oracle.diagnosis.repair.candidates import LEVELS, Group, Written
from oracle.diagnosis.repair.filling import Codes, compiled
from oracle.diagnosis.repair.sources import Edit

BEYOND = 1.0  # how much more of an invention an edit is that flows, or may flow, into more than is wrong


class Budget:
    """How much may still be run in search of edits, in a row and of all; in seconds of this thread only for slow code.

    What is counted is the same on every machine, whatever else is running.
    """

    def __init__(self, work: Callable[[], int], in_a_row: int, altogether: int, seconds: float) -> None:
        self._work, self._row, self._until = work, in_a_row, time.thread_time() + seconds
        self._all = work() + altogether
        self.renew()

    def renew(self) -> None:
        """Allow as much in a row as in the beginning, within the same of all."""
        self._next = self._work() + self._row

    @property
    def spent(self) -> bool:
        """Whether nothing more may be tried."""
        return self._work() >= min(self._next, self._all) or time.thread_time() >= self._until


@dataclass(frozen=True, eq=False)
class Try:
    """One edit, and which entries are right with it."""

    edit: Edit
    group: Group
    right: Mask


Batch = tuple[Group, Iterator[Edit]]


def ordered(groups: Sequence[Group], wrong: Mask) -> Iterator[tuple[float, list[Batch]]]:
    """Edits by how much of an invention they are, the least first; those of one place together.

    A wrong expression spoils, as a rule, all that it flows into; so what flows into more than is wrong comes later.
    """
    made: dict[float, dict[int, list[Edit]]] = {}
    beyond = [BEYOND if group.influence is None or group.excess(wrong) else 0.0 for group in groups]
    due = [
        (least + more, number, level) for number, more in enumerate(beyond) for level, (least, _) in enumerate(LEVELS)
    ]
    due.sort(reverse=True)
    seen = [{group.as_it_stands} for group in groups]
    written = Written()
    while made or due:
        rank = min([*made, *(due[-1][:1] if due else ())])
        while due and due[-1][0] <= rank:
            _, number, level = due.pop()
            for edit in groups[number].edits(level):
                made.setdefault(edit.weight + beyond[number], {}).setdefault(number, []).append(edit)
        batches = made.pop(rank, {})
        if batches:
            yield rank, [(groups[k], _unseen(batches[k], seen[k], written)) for k in sorted(batches)]


def _unseen(edits: Iterable[Edit], seen: set[Hashable], written: Written) -> Iterator[Edit]:
    """The edits that were not tried at less weight, each once; told apart when they are asked for."""
    for edit in edits:
        if (key := written(edit.new)) not in seen:
            seen.add(key)
            yield edit


def tries(bench: Bench, batches: Iterable[Batch], budget: Budget) -> Iterator[Try]:
    """What each edit leads to, as long as the budget lasts; edits with which the code fails are passed over."""
    listed = [(group, list(edits)) for group, edits in batches]
    codes = Codes(edits for _, edits in listed)
    for group, edit in ((group, edit) for group, edits in listed for edit in edits):
        if budget.spent:
            return
        if (code := codes.of(edit)) is not None:
            with carrying(edit.source.function, code):
                right = bench.right()
            if right is not None:
                yield Try(edit, group, right)


@contextlib.contextmanager
def made(edit: Edit) -> Iterator[bool]:
    """Inside the block an edit is made, so that further ones can be tried beside it; whether it could be."""
    with edit.applied():
        code = compiled(edit.source)
        if code is None:
            yield False
            return
        with carrying(edit.source.function, code):
            yield True


def gains(right: Mask, before: Mask) -> int:
    """How many entries have become right; none, if one that was right is wrong now."""
    if np.any(before & ~right):
        return 0
    return int(np.count_nonzero(right & ~before))
