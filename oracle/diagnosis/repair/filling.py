"""Code with values of ours among its constants: a stand-in in the tree, exchanged once the tree is compiled.

So a statement can hold many edits of one place at once, of which a number among the constants chooses one, and
compiling, which takes longer than running, is paid once for all of them.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

from oracle.diagnosis.repair.sources import Edit, Source
from oracle.mutation.source import PlantingError

_CHOICE = "\0chosen edit"
_TOGETHER = 24  # edits in one code


def filled(code: CodeType, values: Mapping[str, Any]) -> CodeType:
    """`code` with values in place of the texts that stand for them, in nested code too."""

    def fill(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return filled(constant, values)
        return values.get(constant, constant) if type(constant) is str else constant

    return code.replace(co_consts=tuple(map(fill, code.co_consts)))


def compiled(source: Source) -> CodeType | None:
    """The code of a source as its tree is now; None if it does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return source.compiled()
    except (PlantingError, SyntaxError, ValueError, TypeError, RecursionError):
        return None


def codes(edits: Sequence[Edit]) -> Iterator[tuple[Edit, CodeType]]:
    """The code of each edit of one slot, in order; those that do not compile are left out."""
    for start in range(0, len(edits), _TOGETHER):
        yield from _together(edits[start : start + _TOGETHER])


def _together(edits: Sequence[Edit]) -> Iterator[tuple[Edit, CodeType]]:
    """The same for a few, from one compilation where that is possible."""
    first = edits[0]
    if len(edits) > 1 and isinstance(first.new, ast.expr):
        choice: ast.expr = first.slot.node
        for number, edit in enumerate(edits):
            test = ast.Compare(ast.Constant(_CHOICE), [ast.Eq()], [ast.Constant(number)])
            choice = ast.IfExp(test, edit.new, choice)
        if (code := _of(Edit(first.source, first.statement, first.slot, choice))) is not None:
            yield from ((edit, filled(code, {_CHOICE: number})) for number, edit in enumerate(edits))
            return
    for edit in edits:
        if (code := _of(edit)) is not None:
            yield edit, code


def _of(edit: Edit) -> CodeType | None:
    with edit.applied():
        return compiled(edit.source)
