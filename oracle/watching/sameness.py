"""Whether a function that was loaded again is the one it was: then what was traced from it still holds.

Only what is certain counts as the same. A reference that refers to anything that cannot be compared is traced again,
which costs some milliseconds; one that was wrongly kept would certify a function that is no longer there.
"""

from __future__ import annotations

import dataclasses
import dis
import functools
import sys
from collections.abc import Iterable, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_IMPORT = dis.opmap["IMPORT_NAME"]
_OF_ANY_CLASS = frozenset({"__dict__", "__weakref__", "__dataclass_fields__", "__dataclass_params__"})
_ANYTHING = frozenset({"globals", "eval", "exec", "__import__", "import_module", "modules"})  # may reach any name
_HEAP_TYPE = 1 << 9  # of the flags of a class: made while running
_CODE = (
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_exceptiontable",
)


def same(old: Any, new: Any, gone: Iterable[str] = ()) -> bool:
    """Whether two values, of before and after loading, are certainly the same for whoever computes with them.

    Parameters
    ----------
    old, new
        Functions, numbers, texts, arrays, containers of those.
    gone : iterable of str
        The names of the modules that were loaded again: a module among them is another one.

    Examples
    --------
    >>> same(lambda x: 2 * x, lambda x: 2 * x), same(lambda x: 2 * x, lambda x: 3 * x)
    (True, False)
    """
    return _Comparison(frozenset(gone)).same(old, new)


