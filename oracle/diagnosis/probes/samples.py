"""From what a probe was given, statement by statement, to its value at each step, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from oracle.diagnosis.probes.capture import Call, Capture, Event, Path, Stored
from oracle.diagnosis.probes.reading import overlap
from oracle.program.probing import Place

Raw = np.ndarray[Any, Any]


class NoSamples(Exception):
    """Why a probe cannot be examined."""


class WrongLoop(NoSamples):
    """A probe that a loop does not give one value for each step, last step first."""

    def __init__(self, what: str, last: Stored) -> None:
        call, path = next((pair for pair in _around(last) if pair[1]), (last.call, ()))
        self.what, self.file, self.line = what, call.code.co_filename, path[-1][0] if path else 0
        super().__init__(what)


@dataclass(eq=False)
class Sampled:
    """A probe's values: raw balls of the shape of the twin's place, and the statements that gave them, by step."""

    values: Raw
    given: list[Event]  # for each step; one for a place without steps
    stacked: bool
    unproved: list[Stored] = field(default_factory=list)  # where no counter of a loop proved the order, by step

    @property
    def steps(self) -> list[int | None]:
        """The steps, counted from 0; `[None]` for a place without steps."""
        return list(range(len(self.given))) if self.stacked else [None]

    def at(self, step: int | None) -> Raw:
        """The value at a step."""
        return self.values if step is None else self.values[step : step + 1].reshape(self.values.shape[1:])

    def event(self, step: int | None) -> Event:
        """The statement that gave the value at a step."""
        return self.given[step or 0]


def sampled(name: str, capture: Capture, place: Place, shape: tuple[int, ...]) -> Sampled:
    """The values of a probe, stacked as the twin's place is.

    Raises
    ------
    NoSamples
        If it was never stored to, or not once for each step, or in another shape.
    """
    stored = _of_one_function(name, capture)
    if not place.stacked:
        return _single(name, capture, stored, shape)
    whole = [one for one in stored if one.value.value.shape == shape and one.call is stored[-1].call]
    if whole and len(whole) == len(stored):
        return _whole(whole[-1], stored, shape, name)
    return _by_step(name, capture, stored, shape)


def _of_one_function(name: str, capture: Capture) -> list[Stored]:
    """What was stored, if it was in one function."""
    probe = capture.probes[name]
    stored = [one for one in capture.stored[name] if one.value.is_array]
    if not stored:
        raise NoSamples(f"the backward stored nothing at {probe.place}")
    own: dict[CodeType, None] = dict.fromkeys(one.call.code for one in stored if one.call is one.event.call)
    codes = list(own) or list(dict.fromkeys(one.call.code for one in stored))
    if len(codes) > 1:
        names = " or ".join(f"{code.co_name}.{probe.place}" for code in codes)
        raise NoSamples(f"several functions store to {probe.place}; write {names}")
    return [one for one in stored if one.call.code is codes[0]]


def _single(name: str, capture: Capture, stored: Sequence[Stored], shape: tuple[int, ...]) -> Sampled:
    """A place that the twin passes once."""
    chosen = _chosen(capture, name, [list(stored)])[0]
    _expect(name, chosen.value.value.shape, shape)
    return Sampled(chosen.value.value.reshape(shape), [chosen.event], False)


def _whole(last: Stored, stored: Sequence[Stored], shape: tuple[int, ...], name: str) -> Sampled:
    """An array that holds all steps, in the order of time."""
    given = []
    for step in range(shape[0]):
        part = last.value.memory[step]
        wrote = [one.event for one in stored if any(overlap(part, w) for w in one.event.writes.values())]
        given.append(wrote[-1] if wrote else last.event)
    return Sampled(last.value.value, given, True)


def _by_step(name: str, capture: Capture, stored: Sequence[Stored], shape: tuple[int, ...]) -> Sampled:
    """One value for each round of the loop, or for each call."""
    chosen = None
    for groups in _groupings(stored):
        if len(groups) == shape[0]:
            chosen = _chosen(capture, name, groups)
            break
    if chosen is None:
        found = [len(groups) for groups in _groupings(stored)][-1]
        raise WrongLoop(f"computed {found} time{'s' * (found != 1)} for {shape[0]} steps", stored[-1])
    counted = _expect_order(capture.probes[name].order, chosen)
    for one in chosen:
        _expect(name, one.value.value.shape, shape[1:])
    if capture.probes[name].order == "reversed":
        chosen = chosen[::-1]
    values = np.stack([one.value.value.reshape(shape[1:]) for one in chosen])
    return Sampled(values, [one.event for one in chosen], True, [] if counted else chosen)


def _groupings(stored: Sequence[Stored]) -> Iterator[list[list[Stored]]]:
    """What was stored in one round, from calls down to the innermost loop; of several loops the last one first."""
    for depth in range(max(len(one.path) for one in stored) + 1):
        loops: dict[tuple[int, ...], dict[tuple[int, Path], list[Stored]]] = {}
        for one in stored:
            if len(one.path) >= depth:
                rounds = loops.setdefault(tuple(line for line, _ in one.path[:depth]), {})
                rounds.setdefault((one.call.serial, one.path[:depth]), []).append(one)
        for rounds in reversed(loops.values()):
            yield list(rounds.values())


def _chosen(capture: Capture, name: str, groups: list[list[Stored]]) -> list[Stored]:
    """The value that counts of each round: the last, or the one that was asked for."""
    store = capture.probes[name].store
    if store is None:
        return [group[-1] for group in groups]
    which, count = store
    if wrong := [len(group) for group in groups if len(group) != count]:
        place = capture.probes[name].place
        raise NoSamples(f"{place} is declared to be stored {count} times in a step, but was stored {wrong[0]} times")
    return [group[which - 1] for group in groups]


def _around(stored: Stored) -> Iterator[tuple[Call, Path]]:
    """The calls around a value, from the inside, with the rounds of their loops."""
    yield stored.call, stored.path
    above = stored.call.parent
    while above is not None:
        yield above.call, above.path
        above = above.call.parent


def _loop_variables(stored: Stored) -> dict[tuple[int, int, str], int]:
    """The integers that the loops around a value count by."""
    found: dict[tuple[int, int, str], int] = {}
    for call, path in _around(stored):
        rounds = {pair for pair in path}
        for event in call.events:
            if event.statement.is_loop and event.path and event.path[-1] in rounds:
                counts = {name: seen.value for name, seen in event.binds.items() if type(seen.value) is int}
                found |= {(call.serial, event.path[-1][0], name): value for name, value in counts.items()}
    return found


def _expect_order(order: str, chosen: Sequence[Stored]) -> bool:
    """If a loop counts the steps, it counts them in the declared order; whether one does."""
    each = [_loop_variables(one) for one in chosen]
    expected = list(range(len(chosen)))[:: -1 if order == "reversed" else 1]
    counts = [[one.get(variable) for one in each] for variable in each[0]]
    steps = [count for count in counts if sorted(count, key=lambda n: -1 if n is None else n) == sorted(expected)]
    if steps and expected not in steps and len(expected) > 1:
        raise disorder(steps[0], expected, chosen[-1])
    return bool(steps)


def disorder(found: Sequence[int | None], expected: Sequence[int], last: Stored) -> WrongLoop:
    """Steps that come in another order than declared."""
    times, wanted = (", ".join(map(str, steps)) for steps in (found, expected))
    return WrongLoop(f"computed at t={times} in this order, where {wanted} was expected", last)


def _expect(name: str, found: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Shapes agree, but for axes of length 1."""
    if tuple(n for n in found if n != 1) != tuple(n for n in shape if n != 1):
        raise NoSamples(f"its value has shape {found}, but that of the reference {shape}")
