"""Which value stands for which while an arithmetic is bound: its own stand-ins, and what is made of them.

The arithmetic says what stands for a module, a function, a class, an array. Values that merely contain such a thing
(tuples, partial objects, static methods) are made anew; a function with a cache gets an empty one for the run, lest
results of one arithmetic turn up in another.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from oracle.binding.holders import Holder
from oracle.binding.reach import CACHED, GENERATORS, INERT, Reach, parts

StandFor = Callable[[Any], Any]
LARGEST: Final = 2**16  # elements of an array that is replaced; a larger one stays as it is, and no ball fits into it
_PASSIVE: Final = INERT - {ModuleType, np.ufunc} - {type(len)}
_CHANGING: Final = (np.ndarray, np.generic, *GENERATORS)


def identity(value: Any) -> Any:
    """What stands for everything when nothing is replaced."""
    return value


class Reading(NamedTuple):
    """A holder at the beginning of a run: all there is to restore, and the values it holds."""

    holder: Holder
    state: Any
    values: Sequence[Any]


class Plan(NamedTuple):
    """What stands for the values of a holder in every run, and the values to be asked for in each."""

    values: Sequence[Any]
    lasting: list[tuple[Any, Any]]
    passing: list[tuple[Any, Any]]


class Standing:
    """The stand-ins of one arithmetic for the values of the modules under test."""

    def __init__(self, stand_for: StandFor, reach: Reach) -> None:
        self._stand_for = stand_for
        self._reach = reach
        self._lasting: dict[int, tuple[Any, Any]] = {}  # by id, with the value, whose id stays its own
        self._passing: dict[int, tuple[Any, Any]] = {}  # those of this run only: one array, one stand-in
        self.plans: dict[int, Plan] = {}  # of the holders of the plan, by id
        self.builtins: list[tuple[str, Any]] = [  # `float` and its like, to be bound where no name shadows them
            (name, new)
            for name, value in vars(builtins).items()
            if callable(value) and not name.startswith("_") and (new := stand_for(value)) is not value
        ]

    def applies_to(self, scope: Any) -> bool:
        """Whether names are replaced in these globals: those under test, but never the arithmetic's own."""
        return self._reach.covers(scope) and scope is not getattr(self._stand_for, "__globals__", None)

    def begin(self, arrays: Iterable[np.ndarray[Any, Any]]) -> None:
        """Forgets the last run; of the given arrays, those that share memory stay as they are in this one."""
        self._passing = {id(array): (array, array) for array in sharing(arrays)}

    def of(self, value: Any) -> Any:
        """What stands for a value; the value itself if nothing does."""
        if type(value) in _PASSIVE:
            return value
        known = self._lasting.get(id(value)) or self._passing.get(id(value))
        if known is not None:
            return known[1]
        new, lasts = self._found(value)
        (self._lasting if lasts else self._passing)[id(value)] = value, new
        return new

    def replacements(self, reading: Reading, plans: dict[int, Plan]) -> list[tuple[Any, Any]]:
        """What to put into a holder, by key; `plans` keeps what lasts for as long as the holder's values do."""
        plan = plans.get(id(reading.holder))
        if plan is None or plan.values is not reading.values:
            plan = plans[id(reading.holder)] = self._planned(reading)
        if not plan.passing:
            return plan.lasting
        found = [(key, self.of(value), value) for key, value in plan.passing]
        return [*plan.lasting, *((key, new) for key, new, value in found if new is not value)]

    def _planned(self, reading: Reading) -> Plan:
        """Which values of a holder have stand-ins that last, and which must be asked for in every run."""
        plan = Plan(reading.values, [], [])
        for key, value in reading.holder.items(reading.state):
            new = self.of(value)
            if not self._lasts(value):
                plan.passing.append((key, value))
            elif new is not value:
                plan.lasting.append((key, new))
        return plan

    def _lasts(self, value: Any) -> bool:
        """Whether what stands for a value, already asked for, does so in every run."""
        return type(value) in _PASSIVE or id(value) in self._lasting

    def _found(self, value: Any) -> tuple[Any, bool]:
        """What stands for a value, and whether it does so in every run."""
        if isinstance(value, tuple):
            return self._tuple(value), all(map(self._lasts, value))
        if isinstance(value, (dict, list, set)) or self._is_tested(value):
            return value, True
        if isinstance(value, CACHED):
            wrapped = self.of(value.__wrapped__)
            return functools.lru_cache(**value.cache_parameters())(wrapped), False
        if type(value) is functools.partial:
            return self._partial(value), all(map(self._lasts, parts(value)))
        if isinstance(value, (staticmethod, classmethod)):
            inner = self.of(value.__func__)
            return (value if inner is value.__func__ else type(value)(inner)), self._lasts(value.__func__)
        if isinstance(value, np.ndarray) and value.size > LARGEST:
            return value, False
        return self._stand_for(value), not isinstance(value, _CHANGING)

    def _is_tested(self, value: Any) -> bool:
        """Whether a value is code under test, or an object of a class under test."""
        if isinstance(value, FunctionType):
            return self._reach.covers(value.__globals__)
        if isinstance(value, (ModuleType, np.generic, np.ndarray)):
            return False
        return self._reach.is_tested(value if isinstance(value, type) else type(value))

    def _tuple(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        """The tuple with the stand-ins of its elements; itself if there are none."""
        inner = [self.of(item) for item in value]
        if all(new is old for new, old in zip(inner, value, strict=True)):
            return value
        make = tuple if type(value) is tuple else getattr(type(value), "_make", None)
        return value if make is None else make(inner)

    def _partial(self, value: functools.partial[Any]) -> functools.partial[Any]:
        """The partial object with the stand-ins of its parts; itself if there are none."""
        function, arguments = self.of(value.func), self._tuple(value.args)
        options = {name: self.of(option) for name, option in value.keywords.items()}
        same = function is value.func and arguments is value.args
        if same and all(option is value.keywords[name] for name, option in options.items()):
            return value
        return functools.partial(function, *arguments, **options)


def sharing(arrays: Iterable[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """The arrays that may share memory with another: a stand-in for each would break the link between them."""
    owners: dict[int, list[np.ndarray[Any, Any]]] = {}
    for array in arrays:
        owners.setdefault(id(_owner(array)), []).append(array)
    groups = [group for group in owners.values() if len(group) > 1]
    return [a for group in groups for a in group if any(b is not a and np.may_share_memory(a, b) for b in group)]


def _owner(array: Any) -> Any:
    """The object that an array's memory belongs to."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array
