"""Searches for the one fault of one term that explains every wrong gradient.

An edited forward is asked for its slope along a generic joint direction of all gradients, and the hand-written
gradients for theirs: a wrong entry anywhere moves one and not the other. What agrees in one case is asked again in
others, with a finer step, so that the error of the slope is seen.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.binding import Binding
from oracle.diagnosis.patterns.budget import Spent
from oracle.diagnosis.patterns.evidence import Evidence, Sample, larger, one_sided
from oracle.diagnosis.patterns.terms import edits
from oracle.diagnosis.patterns.terms.edits import Edit
from oracle.diagnosis.patterns.terms.uses import Use, Uses
from oracle.diagnosis.patterns.terms.watch import Watch, planted
from oracle.point import Point
from oracle.runs import in_floats
from oracle.witnesses.finite_difference import BITS, STEP, Silent, Slope, claimed, judge, objective
from oracle.witnesses.statement import Testimony

Raw = adapter.Raw
NUMBER = 7  # of the directions that are looked along
CONFIRMED, LEAST = 5, 3  # cases in which an edit is confirmed, and how few of them are enough
HELD = 6  # edits that are confirmed at most
NEAR = 1e-35  # of the sum of the terms' magnitudes: the truncation of a single difference is some 10^-80
_BROKEN = (ZeroDivisionError, Silent)


@dataclass(frozen=True)
class Explained:
    """An edit with which every gradient is what the backward gives."""

    edit: Edit
    cases: int
    digits: float


class Search:
    """The search in one subject."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.budget = evidence, evidence.budget
        self.trial, self.watch = evidence.trial, Watch()
        self._bound = False  # whether the binding is in force, from one slope to the next
        self.tried = 0
        self._large: list[Sample] = []  # cases of which no truth is known, in which an edit must hold as well

    def explain(self) -> list[Explained]:
        """The edits that explain everything, the simplest first; several only if they cannot be told apart."""
        samples = self._telling()
        if not samples:
            return []
        self._large = self._one_sided()
        first = samples[0]
        codes = in_floats(first.point, self.trial.binding, lines=True).forward_lines
        if codes is None:
            return []
        with planted(self.watch, self.trial.binding.functions, codes.codes) as uses:
            try:
                return self._search(uses, samples)
            except Spent:
                return []

    def _telling(self) -> list[Sample]:
        """The samples, those that can tell the most first: all that is ever wrong is wrong there, and sizes differ."""
        listed = [s for s in self.evidence.plain if not _cut_everywhere(s, self.trial.subject.deviations.clip)]
        wrong = [s for s in listed if s.wrong]
        right = [s for s in listed if not s.wrong and len(s.right) == len(s.truth)]
        wrong.sort(key=lambda s: (-len(s.wrong), s.case.regime != "generic", -_variety(s), _entries(s)))
        return [*wrong[:CONFIRMED], *right[:1]] if len(wrong) >= LEAST else []

    def _one_sided(self) -> list[Sample]:
        """Cases with large sizes."""
        base = self.evidence.plain[0].case
        found = []
        for case in larger(self.trial, base):
            if self.budget.allows(2) and (one := one_sided(self.trial, case, self.budget)) is not None:
                found.append(one)
        return found

    def _search(self, uses: Sequence[Uses], samples: Sequence[Sample]) -> list[Explained]:
        """The edits of the simplest kind that has any which hold in all cases."""
        self._record(samples[0])
        alive, held, apart = self._summands(uses, samples[0])
        outputs = list(samples[0].cotangents) if len(samples[0].cotangents) > 1 else []
        unheard = (edits.unheard(output) for output in outputs)
        passes = list(edits.passes(uses, self.watch, apart))
        cut = (edits.unheard(output, edit) for edit in passes if edit.cuts for output in outputs)
        tiers = itertools.chain(
            [iter(held), unheard],
            edits.factors(uses, self.watch, alive),
            [iter(passes), edits.multiples(uses, apart), self._pairs(uses, alive), cut],
        )
        for number, tier in enumerate(tiers):
            holding = held if number == 0 else self._holding(tier, samples[0])
            confirmed = [self._confirm(edit, samples) for edit in holding[:HELD]]
            if found := [one for one in confirmed if one is not None]:
                return found
            if holding:
                self._record(samples[0])
        return []

    # ---- one case

    def _record(self, sample: Sample) -> None:
        """The values at the base point, as the watch will need them."""
        base = {leaf: adapter.lift(sample.point.values[leaf]) for leaf in sample.got}
        with self.watch.recording():
            objective(sample.point, self.trial.binding, base, BITS)

    def _summands(self, uses: Sequence[Uses], sample: Sample) -> tuple[frozenset[int], list[Edit], frozenset[int]]:
        """The uses that take part in a derivative at all, those without which it is what the backward gives.

        And of uses without which it is the same the first.
        """
        alive: set[int] = set()
        held: list[Edit] = []
        apart: dict[str, int] = {}
        truth = self._claim(sample, sample.truth)[0]
        with self._in_force():
            for use, edit in edits.summands(uses, self.watch):
                seen = self._slope(edit, sample)
                if seen is not None and not _near(seen, truth, self._claim(sample)[1]):
                    alive.add(use.number)
                    apart.setdefault(enclosures.show(seen, 30), use.number)
                    held += [edit] if self._matches(seen, sample) else []
        return frozenset(alive), held, frozenset(apart.values())

    def _pairs(self, uses: Sequence[Uses], alive: frozenset[int]) -> Iterator[Edit]:
        """Two summands at once, each all that a name is given."""
        for one in uses:
            named: list[Use] = [use for use in one.uses.values() if use.assigned and use.number in alive]
            for a, b in itertools.combinations(named, 2):
                yield edits.frozen([a, b], one.file)

    def _holding(self, candidates: Iterable[Edit], sample: Sample) -> list[Edit]:
        """The edits whose slope is that of the hand-written gradients in one case."""
        held = []
        with contextlib.suppress(Spent), self._in_force():
            for edit in candidates:
                seen = self._slope(edit, sample)
                if seen is not None and self._matches(seen, sample):
                    held.append(edit)
        return held

    @contextlib.contextmanager
    def _in_force(self) -> Iterator[None]:
        """Inside the block the code stays in balls from run to run: what it keeps is put back once, in the end.

        Binding costs more than a small run. What is found here is confirmed with every run bound by itself.
        """
        with self.trial.binding.bound(adapter.stand_for):
            self._bound = True
            try:
                yield
            finally:
                self._bound = False

    def _slope(self, edit: Edit, sample: Sample) -> Any | None:
        """The slope of the edited forward along the joint direction; None if it has none."""
        self.budget.take(2)
        self.tried += 1
        try:
            return self._quotient(edit, sample.point, self._along(sample), STEP)
        except _BROKEN:
            return None

    def _quotient(self, edit: Edit, point: Point, along: dict[str, Raw], exponent: int) -> Any:
        """(⟨ȳ, f(x + h v)⟩ - ⟨ȳ, f(x - h v)⟩) / 2h of the edited forward f at h = 2^-exponent."""
        ends = []
        with adapter.precision(BITS):
            for sign in (1.0, -1.0):
                step = adapter.lift(sign * 2.0**-exponent)
                moved = {
                    leaf: np.asarray(adapter.lift(point.values[leaf]) + step * v, dtype=object)
                    for leaf, v in along.items()
                }
                with self.watch.moving(edit.moves, edit.followed):
                    binding = cast(Binding, _IN_FORCE) if self._bound else self.trial.binding
                    ends.append(objective(_without(point, edit.silent), binding, moved, BITS))
            return (ends[0] - ends[1]) * adapter.lift(2.0 ** (exponent - 1))[()]

    def _along(self, sample: Sample) -> dict[str, Raw]:
        """The joint direction; entries that a declared clip has cut take no part."""
        clip = self.trial.subject.deviations.clip
        found = {}
        for leaf, balls in sample.got.items():
            direction = sample.point.direction(leaf, NUMBER)
            if clip is not None:
                direction = np.where(_uncut(sample, leaf, clip), direction, 0.0)
            found[leaf] = adapter.lift(direction.reshape(balls.shape))
        return found

    def _claim(self, sample: Sample, gradients: dict[str, Raw] | None = None) -> tuple[Any, float]:
        """The slope that the gradients give, those of the backward unless others are named; and its terms' size."""
        with adapter.precision(BITS):
            plain = self.trial.undone(sample.got if gradients is None else gradients, sample.case.sizes)
            return claimed(plain, self._along(sample))

    def _matches(self, seen: Any, sample: Sample) -> bool:
        claim, size = self._claim(sample)
        return _near(seen, claim, size)

    # ---- all cases

    def _confirm(self, edit: Edit, samples: Sequence[Sample]) -> Explained | None:
        """The edit, if it explains every case that can be asked, and at least some in which something is wrong."""
        told, digits = 0, float("inf")
        for sample in (*samples, *self._large):
            if not self.budget.allows(5):
                return None
            self.budget.take(5)
            try:
                self._record(sample)
                along = self._along(sample)
                coarse, fine = (self._quotient(edit, sample.point, along, STEP + k) for k in (0, 1))
            except _BROKEN:
                return None
            claim, size = self._claim(sample)
            with adapter.precision(BITS):
                said = judge(Slope(fine, abs(coarse - fine)), claim, size, 30.0)
            if said.testimony is not Testimony.CONFIRMS:
                return None
            told, digits = told + (not sample.truth or bool(sample.wrong)), min(digits, said.digits)
        return Explained(edit, told, digits) if told >= LEAST else None


