"""Both sides of every gradient in several cases, in balls: what the patterns are looked for in.

The truth is the gradient program's where that is a witness, and finite differences of the hand-written forward entry
by entry where it is not and the gradients are small. A difference is taken as a ball around its estimate, as wide as
the error that is seen of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.refusals import Undecided, recording
from oracle.cases import Case
from oracle.diagnosis.differences import ALONG, by_differences
from oracle.diagnosis.patterns.budget import Budget
from oracle.diagnosis.patterns.relations import differing, same
from oracle.draws import key
from oracle.point import Point
from oracle.runs import Run, in_balls

if TYPE_CHECKING:
    from oracle.trial import Trial

Raw = adapter.Raw
BITS = 384
AFFORDABLE = 60  # entries of all gradients together, where each costs two runs of the forward
LARGE = 5  # a size that is large
MOST = 1200  # entries of which a case consists, however the truth is known
PROGRAM, DIFFERENCES = "JAX's gradient program", "finite differences"


@dataclass
class Sample:
    """One case: the gradients as the backward gives them, and as they should be."""

    case: Case
    point: Point
    got: dict[str, Raw]
    truth: dict[str, Raw]
    by: str  # whose the truth is
    cotangents: dict[str, tuple[int, ...]] = field(default_factory=dict)  # the shapes of those that are passed
    fixed: dict[str, int] = field(default_factory=dict)  # fixed inputs that were given another value

    @cached_property
    def wrong_entries(self) -> dict[str, Any]:
        """Which entries of each gradient are known to be wrong."""
        return {leaf: differing(self.got[leaf], self.truth[leaf]) for leaf in self.truth}

    @cached_property
    def wrong(self) -> frozenset[str]:
        """The gradients with a wrong entry."""
        return frozenset(leaf for leaf, mask in self.wrong_entries.items() if mask.any())

    @cached_property
    def right(self) -> frozenset[str]:
        """The gradients known to be right in every entry."""
        return frozenset(leaf for leaf in self.truth if same(self.got[leaf], self.truth[leaf]))

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes, with the fixed inputs that were changed."""
        return {**self.case.sizes, **self.fixed}


@dataclass
class Evidence:
    """Several cases of one subject."""

    trial: Trial
    budget: Budget
    samples: list[Sample] = field(default_factory=list)

    @property
    def leaves(self) -> tuple[str, ...]:
        """The names of the gradients."""
        return self.trial.subject.differentiated

    @property
    def plain(self) -> list[Sample]:
        """The samples in which nothing fixed was changed."""
        return [sample for sample in self.samples if not sample.fixed]

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        """The gradients that are wrong in some sample, in order."""
        return tuple(leaf for leaf in self.leaves if any(leaf in sample.wrong for sample in self.plain))

    @cached_property
    def right(self) -> tuple[str, ...]:
        """The gradients that are right in every sample, in order."""
        return tuple(leaf for leaf in self.leaves if all(leaf in sample.right for sample in self.plain))

    def where_wrong(self, leaf: str) -> list[Sample]:
        """The samples in which a gradient is wrong."""
        return [sample for sample in self.plain if leaf in sample.wrong]


def gather(trial: Trial, failing: Case, smallest: Case, budget: Budget) -> Evidence:
    """Cases around the smallest that fails, in which both sides are known."""
    evidence = Evidence(trial, budget)
    tried: set[tuple[tuple[str, int], ...]] = set()
    for number, case in enumerate([smallest, *_cases(trial, smallest), failing]):
        known = tuple(case.sizes.items())
        if number and known in tried and case is not failing:
            continue
        tried.add(known)
        if (found := sample(trial, case, budget)) is not None:
            evidence.samples.append(found)
    for fixed in _fixed(trial):
        for case in (smallest, Case(smallest.sizes, seed=key(smallest.seed, "fixed") % 2**32)):
            again = sample(trial, case, budget, fixed)
            evidence.samples.extend([again] if again is not None else [])
    return evidence


def _cases(trial: Trial, smallest: Case) -> Iterator[Case]:
    """Generic cases: the smallest sizes with other values, one size at a time, all larger, all different."""
    within, least = trial.sizes, dict(smallest.sizes)

    def case(number: int, **sizes: int) -> Case:
        moved = {name: min(max(size, within[name][0]), within[name][1]) for name, size in {**least, **sizes}.items()}
        return Case(moved, seed=key(smallest.seed, "pattern", number) % 2**32)

    yield case(0)
    order = list(least)
    shifted = {name: least[name] + 1 + k % 2 for k, name in enumerate(order)}
    yield case(1, **shifted)
    for k, name in enumerate(order):
        yield case(10 + k, **{name: least[name] + 1})
        yield case(30 + k, **{**shifted, name: within[name][0]})
        if least[name] > within[name][0]:
            yield case(50 + k, **{name: least[name] - 1})
            yield case(70 + k, **{**shifted, name: least[name] - 1})
    common = max(2, *(low for low, _ in within.values())) if within else 2
    yield case(90, **dict.fromkeys(order, common))
    yield case(91, **{name: 2 + (len(order) - k) % 3 for k, name in enumerate(order)})
    if "T" in least:
        yield case(92, **{**shifted, "T": max(4, least["T"] + 2)})
    yield from larger(trial, smallest)


