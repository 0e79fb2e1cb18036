"""Code with values of ours among its constants: a stand-in in the tree, exchanged once the tree is compiled.

So a function can hold many edits at once, of which a number among the constants chooses one, and compiling, which
takes longer than running, is paid once for all of them.
"""

from __future__ import annotations

import ast
import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

from oracle.diagnosis.repair.sources import Edit, Source
from oracle.mutation.source import PlantingError

_CHOICE = "\0chosen edit"
_TOGETHER, _MOST = 24, 96  # edits of one slot in one code, and of all


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


class Codes:
    """The code of each of many edits. Edits of different statements stand in one code, compiled when one is asked for.

    Notes
    -----
    Of one statement only those of one slot stand there together, since slots lie within each other.
    """

    def __init__(self, batches: Iterable[Sequence[Edit]]) -> None:
        self._known: dict[int, CodeType | None] = {}
        self._layers: dict[int, list[list[Edit]]] = {}  # what is compiled together, by each edit in it
        rows: dict[tuple[int, int], list[list[Edit]]] = {}
        for edits in batches:
            for start in range(0, len(edits), _TOGETHER):
                chunk = list(edits[start : start + _TOGETHER])
                if isinstance(chunk[0].new, ast.expr):
                    rows.setdefault((id(chunk[0].source), id(chunk[0].statement)), []).append(chunk)
        layers: dict[tuple[int, int], list[list[Edit]]] = {}
        for (source, _), chunks in rows.items():
            for number, chunk in enumerate(chunks):
                layer = layers.setdefault((source, number), [])
                layer.append(chunk)
                self._layers |= {id(edit): layer for edit in chunk}

    def of(self, edit: Edit) -> CodeType | None:
        """The code of the edited function; None if it does not compile."""
        if id(edit) not in self._known:
            for chunks in _halves(self._layers.get(id(edit), [[edit]])):
                for one, code in _together(chunks):
                    self._known[id(one)] = code
        return self._known[id(edit)]


def _halves(layer: list[list[Edit]]) -> Iterator[list[list[Edit]]]:
    """A layer in parts of not too many edits."""
    part: list[list[Edit]] = []
    for chunk in layer:
        if part and sum(map(len, part)) + len(chunk) > _MOST:
            yield part
            part = []
        part.append(chunk)
    yield part


def _together(chunks: Sequence[Sequence[Edit]]) -> Iterator[tuple[Edit, CodeType | None]]:
    """The code of each of some edits, each chunk of one slot, from one compilation where that is possible."""
    every = [edit for chunk in chunks for edit in chunk]
    if len(every) > 1 and (code := _of_all(chunks)) is not None:
        yield from ((edit, filled(code, {_CHOICE: number})) for number, edit in enumerate(every))
        return
    for edit in every:
        yield edit, _of(edit)


def _of_all(chunks: Sequence[Sequence[Edit]]) -> CodeType | None:
    """A code in which a number among the constants chooses one of many edits."""
    number = 0
    with contextlib.ExitStack() as undone:
        for edits in chunks:
            first = edits[0]
            choice: ast.expr = first.slot.node
            for edit in edits:
                test = ast.Compare(ast.Constant(_CHOICE), [ast.Eq()], [ast.Constant(number)])
                choice = ast.IfExp(test, edit.new, choice)
                number += 1
            undone.enter_context(Edit(first.source, first.statement, first.slot, choice).applied())
        return compiled(chunks[0][0].source)


def _of(edit: Edit) -> CodeType | None:
    with edit.applied():
        return compiled(edit.source)
