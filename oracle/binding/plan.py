"""The binding: code under test runs with another arithmetic in place of NumPy and `math`, then is as it was.

Inside `bound` every name, class attribute, closure, default value, table and import of the modules under test that
holds a part of NumPy or `math` holds what stands for it, and what Python computes from plain numbers is lifted. On
leaving, however that happens, everything is put back: names, containers, elements of arrays, attributes, code, and
the state of random generators. Results must therefore be taken out inside the block.
"""

from __future__ import annotations

import contextlib
import operator
import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy as np

from oracle.arithmetic.lifted_operators import Operate
from oracle.arithmetic.lifting import LiftingPlan, Unlifted
from oracle.binding.holders import ArrayHolder, GeneratorHolder, ScopeHolder
from oracle.binding.imports import importing
from oracle.binding.reach import Reach
from oracle.binding.scopes import Scope, modules_of
from oracle.binding.standing import Plan, Reading, StandFor, Standing, identity
from oracle.binding.threads import followed

_LOCK: Final = threading.RLock()  # names are replaced for the whole process: one run at a time
_GLOBAL_GENERATORS: Final = (GeneratorHolder(np.random.mtrand._rand), GeneratorHolder(random._inst))
_active: list[StandFor] = []  # the arithmetics now bound, the innermost last; changed under the lock only


class Binding:
    """The modules under test of some callables, made ready once to be bound many times.

    Parameters
    ----------
    callables : the hand-written functions, methods or classes
    extra : further modules, or their globals

    Attributes
    ----------
    scopes : the globals of the modules under test
    functions : the functions found in them
    files : the names of the files of these functions
    unlifted : the functions that keep Python's arithmetic, each with the reason

    >>> import math
    >>> binding = Binding([], extra=[{"root": math.sqrt}])
    >>> with binding.bound(lambda value: abs if value is math.sqrt else value, lift=False):
    ...     binding.scopes[0]["root"](-2)
    2
    >>> binding.scopes[0]["root"] is math.sqrt
    True
    """

    def __init__(
        self, callables: Iterable[Callable[..., Any]] = (), *, extra: Iterable[ModuleType | Scope] = ()
    ) -> None:
        self._callables, self._extra = list(callables), list(extra)
        self._modules_seen = -1
        self._reach = Reach()
        self._examined: dict[int, Sequence[Any]] = {}  # by position of the holder: the values it held
        self._standings: dict[StandFor, Standing] = {}
        self._lifting = LiftingPlan()
        self._lifting.functions = self._reach.functions
        with _LOCK:
            self._refresh()
            self._read(self._reach, self._examined)

    @property
    def scopes(self) -> list[Scope]:
        """The globals of the modules under test."""
        return self._reach.scopes

    @property
    def functions(self) -> list[FunctionType]:
        """The functions found in the modules under test."""
        return self._reach.functions

    @property
    def files(self) -> frozenset[str]:
        """The names of the files that the functions under test were compiled from."""
        return frozenset(function.__code__.co_filename for function in self._reach.functions)

    @property
    def unlifted(self) -> list[Unlifted]:
        """The functions that keep Python's arithmetic, each with the reason."""
        return self._lifting.unlifted

    @contextlib.contextmanager
    def bound(
        self,
        stand_for: StandFor,
        *,
        lift: bool = True,
        operate: Operate | None = None,
        roots: Iterable[Any] = (),
    ) -> Iterator[None]:
        """Inside the block, the code under test runs in another arithmetic.

        Parameters
        ----------
        stand_for : what stands for a value in that arithmetic; the value itself if nothing does
        lift : whether operations on plain numbers that Python may round are handed over
        operate : to whom: `operate(symbol, a, b)`; by default to ball arithmetic
        roots : objects whose attributes and closures are under test in this run, besides the modules
        """
        with self._kept(stand_for, roots) as (reach, standing), contextlib.ExitStack() as undone:
            _active.append(stand_for)
            undone.callback(_active.pop)
            undone.enter_context(importing(standing.applies_to, standing.of))
            if lift:
                chosen = _ball_arithmetic() if operate is None else operate
                undone.enter_context(self._lifting.lifted(chosen, also=reach.functions))
            yield

    @contextlib.contextmanager
    def untouched(self, roots: Iterable[Any] = ()) -> Iterator[None]:
        """Inside the block the code runs as it is; what it changes in its modules is put back afterwards."""
        with self._kept(identity, roots):
            if _active:
                raise RuntimeError("untouched() was entered inside bound(): leave that block first")
            yield

    @contextlib.contextmanager
    def _kept(self, stand_for: StandFor, roots: Iterable[Any]) -> Iterator[tuple[Reach, Standing]]:
        """Reads every holder, replaces what it holds, and restores it in the end."""
        with _LOCK:
            self._refresh()
            world = [Reading(holder, holder.read(), ()) for holder in _GLOBAL_GENERATORS]
            lasting = self._read(self._reach, self._examined)
            further = self._reach.beyond(roots)
            passing = self._read(further, {})
            saved, standing = [*world, *lasting, *passing], self._standing(stand_for)
            try:
                standing.begin(one.holder.owner for one in saved if isinstance(one.holder, ArrayHolder))
                _replace(lasting, standing, standing.plans)
                _replace(passing, standing, {})
                with followed():
                    yield further, standing
            finally:
                _restore(saved)

    def _standing(self, stand_for: StandFor) -> Standing:
        """The stand-ins of an arithmetic, kept from run to run."""
        if stand_for not in self._standings:
            self._standings[stand_for] = Standing(stand_for, self._reach)
        return self._standings[stand_for]

    def _refresh(self) -> None:
        """Takes in the modules that were loaded since."""
        if len(sys.modules) != self._modules_seen:
            for scope in modules_of(self._callables, self._extra):
                self._reach.enter(scope)
            for function in self._callables:
                self._reach.look_at(function)
            self._modules_seen = len(sys.modules)

    @staticmethod
    def _read(reach: Reach, examined: dict[int, Sequence[Any]]) -> list[Reading]:
        """The state of every holder, after taking in what they hold that was not there before."""
        readings: list[Reading] = []
        for position, holder in enumerate(reach.holders):  # the list grows on the way
            state = holder.read()
            values, before = holder.values(state), examined.get(position, ())
            if _same(values, before):
                readings.append(Reading(holder, state, before))
            else:
                examined[position] = values
                reach.examine(values)
                readings.append(Reading(holder, state, values))
        return readings


