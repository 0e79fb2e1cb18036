"""Which statements may be to blame for one wrong value: the one that assigned it, and whatever feeds it unproved.

A statement reads names. What is read is cleared, and followed no further, where its value is proved to be what it
should be (see `clearing`). What is not cleared is followed to the statements that stored it, into calls and out of
them. Where nothing but one statement is left, it is to blame for certain: what it reads is right, and what it stores
is wrong. Otherwise the likeliest comes first: a statement that hands a value over (as an argument, or under a new
name) after the one that it got it from, a statement that computes before those that computed what it uses.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field

from oracle.diagnosis.probes.capture import Call, Event
from oracle.diagnosis.probes.clearing import Clearing
from oracle.diagnosis.probes.doubts import doubts
from oracle.diagnosis.probes.looking import Look
from oracle.diagnosis.probes.reading import MISSING, Seen, memory, overlap
from oracle.diagnosis.probes.statements import Statement, chains, indexes, is_chain, operands, prefixes, root, title

_DEEPEST = 12


@dataclass
class Suspects:
    """The statements that may be to blame, and what else may be: values from before."""

    ranks: dict[Statement, int] = field(default_factory=dict)  # the lower, the likelier
    before: list[str] = field(default_factory=list)  # names whose values the forward left, or the caller gave
    misnamed: list[str] = field(default_factory=list)  # names that hold something else than in the reference
    doubts: list[str] = field(default_factory=list)  # why the only statement that is left may be right all the same
    through: dict[Statement, set[str]] = field(default_factory=dict)  # the arguments for which a call is suspected

    @property
    def statements(self) -> list[Statement]:
        """The statements, the likeliest first."""
        return sorted(self.ranks, key=lambda statement: self.ranks[statement])

    @property
    def certain(self) -> bool:
        """Whether there is nothing but one statement to blame, and no doubt about it."""
        return self.alone and not self.doubts

    @property
    def alone(self) -> bool:
        """Whether nothing but one statement is left."""
        return len(self.ranks) == 1 and not self.before

    @property
    def weight(self) -> int:
        """How many there are to blame."""
        return len(self.ranks) + len(self.before)

    def add(self, statement: Statement, rank: int) -> None:
        """One more statement."""
        self.ranks[statement] = min(rank, self.ranks.get(statement, rank))

    def shares(self, statement: Statement, other: Suspects) -> bool:
        """Whether other suspects have a statement in common with these; of a call, an argument of it.

        Two arguments of a call that are wrong are two mistakes, though they stand on one line.
        """
        own, others = self.through.get(statement), other.through.get(statement)
        return statement in other.ranks and (not own or not others or bool(own & others))


@dataclass(frozen=True)
class Cleared:
    """Files and lines that ran in calls which gave right values: likely right, and those that are proved to be."""

    likely: frozenset[tuple[str, int]] = frozenset()
    proved: frozenset[tuple[str, int]] = frozenset()


class Inquiry:
    """Asks after the wrong value of one probe at one step, or of one gradient."""

    def __init__(self, found: Look, wrong: str, step: int | None, cleared: Cleared) -> None:
        self.found, self.wrong = found, wrong
        self.clearing = Clearing(found, wrong, step)
        self.cleared = cleared
        self.suspects = Suspects()
        self._begun: tuple[Event, list[ast.expr]]
        self._passed = False  # whether a statement that computes lies between
        self._visited: set[tuple[int, str]] = set()
        self._givers = {event.serial for sample in found.samples.values() for event in sample.given}

    def into(self, event: Event, target: str = "", rank: int = 0, depth: int = 0) -> Suspects:
        """Follow one statement that stored `target`."""
        if (event.serial, target) in self._visited or depth > _DEEPEST:
            return self.suspects
        self._visited.add((event.serial, target))
        self.suspects.add(event.statement, rank)
        read = operands(event.statement, target)
        passed, self._passed = self._passed, self._passed or (depth > 0 and not _hands_over(event.statement))
        for node in read:
            if not self._is_cleared(node, event):
                self._follow(node, event, rank, depth)
        self._passed = passed
        if depth == 0:
            self._begun = event, read
            self._handed_over(read, event, rank)
            for later in self.clearing.later_than(event):
                self.suspects.add(later.statement, rank + 1)
        for call in event.ran:
            self._enter(call, rank - 2 if _only_calls(event.statement) else rank)
        return self.suspects

    def doubted(self) -> Suspects:
        """The suspects; where nothing but one statement is left, with the reasons why it may be right all the same."""
        if self.suspects.alone:
            self.suspects.doubts += doubts(self.clearing, *self._begun)
        return self.suspects

    def _is_cleared(self, node: ast.expr, event: Event) -> bool:
        """Whether what a statement reads is right."""
        clearing = self.clearing
        return (
            self._is_itself(event.statement, node)
            or clearing.clears(node, event.reads)
            or clearing.aligned(node, event)
            or clearing.vouched(node, event)
        )

    def _is_itself(self, statement: Statement, node: ast.expr) -> bool:
        """Whether a gradient is added to itself: what it was before came from the same statement, or from us."""
        match statement.node:
            case ast.AugAssign(target=target, op=ast.Add()):
                return self.wrong in self.found.leaves and ast.unparse(node) == ast.unparse(target)
        return False

    def _handed_over(self, read: list[ast.expr], event: Event, rank: int) -> None:
        """Where an argument holds only some of what the value depends on, the rest may have been lost in the call."""
        caller = event.call.parent
        arguments = [node for node in read if root(node) in event.call.parameters and root(node) != "self"]
        upstream = [node for node in arguments if self.clearing.is_upstream(event.reads.get(ast.unparse(node)))]
        if caller is not None and upstream and self.clearing.lacks(event):
            self.suspects.add(caller.statement, rank - 1)
            for node in upstream:
                self._through(caller.statement, event.call, root(node))

    def _through(self, statement: Statement, call: Call, name: str) -> None:
        """A call is suspected for one of its arguments."""
        self.suspects.through.setdefault(statement, set()).add(f"{_name(call)}({name})")

    def _enter(self, call: Call, rank: int) -> None:
        """A function under test that was called: its statements, unless right values came out of them elsewhere."""
        for event in call.events:
            line = event.statement.file, event.statement.line
            if line not in self.cleared.likely:
                self.suspects.add(event.statement, rank + 1)
            elif line not in self.cleared.proved:
                self.suspects.doubts.append(f"or {os.path.basename(line[0])}:{line[1]}")
            for inner in event.ran:
                self._enter(inner, rank - 1 if _only_calls(event.statement) else rank)

    # ---- following what is read

    def _follow(self, node: ast.expr, event: Event, rank: int, depth: int) -> None:
        """To the statement that stored what a chain held."""
        name, chain = root(node), ast.unparse(node)
        if depth > _DEEPEST:
            return
        value = event.reads.get(chain, Seen(MISSING))
        other = self.clearing.misnamed(node, value)
        if other and chain not in self.suspects.misnamed:
            self.suspects.misnamed.append(chain)
        for index in indexes(node):
            if not self.clearing.clears(index, event.reads):
                self._follow(index, event, rank, depth + 1)
        source = _source(event.call, event.serial, node, value)
        if source is not None and source.serial in self._givers and not source.statement.is_plain:
            self._name_only(event, source, node, rank)
        elif source is not None and other and not _by_field(source, node, value):
            self.suspects.add(source.statement, rank - 1)
        elif source is not None and self.clearing.is_right_elsewhere(value):
            self.suspects.add(source.statement, rank + 1)  # it may have given it the wrong name
            self.suspects.before.append(chain)
        elif source is not None:
            hands_over = value.is_array and (_hands_over(event.statement) or (source.statement.is_plain and depth > 0))
            closer = -1 if hands_over and not self._passed else 1
            self.into(source, _target(source, node), rank + closer, depth + 1)
        elif name in event.call.parameters and name != "self" and event.call.parent is not None:
            self._follow_out(event.call, event.call.parent, name, rank + (1 if self._passed else -1), depth)
        else:
            self.suspects.before.append(chain)

    def _name_only(self, event: Event, giver: Event, node: ast.expr, rank: int) -> None:
        """At the author's own value of another probe, which is judged by itself: it may have got a wrong name."""
        value = event.reads[ast.unparse(node)]
        names = {ast.unparse(part) for part in prefixes(node)}
        for earlier in event.call.events:
            if earlier.serial >= event.serial or earlier is giver:
                continue
            for name, bound in earlier.binds.items():
                if (name in names or earlier.statement.is_plain) and overlap(value.memory, bound.memory):
                    self.suspects.add(earlier.statement, rank + (1 if earlier.statement.is_plain else 2))

    def _follow_out(self, call: Call, caller: Event, name: str, rank: int, depth: int) -> None:
        """Out of a call, to what its parameter was given; the call itself may have given it the wrong thing."""
        self.suspects.add(caller.statement, rank)
        self._through(caller.statement, call, name)
        argument = _argument(caller.statement, call, name)
        if argument is None:
            self.suspects.before.append(name)
            return
        for node in chains(argument):
            if not self.clearing.clears(node, caller.reads):
                value = caller.reads.get(ast.unparse(node), Seen(MISSING))
                source = _source(caller.call, caller.serial, node, value)
                hands_over = is_chain(argument) and source is not None and source.serial not in self._givers
                hands_over = hands_over and not self.clearing.is_right_elsewhere(value)
                if hands_over and source is not None and not source.statement.is_loop:
                    self.into(source, _target(source, node), rank + (1 if self._passed else -1), depth + 1)
                else:
                    self._follow(node, caller, rank, depth + 1)
        for inner in _called_in(argument, caller):
            if inner.events:
                self.into(inner.events[-1], "", rank + (1 if self._passed else -1), depth + 1)


