"""Sees the values of a forward pass, and hands on others where an edit says so.

A gradient is a slope: what the forward gives a little further on, less what it gives here. An edit changes at one
place how far the value moves, and not where it starts from:

    value at the place  =  value at the base point  +  edited (value now  -  value at the base point)

With nothing in place of the movement, the slope is the derivative without the summand through this place; with
another multiple of it, the derivative with a factor replaced.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from oracle.arithmetic import adapter
from oracle.arithmetic.rewriting import fingerprint
from oracle.diagnosis.patterns.terms.uses import Uses, marked

Move = Callable[["Watch", int, Any, Any], Any]  # (watch, which pass, value now, value at the base point) -> value


class Strayed(Exception):
    """The forward took another path than at the base point."""


class Watch:
    """Knows the values at the base point, and hands on what the edit makes of them."""

    def __init__(self) -> None:
        self.base: dict[int, list[Any]] = {}
        self.scopes: dict[int, list[dict[str, Any]]] = {}  # the local names at a place, at each pass
        self.present: dict[int, Any] = {}  # the latest value at a followed place
        self.factors: frozenset[int] = frozenset()  # places at which local names are recorded
        self._passes: dict[int, int] = {}
        self._moves: dict[int, Move] | None = None
        self._followed: frozenset[int] = frozenset()
        self._recording = False

    def __call__(self, number: int, value: Any) -> Any:
        """What is handed on in place of a value at a place."""
        if not (self._recording or self._moves) or not adapter.is_ball(value):
            return value
        if self._recording:
            self.base.setdefault(number, []).append(_kept(value))
            if number in self.factors:
                self.scopes.setdefault(number, []).append(_locals(sys._getframe(1).f_locals, value.shape))
            return value
        assert self._moves is not None
        if number in self._followed:
            self.present[number] = _kept(value)
        if (move := self._moves.get(number)) is None:
            return value
        turn = self._passes[number] = self._passes.get(number, -1) + 1
        before = self.base.get(number, [])
        if turn >= len(before) or before[turn].shape != value.shape:
            raise Strayed(f"pass {turn} at place {number} has no counterpart")
        return move(self, turn, value, before[turn])

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Inside the block the values are those at the base point."""
        self.base, self.scopes, self._recording = {}, {}, True
        try:
            yield
        finally:
            self._recording = False

    @contextlib.contextmanager
    def moving(self, moves: dict[int, Move], followed: Iterable[int] = ()) -> Iterator[None]:
        """Inside the block, one pass of the forward is edited."""
        self._moves, self._followed, self._passes, self.present = moves, frozenset(followed), {}, {}
        try:
            yield
        finally:
            self._moves, self._followed, self.present = None, frozenset(), {}


def _kept(value: Any) -> Any:
    """A copy of what may be changed in place."""
    return value.copy() if value.shape else value


def _locals(names: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """The local names, and the attributes of local objects, that hold numbers in this shape."""
    found = dict(names)
    for name, owner in names.items():
        for attribute, value in _attributes(owner).items():
            found[f"{name}.{attribute}"] = value
    return {name: _kept(value) for name, value in found.items() if adapter.is_ball(value) and value.shape == shape}


def _attributes(owner: Any) -> dict[str, Any]:
    """The attributes that an object itself holds; not those of modules, classes and balls."""
    if adapter.is_ball(owner) or isinstance(owner, type | ModuleType):
        return {}
    held = getattr(owner, "__dict__", None)
    return dict(held) if isinstance(held, dict) else {}


@contextlib.contextmanager
def planted(watch: Watch, functions: Iterable[FunctionType], executed: Iterable[CodeType]) -> Iterator[list[Uses]]:
    """Inside the block the functions that were executed tell the watch what passes; afterwards they are as before.

    A function whose source text is missing, or is not what it was compiled from, stays as it is.
    """
    entered = {id(code) for code in executed}
    chosen = [function for function in functions if id(function.__code__) in entered]
    files: dict[str, Uses] = {}
    saved: list[tuple[FunctionType, CodeType]] = []
    try:
        for function in chosen:
            code = function.__code__
            if code.co_filename not in files:
                files[code.co_filename] = _uses(watch, function, _next(files))
            new = files[code.co_filename].codes.get(fingerprint(code))
            if new is not None and new.co_freevars == code.co_freevars:
                saved.append((function, code))
                function.__code__ = new
        factors = {factor.number for uses in files.values() for factor in uses.factors}
        matrices = {number for uses in files.values() for one in uses.products for number in (one.left, one.right)}
        watch.factors = frozenset(factors | matrices)
        yield list(files.values())
    finally:
        for function, code in reversed(saved):
            function.__code__ = code


def _next(files: dict[str, Uses]) -> int:
    """The first number that no file uses."""
    return 1 + max((number for uses in files.values() for number in uses.uses), default=-1)


def _uses(watch: Watch, function: FunctionType, first: int) -> Uses:
    """The uses in the file that a function came from; none if its text cannot be read."""
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename, function.__globals__))
    try:
        return marked(source, code.co_filename, code.co_flags, watch, first)
    except (SyntaxError, ValueError, RecursionError):
        return Uses(code.co_filename)
