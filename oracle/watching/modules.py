"""The user's modules that a subject consists of, and how they are loaded afresh.

All of them are loaded again together: whoever has imported a function of a changed module would otherwise keep the old
one. Modules of installed packages and of the oracle itself stay, and so does what is slow to import.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import linecache
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from types import ModuleType
from typing import Any, TypeVar

from oracle.binding import modules_of
from oracle.subject import Subject

Loaded = TypeVar("Loaded")
_KEPT = frozenset({"oracle.subjects", "__main__"})
_NOWHERE = os.path.join(os.devnull, "bytecode")


def project(subject: Subject, files: Iterable[str] = ()) -> dict[str, str]:
    """Name and file of each of the user's modules that the subject uses: those it imports, and those of `files`."""
    own = {
        name: module
        for scope in modules_of(subject.form.code, subject.modules)
        if isinstance(name := scope.get("__name__"), str)
        and isinstance(module := sys.modules.get(name), ModuleType)
        and vars(module) is scope
        and _file(module)
        and name not in _KEPT
    }
    by_file = {_file(module): name for name, module in own.items()}
    roots = [_module_of(one) for one in (*subject.form.code, subject.reference, *subject.modules)]
    pending = [name for name in (*roots, _home(subject.spec, own), *(by_file.get(f, "") for f in files)) if name in own]
    found: dict[str, str] = {}
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = _file(own[name])
            pending += [other for other in _imported(own[name]) if other in own]
    return found


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or ""


def _module_of(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    value = getattr(value, "func", value)
    return getattr(value, "__module__", None) or ""


def _home(spec: Any, own: dict[str, ModuleType]) -> str:
    """The module in which the user, or the registry, defines the subject."""
    from oracle.subjects import REGISTERED

    if spec in REGISTERED:
        return REGISTERED[spec].split(":")[0]
    place = spec if str(spec).endswith(".py") else str(spec).rpartition(":")[0]
    full = os.path.realpath(place)
    return next((name for name, module in own.items() if os.path.realpath(_file(module)) == full), place)


def _imported(module: ModuleType) -> Iterator[str]:
    """The names of the modules that a module's source imports, with the packages that they lie in."""
    try:
        tree = ast.parse("".join(linecache.getlines(_file(module))))
    except (SyntaxError, ValueError):
        return
    package = getattr(module, "__package__", None) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom):
            with contextlib.suppress(ImportError):
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                for alias in node.names:
                    yield from _with_packages(f"{base}.{alias.name}")


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])


# ---- loading afresh


def afresh(modules: dict[str, str], load: Callable[[], Loaded]) -> Loaded:
    """What `load` gives when these modules are not loaded; if it raises, they are there again as they were.

    Compiled code from earlier runs is not looked at: Python takes it for current when a file was saved twice within a
    second with the same length. Without modules to load again this is an ordinary first import.
    """
    before = set(sys.modules)
    saved = {name: sys.modules.pop(name) for name in modules if name in sys.modules}
    _take_out_of_packages(saved)
    for file in modules.values():
        linecache.cache.pop(file, None)
    importlib.invalidate_caches()
    try:
        with _from_source() if modules else contextlib.nullcontext():
            return load()
    except BaseException:
        for name in (*modules, *loaded_since(before)):
            sys.modules.pop(name, None)
        sys.modules.update(saved)
        _put_into_packages(saved)
        raise


def loaded_since(before: Collection[str]) -> dict[str, str]:
    """Name and file of each of the user's modules that is loaded, and was not before."""
    own = (scope.get("__name__") for scope in modules_of([]))
    names = [name for name in own if isinstance(name, str) and name not in before and name not in _KEPT]
    return {name: _file(sys.modules[name]) for name in names if name in sys.modules and _file(sys.modules[name])}


@contextlib.contextmanager
def _from_source() -> Iterator[None]:
    """Inside the block modules are compiled from their source, and nothing is kept of that."""
    before = sys.pycache_prefix, sys.dont_write_bytecode
    sys.pycache_prefix, sys.dont_write_bytecode = _NOWHERE, True
    try:
        yield
    finally:
        sys.pycache_prefix, sys.dont_write_bytecode = before


def _take_out_of_packages(modules: dict[str, ModuleType]) -> None:
    """`from package import module` takes what the package holds, loaded or not."""
    for name, module in modules.items():
        package, _, last = name.rpartition(".")
        if vars(sys.modules.get(package, module)).get(last) is module:
            delattr(sys.modules[package], last)


def _put_into_packages(modules: dict[str, ModuleType]) -> None:
    for name, module in modules.items():
        package, _, last = name.rpartition(".")
        if package in sys.modules:
            setattr(sys.modules[package], last, module)
