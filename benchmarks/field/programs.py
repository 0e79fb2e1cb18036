"""A subject at one point as every tool wants it: a function of real arrays, and the hand-written gradients of it.

Nothing is copied on the way to the code under test: a tool sees what that code does to its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from oracle.cases import Case
from oracle.inputs import fresh
from oracle.point import Point
from oracle.subject import Subject
from oracle.trees import flatten

SHAPES = ({"T": 2, "B": 2, "D": 3, "H": 2}, {"T": 3, "B": 1, "D": 2, "H": 4}, {"T": 4, "B": 3, "D": 2, "H": 2})
ORDINARY, INITIAL, SATURATED = 0.5, 0.1, 4.0  # deviation of normal values; half-width of uniform ones; deviation
SMALL = 1e-6  # the factor of a mean-reduced loss
_OUTSIDE = ("clip", "truncate", "mean_over", "scale", "mutates")  # declarations that no other tool can be told


class Program(Protocol):
    """What a tool is given."""

    arrays: list[Any]  # the real arrays to differentiate by

    def forward(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """The real outputs, and what the backward needs."""

    def backward(self, kept: Any, cotangents: Sequence[Any]) -> list[Any]:
        """The hand-written gradients by the arrays, in order."""


class _Zeroed:
    """Gradient slots are set to zero before each backward, as in a training loop."""

    def prepare(self, name: str, present: Any) -> Any:
        """Zeros like what is there."""
        return np.zeros_like(present)

    def read(self, name: str, value: Any) -> Any:
        """What the backward left."""
        return value


class Plain:
    """A subject's own pair at one point."""

    def __init__(self, subject: Subject, values: Mapping[str, Any], sizes: Mapping[str, int], dtype: Any) -> None:
        self.subject, self.values, self.sizes = subject, dict(values), sizes
        self.names = [name for name, spec in subject.leaves.items() if spec.kind == "real" and spec.differentiated]
        self.arrays = [np.asarray(values[name], dtype) for name in self.names]
        for name, spec in subject.leaves.items():
            if spec.kind == "real" and name not in self.names:
                self.values[name] = np.asarray(values[name], dtype)

    def forward(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """The real outputs, and the owner of what is kept."""
        form = self.subject.form
        owner = form.begin(self.sizes)
        others = {name: fresh(value) for name, value in self.values.items()}
        tree = form.forward(owner, {**others, **dict(zip(self.names, arrays, strict=True))})
        outputs, rebuild = flatten(tree)
        real = [name for name, value in outputs.items() if np.asarray(value).dtype.kind == "f"]
        return tuple(np.asarray(outputs[name]) for name in real), (owner, rebuild, outputs, real)

    def backward(self, kept: Any, cotangents: Sequence[Any]) -> list[Any]:
        """The gradients; of a backward that takes no cotangent, times that of the loss."""
        owner, rebuild, outputs, real = kept
        form, given = self.subject.form, dict(zip(real, cotangents, strict=True))
        takes = form.takes_cotangents(owner)
        found = form.backward(owner, rebuild({name: given.get(name) for name in outputs}), _Zeroed())
        if takes:
            return [found[name] for name in self.names]
        return [found[name] * np.asarray(cotangents[0], found[name].dtype) for name in self.names]


class Loss:
    """A program behind the loss s Σ c ⊙ output with generic c, as in training: one number comes out."""

    def __init__(self, program: Program, seed: int, scale: float = 1.0) -> None:
        self.program, self.arrays = program, program.arrays
        outputs, _ = program.forward(self.arrays)
        rng = np.random.default_rng(seed)
        self.weights = [np.asarray(scale * rng.normal(size=out.shape), out.dtype) for out in outputs]

    def forward(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """The loss, in the precision of the program."""
        outputs, kept = self.program.forward(arrays)
        return (np.asarray(sum(np.sum(c * out) for c, out in zip(self.weights, outputs, strict=True))),), kept

    def backward(self, kept: Any, cotangents: Sequence[Any]) -> list[Any]:
        """The gradients of the loss."""
        (loss_bar,) = cotangents
        return self.program.backward(kept, [np.asarray(loss_bar * c, c.dtype) for c in self.weights])


@dataclass(frozen=True)
class Setting:
    """One way of putting a program before a tool."""

    sizes: Mapping[str, int]
    spread: float
    dtype: str = "float64"
    scale: float | None = None  # of a loss behind it; None, the outputs themselves
    seed: int = 1

    def of(self, subject: Subject) -> Program:
        """The subject's program at this point."""
        sizes = sizes_within(subject.sizes, self.sizes)
        values = dict(Point(subject, Case(sizes, seed=self.seed)).values)
        rng = np.random.default_rng(self.seed)
        for name, spec in subject.leaves.items():
            if spec.kind == "real":
                values[name] = self._drawn(rng, np.shape(values[name]))
        plain = Plain(subject, values, sizes, self.dtype)
        return plain if self.scale is None else Loss(plain, self.seed, self.scale)

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        if self.spread == INITIAL:
            return rng.uniform(-INITIAL, INITIAL, shape)
        return self.spread * rng.normal(size=shape)


def sizes_within(within: Mapping[str, tuple[int, int]], wanted: Mapping[str, int]) -> dict[str, int]:
    """The wanted sizes as far as their ranges allow; 3 for a size that nothing is said of.

    >>> sizes_within({"T": (1, 2), "R": (1, 4)}, {"T": 4, "B": 1})
    {'T': 2, 'R': 3}
    """
    return {name: min(max(wanted.get(name, 3), low), high) for name, (low, high) in within.items()}


ORDINARY_SETTINGS = (
    *(Setting(sizes, ORDINARY, seed=k) for k, sizes in enumerate(SHAPES, 1)),
    Setting(SHAPES[0], INITIAL, seed=4),
)
SMALL_SETTINGS = (Setting(SHAPES[0], ORDINARY, scale=SMALL, seed=5),)
REGIMES = {
    "float64": ORDINARY_SETTINGS,
    "float64, loss × 1e-6": SMALL_SETTINGS,
    "float64, saturated": tuple(Setting(sizes, SATURATED, seed=k) for k, sizes in enumerate(SHAPES, 6)),
    "float32": tuple(Setting(one.sizes, one.spread, "float32", seed=one.seed) for one in ORDINARY_SETTINGS),
    "float32, loss × 1e-6": (Setting(SHAPES[0], ORDINARY, "float32", SMALL, seed=5),),
}


def out_of_reach(subject: Subject) -> str:
    """Why no tool but this one can be asked about a subject; empty if all can."""
    declared = [name for name in _OUTSIDE if getattr(subject.deviations, name)]
    return f"its declared {declared[0]} makes it another thing than the derivative" if declared else ""


def runs(program: Program) -> str:
    """Why a program cannot be put before a tool in the precision of its arrays; empty if it can."""
    try:
        outputs, kept = program.forward(program.arrays)
        found = program.backward(kept, [np.ones_like(out) for out in outputs])
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    dtype = program.arrays[0].dtype
    return "" if all(np.asarray(one).dtype == dtype for one in found) else f"does not stay in {dtype}"
