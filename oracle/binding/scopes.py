"""Which modules are under test: those of the given callables, their packages, and the user's other modules.

A module is its globals, a dict: the globals of a function executed from text belong to no module that is loaded.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

Scope = dict[str, Any]

_STANDARD = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib"))
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep  # `python -m oracle` is "__main__"
_NEVER = frozenset({"numpy", "jax", "jaxlib", "flint", "scipy", "builtins", "oracle"})
_BINDINGS = "oracle.subjects"  # the one part of oracle that is code under test: its adapters call NumPy


def modules_of(callables: Iterable[Callable[..., Any]], extra: Iterable[ModuleType | Scope] = ()) -> list[Scope]:
    """The globals of every module that code under test may run in, each once.

    These are the modules of `callables` (through partial objects, bound methods, decorators, closures, classes and
    callable instances), all loaded modules of the same packages, `extra`, and those of the user's other loaded modules
    (outside the standard library, the installed packages and oracle itself) that these mention: as a value, by the
    home of a function or class, or by name in their code. A suite of tests is not read because it is loaded. Where
    nothing is named, all of the user's modules are meant.

    >>> from oracle import paths
    >>> modules_of([], extra=[paths])[0] is vars(paths)
    True
    """
    scopes: dict[int, Scope] = {}
    for module in extra:
        scope = vars(module) if isinstance(module, ModuleType) else module
        scopes[id(scope)] = scope
    for function in callables:
        for near in _own_scopes(function):
            scopes[id(near)] = near
    packages = {package for scope in scopes.values() if (package := _package(scope))}
    others: dict[int, Scope] = {}
    for scope in _loaded():
        if _package(scope) in packages:
            scopes[id(scope)] = scope
        elif not _foreign(scope):
            others[id(scope)] = scope
    if not scopes:  # nothing is named, so nothing can be left out
        return list(others.values())
    new = list(scopes.values())
    while new and others:
        new = [others.pop(key) for key in _mentioned(new, others)]
        scopes |= {id(scope): scope for scope in new}
    return list(scopes.values())


def _mentioned(scopes: Iterable[Scope], others: dict[int, Scope]) -> list[int]:
    """The ids of those of the other modules that the code or the values of these mention."""
    named = {part: key for key, scope in others.items() for part in (_name(scope), _name(scope).rpartition(".")[2])}
    found: dict[int, None] = {}
    for value in (part for scope in scopes for held in list(scope.values()) for part in _parts(held)):
        kind = value if isinstance(value, type) else type(value)
        home = value if isinstance(value, ModuleType) else sys.modules.get(str(getattr(kind, "__module__", "")))
        if isinstance(home, ModuleType) and id(vars(home)) in others:
            found[id(vars(home))] = None
        for function in _behind(value) if callable(value) else ():
            if id(function.__globals__) in others:
                found[id(function.__globals__)] = None
            found |= dict.fromkeys(named[word] for word in _words(function.__code__) if word in named)
    return list(found)


def _parts(value: Any, depth: int = 3) -> Iterator[Any]:
    """A value, what it contains, and what the function holds that it may be."""
    yield value
    inner: Iterable[Any] = ()
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = list(value)
    elif isinstance(value, FunctionType):
        cells = [part for cell in value.__closure__ or () for part in contents(cell)]
        inner = [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    for part in inner if depth else ():
        yield from _parts(part, depth - 1)


@functools.lru_cache(maxsize=65536)
def _words(code: CodeType) -> frozenset[str]:
    """The names and texts in a code object and in those inside it: what it may import is among them."""
    inner = (_words(part) for part in code.co_consts if isinstance(part, CodeType))
    texts = (part for part in code.co_consts if isinstance(part, str))
    return frozenset().union(code.co_names, texts, *inner)


def _loaded() -> Iterator[Scope]:
    """The globals of all loaded modules."""
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            yield module.__dict__


def _package(scope: Scope) -> str:
    """The top-level package of a module that lies in one, "" for oracle and modules that are nobody's."""
    name = _name(scope)
    if name == _BINDINGS or name.startswith(_BINDINGS + "."):
        return _BINDINGS
    top = name.partition(".")[0]
    return "" if top in _NEVER or top == "__main__" or _standard(scope) else top


def _name(scope: Scope) -> str:
    """The name of the module that a scope says it is."""
    name = scope.get("__name__")
    return name if isinstance(name, str) else ""


def _standard(scope: Scope) -> bool:
    """Whether a module comes with Python."""
    file = scope.get("__file__")
    if isinstance(file, str):
        return _home(file) == "standard"
    return _name(scope).partition(".")[0] in sys.stdlib_module_names


def _foreign(scope: Scope) -> bool:
    """Whether a module is not the user's own."""
    if _name(scope).partition(".")[0] in _NEVER:
        return _package(scope) != _BINDINGS
    file = scope.get("__file__")
    if isinstance(file, str):
        return _home(file) != "user"
    return _standard(scope) or not any(isinstance(v, FunctionType) for v in list(scope.values()))  # of no Python


@functools.lru_cache(maxsize=8192)
def _home(file: str) -> str:
    """Whose a file is: `standard` for Python's library, `installed` for installed packages, else `user`."""
    path = os.path.realpath(file)
    if path.startswith(_OWN) or any(part in path for part in _INSTALLED):
        return "installed"
    return "standard" if path.startswith(_STANDARD) else "user"


def _own_scopes(function: Any) -> Iterator[Scope]:
    """The globals of the functions behind a callable: its own even if installed, those around it if the user's."""
    direct = list(_behind(function))
    for found in direct:
        if _package(found.__globals__) or not _foreign(found.__globals__):
            yield found.__globals__
    for found in direct:
        for cell in found.__closure__ or ():
            inner = (found for value in contents(cell) for found in _behind(value))
            yield from (found.__globals__ for found in inner if not _foreign(found.__globals__))


def contents(cell: CellType) -> tuple[Any, ...]:
    """What a cell of a closure holds: one value, or none yet."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _behind(value: Any) -> Iterator[FunctionType]:
    """The Python functions that a callable consists of."""
    while True:
        if isinstance(value, FunctionType):
            yield value
            value = getattr(value, "__wrapped__", None)
        elif isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, MethodType):
            yield from _methods(type(value.__self__))
            value = value.__func__
        elif isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        elif isinstance(value, np.vectorize):
            value = value.pyfunc
        else:
            break
    if isinstance(value, type):
        yield from _methods(value)
    elif value is not None and not isinstance(value, (BuiltinFunctionType, ModuleType)) and callable(value):
        yield from _behind(getattr(value, "__wrapped__", None))
        yield from _methods(type(value))


def _methods(kind: type) -> Iterator[FunctionType]:
    """The functions defined in a class and its bases."""
    for base in kind.__mro__:
        for value in vars(base).values():
            value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            if isinstance(value, FunctionType):
                yield value
