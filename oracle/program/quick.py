"""A gradient program for float64 alone, quick to bind and quick to run: the same steps with less between them.

A plan serves every arithmetic, so each of its steps asks the arithmetic. Here elementwise functions of real numbers
are NumPy's own, whatever the sizes; what reads and writes at constant places computes the places once; and what
depends on constants alone is computed when the program is bound. Every other step is the plan's. Ties are not noted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from oracle.arithmetic.floats import FUNCTIONS, Floats
from oracle.program.arithmetic import Array
from oracle.program.blocks import Block, Equation, is_number
from oracle.program.dimensions import Resolver, symbols_in
from oracle.program.gradient_program import BoundProgram, GradientProgram
from oracle.program.plan import Bound, Plan
from oracle.program.rules.elementwise import BINARY, SMOOTH
from oracle.program.rules.registry import Site, Spec, Step, bind

LONGER = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)  # whether C has longer floats on this machine
_PROGRAMS, _PLACES = 4096, 64  # remembered: bound programs, and index arrays of one step


class QuickFloats(Floats):
    """float64, for a caller who has told NumPy to be silent about overflow and the like."""

    def sum(self, x: Array, axes: Sequence[int]) -> Array:
        """Sums over `axes`."""
        return np.asarray(np.add.reduce(x, axis=axes))

    def matmul(self, a: Array, b: Array) -> Array:
        """Products of matrices."""
        return np.asarray(np.matmul(a, b))


class FineFloats(QuickFloats):
    """The longest floats of C, where they are longer: what float64 rounds in the program itself is then not seen.

    Functions that NumPy lacks, and what a step makes of integers, may still be rounded to float64.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dtype, self._complex = np.dtype(np.longdouble), np.dtype(np.clongdouble)


class Recipe:
    """A block with the dimensions on which each of its steps depends: few change from one binding to the next."""

    def __init__(self, block: Block, symbols: dict[str, Any]) -> None:
        self.block, self._plans = block, dict[tuple[int, ...], QuickPlan]()
        self._inner = [{key: _recipes(part, symbols) for key, part in one.blocks.items()} for one in block.equations]
        parts = zip(block.equations, self._inner, strict=True)
        self._depends = [_dimensions(equation, inner, symbols) for equation, inner in parts]
        self.dimensions = list(dict.fromkeys(itertools.chain.from_iterable(self._depends)))
        self._symbols, self._steps = symbols, [dict[tuple[int, ...], Bound]() for _ in block.equations]

    def plan(self, resolver: Resolver) -> QuickPlan:
        """The block bound to sizes."""
        key = self._numbers(self.dimensions, resolver)
        if key not in self._plans:
            if len(self._plans) >= _PROGRAMS:
                self._plans.clear()
            self._plans[key] = QuickPlan(self, resolver)
        return self._plans[key]

    def bound(self, resolver: Resolver) -> list[Bound]:
        """The step of each equation, with its slots."""
        found = []
        for equation, inner, depends, steps in zip(
            self.block.equations, self._inner, self._depends, self._steps, strict=True
        ):
            key = self._numbers(depends, resolver)
            if key not in steps:
                if len(steps) >= _PROGRAMS:
                    steps.clear()
                steps[key] = _step(equation, inner, resolver)
            found.append(steps[key])
        return found

    def _numbers(self, texts: Sequence[str], resolver: Resolver) -> tuple[int, ...]:
        return tuple([resolver.number(self._symbols[text]) for text in texts])


def _recipes(part: Any, symbols: dict[str, Any]) -> Any:
    """The recipe of a block, or of each of several."""
    return tuple(Recipe(one, symbols) for one in part) if isinstance(part, tuple) else Recipe(part, symbols)


