"""Which statements may be to blame for one wrong value: the one that assigned it, and whatever feeds it unproved.

A statement reads names. What is read is cleared, and followed no further, where its value is proved to be what the
name says: the author's own value of another probe that this one depends on; a value that the twin, or the subject's
inputs, know under the same name; the cotangent that the backward was given; a size, or the step. What is not cleared
is followed to the statements that stored it, into calls and out of them. Where nothing but one statement is left, it
is to blame for certain: what it reads is right, and what it stores is wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from oracle.diagnosis.probes.capture import Call, Event
from oracle.diagnosis.probes.looking import Look, same
from oracle.diagnosis.probes.reading import MISSING, Seen, overlap
from oracle.diagnosis.probes.statements import Statement, chains, indexes, operands, prefixes, root, title

_DEEPEST = 12


@dataclass
class Suspects:
    """The statements that may be to blame, the likeliest first, and what else may be: values from before."""

    computing: list[Statement] = field(default_factory=list)
    naming: list[Statement] = field(default_factory=list)  # those that give names to what is there already
    before: list[str] = field(default_factory=list)  # names whose values the forward left, or the caller gave

    @property
    def statements(self) -> list[Statement]:
        """The statements, the likeliest first."""
        return [*self.computing, *self.naming]

    @property
    def certain(self) -> bool:
        """Whether there is nothing else than the first statement to blame."""
        return len(self.statements) == 1 and not self.before

    def add(self, statement: Statement) -> None:
        """One more statement."""
        if statement not in self.statements:
            (self.naming if statement.is_plain else self.computing).append(statement)


class Inquiry:
    """Asks after the wrong value of one probe at one step, or of one gradient."""

    def __init__(self, found: Look, wrong: str, step: int | None, cleared: Iterable[Statement]) -> None:
        self.found, self.wrong, self.step = found, wrong, step
        self.cleared = set(cleared)  # ran in calls that gave right values
        self.suspects = Suspects()
        self._visited: set[tuple[int, str]] = set()
        self._givers = {event.serial for sample in found.samples.values() for event in sample.given}

    def into(self, event: Event, target: str = "", depth: int = 0) -> Suspects:
        """Follow one statement that stored `target`."""
        if (event.serial, target) in self._visited or depth > _DEEPEST:
            return self.suspects
        self._visited.add((event.serial, target))
        statement = event.statement
        self.suspects.add(statement)
        for node in operands(statement, target):
            known = self._is_itself(statement, node) or self.clears(node, event.reads) or self._is_aligned(node, event)
            if not known:
                self._follow(node, event, depth)
        for call in event.ran:
            self._enter(call)
        return self.suspects

    def _is_itself(self, statement: Statement, node: ast.expr) -> bool:
        """Whether a gradient is added to itself: what it was before came from the same statement, or from us."""
        match statement.node:
            case ast.AugAssign(target=target, op=ast.Add()):
                return self.wrong in self.found.leaves and ast.unparse(node) == ast.unparse(target)
        return False

    def _enter(self, call: Call) -> None:
        """A function under test that was called: its statements, unless right values came out of them elsewhere."""
        for event in call.events:
            if event.statement not in self.cleared:
                self.suspects.add(event.statement)
            for inner in event.ran:
                self._enter(inner)

    def _follow(self, node: ast.expr, event: Event, depth: int) -> None:
        """To the statement that stored what a chain held."""
        name, chain = root(node), ast.unparse(node)
        value = event.reads.get(chain, Seen(MISSING))
        if (source := _source(event.call, event.serial, node, value)) is not None:
            if source.serial in self._givers and not source.statement.is_plain:
                self._name_only(event, value)
            else:
                self.into(source, _target(source, node), depth + 1)
        elif name in event.call.parameters and event.call.parent is not None:
            self._follow_out(event.call, event.call.parent, name, depth)
        else:
            self.suspects.before.append(chain)

    def _name_only(self, event: Event, value: Seen) -> None:
        """At the author's own value of another probe, which is judged by itself: it may have got a wrong name."""
        for earlier in event.call.events:
            named = earlier.serial < event.serial and earlier.statement.is_plain
            if named and any(overlap(value.memory, bound.memory) for bound in earlier.binds.values()):
                self.suspects.add(earlier.statement)

    def _follow_out(self, call: Call, caller: Event, name: str, depth: int) -> None:
        """Out of a call, to what its parameter was given; the call itself may have given it the wrong thing."""
        self.suspects.add(caller.statement)
        argument = _argument(caller.statement, call, name)
        if argument is None:
            self.into(caller, "", depth + 1)
            return
        for node in chains(argument):
            if not self.clears(node, caller.reads):
                self._follow(node, caller, depth + 1)

    # ---- what clears a value

    def clears(self, node: ast.expr, reads: dict[str, Seen]) -> bool:
        """Whether what was read is proved right."""
        for part in prefixes(node):
            value = reads.get(ast.unparse(part), Seen(MISSING))
            if part is not node and not value.is_array:
                break
            if self._is_right(part, value):
                rest = indexes(node)[: len(indexes(node)) - len(indexes(part))]
                return part is node or all(self.clears(index, reads) for index in rest)
        return False

    def _is_right(self, node: ast.expr, seen: Seen) -> bool:
        """Whether one value is what its name says."""
        value = seen.value
        if seen.is_array:
            return self._is_known(title(node), value) or self._is_named(title(node), value) or self._is_upstream(value)
        if isinstance(value, bool | np.bool_ | str | type | ModuleType | np.ufunc | slice | None):
            return True
        if callable(value):
            return True  # what it does shows in the calls made
        if isinstance(value, int | np.integer):
            return self._is_number(title(node), int(value))
        return isinstance(value, tuple) and all(isinstance(part, int) for part in value) and title(node) == "shape"

    def _is_aligned(self, node: ast.expr, event: Event) -> bool:
        """Whether several values side by side are read, and the one at the place of the wrong value is right."""
        value = event.reads.get(ast.unparse(node), Seen(MISSING))
        sample = self.found.samples.get(self.wrong)
        if not value.is_array or sample is None or event is not sample.event(self.step):
            return False
        wrong = self._memory(event)
        for written in event.writes.values():
            if written.shape == value.value.shape and written.ndim and overlap(written, wrong):
                places = [k for k, part in enumerate(written) if overlap(part, wrong)]
                return len(places) == 1 and self._is_slot(event, Seen(value.value[places[0]], value.memory[places[0]]))
        return False

    def _memory(self, event: Event) -> Any:
        """The array that holds the wrong value."""
        stored = self.found.capture.stored[self.wrong]
        return next((one.value.memory for one in reversed(stored) if one.event is event), None)

    def _is_slot(self, event: Event, slot: Seen) -> bool:
        """Whether a part of an array is upstream, or what the name says that it has been given too."""
        if self._is_upstream(slot.value):
            return True
        for earlier in event.call.events:
            if earlier.serial < event.serial:
                for name, bound in earlier.binds.items():
                    shared = bound.is_array and overlap(bound.memory, slot.memory)
                    if shared and same(bound.value, slot.value) and self._is_known(name, slot.value):
                        return True
        return False

    def _is_number(self, name: str, value: int) -> bool:
        """Whether an integer is the size of its name, another size under a name that is none, or the step."""
        sizes = self.found.case.sizes
        if name in sizes:
            return bool(sizes[name] == value)
        return value == self.step or value in sizes.values()

    def _is_known(self, name: str, value: Any) -> bool:
        """Whether the twin or the inputs know this value under this name."""
        for known, truth in self.found.truth.values.items():
            if known == name and (same(value, truth) or any(same(value, part) for part in self._now(truth))):
                return True
        for leaf, given in self.found.point.values.items():
            if leaf.split(".")[-1] == name and isinstance(given, np.ndarray) and given.dtype.kind == "f":
                return same(value, self.found.lifted(given))
        return False

    def _is_named(self, name: str, value: Any) -> bool:
        """Whether it is the author's own value of another probe, read under the name of that probe."""
        for probe, sample in self.found.samples.items():
            other = probe != self.wrong and self.found.capture.title(probe) == name
            if other and (_flat(value, sample.values) or any(same(value, sample.at(step)) for step in sample.steps)):
                return True
        return False

    def _now(self, truth: Any) -> list[Any]:
        """What a value over time is at the step in question."""
        return (
            [] if self.step is None or not truth.ndim else [truth[self.step : self.step + 1].reshape(truth.shape[1:])]
        )

    def _is_upstream(self, value: Any) -> bool:
        """Whether it is the author's own value of a cotangent on which the wrong one depends, or a given cotangent."""
        for name, sample in self.found.samples.items():
            place = self.found.places[name]
            if name != self.wrong and _flat(value, sample.values) and self._responds(place, None):
                return True
            others = [step for step in sample.steps if (name, step) != (self.wrong, self.step)]
            if any(same(value, sample.at(step)) and self._responds(place, step) for step in others):
                return True
        return any(self._is_given(value, k, given) for k, given in enumerate(self.found.asked.cotangents))

    def _is_given(self, value: Any, number: int, given: Any) -> bool:
        """Whether it is the cotangent of an output, whole or at one step, on which the wrong value depends."""
        whole = self.found.lifted(given)
        if same(value, whole) and self._responds(str(number), None):
            return True
        steps = range(len(whole)) if whole.ndim > 1 else ()
        return any(same(value, whole[step]) and self._responds(str(number), step) for step in steps)

    def _responds(self, to: str, step: int | None) -> bool:
        """Whether the wrong value depends on this cotangent."""
        changes = self.found.asked.responds(to, step)
        if self.wrong in self.found.leaves:
            return bool(np.any(changes[self.wrong]))
        changed = changes[f"{self.found.places[self.wrong]} at"]
        return bool(np.any(changed if self.step is None else changed[self.step]))


