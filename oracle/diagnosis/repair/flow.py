"""Where the value of each expression of a backward flows to: which entries of which gradients change with it.

A single wrong expression can only have spoilt entries that it flows into. So an edit is tried only where the value
that it changes flows into every entry that is wrong. This is found by trying: each expression in turn is moved a
little, and the pair is run again.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Sequence
from types import CodeType
from typing import Any

import numpy as np

from oracle.diagnosis.repair.bench import Bench, Mask, carrying
from oracle.diagnosis.repair.filling import compiled, filled
from oracle.diagnosis.repair.places import Place
from oracle.diagnosis.repair.sources import Source
from oracle.diagnosis.repair.watching import described

_HELPER = "\0moved"
_STEP = 0.37


class _Mover:
    """Stands around every expression: remembers what it gave first, and moves the one that is chosen."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places, self.chosen, self.watching = places, -1, True
        self.moves: set[int] = set()

    def __call__(self, number: int, value: Any) -> Any:
        """The value, moved if it is its turn."""
        if self.watching and number not in self.moves:
            place = self._places[number]
            if (seen := described(value)) is not None:
                place.observed.setdefault(place.slot, seen)
                if seen.shape is not None and not _is_compared(place):
                    self.moves.add(number)
        return value + _STEP if number == self.chosen else value


def _is_compared(place: Place) -> bool:
    """Whether it is a side of a comparison, which shows a little movement in few entries or none."""
    return any(isinstance(one, ast.Compare) for one in place.above)


def influences(bench: Bench, sources: Sequence[Source], places: Sequence[Place]) -> list[Mask | None]:
    """For each place the entries that change with it; None where that is not known, as of indices and ranges."""
    mover = _Mover(places)
    moved: list[Mask | None] = [None] * len(places)
    with contextlib.ExitStack() as undone:
        for source in sources:
            code = _instrumented(source, places, mover)
            if code is not None:
                undone.enter_context(carrying(source.function, code))
        values = bench.entries()
        if values is None:
            return moved
        mover.watching = False
        for number in sorted(mover.moves):
            mover.chosen = number
            moved[number] = _changed(bench, values)
    return _completed(places, moved)


def _instrumented(source: Source, places: Sequence[Place], mover: _Mover) -> CodeType | None:
    """The code of a function in which every place hands its value through the mover."""
    own = [(number, place, place.node) for number, place in enumerate(places) if place.source is source]
    try:
        for number, place, node in reversed(own):  # the inner ones first
            call = ast.Call(ast.Constant(_HELPER), [ast.Constant(number), node], [])
            place.slot.put(ast.fix_missing_locations(ast.copy_location(call, node)))
        code = compiled(source)
    finally:
        for _, place, node in own:
            place.slot.put(node)
    return None if code is None else filled(code, {_HELPER: mover})


def _changed(bench: Bench, before: Any) -> Mask | None:
    """Which entries are not what they were; not known, if the code fails."""
    values = bench.entries()
    if values is None:
        return None
    with np.errstate(all="ignore"):
        return np.asarray(~(np.abs(values - before) <= 1e-12 * np.abs(before)))


def _completed(places: Sequence[Place], moved: list[Mask | None]) -> list[Mask | None]:
    """What parts of an expression flow into counts as its own (it may write); an index flows where the whole does."""
    known = {id(place.node): number for number, place in enumerate(places)}
    for number in reversed(range(len(places))):
        outer = known.get(id(places[number].parent))
        part = moved[number]
        if outer is not None and part is not None:
            whole = moved[outer]
            moved[outer] = part if whole is None else whole | part
    for number, place in enumerate(places):
        outer = known.get(id(place.parent))
        if moved[number] is None and outer is not None:
            moved[number] = moved[outer]
    return moved