class _Comparison:
    def __init__(self, gone: frozenset[str]) -> None:
        self.gone = gone
        self.begun: dict[tuple[int, int], Any] = {}  # with the values, whose identities must stay theirs

    def same(self, old: Any, new: Any) -> bool:
        """The same type, and the same content as far as it can be known."""
        if (id(old), id(new)) in self.begun:
            return True  # what refers to itself is the same if all else is
        self.begun[id(old), id(new)] = old, new
        if isinstance(old, type) and isinstance(new, type):
            return old is new or self._class(old, new)
        if type(old) is not type(new):
            return self._instance(old, new)
        if isinstance(old, _PLAIN):
            return repr(old) == repr(new)
        if isinstance(old, FunctionType):
            return self._function(old, new)
        if isinstance(old, CodeType):
            return self._code(old, new)
        if isinstance(old, ModuleType):
            return old is new and old.__name__ not in self.gone
        if isinstance(old, np.ndarray):
            return self._array(old, new)
        return self._container(old, new)

    def _container(self, old: Any, new: Any) -> bool:
        if type(old) in (tuple, list):
            return len(old) == len(new) and all(map(self.same, old, new))
        if type(old) is dict:
            return list(old) == list(new) and self.same(list(old.values()), list(new.values()))
        if type(old) in (set, frozenset):
            return all(isinstance(one, _PLAIN) for one in old | new) and old == new
        if isinstance(old, np.generic):
            return self._array(np.asarray(old), np.asarray(new))
        if isinstance(old, functools.partial):
            return self.same((old.func, old.args, old.keywords), (new.func, new.args, new.keywords))
        if isinstance(old, staticmethod | classmethod):
            return self.same(old.__func__, new.__func__)
        if isinstance(old, functools.cached_property):
            return self.same(old.func, new.func)
        if isinstance(old, property):
            return self.same((old.fget, old.fset, old.fdel), (new.fget, new.fset, new.fdel))
        return old is new or self._instance(old, new)

    def _instance(self, old: Any, new: Any) -> bool:
        """Whether two objects are dataclasses with the same fields, of classes that are the same."""
        if not (dataclasses.is_dataclass(old) and dataclasses.is_dataclass(new)):
            return False
        if any(_holds_more(type(one)) for one in (old, new)):
            return False
        names, others = ([field.name for field in dataclasses.fields(one)] for one in (old, new))
        values = [[getattr(one, name, None) for name in names] for one in (old, new)]
        beside = [_beside(one) for one in (old, new)]
        return names == others and self.same(type(old), type(new)) and self.same(*values) and self.same(*beside)

    def _class(self, old: type, new: type) -> bool:
        """Whether two plain classes of one name have the same bases and the same content."""
        if type(old) is not type or type(new) is not type or len(old.__bases__) != len(new.__bases__):
            return False
        if (old.__module__, old.__qualname__) != (new.__module__, new.__qualname__):
            return False
        inner = [{k: v for k, v in vars(one).items() if k not in _OF_ANY_CLASS} for one in (old, new)]
        return all(map(self.same, old.__bases__, new.__bases__)) and self.same(*inner)

    @staticmethod
    def _array(old: Any, new: Any) -> bool:
        if old.dtype.hasobject or (old.dtype, old.shape) != (new.dtype, new.shape):
            return False
        return bool(old.tobytes() == new.tobytes())

    def _function(self, old: FunctionType, new: FunctionType) -> bool:
        if not self._code(old.__code__, new.__code__):
            return False
        kept = [(one.__defaults__, one.__kwdefaults__, one.__dict__, _cells(one)) for one in (old, new)]
        return self.same(*kept) and self._globals(old, new)

    def _globals(self, old: FunctionType, new: FunctionType) -> bool:
        """Whether every global name that the functions, or functions inside them, may look up is the same."""
        names = _names(old.__code__)
        if names is None or any(self._late(name, old.__globals__) for name in _imports(old.__code__)):
            return False
        return all(self._named(name, old.__globals__, new.__globals__) for name in names)

    def _named(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        if (name in old) != (name in new):
            return False
        if name not in old:
            return True  # a builtin, or the name of an attribute
        return self.same(old[name], new[name])

    def _late(self, name: str, scope: Mapping[str, Any]) -> bool:
        """Whether an import inside a function may give another module now."""
        loaded = sys.modules.get(name)
        if name.startswith(".") or loaded is None:
            return True
        return any(_below(name, one) or _below(one, name) for one in self.gone)

    def _code(self, old: CodeType, new: CodeType) -> bool:
        if any(getattr(old, part) != getattr(new, part) for part in _CODE):
            return False
        return len(old.co_consts) == len(new.co_consts) and all(map(self.same, old.co_consts, new.co_consts))


def _holds_more(cls: type) -> bool:
    """Whether objects of a class hold what neither their fields nor their attributes show: items, or slots."""
    names = {field.name for field in dataclasses.fields(cls)}
    own = [base for base in cls.__mro__ if base is not object]
    slots = {name for base in own for name in _slots(base)}
    return not slots <= names | {"__dict__", "__weakref__"} or any(map(_native, own))


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _native(cls: type) -> bool:
    """Whether a class is not made by a `class` statement: `dict`, `float`, an array."""
    return not cls.__flags__ & _HEAP_TYPE


def _beside(one: Any) -> dict[str, Any]:
    """The attributes of an object, without those that follow from the rest: what cached properties have put there."""
    return {
        name: value
        for name, value in sorted(getattr(one, "__dict__", {}).items())
        if not isinstance(getattr(type(one), name, None), functools.cached_property)
    }


def _below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _cells(function: FunctionType) -> list[Any]:
    """What a closure holds; a cell that holds nothing yet compares with nothing."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            found.append(object())
    return found


def _codes(code: CodeType) -> list[CodeType]:
    """A code object and all those inside it."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [code, *(deeper for one in inner for deeper in _codes(one))]


def _names(code: CodeType) -> set[str] | None:
    """The names that may be looked up among the globals; None if that cannot be known."""
    names = {name for one in _codes(code) for name in one.co_names}
    return None if names & _ANYTHING else names


def _imports(code: CodeType) -> list[str]:
    """The modules that are imported when the code runs; relative ones begin with a dot."""
    found = []
    for one in _codes(code):
        level = 0
        for step in dis.get_instructions(one):
            if step.opcode == _IMPORT:
                found.append(f"{'.' if level else ''}{step.argval}")
            if step.opname in ("LOAD_CONST", "LOAD_SMALL_INT") and isinstance(step.argval, int):
                level = step.argval
    return found
