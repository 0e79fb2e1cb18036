"""Runs the unchanged backward under a tracer and keeps, for every statement, what it read and where it stored.

Values are copied as soon as a statement has ended: buffers are used again. What is written into an array through
another name, or inside a function that was called, counts as stored in every probe that shares its memory.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from oracle.binding import Binding
from oracle.diagnosis.probes.declared import RETURNED, Probe
from oracle.diagnosis.probes.reading import (
    MISSING,
    Seen,
    evaluate,
    is_changed,
    memory,
    names_of,
    overlap,
    seen,
    written_by,
)
from oracle.diagnosis.probes.statements import Statement, indexes, prefixes, root, statements, title

_INLINE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
Path = tuple[tuple[int, int], ...]  # the first line of each loop, the outermost first, and the round in it
_MOST = 20_000  # statements followed in one run


@dataclass(eq=False)
class Event:
    """One execution of one statement."""

    serial: int
    statement: Statement
    call: Call
    path: Path  # which round of each loop around it
    reads: dict[str, Seen] = field(default_factory=dict)  # before it ran
    binds: dict[str, Seen] = field(default_factory=dict)  # after it
    writes: dict[str, Any] = field(default_factory=dict)  # the memory that it wrote into
    ran: list[Call] = field(default_factory=list)  # calls made from it


@dataclass(eq=False)
class Call:
    """One call of a function of the code under test."""

    serial: int
    code: CodeType
    parent: Event | None
    frame: FrameType | None
    events: list[Event] = field(default_factory=list)
    rounds: dict[int, int] = field(default_factory=dict)  # of each loop, by its first line
    current: Event | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its arguments."""
        code = self.code
        stars = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]


@dataclass(eq=False)
class Stored:
    """A probe's value after one statement that stored to it."""

    event: Event
    call: Call  # the call whose local variable it is
    path: Path  # which round of the loops of that call
    value: Seen


class Capture:
    """What a traced backward did."""

    def __init__(self, probes: Mapping[str, Probe], binding: Binding) -> None:
        self.probes, self.binding = probes, binding
        self.events: list[Event] = []
        self.calls: list[Call] = []
        self.stored: dict[str, list[Stored]] = {name: [] for name in probes}
        self.kept: dict[str, Any] = {}  # the arrays that the gradients were read from
        self.failed: Exception | None = None
        self.full = False
        functions = frozenset(function.__name__ for function in binding.functions)
        self._places = {name: _Place(one, functions) for name, one in probes.items()}
        self._live: dict[int, Call] = {}

    def bases(self, name: str) -> tuple[str, ...]:
        """What a probe's variable is called where it is stored as a whole."""
        return (self._places[name].base,)

    def title(self, name: str) -> str:
        """The last name in a probe's place; none for a part of an array."""
        expression = self._places[name].expression
        return "" if isinstance(expression, ast.Subscript) else title(expression)

    def index(self, name: str) -> int | None:
        """The number of a probe's part of an array, as in `da[1]`."""
        match self._places[name].expression:
            case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=int() as number)):
                return number
        return None

    @functools.cached_property
    def counters(self) -> frozenset[str]:
        """The names under which the backward read different integers: counters, not sizes."""
        values: dict[str, set[int]] = {}
        for event in self.events:
            for name, one in event.reads.items():
                if type(one.value) is int:
                    values.setdefault(name, set()).add(one.value)
        return frozenset(name for name, found in values.items() if len(found) > 1)

    # ---- what the tracer calls

    def enter(self, frame: FrameType) -> Call:
        """A function of the code under test was called."""
        parent = self._caller(frame)
        call = Call(len(self.calls), frame.f_code, parent, frame)
        if parent is not None:
            parent.ran.append(call)
        self.calls.append(call)
        self._live[id(frame)] = call
        return call

    def _caller(self, frame: FrameType) -> Event | None:
        """The statement under test from which a function was called."""
        above = frame.f_back
        while above is not None:
            if (call := self._live.get(id(above))) is not None:
                return call.current
            above = above.f_back
        return None

    def line(self, call: Call, frame: FrameType, line: int) -> None:
        """A line is about to run."""
        known = statements(call.code.co_filename)
        statement = known.get(line) or _around(known, call.code.co_filename, line)
        if statement is None or isinstance(statement.node, ast.FunctionDef | ast.ClassDef):
            return
        current = call.current
        if current is not None and current.statement is statement and not (statement.is_loop or line == statement.line):
            return
        names = names_of(frame)
        self.finish(call, names, statement)
        if statement.is_loop:
            call.rounds[statement.line] = call.rounds.get(statement.line, 0) + 1
        if len(self.events) >= _MOST:
            self.full = True
            return
        path = tuple((loop, call.rounds.get(loop, 0)) for loop in statement.loops)
        event = Event(len(self.events), statement, call, path)
        for node in statement.reads:
            for part in (node, *indexes(node)):
                for beginning in prefixes(part):
                    event.reads[ast.unparse(beginning)] = _seen(evaluate(beginning, names))
        self.events.append(event)
        call.events.append(event)
        call.current = event

    def finish(self, call: Call, names: dict[str, Any], following: Statement | None = None) -> None:
        """The statement that was running in a call has ended; a loop that has ended gives its target no value."""
        event, call.current = call.current, None
        if event is None:
            return
        heading = event.statement
        if heading.is_loop and (following is None or heading.line not in following.loops):
            return
        for target, _ in event.statement.binds:
            event.binds[ast.unparse(target)] = _seen(evaluate(target, names))
        for target in event.statement.writes:
            if (written := written_by(target, names)) is not None:
                event.writes[ast.unparse(target)] = written
        self._sample(event, call, names)

    def leave(self, call: Call, frame: FrameType, value: Any) -> None:
        """A call returns."""
        last = call.current
        self.finish(call, names_of(frame))
        if last is not None and isinstance(last.statement.node, ast.Return):
            names = names_of(frame, value)
            for name, place in self._places.items():
                if place.root == RETURNED and call.parent is None:
                    self._keep(name, last, call, evaluate(place.expression, names))
        call.frame = None
        self._live.pop(id(frame), None)

    # ---- samples

    def _sample(self, event: Event, call: Call, names: dict[str, Any]) -> None:
        """Keep the values of the probes that a statement stored to."""
        for name, place in self._places.items():
            if place.fits(call) and place.bound_by(event):
                self._keep(name, event, call, evaluate(place.expression, names))
        for owner in list(self._live.values()):
            inside = names if owner is call else None
            for name, place in self._places.items():
                if place.fits(owner) and (event.writes or self._has_changed(name, owner)):
                    inside = names_of(owner.frame) if inside is None else inside
                    value = evaluate(place.expression, inside)
                    target = memory(value)
                    told = any(overlap(target, written) for written in event.writes.values())
                    if told or self._has_changed(name, owner, target):
                        self._keep(name, event, owner, value)

    def _has_changed(self, name: str, owner: Call, target: Any = None) -> bool:
        """Whether the memory of the value kept last of a call is no longer what it was, though no text says so."""
        kept = self.stored[name]
        if not kept or kept[-1].call is not owner or not is_changed(kept[-1].value):
            return False
        return target is None or overlap(kept[-1].value.memory, target)

    def _keep(self, name: str, event: Event, call: Call, value: Any) -> None:
        """One value of one probe; a statement that stores to it twice counts once."""
        if value is MISSING:
            return
        statement = event.statement if call is event.call else (call.current or event).statement
        path = tuple((loop, call.rounds.get(loop, 0)) for loop in statement.loops)
        kept = self.stored[name]
        if kept and kept[-1].event is event and kept[-1].call is call:
            kept.pop()
        kept.append(Stored(event, call, path, seen(value)))