def _replace(readings: Iterable[Reading], standing: Standing, plans: dict[int, Plan]) -> None:
    """Puts a stand-in wherever there is one."""
    for reading in readings:
        holder = reading.holder
        if isinstance(holder, ScopeHolder):
            if not standing.applies_to(holder.owner):
                continue
            for name, new in standing.builtins:
                holder.owner.setdefault(name, new)
        for key, new in standing.replacements(reading, plans):
            holder.put(key, new)


def _same(values: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(values) == len(others) and all(map(operator.is_, values, others))


def _restore(saved: list[Reading]) -> None:
    """Puts every holder back, the last one first, even if one of them refuses or the user interrupts; then says so."""
    raised: list[BaseException] = []
    for reading in reversed(saved):
        try:
            reading.holder.restore(reading.state)
        except Exception as refusal:
            raised.append(refusal)
        except KeyboardInterrupt as interrupt:
            raised.append(interrupt)
            reading.holder.restore(reading.state)
    if raised:
        raise raised[0]


def _ball_arithmetic() -> Operate:
    """What carries out operations on plain numbers in balls."""
    from oracle.arithmetic.plain_numbers import operate

    return operate


@contextlib.contextmanager
def bound(
    modules: Iterable[ModuleType | Scope], stand_for: StandFor, *, lift: bool = True, operate: Operate | None = None
) -> Iterator[Binding]:
    """Inside the block the given modules and the user's other ones are bound; once, without a plan to keep.

    >>> import math
    >>> scope = {"root": math.sqrt}
    >>> with bound([scope], lambda value: abs if value is math.sqrt else value, lift=False):
    ...     scope["root"](-2)
    2
    """
    binding = Binding(extra=modules)
    with binding.bound(stand_for, lift=lift, operate=operate):
        yield binding
