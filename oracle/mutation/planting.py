"""Functions of loaded modules with edited source, for the duration of a block; then everything is as before.

The edited text is compiled under another spelling of the file's own name (`lstm_ref/./cell.py`) and known to
`linecache` under it, so tracebacks, tracers, lines shown and the rewriting for ball arithmetic find the edited lines,
at the numbers that they have in the author's file unless an edit adds lines. Only `__code__` is exchanged: identity,
defaults, closures and attributes stay. The text of other functions is blank in it.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

from oracle.arithmetic.rewriting import FUTURE_FLAGS, fingerprint, nested
from oracle.mutation.edits import Edit, Rewritten, Text, Tree
from oracle.mutation.source import Home, PlantingError, at, code_at, compiled, grounds, home, parsed, plain

__all__ = ["Edit", "PlantingError", "Rewritten", "Text", "Tree", "edited", "planted", "real_name"]

_LOCK: Final = threading.RLock()  # code is exchanged for the whole process
_active: Final[list[str]] = []  # the names that are in use; changed under the lock only


@dataclass(frozen=True)
class Edited:
    """One file with its edits made, short of everything that was not edited."""

    file: str  # as the functions' code names it
    name: str  # under which the edited text is compiled and shown
    text: str
    codes: tuple[tuple[FunctionType, CodeType], ...]


def real_name(name: str) -> str:
    """The usual spelling of a file's name, that of a planted text included.

    >>> real_name("lstm_ref/./cell.py").replace(os.sep, "/")
    'lstm_ref/cell.py'
    """
    return os.path.normpath(name)


@contextlib.contextmanager
def planted(*edits: Edit) -> Iterator[list[Edited]]:
    """Inside the block the functions that the edits name have edited source; afterwards their own again.

    Parameters
    ----------
    edits : `Text(function, old, new)` or `Tree(function, changed tree)`; several of one function are made in turn

    Raises
    ------
    PlantingError
        If an edit does not fit, its result does not compile, or the function's source is not what it runs. Nothing
        is planted then.

    Notes
    -----
    A function inside another one is exchanged there too, so that closures made in the block are edited. One that no
    longer uses a variable of the function around it goes on holding it; one that would need another is refused.

    >>> from oracle import paths
    >>> with planted(Text(paths.split, "return", "return None and")):
    ...     paths.split("a.b") is None
    True
    >>> paths.split("a.b") is None
    False
    """
    with _LOCK:
        found = edited(*edits)
        with contextlib.ExitStack() as undone:
            for one in found:
                undone.callback(_forget, one.name, linecache.cache.get(one.name))
                _active.append(one.name)
                lines = one.text.splitlines(keepends=True)
                linecache.cache[one.name] = (len(one.text), None, lines, one.name)
                for function, _ in one.codes:
                    undone.callback(_put_back, function, function.__code__)
                for function, code in one.codes:
                    function.__code__ = code
            yield found


def _put_back(function: FunctionType, code: CodeType) -> None:
    """Restore a function's code, also if the user interrupts just then."""
    try:
        function.__code__ = code
    except KeyboardInterrupt:
        function.__code__ = code
        raise


def _forget(name: str, before: Any) -> None:
    """Take a planted text out again."""
    linecache.cache.pop(name, None)
    if before is not None:
        linecache.cache[name] = before
    if name in _active:
        _active.remove(name)


def edited(*edits: Edit) -> list[Edited]:
    """The edited texts and the code to exchange, file by file, without planting anything.

    Raises
    ------
    PlantingError
        As `planted`.
    """
    by_file: dict[str, list[tuple[Edit, Home]]] = {}
    for edit in edits:
        found = home(edit.function)
        by_file.setdefault(found.file, []).append((edit, found))
    return [_in_file(file, pairs) for file, pairs in by_file.items()]


def _in_file(file: str, pairs: list[tuple[Edit, Home]]) -> Edited:
    homes = list({one.function: one for _, one in pairs}.values())
    flags = homes[0].function.__code__.co_flags & FUTURE_FLAGS
    paths = tuple(one.path for one in homes)
    text, moved = grounds(homes[0].text, paths, flags)
    places = dict(zip((one.function for one in homes), moved, strict=True))
    for edit, one in pairs:
        text = edit.applied(text, at(parsed(text), places[one.function]))
    name = _spelt_otherwise(file)
    return Edited(file, name, *_closed(text, name, flags, places))


def _closed(text: str, name: str, flags: int, places: dict[FunctionType, Any]) -> tuple[str, Any]:
    """The text and the code of every function, which holds the variables of the functions around it that it held."""
    whole, tree = compiled(text, name, flags), parsed(text)
    for function, path in places.items():
        old, new = function.__code__, code_at(whole, tree, path)
        if extra := set(new.co_freevars) - set(old.co_freevars):
            raise PlantingError(f"{old.co_qualname} would need {sorted(extra)[0]}, which it does not hold")
        if lost := sorted(set(old.co_freevars) - set(new.co_freevars)):
            return _closed(_holding(text, at(tree, path), lost), name, flags, places)
    codes = [(function, code_at(whole, tree, path)) for function, path in places.items()]
    around = [pair for function, path in places.items() for pair in _around(function, whole, tree, path)]
    known = {function for function, _ in codes}
    return text, tuple([*codes, *((one, code) for one, code in dict(around).items() if one not in known)])


def _holding(text: str, node: Any, names: list[str]) -> str:
    """The text with an expression at the end of a function that does nothing but name variables."""
    if isinstance(node, ast.Lambda):
        raise PlantingError(f"the edited lambda no longer uses {names[0]}, which it holds")
    last = node.body[-1]
    lines = text.splitlines(keepends=True)
    line = lines[last.end_lineno - 1].encode()
    end = last.end_col_offset
    lines[last.end_lineno - 1] = (line[:end] + f"; lambda: ({', '.join(names)})".encode() + line[end:]).decode()
    return "".join(lines)


def _around(
    function: FunctionType, whole: CodeType, tree: ast.AST, path: tuple[int, ...]
) -> list[tuple[FunctionType, CodeType]]:
    """The outermost function around a nested one, if it can be found by name, with its edited code."""
    qualname = function.__code__.co_qualname
    if ".<locals>." not in qualname:
        return []
    found: Any = None
    names = qualname.split(".<locals>.")[0].split(".")
    with contextlib.suppress(AttributeError, KeyError, PlantingError):
        found = function.__globals__[names[0]]
        for name in names[1:]:
            found = vars(found)[name]
        outer, key = plain(found), fingerprint(function.__code__)
        if any(fingerprint(one) == key for one in _all_codes(outer.__code__)):
            return [(outer, code_at(whole, tree, path[:1]))]
    return []


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    for one in nested(code):
        yield one
        yield from _all_codes(one)


def _spelt_otherwise(file: str) -> str:
    """Another spelling of a file's name, in use for nothing else."""
    folder, base = os.path.split(file)
    while True:
        folder = os.path.join(folder, ".")
        if (name := os.path.join(folder, base)) not in _active:
            return name
