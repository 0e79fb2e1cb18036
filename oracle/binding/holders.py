"""Places of the code under test that hold values, each of which can be put back exactly as it was.

A holder is read when a run begins and restored when it ends. `items` are the values it holds, by the key under which
`put` replaces them.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Iterable, Sequence
from types import CellType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, Final

import numpy as np

BREADTH: Final = 1000  # elements of a container that are looked at; a larger one is restored all the same
_MISSING: Any = object()


class Holder:
    """What every holder can do; `state` is what `read` returned."""

    def read(self) -> Any:
        """All there is to restore."""
        raise NotImplementedError

    def items(self, state: Any) -> Iterable[tuple[Any, Any]]:
        """The values held, by key; none where the holder itself is replaced as a whole, where it is held."""
        return ()

    def values(self, state: Any) -> Sequence[Any]:
        """The values held, in the order of `items`."""
        return [value for _, value in self.items(state)]

    def put(self, key: Any, value: Any) -> None:
        """Another value under a key."""
        raise NotImplementedError(f"{type(self).__name__} has no values to replace")

    def restore(self, state: Any) -> None:
        """As it was when it was read."""
        raise NotImplementedError


class DictHolder(Holder):
    """A dict: a table of a module, the attributes of an object."""

    breadth: float = BREADTH

    def __init__(self, owner: dict[Any, Any]) -> None:
        self.owner = owner

    def read(self) -> dict[Any, Any]:
        """A copy of its items."""
        return dict(self.owner)

    def items(self, state: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
        """Its items, if they are not too many."""
        return state.items() if len(state) <= self.breadth else ()

    def values(self, state: dict[Any, Any]) -> Sequence[Any]:
        """Its values, if they are not too many."""
        return list(state.values()) if len(state) <= self.breadth else ()

    def put(self, key: Any, value: Any) -> None:
        """Another value for a key."""
        self.owner[key] = value

    def restore(self, state: dict[Any, Any]) -> None:
        """The same keys in the same order with the same values."""
        owner = self.owner
        same_keys = list(owner) == list(state)
        if same_keys and all(map(operator.is_, owner.values(), state.values())):
            return
        if not same_keys:
            for key in [key for key in owner if key not in state]:
                del owner[key]
        if list(owner) != list(state):  # a key was taken out meanwhile: it must not come last
            for key, value in state.items():
                owner.pop(key, None)
                owner[key] = value
        for key, value in state.items():
            if owner.get(key, _MISSING) is not value:
                owner[key] = value


class ScopeHolder(DictHolder):
    """The globals of a module, all of them."""

    breadth = float("inf")

    def restore(self, state: dict[str, Any]) -> None:
        """The same names with the same values; submodules loaded meanwhile stay, as they do in sys.modules."""
        package = f"{self.owner.get('__name__')}."
        for name, value in self.owner.items():
            if name not in state and isinstance(value, ModuleType) and value.__name__ == package + name:
                state[name] = value
        super().restore(state)


class ClassHolder(Holder):
    """The attributes of a class, written past any metaclass."""

    def __init__(self, owner: type) -> None:
        self.owner = owner

    def read(self) -> dict[str, Any]:
        """A copy of its own attributes."""
        return dict(vars(self.owner))

    def items(self, state: dict[str, Any]) -> Iterable[tuple[str, Any]]:
        """Its attributes."""
        return state.items()

    def put(self, key: str, value: Any) -> None:
        """Another attribute, never one that turns into a method where the old one did not."""
        binds = hasattr(type(value), "__get__")
        if binds and not hasattr(type(vars(self.owner).get(key)), "__get__"):
            value = staticmethod(value)
        type.__setattr__(self.owner, key, value)

    def restore(self, state: dict[str, Any]) -> None:
        """The same attributes with the same values."""
        now = vars(self.owner)
        for key in [key for key in now if key not in state]:
            type.__delattr__(self.owner, key)
        for key in [key for key, value in state.items() if now.get(key, _MISSING) is not value]:
            type.__setattr__(self.owner, key, state[key])


class SlotsHolder(Holder):
    """The attributes of an object that has slots for them."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        members = (vars(kind).items() for kind in reversed(type(owner).__mro__))
        self.names = {name: slot for items in members for name, slot in items if isinstance(slot, MemberDescriptorType)}

    def read(self) -> dict[str, Any]:
        """The values of the slots that have one."""
        return {name: slot.__get__(self.owner) for name, slot in self.names.items() if self._filled(slot)}

    def _filled(self, slot: Any) -> bool:
        """Whether a slot has a value."""
        try:
            slot.__get__(self.owner)
        except AttributeError:
            return False
        return True

    def items(self, state: dict[str, Any]) -> Iterable[tuple[str, Any]]:
        """The values by name."""
        return state.items()

    def put(self, key: str, value: Any) -> None:
        """Another value in a slot, past any `__setattr__`."""
        self.names[key].__set__(self.owner, value)

    def restore(self, state: dict[str, Any]) -> None:
        """The same slots with the same values."""
        for name, slot in self.names.items():
            if name in state:
                slot.__set__(self.owner, state[name])
            elif self._filled(slot):
                slot.__delete__(self.owner)


