"""When what a statement reads is proved right, for the value of one probe at one step, or of one gradient.

It is right if it is the author's own value of a cotangent on which the wrong one depends; a value that the twin or
the inputs know under the same name; a given cotangent; a size, or the step. It is right too if a statement beside
this one read it under the same name in the same call, and its value is right: then the name means what it should.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from oracle.diagnosis.probes.capture import Event
from oracle.diagnosis.probes.looking import Look, same
from oracle.diagnosis.probes.reading import MISSING, Seen, overlap
from oracle.diagnosis.probes.statements import indexes, prefixes, root, title


class Clearing:
    """What is right as far as one wrong value is concerned."""

    def __init__(self, found: Look, wrong: str, step: int | None) -> None:
        self.found, self.wrong, self.step = found, wrong, step
        self.is_leaf = wrong in found.leaves and wrong not in found.samples

    def clears(self, node: ast.expr, reads: Mapping[str, Seen]) -> bool:
        """Whether what was read is right; a part of what is right is, too, if its index is: the index is in sight."""
        for part in prefixes(node):
            value = reads.get(ast.unparse(part), Seen(MISSING))
            if part is not node and not value.is_array:
                break
            if self._is_right(part, value):
                rest = indexes(node)[: len(indexes(node)) - len(indexes(part))]
                return part is node or all(self.clears(index, reads) for index in rest)
        return False

    def _is_right(self, node: ast.expr, seen: Seen) -> bool:
        """Whether one value is what its name says, or what the wrong one depends on."""
        value = seen.value
        if seen.is_array:
            name = title(node)
            return self._is_known(name, value) or self._is_named(name, seen) or self.is_upstream(seen)
        if isinstance(value, bool | np.bool_ | str | type | ModuleType | slice | None) or callable(value):
            return value is not MISSING  # what a function does shows in the calls made
        if isinstance(value, int | np.integer):
            return self._is_number(title(node), int(value))
        return title(node) == "shape"

    # ---- names

    def _is_number(self, name: str, value: int) -> bool:
        """Whether an integer is the size of its name, a size under a name that is none, or the step."""
        sizes = self.found.case.sizes
        if name in sizes:
            return bool(sizes[name] == value)
        if value in sizes.values() and name not in self.found.capture.counters:
            return True
        return value in range(sizes.get("T", 0)) if self.is_leaf else value == self.step

    def _is_known(self, name: str, value: Any) -> bool:
        """Whether the twin or the inputs know this value under this name."""
        if name in self.found.truth.values and self._meets(value, self.found.truth.values[name]):
            return True
        given = [given for leaf, given in self.found.point.values.items() if leaf.split(".")[-1] == name]
        return any(_is_real(one) and same(value, self.found.lifted(one)) for one in given)

    def _meets(self, value: Any, truth: Any) -> bool:
        """Whether a value is one of the twin's: as a whole, or at the step."""
        if same(value, truth):
            return True
        steps = [self.step] if self.step is not None else range(len(truth)) if self.is_leaf and truth.ndim else ()
        return any(
            same(value, truth[step : step + 1].reshape(truth.shape[1:]))
            for step in steps
            if truth.ndim and step < len(truth)
        )

    def _is_named(self, name: str, seen: Seen) -> bool:
        """Whether it is another probe under its own name: the array of all its steps, or the value of some step."""
        for probe, sample in self.found.samples.items():
            if probe == self.wrong or self.found.capture.title(probe) != name:
                continue
            held = self.found.capture.stored[probe][-1].value.memory
            if sample.stacked and seen.memory is held and held.shape == sample.values.shape:
                return True  # its steps are judged one by one
            if any(_flat(seen.value, part) for part in (sample.values, *(sample.at(step) for step in sample.steps))):
                return True
        return False

    def is_named(self, node: ast.expr, seen: Seen) -> bool:
        """Whether its name says which value it is."""
        return self._is_known(title(node), seen.value) or self._is_named(title(node), seen)

    def is_cotangent(self, node: ast.expr, seen: Seen) -> bool:
        """Whether it is another probe under its own name."""
        return self._is_named(title(node), seen)

    def misnamed(self, node: ast.expr, seen: Seen) -> bool:
        """Whether the twin knows this name, but this is another value that it knows."""
        name, values = title(node), self.found.truth.values
        if (
            isinstance(node, ast.Subscript)
            or not seen.is_array
            or name not in values
            or self._meets(seen.value, values[name])
        ):
            return False
        return any(self._meets(seen.value, truth) for other, truth in values.items() if other != name)

    # ---- what the wrong value depends on

    def is_upstream(self, seen: Seen | None) -> bool:
        """Whether it is the author's own value of a cotangent on which the wrong one depends, or a given cotangent."""
        if seen is None or not seen.is_array:
            return False
        for name, sample in self.found.samples.items():
            place = self.found.places[name]
            if name != self.wrong and _flat(seen.value, sample.values) and self.responds(place, None):
                return True
            others = [step for step in sample.steps if (name, step) != (self.wrong, self.step)]
            if any(same(seen.value, sample.at(step)) and self.responds(place, step) for step in others):
                return True
        return any(self._is_given(seen.value, k, given) for k, given in enumerate(self.found.asked.cotangents))

    def is_right_elsewhere(self, seen: Seen) -> bool:
        """Whether it is another cotangent that is right, or a given one, though the wrong one depends on none of it."""
        if not seen.is_array:
            return False
        right = (key for key, rule in self.found.rules.items() if rule == "right" and key[0] != self.wrong)
        if any(same(seen.value, self.found.samples[name].at(step)) for name, step in right):
            return True
        given = (self.found.lifted(one) for one in self.found.asked.cotangents)
        return any(same(seen.value, part) for one in given for part in (one, *(one if one.ndim > 1 else ())))

    def _is_given(self, value: Any, number: int, given: Any) -> bool:
        """Whether it is the cotangent of an output, whole or at one step, on which the wrong value depends."""
        whole = self.found.lifted(given)
        if same(value, whole) and self.responds(str(number), None):
            return True
        steps = range(len(whole)) if whole.ndim > 1 else ()
        return any(same(value, whole[step]) and self.responds(str(number), step) for step in steps)

    def responds(self, to: str, step: int | None) -> bool:
        """Whether the wrong value depends on this cotangent."""
        changes = self.found.asked.responds(to, step)
        if self.is_leaf:
            return bool(np.any(changes[self.wrong]))
        changed = changes[f"{self.found.places[self.wrong]} at"]
        return bool(np.any(changed if self.step is None else changed[self.step]))

    def lacks(self, event: Event) -> bool:
        """Whether the wrong value depends on a probe from outside this call that the statement does not read."""
        arrays = [seen.value for seen in event.reads.values() if seen.is_array]
        for name, sample in self.found.samples.items():
            for step in sample.steps if name != self.wrong else ():
                outside = sample.event(step).call is not event.call
                if outside and self.responds(self.found.places[name], step):
                    parts = [sample.values, sample.at(step)]
                    if not any(_flat(value, part) for value in arrays for part in parts):
                        return True
        return False

    def later_than(self, event: Event) -> list[Event]:
        """Statements after this one that gave what the wrong value depends on: what would have added it is missing."""
        found = []
        for name, sample in self.found.samples.items():
            for step in sample.steps if name != self.wrong else ():
                given, apart = sample.event(step), step is not None and self.step is not None and step < self.step
                if given.serial > event.serial and not apart and self.responds(self.found.places[name], step):
                    found.append(given)
        return found

    # ---- what stands beside it

    def vouched(self, node: ast.expr, event: Event) -> bool:
        """Whether a right value was computed from this name in the same call, when it held the same."""
        chain = ast.unparse(node)
        value = event.reads.get(chain, Seen(MISSING))
        if not value.is_array or self.is_leaf:
            return False
        for (name, step), rule in self.found.rules.items():
            beside = self.found.samples[name].event(step)
            if rule == "right" and beside.call is event.call and beside is not event and not beside.statement.is_plain:
                read = beside.reads.get(chain)
                same_value = read is not None and read.is_array and same(read.value, value.value)
                if same_value and Clearing(self.found, name, step).clears(node, beside.reads):
                    return True
        return False

    def aligned(self, node: ast.expr, event: Event) -> bool:
        """Whether several values side by side are read, and the one at the place of the wrong value is right."""
        value, sample = event.reads.get(ast.unparse(node), Seen(MISSING)), self.found.samples.get(self.wrong)
        if not value.is_array or sample is None or event is not sample.event(self.step):
            return False
        if self._keeps_layout(node, event):
            return True
        stored = self.found.capture.stored[self.wrong]
        wrong = next((one.value.memory for one in reversed(stored) if one.event is event), None)
        for written in event.writes.values():
            if written.shape == value.value.shape and written.ndim and overlap(written, wrong):
                places = [k for k, part in enumerate(written) if overlap(part, wrong)]
                return len(places) == 1 and self._is_slot(event, Seen(value.value[places[0]], value.memory[places[0]]))
        return False

    def _keeps_layout(self, node: ast.expr, event: Event) -> bool:
        """Whether the array that a part is taken of has the right value at the very index of the wrong probe."""
        index = self.found.capture.index(self.wrong)
        whole = event.reads.get(root(node), Seen(MISSING))
        if index is None or not isinstance(node, ast.Subscript) or not whole.is_array or not whole.value.ndim:
            return False
        right = index < len(whole.value) and self._is_slot(event, Seen(whole.value[index], whole.memory[index]))
        return right and all(self.clears(part, event.reads) for part in indexes(node))

    def _is_slot(self, event: Event, slot: Seen) -> bool:
        """Whether a part of an array is upstream, or what a name says that it has been given too."""
        return self.is_upstream(slot) or any(
            bound.is_array
            and overlap(bound.memory, slot.memory)
            and same(bound.value, slot.value)
            and self._is_known(name, slot.value)
            for name, bound in _bound_before(event)
        )


def _bound_before(event: Event) -> Iterable[tuple[str, Seen]]:
    """The names that were given in a call before a statement of it."""
    for earlier in event.call.events:
        if earlier.serial < event.serial:
            yield from earlier.binds.items()


def _is_real(value: Any) -> bool:
    """Whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _flat(value: Any, other: Any) -> bool:
    """Whether two arrays hold the same numbers in the same order."""
    return bool(value.size == other.size and same(value.ravel(), other.ravel()))