class _InForce:
    """In place of a binding that is in force already."""

    def bound(self, stand_for: object) -> contextlib.nullcontext[None]:
        """Nothing is left to be done."""
        return contextlib.nullcontext()


_IN_FORCE = _InForce()


def _without(point: Point, output: str) -> Point:
    """The same point with a cotangent of zero for one output."""
    if not output:
        return point
    other = point.moved(point.values)
    other._cotangents = {**point._cotangents, output: np.zeros_like(point._cotangents[output])}
    return other


def _near(seen: Any, claim: Any, size: float) -> bool:
    """Whether two slopes are the same for all that one difference can tell."""
    with adapter.precision(BITS):
        gap = float(abs(seen - claim).abs_upper())
    return gap <= NEAR * size


def _uncut(sample: Sample, leaf: str, clip: float) -> Any:
    """Which entries lie inside the clip in the backward's eyes and, where it is known, in truth."""
    sides = [sample.got[leaf], *([sample.truth[leaf]] if leaf in sample.truth else [])]
    return np.logical_and.reduce([np.abs(adapter.midpoints(side)) < clip for side in sides])


def _cut_everywhere(sample: Sample, clip: float | None) -> bool:
    """Whether nothing that is wrong can be seen through a declared clip."""
    if clip is None:
        return False
    return not any((_uncut(sample, leaf, clip) & sample.wrong_entries[leaf]).any() for leaf in sample.wrong)


def _variety(sample: Sample) -> int:
    """How many different sizes a case has, up to 3 being counted as one kind of small."""
    return min(3, len(set(sample.case.sizes.values()))) + sum(size > 1 for size in sample.case.sizes.values())


def _entries(sample: Sample) -> int:
    return sum(balls.size for balls in sample.got.values())