def _dimensions(equation: Equation, inner: Mapping[str, Any], symbols: dict[str, Any]) -> list[str]:
    """The symbolic dimensions of an equation, by the text that spells them: one object for each in `symbols`."""
    shapes = [aval.shape for aval in (*equation.in_avals, *equation.out_avals)]
    own = symbols_in([shapes, [equation.params[key] for key in equation.symbolic]])
    for symbol in own:
        symbols.setdefault(str(symbol), symbol)
    parts = [part for one in inner.values() for part in (one if isinstance(one, tuple) else (one,))]
    return list(dict.fromkeys([*map(str, own), *(text for part in parts for text in part.dimensions)]))


class QuickPlan(Plan):
    """A block bound to sizes, for float64 without further axes."""

    def __init__(self, recipe: Recipe, resolver: Resolver) -> None:
        self._recipe = recipe
        super().__init__(recipe.block, resolver)
        known = {slot: np.asarray(value, dtype) for slot, value, number, dtype in self._constants if not number}
        kept = []
        for equation, bound in zip(recipe.block.equations, self._steps, strict=True):
            step, ins, only, _ = bound
            if only >= 0 and all(slot in known for slot in ins) and not is_number(equation.out_avals[0].dtype):
                known[only] = np.asarray(step(_FLOATS, *[known[slot] for slot in ins]))
                self._constants.append((only, known[only], False, known[only].dtype))
            else:
                kept.append(bound)
        self._steps = kept

    def _bound(self, block: Block, resolver: Resolver) -> list[Bound]:
        return self._recipe.bound(resolver)

    def __call__(self, arithmetic: Any, arguments: Sequence[Array]) -> list[Array]:
        """The outputs of the block for raw arguments."""
        slots = self._start(arithmetic)
        for slot, argument in zip(self._inputs, arguments, strict=True):
            slots[slot] = argument
        for step, ins, only, outs in self._steps:
            if only < 0:
                for slot, part in zip(outs, step(arithmetic, *[slots[k] for k in ins]), strict=True):
                    slots[slot] = part
            elif type(step) is np.ufunc:
                slots[only] = step(slots[ins[0]], slots[ins[1]]) if len(ins) == 2 else step(slots[ins[0]])
            else:
                slots[only] = step(arithmetic, *[slots[k] for k in ins])
        return [slots[k] for k in self._outputs]


def _step(equation: Equation, inner: Mapping[str, Any], resolver: Resolver) -> Bound:
    """The step of an equation: a NumPy function where it is elementwise, then called without an arithmetic."""
    only = equation.outs[0] if len(equation.outs) == 1 else -1
    step = _elementwise(equation)
    if step is None:
        site = _site(equation, inner, resolver)
        placed = _PLACED.get(site.name) if site.outs[0].number else None
        step = bind(site) if placed is None else placed(site, bind(site))
    return step, equation.ins, only, equation.outs


def _elementwise(equation: Equation) -> Step | None:
    """The step of an elementwise function of real numbers, which is the same at all sizes."""
    if any(aval.dtype.kind != "f" for aval in (*equation.in_avals, *equation.out_avals)):
        return None
    if (name := SMOOTH.get(equation.name)) is not None:
        other = FUNCTIONS.get(name)
        return getattr(np, name) if other is None else lambda A, x: other(x)
    if (name := BINARY.get(equation.name)) is not None:
        return getattr(np, name)  # type: ignore[no-any-return]
    return None


def _site(equation: Equation, inner: Mapping[str, Any], resolver: Resolver) -> Site:
    """The equation with its dimensions known, and its blocks as quick plans."""
    params = equation.params
    if equation.symbolic:
        params = params | {key: resolver.value(params[key]) for key in equation.symbolic}
    blocks = {
        key: tuple(part.plan(resolver) for part in value) if isinstance(value, tuple) else value.plan(resolver)
        for key, value in inner.items()
    }
    ins, outs = (
        tuple([Spec(resolver.shape(aval.shape), aval.dtype) for aval in avals])
        for avals in (equation.in_avals, equation.out_avals)
    )
    return Site(equation.name, params, ins, outs, any(equation.varied), blocks)


# ---- reading and writing at places


def _numbered(shape: tuple[int, ...]) -> Array:
    """An array that holds the number of each of its entries, as floats: what a step does with it shows the places."""
    return np.arange(float(np.prod(shape, dtype=np.int64))).reshape(shape)


