"""A case made concrete: the values of its inputs, cotangents and directions, the same in every arithmetic."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.cases import Case, Draw
from oracle.forms.form import differentiated
from oracle.subject import Subject

FloatArray = npt.NDArray[np.float64]


class Point:
    """The values of one case of one subject; each is drawn once and then stays."""

    def __init__(self, subject: Subject, case: Case) -> None:
        self.subject, self.case = subject, case
        self._draw: Draw = case.draw()
        self.values: dict[str, Any] = self._draw.values(subject.leaves)
        self._cotangents: dict[str, FloatArray] = {}
        self._directions: dict[tuple[str, int], FloatArray] = {}

    @property
    def differentiated(self) -> list[str]:
        """The names of the real inputs and parameters with a gradient."""
        return differentiated(self.subject.leaves)

    def cotangent(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        """The cotangent of an output; the forward decides its shape."""
        return self.cotangents({name: shape})[name]

    def cotangents(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, FloatArray]:
        """The cotangents of outputs of these shapes."""
        if missing := {name: shape for name, shape in shapes.items() if name not in self._cotangents}:
            self._cotangents |= self._draw.cotangents(missing)
        return {name: self._cotangents[name] for name in shapes}

    def set_cotangent(self, name: str, value: FloatArray) -> None:
        """Fix the cotangent of an output: 1 for a loss."""
        self._cotangents[name] = value

    def moved(self, values: dict[str, Any]) -> Point:
        """The same case with other values, and the same cotangents and directions; real ones stay arrays."""
        other, leaves = copy.copy(self), self.subject.leaves
        other.values = {n: np.asarray(v) if leaves[n].kind == "real" else v for n, v in values.items()}
        return other

    def pushing(self, cotangents: Mapping[str, FloatArray]) -> Point:
        """The same case with these cotangents of its outputs, and the same values and directions."""
        other = copy.copy(self)
        other._cotangents = dict(cotangents)
        return other

    def direction(self, leaf: str, number: int = 0) -> FloatArray:
        """The component along `leaf` of a direction in which finite differences look."""
        if (leaf, number) not in self._directions:
            shape = np.shape(self.values[leaf])
            self._directions[leaf, number] = self._draw.direction(f"{leaf} {number}", shape)
        return self._directions[leaf, number]
