"""A case of a sound subject with everything that its witnesses know, worked out once for all mutants.

Faults are planted in functions that only the backward runs, so the truth, the slopes of the forward and the bounds
of rounding stay what they are.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.accuracy import FEW, MANY
from oracle.arithmetic import adapter, enclosures
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.mutation.observe import equal, unequal
from oracle.point import Point
from oracle.reference import Reference
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Verdict, WitnessesDisagree
from oracle.witnesses import finite_difference
from oracle.witnesses.central_difference import MANY_RUNGS, central_slope
from oracle.witnesses.complex_step import complex_slope

Raw = adapter.Raw
FloatSlopes = Mapping[str, tuple[float, float]]  # by gradient: a slope and how far it is known
Truths = dict[tuple[Any, ...], Any]
DIGITS = 30


def _remembered(reference: Reference, truths: Truths, point: Point, outputs: Mapping[str, Raw]) -> Any:
    """What the gradient program says, asked once for each case, precision and shapes of outputs."""
    shapes = tuple((name, np.shape(value)) for name, value in outputs.items())
    key = str(point.case), enclosures.working_bits(), shapes
    if key not in truths:
        truths[key] = reference.truth(point, outputs)
    return truths[key]


def again(trial: Trial, truths: Truths) -> Trial:
    """A fresh trial of the same subject that shares what costs time: the binding and the gradient program."""
    found = Trial(trial.subject, trial.digits, trial.bits, trial.most_bits)
    reference = copy.copy(trial.reference)
    reference.distrust, reference.notes = list(reference.distrust), list(reference.notes)
    reference.truth = functools.partial(_remembered, trial.reference, truths)  # type: ignore[method-assign]
    found.__dict__ |= {"binding": trial.binding, "reference": reference}
    return found


class Bench:
    """One case, heard once with nothing planted."""

    def __init__(self, trial: Trial, case: Case, thorough: bool) -> None:
        self.trial, self.case, self.thorough = trial, case, thorough
        self.sound = Hearing(trial, case, thorough=False)
        self.contradiction, self.truths = "", Truths()
        try:
            self.sound.outcome()
        except WitnessesDisagree as error:
            self.contradiction = str(error)
        self.point, self.binding = self.sound.point, trial.binding

    @property
    def usable(self) -> bool:
        """Whether the case decides anything: not at a kink, not outside the domain."""
        return self.sound.found.counts

    @property
    def verdict(self) -> Verdict:
        """The verdict on the unchanged code, in this case."""
        return self.sound.found.verdict

    @property
    def leaves(self) -> list[str]:
        """The names of the gradients."""
        return self.point.differentiated

    @property
    def is_slope(self) -> bool:
        """Whether the right gradient is the slope of the forward: not where it is declared to be clipped or cut."""
        return self.trial.subject.deviations.clip is None and not self.sound.beyond_truncation

    @functools.cached_property
    def truth(self) -> dict[str, Raw]:
        """The gradient program's gradients in balls, with the declared deviations; none if it does not speak."""
        return dict(self.sound.truth)

    def bound(self, leaf: str, dtype: Any, samples: int = MANY) -> Any:
        """The derived bound of a float gradient, in the shape of its input."""
        return self._bound(leaf, np.dtype(dtype).name, samples)

    @functools.cache  # noqa: B019  # lives as long as the bench is used
    def _bound(self, leaf: str, dtype: str, samples: int) -> Any:
        return np.reshape(self.sound.bound(leaf, np.dtype(dtype), samples), np.shape(self.point.values[leaf]))

    @functools.cached_property
    def excuses(self) -> dict[str, Any]:
        """The largest gaps between balls that rounded constants explain; none where the unchanged code left balls."""
        return {leaf: self.sound.excuse(leaf) for leaf in self.sound.gradients}

    @functools.cached_property
    def along(self) -> dict[str, Raw]:
        """One generic joint direction over all gradients."""
        return finite_difference.directions(self.point)

    @functools.cached_property
    def slope(self) -> finite_difference.Slope | None:
        """The slope of the forward along it in balls; None where the forward cannot be followed."""
        if not self.is_slope:
            return None
        try:
            return finite_difference.slope(self.point, self.binding, self.along)
        except finite_difference.Silent:
            return None

    @functools.cached_property
    def central_slopes(self) -> FloatSlopes:
        """Central differences in float64 along each gradient, where the forward is finite and has no kink."""
        found = {}
        for leaf in self.leaves:
            seen = central_slope(self.point, self.binding, self._only(leaf), MANY_RUNGS)
            if seen is not None and not seen.kink:
                found[leaf] = seen.estimate, seen.error
        return found

    @functools.cached_property
    def complex_slopes(self) -> FloatSlopes:
        """Complex steps along each gradient, where the forward takes complex numbers."""
        found = {}
        for leaf in self.leaves:
            seen = complex_slope(self.point, self.binding, self._only(leaf))
            if seen is not None:
                found[leaf] = seen.estimate, seen.error
        return found

    def _only(self, leaf: str) -> dict[str, Any]:
        return {leaf: self.point.direction(leaf)}


def cases(subject: Subject, trial: Trial) -> list[tuple[Case, bool]]:
    """The cases that mutants are judged on, the one that convicts most first, and whether the contract is asked there.

    Small sizes, unequal and equal; each regime in which faults show that do not in others.
    """
    within = trial.sizes
    small = equal(trial).sizes
    first = unequal(subject).sizes
    uneven = {name: min(first[name], within[name][1]) for name in within}
    longest = {name: min(size + 1, within[name][1]) for name, size in uneven.items()}
    return [
        (Case(uneven, seed=11), True),
        (equal(trial), True),
        (Case(uneven, "float32", seed=13), False),
        (Case({name: low for name, (low, _) in within.items()}, "size one", seed=14), True),
        (Case(longest, seed=15), False),
        (Case(small, "saturated", seed=16), False),
        (Case(uneven, "zeros", seed=17), False),
    ]


__all__ = ["FEW", "Bench", "again", "cases"]
