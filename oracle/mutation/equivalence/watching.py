"""Whether a changed statement does anything else than the original one, from the very state in which it is reached.

The statement is preceded by a call of `look`, which copies what the function's names hold, runs the original on one
copy and the changed one on another, and compares all that the names then hold. Values that cannot be copied, and
code that cannot be run apart from its function, show nothing: then no difference is claimed.
"""

from __future__ import annotations

import ast
import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from oracle.mutation.mutants import Mutant, rewritten, substituted
from oracle.mutation.planting import planted

_RESULT = "__result__"
_LOOK = "__import__('oracle.mutation.equivalence.watching', fromlist=['look']).look(globals(), locals())"
_HEADERS = {ast.For: "iter", ast.If: "test", ast.While: "test"}
_DEEPEST = 6


@dataclass
class Watch:
    """What was seen of one mutant: how often its statement was reached, and whether its effect ever differed."""

    original: CodeType
    changed: CodeType
    reached: int = 0
    differed: bool = False

    def compare(self, scope: dict[str, Any], names: dict[str, Any]) -> None:
        """Run both from copies of one state, and the original twice: what differs by itself shows nothing."""
        self.reached += 1
        if not self.differed:
            with contextlib.suppress(Exception):
                one, again = (_after(self.original, scope, names) for _ in range(2))
                self.differed = same(one, again) and not same(one, _after(self.changed, scope, names))


_watching: list[Watch] = []


def look(scope: dict[str, Any], names: dict[str, Any]) -> None:
    """Called before the changed statement."""
    for watch in _watching[-1:]:
        watch.compare(scope, names)


def _after(code: CodeType, scope: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """What the names hold after a statement."""
    held = _copied(names)
    together = {**scope, **held}
    exec(code, together)
    return {name: together.get(name) for name in (*held, *_new(code)) if name in together}


def _new(code: CodeType) -> tuple[str, ...]:
    return (*code.co_names, _RESULT)


def _copied(names: dict[str, Any]) -> dict[str, Any]:
    """Copies of values; what cannot be copied is shared."""
    kept: dict[int, Any] = {id(one): one for one in names.values() if isinstance(one, (ModuleType, FunctionType, type))}
    found = {}
    for name, value in names.items():
        try:
            found[name] = copy.deepcopy(value, kept)
        except Exception:
            found[name] = value
    return found


def same(one: Any, other: Any, deep: int = 0) -> bool:
    """Whether two values hold the same numbers, as far as can be seen; NaN is the same as NaN.

    >>> same({"a": [1.0, np.ones(2)]}, {"a": [1.0, np.ones(2)]}), same(np.zeros(2), np.ones(2))
    (True, False)
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _same_arrays(one, other)
    if type(one) is not type(other):
        return False
    if deep > _DEEPEST or isinstance(one, (ModuleType, FunctionType, type)):
        return True
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], deep + 1) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b, deep + 1) for a, b in zip(one, other, strict=True))
    if isinstance(one, (str, bytes, int, float, complex, np.generic, range, slice, type(None))):
        return bool(one == other) or (one != one and other != other)
    return same(getattr(one, "__dict__", None), getattr(other, "__dict__", None), deep + 1)


def _same_arrays(one: Any, other: Any) -> bool:
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray) or one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))


@contextlib.contextmanager
def watched(mutant: Mutant) -> Iterator[Watch]:
    """Inside the block the mutant is planted, and its changed statement is compared with the original one.

    Raises
    ------
    PlantingError
        If nothing can be put before that statement.
    """
    statement, (old, new) = mutant.statement, mutant.change
    changed = new if old is statement else substituted(statement, old, new)
    before = ast.parse(_LOOK).body
    edit = rewritten(mutant.scene, statement, [*before, *(changed if isinstance(changed, list) else [changed])])
    watch = Watch(_compiled([statement]), _compiled(changed if isinstance(changed, list) else [changed]))
    _watching.append(watch)
    try:
        with planted(edit):
            yield watch
    finally:
        _watching.remove(watch)


def _compiled(statements: list[ast.stmt]) -> CodeType:
    """Statements that can be run apart: a returned value, or what a loop or condition looks at, gets a name."""
    found = [_alone(copy.deepcopy(one)) for one in statements]
    return compile(ast.fix_missing_locations(ast.Module(found, [])), "<watched>", "exec")


def _alone(statement: ast.stmt) -> ast.stmt:
    name = ast.Name(_RESULT, ast.Store())
    if isinstance(statement, ast.Return):
        return ast.Assign([name], statement.value or ast.Constant(None))
    header = _HEADERS.get(type(statement))
    if header is None:
        return statement
    looked_at = getattr(statement, header)
    if isinstance(statement, ast.For):
        looked_at = ast.Call(ast.Name("list", ast.Load()), [looked_at], [])
    return ast.Assign([name], looked_at)
