"""Shape specs such as `"4*H D+H"`: parsed once, then used symbolically, concretely and for checking.

A spec is a list of dimensions separated by spaces, and `""` is a scalar. A dimension is made of names and
integers with `+ - * //` and parentheses. `"T B D"` has three dimensions and the sizes T, B and D.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
_WORD = re.compile(r"[\w+\-*/()]+")  # Python's parser alone would take "B#D" for "B"
_LONGEST = 500  # characters: a spec is a line, not a program


class ShapeError(ValueError):
    """A shape spec does not parse, or an array does not have the shape that its spec says."""


def _refuse(text: str, dimension: str) -> ShapeError:
    return ShapeError(
        f"shape spec {text!r} does not parse at {dimension!r}: write names and integers with + - * //, "
        'one dimension per word, such as "4*H D+H"'
    )


def _parse_dimension(text: str, word: str) -> ast.expr:
    if not _WORD.fullmatch(word):
        raise _refuse(text, word)
    try:
        node = ast.parse(word, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refuse(text, word) from None
    for part in ast.walk(node):
        match part:
            case ast.Name() | ast.Load() | ast.BinOp() | ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv():
                continue
            case ast.Constant(value=int() as value) if not isinstance(value, bool) and value < 2**31:
                continue
            case _:
                raise _refuse(text, word)
    return node


def _value(node: ast.expr, sizes: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.Name(id=name):
            return sizes[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, sizes), _value(right, sizes))
    raise AssertionError(f"a parsed dimension cannot hold {ast.dump(node)}")


@dataclass(frozen=True)
class Shape:
    """The shape an array has, as a function of named sizes.

    >>> shape = Shape.parse("4*H D+H")
    >>> shape.names
    ('H', 'D')
    >>> shape.concrete({"H": 3, "D": 2})
    (12, 5)
    """

    text: str
    dimensions: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Shape:
        """The shape that `text` spells.

        Raises
        ------
        ShapeError
            If `text` is not a spec; the message shows the dimension that does not parse.
        """
        if not isinstance(text, str):
            raise ShapeError(f'a shape spec is text such as "4*H D+H", but {text!r} is of type {type(text).__name__}')
        if len(text) > _LONGEST:
            raise ShapeError(f"a shape spec has at most {_LONGEST} characters, but this one has {len(text)}")
        words = tuple(text.split())
        for word in words:
            _parse_dimension(text, word)
        return cls(text, words)

    @cached_property
    def _nodes(self) -> tuple[ast.expr, ...]:
        return tuple(_parse_dimension(self.text, word) for word in self.dimensions)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The sizes the shape depends on, in order of appearance."""
        found = [
            sorted((part.col_offset, part.id) for part in ast.walk(node) if isinstance(part, ast.Name))
            for node in self._nodes
        ]
        return tuple(dict.fromkeys(name for dimension in found for _, name in dimension))

    def concrete(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape at these sizes.

        Raises
        ------
        ShapeError
            If a size is missing, or a dimension would be negative.
        """
        if missing := [name for name in self.names if name not in sizes]:
            raise ShapeError(f"shape spec {self.text!r} needs the size {missing[0]!r}, but only {dict(sizes)} is known")
        try:
            dimensions = tuple(_value(node, sizes) for node in self._nodes)
        except ZeroDivisionError:
            raise ShapeError(f"shape spec {self.text!r} divides by zero at {dict(sizes)}") from None
        if any(dimension < 0 for dimension in dimensions):
            raise ShapeError(
                f"shape spec {self.text!r} gives {dimensions} at {dict(sizes)}, "
                "which is negative; choose sizes= that avoid it"
            )
        return dimensions

    @property
    def is_scalar(self) -> bool:
        """Whether an array of this shape holds one number and has no dimension."""
        return not self.dimensions

    def __str__(self) -> str:
        return f"({', '.join(self.dimensions)}{',' if len(self.dimensions) == 1 else ''})"