class ListHolder(Holder):
    """A list."""

    def __init__(self, owner: list[Any]) -> None:
        self.owner = owner

    def read(self) -> list[Any]:
        """A copy."""
        return list(self.owner)

    def items(self, state: list[Any]) -> Iterable[tuple[int, Any]]:
        """Its elements by position, if they are not too many."""
        return enumerate(state) if len(state) <= BREADTH else ()

    def put(self, key: int, value: Any) -> None:
        """Another element at a position."""
        self.owner[key] = value

    def restore(self, state: list[Any]) -> None:
        """The same elements in the same order."""
        self.owner[:] = state


class SetHolder(Holder):
    """A set, whose elements are never replaced."""

    def __init__(self, owner: set[Any]) -> None:
        self.owner = owner

    def read(self) -> set[Any]:
        """A copy."""
        return set(self.owner)

    def restore(self, state: set[Any]) -> None:
        """The same elements."""
        self.owner.clear()
        self.owner |= state


class CellHolder(Holder):
    """A variable that a closure shares with the function around it."""

    def __init__(self, owner: CellType) -> None:
        self.owner = owner

    def read(self) -> Any:
        """Its value; a mark if it has none."""
        try:
            return self.owner.cell_contents
        except ValueError:
            return _MISSING

    def items(self, state: Any) -> Iterable[tuple[None, Any]]:
        """The one value."""
        return () if state is _MISSING else ((None, state),)

    def put(self, key: None, value: Any) -> None:
        """Another value."""
        self.owner.cell_contents = value

    def restore(self, state: Any) -> None:
        """The same value, or none."""
        if state is not _MISSING:
            self.owner.cell_contents = state
        elif self.read() is not _MISSING:
            del self.owner.cell_contents


class DefaultsHolder(Holder):
    """The default values of a function's positional arguments."""

    def __init__(self, owner: FunctionType) -> None:
        self.owner = owner

    def read(self) -> tuple[Any, ...] | None:
        """The tuple itself."""
        return self.owner.__defaults__

    def items(self, state: tuple[Any, ...] | None) -> Iterable[tuple[int, Any]]:
        """The values by position."""
        return enumerate(state or ())

    def put(self, key: int, value: Any) -> None:
        """Another default at a position."""
        now = self.owner.__defaults__ or ()
        self.owner.__defaults__ = (*now[:key], value, *now[key + 1 :])

    def restore(self, state: tuple[Any, ...] | None) -> None:
        """The same tuple."""
        self.owner.__defaults__ = state


class ArrayHolder(Holder):
    """The elements of an array, which code under test may change in place."""

    def __init__(self, owner: np.ndarray[Any, Any]) -> None:
        self.owner = owner

    def read(self) -> np.ndarray[Any, Any]:
        """A copy."""
        return self.owner.copy()

    def restore(self, state: np.ndarray[Any, Any]) -> None:
        """The same shape and elements."""
        if self.owner.shape != state.shape:
            self.owner.resize(state.shape, refcheck=False)
        if self.owner.flags.writeable:
            np.copyto(self.owner, state)


class GeneratorHolder(Holder):
    """A random generator of the module, of NumPy or of the standard library."""

    def __init__(self, owner: np.random.Generator | np.random.RandomState | random.Random) -> None:
        self.owner = owner

    def read(self) -> Any:
        """Its state."""
        if isinstance(self.owner, np.random.Generator):
            return self.owner.bit_generator.state
        return self.owner.get_state() if isinstance(self.owner, np.random.RandomState) else self.owner.getstate()

    def restore(self, state: Any) -> None:
        """The same state."""
        if isinstance(self.owner, np.random.Generator):
            self.owner.bit_generator.state = state
        elif isinstance(self.owner, np.random.RandomState):
            self.owner.set_state(state)
        else:
            self.owner.setstate(state)
