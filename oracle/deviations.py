"""What a backward does on purpose that is not the plain derivative, declared so that it can be verified exactly.

| declaration        | the backward then must return                                               |
| ------------------ | --------------------------------------------------------------------------- |
| `scale="1"`, 0.5   | the derivative times this constant, or times this expression of the sizes    |
| `mean_over="B"`    | the derivative divided by the size B                                        |
| `clip=5.0`         | the derivative with every entry clipped to [-5, 5]; some entry must be cut  |
| `truncate=k`       | the derivative for T ≤ k steps, and something else for k + 1; beyond, what a |
|                    | `reference` gives that is cut alike, with `jax.lax.stop_gradient`            |
| `accumulates=True` | the derivative *added* to what the gradient slots held                      |
| `mutates=("x",)`   | the derivative, and may write into these arguments (or "cotangents")        |

Two more declarations are promises that most backwards keep and some cannot (a batch norm's rows see each other):

| declaration        | it is then checked that                                                     |
| ------------------ | --------------------------------------------------------------------------- |
| `independent="B"`  | each row alone gives its own gradient, and shared gradients add up over rows |
| `mask="m"`         | places where the boolean input m is false are inert, in values and gradients |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oracle.inputs import Input
from oracle.shapes import Shape

COTANGENTS = "cotangents"


@dataclass(frozen=True)
class Deviations:
    """The declared deviations of a subject; by default none."""

    clip: float | None = None
    truncate: int | None = None
    mean_over: str | None = None
    scale: float | str | None = None
    accumulates: bool = False
    mutates: tuple[str, ...] = ()
    independent: str | None = None
    mask: str | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any], leaves: Mapping[str, Input]) -> Deviations:
        """The deviations spelled by keyword arguments.

        Raises
        ------
        TypeError
            If a keyword is none of the deviations.
        ValueError
            If a value does not suit its deviation.
        """
        known = tuple(cls.__dataclass_fields__)
        if unknown := [name for name in given if name not in known]:
            raise TypeError(f"there is no option {unknown[0]!r}; the declared deviations are {', '.join(known)}")
        declared = cls(**{**given, "mutates": _names(given.get("mutates", ()))})
        declared._check(leaves)
        return declared

    def _check(self, leaves: Mapping[str, Input]) -> None:
        if self.clip is not None and not (_number(self.clip) and self.clip > 0):
            raise ValueError(f"clip={self.clip!r} must be a positive number")
        if self.truncate is not None and not (type(self.truncate) is int and self.truncate >= 1):
            raise ValueError(f"truncate={self.truncate!r} must be a number of steps, at least 1")
        if self.mean_over is not None and not (isinstance(self.mean_over, str) and self.mean_over.split()):
            raise ValueError(f'mean_over={self.mean_over!r} must name sizes, such as "B" or "T B"')
        if self.scale is not None and not (_number(self.scale) and self.scale) and not _expression(self.scale):
            raise ValueError(f"scale={self.scale!r} must be a number other than 0, or one expression of the sizes")
        if type(self.accumulates) is not bool:
            raise ValueError(f"accumulates={self.accumulates!r} must be True or False")
        sizes = {size for spec in leaves.values() for size in spec.shape.names}
        if self.truncate is not None and "T" not in sizes:
            known = ", ".join(sorted(sizes)) or "(none)"
            raise ValueError(f"truncate={self.truncate} counts steps of the size T, but the sizes are {known}")
        if self.independent is not None and not (isinstance(self.independent, str) and self.independent in sizes):
            raise ValueError(f"independent={self.independent!r} must be a size: {', '.join(sorted(sizes))}")
        masks = [name for name, spec in leaves.items() if spec.kind == "boolean"]
        if self.mask is not None and self.mask not in masks:
            raise ValueError(f"mask={self.mask!r} must be a boolean input: {', '.join(masks) or 'there is none'}")
        if self.mask is not None and all(places is None for places in masked(self.mask, leaves).values()):
            own = leaves[self.mask].shape.text
            raise ValueError(f"mask={self.mask!r} must pad an input, but no real one has its dimensions, {own!r}")
        allowed = {*leaves, *(name.split(".")[0] for name in leaves), COTANGENTS}
        if wrong := [name for name in self.mutates if name not in allowed]:
            raise ValueError(f"mutates= names {wrong[0]!r}; expected some of {', '.join(sorted(allowed))}")

    def expect_checkable(self, leaves: Mapping[str, Input], within: Mapping[str, tuple[int, int]]) -> None:
        """Refuse a promise that no case could break.

        Raises
        ------
        ValueError
            If there is never a second row, or never a padded place.
        """
        if self.independent is not None and within[self.independent][1] < 2:
            raise ValueError(
                f"independent={self.independent!r} must be seen in two rows, but {self.independent} is always 1; "
                f"give sizes={{{self.independent!r}: (1, 3)}}, or leave it away"
            )
        largest = {name: high for name, (_, high) in within.items()}
        if self.mask is not None and leaves[self.mask].shape.concrete(largest)[-1:] == (1,):
            raise ValueError(
                f"mask={self.mask!r} must be seen to pad, but its last dimension is always 1, and each row of a mask "
                "has a place that is not padded; give larger sizes"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes that the declarations depend on."""
        texts = [text for text in (self.mean_over, self.scale) if isinstance(text, str)]
        return tuple(name for text in texts for name in Shape.parse(text).names)

    def factor(self, sizes: Mapping[str, int]) -> tuple[float, int]:
        """Numerator and denominator of the declared constant by which the derivative is multiplied.

        Raises
        ------
        ValueError
            If one of them is zero at these sizes: nothing of the derivative would be left to verify.
        """
        numerator = 1.0
        if isinstance(self.scale, str):
            numerator = float(Shape.parse(self.scale).concrete(sizes)[0])
        elif self.scale is not None:
            numerator = float(self.scale)
        denominator = 1
        if self.mean_over is not None:
            for size in Shape.parse(self.mean_over).concrete(sizes):
                denominator *= size
        if not numerator or not denominator:
            declared = f"scale={self.scale!r}" if not numerator else f"mean_over={self.mean_over!r}"
            raise ValueError(f"{declared} is 0 at {dict(sizes)}; give sizes= at which it is not")
        return numerator, denominator


def masked(name: str, leaves: Mapping[str, Input]) -> dict[str, tuple[int, ...] | None]:
    """Where each real input has the dimensions of the mask `name`, in their order; None where it has not all of them.

    >>> from oracle.inputs import booleans, reals
    >>> masked("m", {"x": reals("B T D"), "W": reals("D H"), "m": booleans("T B")})
    {'x': (1, 0), 'W': None}
    """
    own = leaves[name].shape.dimensions
    return {leaf: _places(own, spec.shape.dimensions) for leaf, spec in leaves.items() if spec.kind == "real"}


def _places(own: Sequence[str], every: Sequence[str]) -> tuple[int, ...] | None:
    """Where the own dimensions stand among all; each place is taken once."""
    found: list[int] = []
    for dimension in own:
        place = next((k for k, other in enumerate(every) if other == dimension and k not in found), None)
        if place is None:
            return None
        found.append(place)
    return tuple(found)


def _number(value: Any) -> bool:
    """Whether a value is a finite number; a flag is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _expression(value: Any) -> bool:
    """Whether a value is text that spells one dimension."""
    return isinstance(value, str) and len(Shape.parse(value).dimensions) == 1


def _names(given: Any) -> tuple[str, ...]:
    """One name or several as a tuple."""
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Iterable):
        raise ValueError(f"mutates={given!r} must be a name or several, such as {COTANGENTS!r}")
    return tuple(given)