def _hands_over(statement: Statement) -> bool:
    """Whether a statement passes values on without computing with them."""
    return statement.is_plain or statement.is_loop


def _only_calls(statement: Statement) -> bool:
    """Whether a statement is a call, or a list of the results of one, so that its fault lies likelier inside."""
    value = getattr(statement.node, "value", None)
    value = value.elt if isinstance(value, ast.ListComp) else value
    return isinstance(value, ast.Call) and all(is_chain(argument) for argument in value.args)


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


def _by_field(source: Event, node: ast.expr, value: Seen) -> bool:
    """Whether a name was taken from a field of the same name: then the field holds the wrong thing, not the name."""
    for held in source.reads.values():
        fields = getattr(type(held.value), "_fields", ())
        if root(node) in fields and overlap(value.memory, memory(getattr(held.value, root(node)))):
            return True
    return False


def _argument(statement: Statement, call: Call, name: str) -> ast.expr | None:
    """The expression that a call passes for a parameter; None where it cannot be told."""
    calls = [node for node in ast.walk(statement.node) if isinstance(node, ast.Call) and _called(node) == _name(call)]
    if len(calls) != 1 or any(isinstance(argument, ast.Starred) for argument in calls[0].args):
        return None
    for keyword in calls[0].keywords:
        if keyword.arg == name:
            return keyword.value
    parameters = list(call.parameters)
    bound = isinstance(calls[0].func, ast.Attribute) and parameters[:1] == ["self"]
    place = parameters.index(name) - bound
    return calls[0].args[place] if 0 <= place < len(calls[0].args) else None


def _called_in(argument: ast.expr, caller: Event) -> list[Call]:
    """The calls that were made to compute an argument."""
    names = {_called(node) for node in ast.walk(argument) if isinstance(node, ast.Call)}
    return [call for call in caller.ran if _name(call) in names]


def _name(call: Call) -> str:
    """The name of the function that was called."""
    return call.code.co_name


def _called(node: ast.Call) -> str:
    """The name of the function in a call."""
    return title(node.func)