def _flat(value: Any, other: Any) -> bool:
    """Whether two arrays hold the same numbers in the same order."""
    return value.size == other.size and same(value.ravel(), other.ravel())


def _source(call: Call, before: int, node: ast.expr, value: Seen) -> Event | None:
    """The last statement of a call that stored what a chain held at some moment."""
    names = {ast.unparse(part) for part in prefixes(node)}
    for event in reversed(call.events):
        if event.serial >= before:
            continue
        if names & set(event.binds) or any(overlap(value.memory, written) for written in event.writes.values()):
            return event
    return None


def _target(event: Event, node: ast.expr) -> str:
    """The target of a statement that is a part of a chain."""
    return next((ast.unparse(part) for part in prefixes(node) if ast.unparse(part) in event.binds), "")


def _argument(statement: Statement, call: Call, name: str) -> ast.expr | None:
    """The expression that a call passes for a parameter; None where it cannot be told."""
    calls = [
        node for node in ast.walk(statement.node) if isinstance(node, ast.Call) and _called(node) == call.code.co_name
    ]
    if len(calls) != 1 or any(isinstance(argument, ast.Starred) for argument in calls[0].args):
        return None
    for keyword in calls[0].keywords:
        if keyword.arg == name:
            return keyword.value
    parameters = list(call.parameters)
    bound = isinstance(calls[0].func, ast.Attribute) and parameters[:1] == ["self"]
    place = parameters.index(name) - bound
    return calls[0].args[place] if 0 <= place < len(calls[0].args) else None


def _called(node: ast.Call) -> str:
    """The name of the function in a call."""
    function = node.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
