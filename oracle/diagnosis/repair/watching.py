"""What the names of a backward hold when each of its statements is reached for the first time."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

_FIELDS = 24  # attributes of one object that are looked at


@dataclass(frozen=True)
class Seen:
    """What a term held: the shape of real numbers, or a whole number."""

    shape: tuple[int, ...] | None = None
    number: int | None = None


Terms = dict[str, Seen]  # by their text, such as `state.o` or `h_bar[t]`


class Watch:
    """Follows one of the blocks entered: the first is that of the forward, the second that of the backward."""

    def __init__(self, expressions: dict[CodeType, list[str]], block: int = 2) -> None:
        self._followed = block
        self._expressions = {
            code: [(text, compile(text, "<term>", "eval")) for text in texts] for code, texts in expressions.items()
        }
        self.seen: dict[tuple[CodeType, int], Terms] = {}
        self._blocks = 0

    @contextlib.contextmanager
    def block(self) -> Iterator[Watch]:
        """Inside the block that is followed, every statement reached is looked at once."""
        self._blocks += 1
        before = sys.gettrace()
        try:
            if self._blocks == self._followed:
                sys.settrace(self._on_call)
            yield self
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._on_line if frame.f_code in self._expressions else None

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        key = frame.f_code, frame.f_lineno
        if event == "line" and key not in self.seen:
            self.seen[key] = _terms(frame, self._expressions[frame.f_code])
        return self._on_line


def _terms(frame: FrameType, expressions: Iterable[tuple[str, CodeType]]) -> Terms:
    """The locals, the attributes of objects among them, what the code itself reads off them, and steps of sequences."""
    scope = dict(frame.f_locals)
    values: dict[str, Any] = {name: value for name, value in scope.items() if not name.startswith((".", "_"))}
    for name, value in list(values.items()):
        values |= {f"{name}.{attribute}": inner for attribute, inner in _attributes(value)}
    for text, code in expressions:
        with contextlib.suppress(Exception):
            values[text] = found = eval(code, frame.f_globals, scope)
            values |= {f"{text}.{attribute}": inner for attribute, inner in _attributes(found)}
    known = {text: seen for text, value in values.items() if (seen := described(value)) is not None}
    return known | _steps(known)


def _attributes(value: Any) -> Iterable[tuple[str, Any]]:
    """The attributes that an object simply holds."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return zip(value._fields, value, strict=False)
    held = getattr(value, "__dict__", None)
    if not isinstance(held, dict) or callable(value) or len(held) > _FIELDS:
        return ()
    return [(name, inner) for name, inner in held.items() if not name.startswith("_")]


def described(value: Any) -> Seen | None:
    """What a value is, as far as it can stand in an expression of numbers."""
    if isinstance(value, np.ndarray | np.floating):
        return Seen(tuple(value.shape)) if value.dtype.kind == "f" else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Seen(number=value)
    return Seen(()) if isinstance(value, float) else None


def _steps(terms: Terms) -> Terms:
    """Where a term indexed by a whole number was read, the same of every other array as long."""
    indices = {text.rsplit("[", 1)[1][:-1] for text in terms if text.endswith("]") and text.count("[") == 1}
    counters = [name for name in indices if name.isidentifier() and name in terms]
    return {
        f"{text}[{name}]": Seen(seen.shape[1:])
        for name in counters
        for text, seen in terms.items()
        if seen.shape and len(seen.shape) > 1 and "[" not in text and seen.shape[0] > (terms[name].number or 0)
    }


def readable(tree: ast.AST) -> list[str]:
    """The expressions of a function that can be read without calling anything, beyond plain names."""
    found = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Load) and _plain(node)
    }
    return sorted(found)


def _plain(node: ast.AST) -> bool:
    """Whether an expression consists of names, attributes, indices and numbers."""
    parts = (ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp)
    words = (ast.expr_context, ast.unaryop, ast.operator)
    return all(isinstance(part, (*parts, *words)) for part in ast.walk(node))
