"""One program on one bench: its runs and what the checks say of them, each found out when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.mutation.bench import Bench
from oracle.runs import Run, in_balls, in_floats, in_single

Raw = adapter.Raw


class Evidence:
    """What is planted now, on one bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._said: dict[Check, bool | None] = {}

    def says(self, check: Check) -> bool | None:
        """What a check says, asked once: one check may rest on others."""
        if check not in self._said:
            self._said[check] = check(self)
        return self._said[check]

    @functools.cached_property
    def floats(self) -> Run:
        """The float64 run."""
        return in_floats(self.bench.point, self.bench.binding)

    @functools.cached_property
    def singles(self) -> Run:
        """The float32 run."""
        return in_single(self.bench.point, self.bench.binding)

    @functools.cached_property
    def in_balls(self) -> Run:
        """The run in balls, at the precision at which the unchanged code was decided."""
        return in_balls(self.bench.point, self.bench.binding, self.bench.sound.found.bits)

    @functools.cached_property
    def balls(self) -> dict[str, Raw] | None:
        """The gradients in balls, in the shapes of their inputs; None where the code left balls or their shapes."""
        run = self.in_balls
        if run.error is not None or run.record.refusals:
            return None
        found = {}
        for leaf in self.bench.leaves:
            value, shape = run.gradients.get(leaf), np.shape(self.bench.point.values[leaf])
            real = enclosures.real(adapter.raw(value)) if adapter.is_ball(value) else None
            if real is None or np.shape(real) != shape:
                return None
            found[leaf] = real
        return found

    def gradient(self, run: Run, leaf: str) -> Any:
        """A gradient of a float run as an array of its input's shape; None if there is none."""
        value = np.asarray(run.gradients.get(leaf))
        fits = run.error is None and value.dtype.kind == "f" and value.shape == np.shape(self.bench.point.values[leaf])
        return value if fits else None


Check = Callable[[Evidence], bool | None]
