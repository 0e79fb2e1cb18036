"""At which sizes a backward is wrong: only with several steps, several rows, different sizes, a larger one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.counting import Counter
from oracle.diagnosis.patterns.evidence import Evidence, Sample
from oracle.diagnosis.patterns.words import counted
from oracle.point import Point
from oracle.runs import in_floats

_LEAST = 2  # cases on either side
Sizes = Mapping[str, int]
BATCH = ("B", "N", "m")


@dataclass(frozen=True)
class Condition:
    """A condition on the sizes under which a backward is wrong."""

    kind: str
    claim: str
    here: str  # `T >= 2`
    elsewhere: str  # `T = 1`
    holds: Callable[[Sizes], bool]


def conditions(evidence: Evidence) -> Iterator[Cause]:
    """The first condition that holds in exactly those cases in which something is wrong."""
    clear = [s for s in evidence.samples if s.wrong or len(s.right) == len(s.truth)]
    wrong, right = [s for s in clear if s.wrong], [s for s in clear if not s.wrong]
    for condition in _candidates(evidence):
        if _separates(condition, wrong, right):
            seen = f"wrong in {counted(len(wrong))} with {condition.here}, "
            seen += f"right in {counted(len(right))} with {condition.elsewhere}"
            yield Cause(condition.kind, condition.claim, evidence=seen, leaves=evidence.wrong)
            return


def _separates(condition: Condition, wrong: list[Sample], right: list[Sample]) -> bool:
    changed = any(sample.fixed for sample in right)
    if len(wrong) < _LEAST or len(right) < (1 if changed else _LEAST):
        return False
    return all(condition.holds(s.sizes) for s in wrong) and not any(condition.holds(s.sizes) for s in right)


def _candidates(evidence: Evidence) -> Iterator[Condition]:
    """Conditions, the most telling first."""
    names = list(evidence.trial.sizes)
    fixed = list(dict.fromkeys(name for sample in evidence.samples for name in sample.fixed))
    order = sorted(names, key=lambda name: (name != "T", name not in BATCH))
    has_steps = _has_steps(evidence)
    for least, name in itertools.product((2, 3), order):
        yield _at_least(name, least, has_steps)
    for name in fixed:
        yield _other_than_one(name, evidence)
    for most, name in itertools.product((1, 2), order):
        yield _at_most(name, most)
    for a, b in itertools.combinations(names, 2):
        yield from _compared(a, b)
    for a, b in itertools.permutations(names, 2):
        yield _larger(a, b)


def _compared(a: str, b: str) -> Iterator[Condition]:
    """Two sizes that differ, or are equal."""
    says = f"right where {a} = {b}, wrong where they differ"
    yield Condition("equal-sizes", says, f"{a} != {b}", f"{a} = {b}", lambda sizes: sizes[a] != sizes[b])
    says = f"wrong where {a} = {b}, right where they differ"
    yield Condition("equal-sizes", says, f"{a} = {b}", f"{a} != {b}", lambda sizes: sizes[a] == sizes[b])


def _larger(a: str, b: str) -> Condition:
    """One size larger than another."""
    says = f"right up to {a} = {b}, wrong where {a} is larger"
    return Condition("above-size", says, f"{a} > {b}", f"{a} <= {b}", lambda sizes: sizes[a] > sizes[b])


def _has_steps(evidence: Evidence) -> bool:
    """Whether the code loops over T: it runs more lines where there are more steps."""
    if "T" not in (within := evidence.trial.sizes):
        return False
    counts, base = [], evidence.plain[0].case
    for steps in within["T"]:
        counter = Counter(sys.maxsize, evidence.trial.binding.scopes)
        with counter.counting():
            run = in_floats(Point(evidence.trial.subject, base.at(T=steps)), evidence.trial.binding, restore=False)
        counts.append(counter.lines if run.error is None else 0)
    return counts[0] < counts[1]


def _at_least(name: str, least: int, has_steps: bool) -> Condition:
    below = f"{name} = 1" if least == 2 else f"{name} < {least}"
    if name == "T" and least == 2 and has_steps:
        kind, says = (
            "carry",
            "right with one step, T = 1, wrong from T = 2 on: look at what a step hands to the one before",
        )
    elif name in BATCH and least == 2:
        kind, says = "batch", f"right with one row, {name} = 1, wrong from {name} = 2 on: look at how rows are summed"
    else:
        kind, says = "above-size", f"right up to {name} = {least - 1}, wrong from {name} = {least} on"
    return Condition(kind, says, f"{name} >= {least}", below, lambda sizes: sizes[name] >= least)


def _at_most(name: str, most: int) -> Condition:
    here = f"{name} = 1" if most == 1 else f"{name} <= {most}"
    says = f"wrong {'at' if most == 1 else 'up to'} {name} = {most}, right from {name} = {most + 1} on"
    return Condition("above-size", says, here, f"{name} > {most}", lambda sizes: sizes[name] <= most)


def _other_than_one(name: str, evidence: Evidence) -> Condition:
    """A fixed number, such as a stride, at which the backward is right only if it is 1."""
    value = evidence.trial.subject.leaves[name].value
    says = f"right with {name} = 1, wrong with {name} = {value}: look for where {name} is left out"
    return Condition("above-size", says, f"{name} >= 2", f"{name} = 1", lambda sizes: sizes.get(name, value) != 1)


FAMILIES = {"a condition on sizes": conditions}
