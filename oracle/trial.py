"""What stays the same over all cases of a subject: its binding, its reference, its lines, its options."""

from __future__ import annotations

import copy
import math
import platform
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from oracle import truncation
from oracle.accuracy import Spread
from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.cases import WIDEST, Case, Undeclared
from oracle.decisions import Decisions
from oracle.inputs import settled
from oracle.point import Point
from oracle.reference import Reference
from oracle.runs import Run
from oracle.shapes import ShapeError
from oracle.subject import Subject

Raw = adapter.Raw
BITS, MOST_BITS = 384, 6144
_FEW_ENTRIES = 3000
_LARGEST = 8.0  # no drawn parameter is larger, saturated ones included


class Trial:
    """A subject on trial."""

    def __init__(self, subject: Subject, digits: float, bits: int = BITS, most_bits: int = MOST_BITS) -> None:
        self.subject, self.digits = subject, digits
        self.bits, self.most_bits = bits, most_bits
        while self.bits < 8 * digits:  # 2.4 times the bits that the digits themselves take
            self.bits *= 2
        self.executed: set[tuple[str, int]] = set()
        self.backward_codes: set[Any] = set()
        self.strangers: set[str] = set()
        self.decisions = Decisions()
        self.left: dict[str, int] = {}
        self.remarks: list[str] = []  # what else the report should say
        self.adding: set[str] = set()  # gradients that were seen to be added to their slots without saying so
        self.located: dict[str, int] = {}  # how often the wrong entries of a gradient were looked for
        self._settled: dict[tuple[int, ...], Trial] = {}  # by the options that a case draws
        self.cut: dict[str, Counter[tuple[int, ...]]] = {}  # how often a cut entry was judged on its own

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """The ranges of the sizes; beyond a declared truncation only a reference that is cut alike knows anything."""
        within, steps = dict(self.subject.sizes), self.subject.deviations.truncate
        if steps is not None and not self.reference.truncates:
            low, high = within["T"]
            within["T"] = (min(low, steps), min(high, steps))
        return within

    @property
    def reach(self) -> dict[str, tuple[int, int]]:
        """The ranges in which sizes of scheduled cases lie: one that nobody declared exceeds its own at times."""
        return {
            name: (low, max(high, WIDEST)) if isinstance(limits, Undeclared) else (low, high)
            for name, limits in self.sizes.items()
            for low, high in [limits]
        }

    def affordable(self, sizes: Mapping[str, int]) -> bool:
        """Whether a case of these sizes has so few entries that it takes hardly longer than a small one."""
        try:
            shapes = [spec.shape.concrete(sizes) for spec in self.subject.leaves.values()]
        except ShapeError:
            return False
        return sum(map(math.prod, shapes)) <= _FEW_ENTRIES

    def settled(self, case: Case) -> Trial:
        """The trial of the subject with its options as this case draws them; what was seen is common to all."""
        options = {name: spec for name, spec in self.subject.leaves.items() if spec.options}
        if not options:
            return self
        draw = case.draw()
        chosen = {name: draw.value(name, spec) for name, spec in options.items()}
        which = tuple(
            next(k for k, one in enumerate(spec.options) if one is chosen[name]) for name, spec in options.items()
        )
        if which not in self._settled:
            other = copy.copy(self)
            other.subject = replace(self.subject, leaves=settled(self.subject.leaves, chosen))
            vars(other).pop("reference", None)
            other._settled, other.cut = {}, {}
            self._settled[which] = other
        return self._settled[which]

    @cached_property
    def binding(self) -> Binding:
        """Where the code under test is put into another arithmetic."""
        return Binding(self.subject.form.code, extra=self.subject.modules)

    @cached_property
    def reference(self) -> Reference:
        """What knows the true gradient."""
        leaves = settled(self.subject.leaves, {name: spec.value for name, spec in self.subject.leaves.items()})
        found = Reference(replace(self.subject, leaves=leaves), self.binding)
        truncation.admit(found, self.subject.sizes, self.digits, self.bits)
        return found

    def expect_within(self, case: Case) -> None:
        """Refuse a case of which a declared truncation leaves nothing to say."""
        if truncation.is_beyond(self.reference, case) and not self.reference.truncates:
            steps = self.subject.deviations.truncate
            raise ValueError(
                f"truncate={steps} says nothing of T={case.sizes['T']} without a reference that truncates too; "
                f"draw T up to {steps}, with sizes={{'T': (1, {steps})}}, or cut the reference with "
                "jax.lax.stop_gradient"
            )

    # ---- rounding

    def spread(self, point: Point, dtype: Any, samples: int, outputs: Mapping[str, Raw]) -> Spread:
        """How far perturbed rounding spreads outputs and gradients of this case."""
        return self.reference.spread(point, dtype, samples, outputs, self.declared_floats)

    def rounding(self, spread: Spread, leaf: str) -> Any:
        """The derived bound of a gradient; reading it off a parameter update costs the parameter's own rounding.

        A declared clip that float32 does not hold is rounded in code that computes in float32.
        """
        clip = self.subject.deviations.clip or 0.0
        bound = spread.bound(leaf) + abs(float(np.asarray(clip, spread.dtype)) - clip)
        return bound + 4.0 * spread.unit * _LARGEST if self.subject.updates else bound

    # ---- declared deviations

    def declared(self, truth: Mapping[str, Raw], sizes: Mapping[str, int]) -> dict[str, Raw]:
        """What the backward must return, given the derivative: the derivative with the declared deviations."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        clip = self.subject.deviations.clip
        found = dict(truth)
        if (numerator, denominator) != (1.0, 1):
            found = {name: adapter.scaled(value, numerator, denominator) for name, value in found.items()}
        if clip is not None:
            found = {name: adapter.clipped(value, clip) for name, value in found.items()}
        return found

    def declared_floats(self, gradients: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        """The same for float arrays, with samples on the last axis."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        clip = self.subject.deviations.clip
        scaled = {name: value * numerator / denominator for name, value in gradients.items()}
        return scaled if clip is None else {name: np.clip(value, -clip, clip) for name, value in scaled.items()}

    def undone(self, gradients: Mapping[str, Raw], sizes: Mapping[str, int]) -> dict[str, Raw]:
        """The derivative that declared gradients claim: the declared factor taken out."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        if (numerator, denominator) == (1.0, 1):
            return dict(gradients)
        return {name: adapter.scaled(value, float(denominator), numerator) for name, value in gradients.items()}

    # ---- what was seen

    def leave(self, why: str) -> None:
        """Remember why the code could not be judged in balls."""
        self.left[why] = self.left.get(why, 0) + 1

    def remember_lines(self, run: Run | None) -> None:
        """Add the lines of a run to those that some case reached."""
        if run is None:
            return
        for lines in (run.forward_lines, run.backward_lines):
            if lines is not None:
                self.executed |= lines.lines
                self.strangers |= lines.strangers
        if run.backward_lines is not None:
            self.backward_codes |= run.backward_lines.codes

    def notes(self) -> list[str]:
        """What the report should say besides."""
        notes = [*self.remarks, *(f"left ball arithmetic: {why}" for why in self.left)]
        references = [trial.reference for trial in self._settled.values()] or [self.reference]
        for one in references:
            notes += [f"the reference's own derivative is not trusted: {why}" for why in one.distrust]
            notes += one.notes
        if (steps := self.subject.deviations.truncate) is not None:
            if self.reference.truncates:
                beyond = "beyond, against the reference, which alone says what is cut"
            else:
                beyond = "beyond, only that something is cut"
            notes.append(f"truncate={steps}: verified for T up to {steps}; {beyond}")
        if self.subject.updates and not getattr(self.subject.form, "moved", True):
            notes.append(
                'gradients="update" reads gradients off a step, but no parameter ever changed: '
                "name the function that takes the step with update="
            )
        if self.reference.implicit:
            notes.append("forward compared with nothing: there is no independent reference")
        if self.strangers:
            notes.append(
                f"code of no file ran, whose lines nobody followed: {', '.join(sorted(self.strangers)[:3])}; "
                "give exec the globals of a module to have them followed"
            )
        entered = {(code.co_filename, code.co_firstlineno) for code in self.backward_codes}
        unlifted = [one for one in self.binding.unlifted if (one.file, one.line) in entered]
        return notes + [f"arithmetic on plain numbers keeps Python's rounding in {one}" for one in unlifted[:3]]


def environment() -> dict[str, Any]:
    """Versions of what a verdict depends on."""
    packages = ("gradient-oracle", "numpy", "jax", "python-flint", "hypothesis")
    versions = {}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {"python": sys.version.split()[0], "platform": platform.platform(terse=True), **versions}