class _Place:
    """Where a probe stands, made ready."""

    def __init__(self, one: Probe, functions: frozenset[str]) -> None:
        self.function, self.expression = "", one.expression
        chain: list[ast.expr] = [self.expression]
        while isinstance(chain[-1], ast.Attribute | ast.Subscript):
            chain.append(chain[-1].value)
        if len(chain) > 1 and isinstance(chain[-2], ast.Attribute) and root(chain[-1]) in functions:
            self.function = root(chain[-1])
            self.expression = ast.parse(ast.unparse(self.expression)[len(self.function) + 1 :], mode="eval").body
        base = self.expression
        while isinstance(base, ast.Subscript):
            base = base.value
        self.root, self.base = root(self.expression), ast.unparse(base)

    def fits(self, call: Call) -> bool:
        """Whether the place is a variable of this call."""
        if self.function and call.code.co_name != self.function:
            return False
        return self.root in call.code.co_varnames or self.root in call.code.co_cellvars

    def bound_by(self, event: Event) -> bool:
        """Whether a statement gave the place a new value."""
        return self.base in event.binds


def _seen(value: Any) -> Seen:
    return Seen(MISSING) if value is MISSING else seen(value)


def _around(known: Mapping[int, Statement], file: str, line: int) -> Statement | None:
    """The statement that a line inside it belongs to."""
    from oracle.tracing import layout

    return known.get(layout(file).first.get(line, -1))


@contextlib.contextmanager
def tracing(capture: Capture) -> Iterator[Capture]:
    """Inside the block, what the code under test does is captured."""
    scopes = frozenset(id(scope) for scope in capture.binding.scopes)
    before = sys.gettrace()

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        if id(frame.f_globals) not in scopes or frame.f_code.co_name in _INLINE or capture.failed or capture.full:
            return None
        return _follower(capture, capture.enter(frame))

    try:
        sys.settrace(on_call)
        yield capture
    finally:
        sys.settrace(before)


def _follower(capture: Capture, call: Call) -> Any:
    """The function that Python calls on every line of one call."""

    def follow(frame: FrameType, event: str, argument: Any) -> Any:
        if capture.failed or capture.full:
            return None
        try:
            if event == "line":
                capture.line(call, frame, frame.f_lineno)
            elif event == "return":
                capture.leave(call, frame, argument)
        except Exception as error:  # the code under test must not see it
            capture.failed = error
        return follow

    return follow