def larger(trial: Trial, smallest: Case) -> Iterator[Case]:
    """Two cases, each with every other size large: what holds at small sizes must hold there too."""
    for number in (0, 1):
        sizes = {
            name: min(high, LARGE + k) if k % 2 == number else min(high, max(low, 2))
            for k, (name, (low, high)) in enumerate(trial.sizes.items())
        }
        yield Case(sizes, seed=key(smallest.seed, "large", number) % 2**32)


def _fixed(trial: Trial) -> Iterator[dict[str, int]]:
    """Other values of fixed whole numbers, such as a stride."""
    for name, spec in trial.subject.leaves.items():
        if spec.kind == "fixed" and type(spec.value) is int and spec.value >= 1:
            yield from ({name: value} for value in (1, 2, 3) if value != spec.value)


def sample(
    trial: Trial,
    case: Case,
    budget: Budget,
    fixed: Mapping[str, int] | None = None,
    keep: Callable[[Any], Any] | None = None,
) -> Sample | None:
    """One case with both sides known; None where one of them is not. `keep` says what is kept of each cotangent."""
    point = Point(trial.subject, case)
    point.values.update(fixed or {})
    entries = sum(int(np.size(point.values[leaf])) for leaf in point.differentiated)
    if entries > MOST or not budget.allows(2):
        return None
    budget.take(2)
    run = _run(trial, point)
    if run is not None and keep is not None:
        for name, shape in run[2].items():
            point.set_cotangent(name, keep(point.cotangent(name, shape)))
        run = _run(trial, point)
    if run is None:
        return None
    got, outputs, cotangents = run
    with adapter.precision(BITS):
        truth, by = (None, PROGRAM) if fixed else (_by_program(trial, point, outputs), PROGRAM)
        if truth is None:
            truth, by = _by_differences(trial, point, got, budget), DIFFERENCES
        if truth is None:
            return None
        return Sample(case, point, got, trial.declared(truth, case.sizes), by, cotangents, dict(fixed or {}))


def one_sided(trial: Trial, case: Case, budget: Budget) -> Sample | None:
    """One case in which the hand-written gradients alone are known, and no truth."""
    budget.take(2)
    point = Point(trial.subject, case)
    run = _run(trial, point)
    return None if run is None else Sample(case, point, run[0], {}, "", run[2])


def _run(trial: Trial, point: Point) -> tuple[dict[str, Raw], dict[str, Raw], dict[str, tuple[int, ...]]] | None:
    """Gradients, outputs and the shapes of cotangents passed; None if the code did not stay in balls or raised."""
    run: Run = in_balls(point, trial.binding, BITS)
    if run.error is not None or run.left or run.undecided or run.record.ties:
        return None
    got: dict[str, Raw] = {}
    for leaf in point.differentiated:
        value, shape = run.gradients.get(leaf), np.shape(point.values[leaf])
        if value is None or not adapter.is_ball(value) or int(np.prod(value.shape)) != int(np.prod(shape)):
            return None
        real = enclosures.real(adapter.raw(value).reshape(shape))
        if real is None or not enclosures.finite(real).all():
            return None
        got[leaf] = real
    outputs = {name: adapter.raw(value) for name, value in run.outputs.items() if adapter.is_ball(value)}
    passed = {name: np.shape(raw) for name, raw in outputs.items()} if run.takes_cotangents else {}
    return got, outputs, passed


def _by_program(trial: Trial, point: Point, outputs: Mapping[str, Raw]) -> dict[str, Raw] | None:
    """The gradient program's gradients; None unless it is trusted and computes the same outputs."""
    reference = trial.reference
    if not reference.speaks or reference.distrust:
        return None
    with recording() as record:
        try:
            said = reference.truth(point, outputs)
        except Undecided:
            return None
    if said is None or record.ties or record.refusals or reference.distrust:
        return None
    if not all(enclosures.meet(value, outputs[name]).all() for name, value in said[0].items()):
        return None
    return said[1]


def _by_differences(trial: Trial, point: Point, got: Mapping[str, Raw], budget: Budget) -> dict[str, Raw] | None:
    """Every derivative by finite differences; None where that costs too much, or the forward cannot be moved."""
    entries = sum(balls.size for balls in got.values())
    if entries > AFFORDABLE or not budget.allows(2 * entries + ALONG):
        return None
    budget.take(2 * entries + ALONG)
    return by_differences(trial, point, {leaf: balls.shape for leaf, balls in got.items()})