def _gather(site: Site, general: Step) -> Step:
    """A gather by entry numbers, which the general step finds once for each array of indices."""
    shape, places = site.ins[0].shape, dict[bytes, Array | None]()

    def find(indices: Array) -> Array | None:
        """Which entries are read; None if some are filled: what is no entry does not move along with the numbers."""
        numbers = _numbered(shape)
        found, moved = general(_FLOATS, numbers, indices), general(_FLOATS, numbers + 1.0, indices)
        return found.astype(np.intp) if np.array_equal(found + 1.0, moved) else None

    def step(A: Any, x: Array, indices: Array) -> Array:
        key = indices.tobytes()
        if key not in places:
            if len(places) >= _PLACES:
                places.clear()
            places[key] = find(indices)
        flat = places[key]
        return x.reshape(-1)[flat] if flat is not None else np.asarray(general(A, x, indices))

    return step


def _scatter_add(site: Site, general: Step) -> Step:
    """A scatter-add to places that differ, which the general step shows once for each array of indices."""
    shape, updates_shape = site.ins[0].shape, site.ins[2].shape
    places = dict[bytes, tuple[Array, Array] | None]()

    def find(indices: Array) -> tuple[Array, Array] | None:
        """Where updates go, and which; None if two go to one place."""
        counts = general(_FLOATS, np.zeros(shape), indices, np.ones(updates_shape))
        if counts.max(initial=0.0) > 1.0:
            return None
        numbers = general(_FLOATS, np.zeros(shape), indices, 1.0 + _numbered(updates_shape)).reshape(-1)
        where = np.flatnonzero(numbers)
        return where, numbers[where].astype(np.intp) - 1

    def step(A: Any, x: Array, indices: Array, updates: Array) -> Array:
        key = indices.tobytes()
        if key not in places:
            if len(places) >= _PLACES:
                places.clear()
            places[key] = find(indices)
        found = places[key]
        if found is None:
            return np.asarray(general(A, x, indices, updates))
        where, which = found
        result = x.reshape(-1).copy()
        result[where] += updates.reshape(-1)[which]
        return np.asarray(result.reshape(shape))

    return step


_PLACED = {"gather": _gather, "scatter-add": _scatter_add, "scatter_add": _scatter_add}
_FLOATS = Floats()


class QuickProgram:
    """The gradient program of a reference in float64: `run(sizes, inputs, cotangents) -> (outputs, gradients)`."""

    def __init__(self, program: GradientProgram) -> None:
        self.program, self.arithmetic, self.fine = program, QuickFloats(), FineFloats()
        self._bound: dict[tuple[int, ...], BoundProgram] = {}
        self._recipes: dict[int, Recipe] = {}  # by the block's identity, which lives as long as its recipe
        self._symbols: dict[str, Any] = {}

    def at(self, sizes: Mapping[str, int]) -> BoundProgram:
        """The program at these sizes; bound once and remembered."""
        key = tuple(int(sizes[name]) for name in self.program.sizes)
        if key not in self._bound:
            while len(self._bound) >= _PROGRAMS:
                del self._bound[next(iter(self._bound))]
            self._bound[key] = self.program.bound_at(dict(zip(self.program.sizes, key, strict=True)), self._plan)
        return self._bound[key]

    def _plan(self, block: Block, resolver: Resolver) -> Plan:
        if id(block) not in self._recipes:
            self._recipes[id(block)] = Recipe(block, self._symbols)
        return self._recipes[id(block)].plan(resolver)

    def run(
        self, sizes: Mapping[str, int], inputs: Mapping[str, Any], cotangents: Sequence[Any]
    ) -> tuple[list[Array], dict[str, Array]]:
        """Outputs and gradients as `GradientProgram.run` with `Floats()` gives them, but for the order of no sum."""
        with np.errstate(all="ignore"):
            return self.at(sizes).run(self.arithmetic, inputs, cotangents)
