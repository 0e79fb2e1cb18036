"""What can be reached from the modules under test: their functions, and the places that hold values.

The walk goes through globals, classes, closures, default values, decorators and partial objects, through lists,
dicts, tuples and sets a few levels deep, and through the attributes of objects whose class is under test. It does not
enter other people's objects.
"""

from __future__ import annotations

import builtins
import functools
import random
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np

from oracle.binding.holders import (
    BREADTH,
    ArrayHolder,
    CellHolder,
    ClassHolder,
    DefaultsHolder,
    DictHolder,
    GeneratorHolder,
    Holder,
    ListHolder,
    ScopeHolder,
    SetHolder,
    SlotsHolder,
)
from oracle.binding.scopes import Scope, contents

DEPTH: Final = 10  # containers and objects inside one another that are entered
CACHED: Final = type(functools.lru_cache(lambda: None))
GENERATORS: Final = (np.random.Generator, np.random.RandomState, random.Random)
INERT: Final = frozenset({str, bytes, int, float, bool, complex, type(None), BuiltinFunctionType, np.ufunc, ModuleType})


class Reach:
    """The functions and holders reachable from `scopes`, found so far."""

    def __init__(self, scopes: Iterable[Scope] = (), known: Reach | None = None) -> None:
        self.functions: list[FunctionType] = []
        self.holders: list[Holder] = []
        self.scopes: list[Scope] = [] if known is None else known.scopes
        self._scope_ids: set[int] = set() if known is None else known._scope_ids
        self._names: set[str] = set() if known is None else known._names
        self._seen: dict[int, Any] = {} if known is None else dict(known._seen)  # values are held: ids stay theirs
        self._seen[id(vars(builtins))] = vars(builtins)  # the whole process's, not the code's under test
        for scope in scopes:
            self.enter(scope)

    def enter(self, scope: Scope) -> None:
        """Takes the globals of a module in; what they hold is looked at when the holder is examined."""
        if id(scope) not in self._scope_ids:
            self.scopes.append(scope)
            self._scope_ids.add(id(scope))
            self._names |= {name for name in [scope.get("__name__")] if isinstance(name, str)}
            self._hold(ScopeHolder(scope), scope)

    def covers(self, scope: Any) -> bool:
        """Whether these globals are under test."""
        return id(scope) in self._scope_ids

    def is_tested(self, kind: type) -> bool:
        """Whether a class is defined in the modules under test."""
        if getattr(kind, "__module__", None) in self._names:
            return True
        return any(isinstance(v, FunctionType) and self.covers(v.__globals__) for v in vars(kind).values())

    def beyond(self, roots: Iterable[Any]) -> Reach:
        """The functions and holders that are reachable from `roots` only."""
        further = Reach()
        if roots := list(roots):
            further = Reach(known=self)
            further.examine(roots)
        return further

    def examine(self, values: Iterable[Any]) -> None:
        """Takes in the functions and holders behind some values."""
        for value in values:
            self.look_at(value)

    def look_at(self, value: Any) -> None:
        """Takes in one value and what is behind it."""
        pending = [(value, 0)]
        while pending:
            value, depth = pending.pop()
            if type(value) in INERT or id(value) in self._seen or depth > DEPTH or self.covers(value):
                continue
            self._seen[id(value)] = value
            pending += [(inner, depth + 1) for inner in self._behind(value)]

    def _hold(self, holder: Holder, owner: Any) -> None:
        """Takes a holder in."""
        self._seen[id(owner)] = owner
        self.holders.append(holder)

    def _behind(self, value: Any) -> Iterator[Any]:
        """The values behind one value; holders on the way are taken in."""
        if isinstance(value, FunctionType):
            yield from self._function(value)
        elif isinstance(value, type):
            yield from self._class(value)
        elif isinstance(value, (dict, list, tuple, set)):
            yield from self._container(value)
        elif type(value) is np.ndarray:
            self._hold(ArrayHolder(value), value)
        elif isinstance(value, GENERATORS):
            self._hold(GeneratorHolder(value), value)
        elif not isinstance(value, (np.ndarray, np.generic)):
            yield from parts(value)
            yield from self._object(value)

    def _function(self, function: FunctionType) -> Iterator[Any]:
        """Cells, default values and attributes of a function; of a foreign one only what it wraps."""
        cells = list(function.__closure__ or ())
        if self.covers(function.__globals__):
            self.functions.append(function)
            for cell in cells:
                if id(cell) not in self._seen:
                    self._hold(CellHolder(cell), cell)
            self._defaults(function)
            for table in (function.__kwdefaults__, function.__dict__):
                if table:
                    self._hold(DictHolder(table), table)
                    yield from table.values()
            yield from function.__defaults__ or ()
        yield from (content for cell in cells for content in contents(cell))
        yield getattr(function, "__wrapped__", None)

    def _defaults(self, function: FunctionType) -> None:
        """The default values of a function, once."""
        if function.__defaults__ and id(function.__defaults__) not in self._seen:
            self._hold(DefaultsHolder(function), function.__defaults__)

    def _class(self, kind: type) -> Iterator[Any]:
        """The attributes of a class under test, and its bases."""
        if self.is_tested(kind):
            self._hold(ClassHolder(kind), kind)
            for value in vars(kind).values():
                if isinstance(value, FunctionType):
                    self._defaults(value)  # of `__init__` written by dataclasses too, whose globals may be nobody's
            yield from vars(kind).values()
            yield from kind.__mro__[1:]

    def _container(self, value: Any) -> Iterator[Any]:
        """The elements of a container."""
        if isinstance(value, dict):
            self._hold(DictHolder(value), value)
        elif isinstance(value, list):
            self._hold(ListHolder(value), value)
        elif isinstance(value, set):
            self._hold(SetHolder(value), value)
        if len(value) <= BREADTH:
            yield from value.values() if isinstance(value, dict) else value

    def _object(self, value: Any) -> Iterator[Any]:
        """The attributes of an object whose class is under test."""
        if self.is_tested(type(value)):
            yield type(value)
            attributes = getattr(value, "__dict__", None)
            if isinstance(attributes, dict):
                self._hold(DictHolder(attributes), attributes)
                yield from attributes.values()
            if (slots := SlotsHolder(value)).names:
                self._hold(slots, value)
                yield from slots.read().values()


def parts(value: Any) -> tuple[Any, ...]:
    """What a wrapper of functions wraps: methods, properties, partial objects, caches, vectorised functions."""
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, (staticmethod, classmethod)):
        return (value.__func__,)
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, (functools.partial, functools.partialmethod)):
        return value.func, *value.args, *value.keywords.values()
    if isinstance(value, CACHED):
        return (value.__wrapped__,)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    return (value.pyfunc,) if isinstance(value, np.vectorize) else ()
