"""How a gradient is laid out as a matrix, and what its rows and columns are: gates, sizes, steps of time."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.diagnosis.probes.declared import Probe
from oracle.shapes import Shape

_INDEXED = re.compile(r"\[(\d+)\]$")


@dataclass(frozen=True)
class Block:
    """Neighbouring rows or columns that belong together."""

    label: str
    start: int
    stop: int


@dataclass(frozen=True)
class Axis:
    """One side of a matrix."""

    label: str  # the dimension as its spec says it: "4*H"
    length: int
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Axes:
    """Rows and columns."""

    rows: Axis
    columns: Axis

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows.length, self.columns.length


def axes_of(shape: Shape, sizes: Mapping[str, int], probes: Mapping[str, Probe]) -> Axes:
    """The matrix of an array: one row of a vector; of more dimensions, all but the last are rows.

    >>> axes = axes_of(Shape.parse("4*H D"), {"H": 2, "D": 3}, {})
    >>> axes.shape, [block.label for block in axes.rows.blocks]
    ((8, 3), ['block 1', 'block 2', 'block 3', 'block 4'])
    >>> axes_of(Shape.parse("T B D"), {"T": 2, "B": 2, "D": 3}, {}).rows
    Axis(label='T × B', length=4, blocks=(Block(label='t=0', start=0, stop=2), Block(label='t=1', start=2, stop=4)))
    """
    lengths = shape.concrete(sizes)
    words = shape.dimensions
    if not lengths:
        return Axes(Axis("", 1), Axis("", 1))
    columns = _axis(words[-1], lengths[-1], sizes, probes)
    if len(lengths) == 1:
        return Axes(Axis("", 1), columns)
    if len(lengths) == 2:
        return Axes(_axis(words[0], lengths[0], sizes, probes), columns)
    each = 1
    for length in lengths[1:-1]:
        each *= length
    letter = f"{words[0].lower()}=" if words[0].isidentifier() else "block "
    blocks = tuple(Block(f"{letter}{k}", k * each, (k + 1) * each) for k in range(lengths[0]))
    return Axes(Axis(" × ".join(words[:-1]), lengths[0] * each, blocks), columns)


def _axis(word: str, length: int, sizes: Mapping[str, int], probes: Mapping[str, Probe]) -> Axis:
    """One dimension with its blocks: gates of `4*H`, parts of `D+H`."""
    match ast.parse(word, mode="eval").body:
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=int() as count)) if count > 1 and length % count == 0:
            names = gate_names(count, probes)
            each = length // count
            return Axis(word, length, tuple(Block(n, k * each, (k + 1) * each) for k, n in enumerate(names)))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first = Shape.parse(ast.unparse(left).replace(" ", "")).concrete(sizes)[0]
            halves = (ast.unparse(left), 0, first), (ast.unparse(right), first, length)
            return Axis(word, length, tuple(Block(*half) for half in halves if half[1] < half[2]))
    return Axis(word, length)


def gate_names(count: int, probes: Mapping[str, Probe]) -> list[str]:
    """What the blocks of a dimension are called: probes at `a_bar[0]`, `a_bar[1]`, … name them; else they are numbered.

    >>> gate_names(2, {"a_i_bar": Probe("da[0]"), "a_f_bar": Probe("da[1]")})
    ['i', 'f']
    >>> gate_names(2, {})
    ['block 1', 'block 2']
    """
    groups: dict[str, dict[int, str]] = {}
    for name, probe in probes.items():
        if (found := _INDEXED.search(probe.place)) is not None:
            places: Any = probe.places(name)
            groups.setdefault(probe.place[: found.start()], {})[int(found[1])] = (
                min(places, key=len) if places else name
            )
    for named in groups.values():
        if set(named) == set(range(count)):
            words = [named[k] for k in range(count)]
            common = next((k for k, letters in enumerate(zip(*words, strict=False)) if len(set(letters)) > 1), 0)
            short = [word[common:] for word in words]
            return short if all(short) else words
    return [f"block {k + 1}" for k in range(count)]
