"""Functions whose arithmetic on plain numbers is carried out in balls for a while, their source left alone.

The source text of a function's module is rewritten and compiled anew (see `rewriting`), and for the duration of a
block each function gets the rewritten `__code__`; closures, defaults and identity stay. A function is lifted only if
compiling its *unchanged* source gives exactly the code it has, so a file edited since its import, or code that
another tool rewrote, is left as it is and reported.
"""

from __future__ import annotations

import contextlib
import dis
import linecache
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from oracle.arithmetic.lifted_operators import HELPERS, OPERATORS, Operate, handing_over
from oracle.arithmetic.rewriting import FUTURE_FLAGS, Fingerprint, fingerprint, nested, rewritten

_ROUNDING = frozenset(OPERATORS) | {symbol + "=" for symbol in OPERATORS}


class Unlifted(NamedTuple):
    """A function that keeps Python's arithmetic, and why."""

    qualname: str
    reason: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.qualname} ({self.file}:{self.line}): {self.reason}"


class _NoCounterpart(Exception):
    """The reason why a code object cannot be replaced by a rewritten one."""


class _Sources:
    """The rewritten code of each source file, kept for the process: compiling is most of the cost."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, int], tuple[str, dict[Fingerprint, CodeType]]] = {}
        self._known: dict[int, tuple[CodeType, CodeType | str]] = {}  # by id; the code is held, or ids would be reused

    def counterpart(self, function: FunctionType) -> CodeType | str:
        """The rewritten form of a function's code (of rewritten code, itself), or the reason why there is none."""
        code = function.__code__
        if (known := self._known.get(id(code))) is None:
            known = self._known[id(code)] = code, self._look_up(code, function.__globals__)
        return known[1]

    def _look_up(self, code: CodeType, scope: dict[str, Any]) -> CodeType | str:
        """The same, from the source text; read again from the file if it does not fit."""
        key = fingerprint(code)
        try:
            if (found := self._table(code, scope).get(key)) is None:
                linecache.checkcache(code.co_filename)
                found = self._table(code, scope).get(key)
        except _NoCounterpart as refusal:
            return str(refusal)
        if found is None:
            return "its code is not what its source compiles to: edited since, or rewritten by a tool"
        return code if fingerprint(found) == key else found

    def _table(self, code: CodeType, scope: dict[str, Any]) -> dict[Fingerprint, CodeType]:
        """The rewritten codes of the file that `code` came from."""
        source = "".join(linecache.getlines(code.co_filename, scope))
        if not source:
            raise _NoCounterpart("it has no source text")
        key = (code.co_filename, code.co_flags & FUTURE_FLAGS)
        if (kept := self._tables.get(key)) is not None and kept[0] == source:
            return kept[1]
        try:
            table = rewritten(source, code.co_filename, code.co_flags, HELPERS)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise _NoCounterpart(f"its source cannot be compiled ({type(error).__name__})") from error
        self._tables[key] = source, table
        self._known |= {id(new): (new, new) for new in table.values()}
        return table


_sources = _Sources()


class LiftingPlan:
    """The functions to lift; made once, applied often.

    >>> plan = LiftingPlan([eval("lambda n: 1. / n")])
    >>> plan.unlifted
    [Unlifted(qualname='<lambda>', reason='it has no source text', file='<string>', line=1)]
    """

    def __init__(self, functions: Iterable[FunctionType] = ()) -> None:
        self.functions = list(functions)

    @property
    def unlifted(self) -> list[Unlifted]:
        """The functions that keep Python's arithmetic, each with the reason; not those without any arithmetic."""
        reasons = ((function, _sources.counterpart(function)) for function in self.functions)
        return [
            Unlifted(function.__qualname__, reason, function.__code__.co_filename, function.__code__.co_firstlineno)
            for function, reason in reasons
            if isinstance(reason, str) and not _generated(function.__code__) and _computes(function.__code__)
        ]

    @contextlib.contextmanager
    def lifted(self, operate: Operate, also: Iterable[FunctionType] = ()) -> Iterator[None]:
        """Inside the block, what Python may round in these functions is `operate(symbol, a, b)` instead.

        `symbol` is one of `+ - * / // % **`; `also` names functions that are lifted this time only. On leaving the
        block, however it is left, every function has the code it had before.
        """
        saved: list[tuple[FunctionType, CodeType]] = []
        try:
            with handing_over(operate):
                for function in (*self.functions, *also):
                    code, new = function.__code__, _sources.counterpart(function)
                    if new is not code and not isinstance(new, str):
                        saved.append((function, code))
                        function.__code__ = new
                yield
        finally:
            for function, code in reversed(saved):
                function.__code__ = code


def _generated(code: CodeType) -> bool:
    """Whether a function was written by `dataclasses`, not by the author."""
    return code.co_qualname.startswith("__create_fn__.")


def _computes(code: CodeType) -> bool:
    """Whether `code` or code inside it contains arithmetic, or a number that may be folded arithmetic."""
    if any(isinstance(constant, (float, complex)) for constant in code.co_consts):
        return True
    operators = (step.argrepr for step in dis.get_instructions(code) if step.opname == "BINARY_OP")
    return not _ROUNDING.isdisjoint(operators) or any(map(_computes, nested(code)))
