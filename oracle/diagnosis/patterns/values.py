"""What the wrong values are: a multiple of the derivative, its transpose, another gradient, or zero."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from oracle.arithmetic import enclosures
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence, Sample
from oracle.diagnosis.patterns.relations import equal, ratio, same, shown, times, zero
from oracle.diagnosis.patterns.words import in_cases, said_of

_LEAST = 3  # cases in which a fact must have held
Sizes = Mapping[str, int]
Pair = Callable[[Sizes], tuple[int, int]]  # numerator and denominator, at these sizes


# ---- a multiple


def multiples(evidence: Evidence) -> Iterator[Cause]:
    """Gradients that are the derivative times one factor: a size, a number, or one that changes with the case."""
    groups: dict[tuple[str, str], list[str]] = {}
    for leaf in evidence.wrong:
        if (found := _factor(evidence, leaf)) is not None:
            groups.setdefault(found, []).append(leaf)
    for (kind, says), leaves in groups.items():
        samples = [s for s in evidence.plain if any(leaf in s.wrong for leaf in leaves)]
        one, several = ("has", "have") if kind == "sign" else ("is", "are")
        claim = f"{said_of(leaves, evidence, one, several)} {says}"
        yield Cause(kind, claim, evidence=in_cases(samples), certain=True, leaves=tuple(leaves))


def _factor(evidence: Evidence, leaf: str) -> tuple[str, str] | None:
    """The kind of a multiple and what to say of it; None where the gradient is no multiple of the derivative."""
    telling = [s for s in evidence.plain if not (_nothing(s.got[leaf]) and _nothing(s.truth[leaf]))]
    if len(telling) < _LEAST or sum(s.got[leaf].size > 1 for s in telling) < 2:
        return None
    ratios = [ratio(s.got[leaf], s.truth[leaf]) for s in telling]
    known = [one for one in ratios if one is not None]
    if len(known) < len(ratios):
        return None
    for words, value in _named(evidence):
        if all(_is(one, value(s.sizes)) for one, s in zip(known, telling, strict=True)):
            return ("sign", "the wrong sign") if words == "-1" else ("constant-ratio", f"{words} times the derivative")
    for words, value in _roots(evidence):
        if all(_is_root(one, value(s.sizes)) for one, s in zip(known, telling, strict=True)):
            return "constant-ratio", f"{words} times the derivative"
    if equal(known):
        return "constant-ratio", f"{shown(known[0])} times the derivative"
    return "changing-ratio", "the derivative times one factor, which changes with the case"


def _nothing(balls: Any) -> bool:
    """Whether no entry is known to be anything but zero."""
    return bool(enclosures.contains_zero(balls).all())


def _named(evidence: Evidence) -> Iterator[tuple[str, Pair]]:
    """Factors that have a name."""
    yield from (("-1", _number(-1, 1)), ("2", _number(2, 1)), ("1/2", _number(1, 2)))
    names = list(evidence.trial.sizes)
    singles = [(name,) for name in names]
    for group in [*singles, *itertools.combinations(names, 2)]:
        text = "*".join(group)
        yield text, _quotient(1, group, ())
        yield f"1/{text if len(group) == 1 else f'({text})'}", _quotient(1, (), group)
    for (name,) in singles:
        yield f"2/{name}", _quotient(2, (), (name,))
        yield f"-1/{name}", _quotient(-1, (), (name,))
    for a, b in itertools.permutations(names, 2):
        yield f"{a}/{b}", _quotient(1, (a,), (b,))


def _roots(evidence: Evidence) -> Iterator[tuple[str, Pair]]:
    """Factors whose square has a name: `√D`, `1/√D`, `√(2*D)`, `√(D/2)`."""
    yield from (("√2", _number(2, 1)), ("1/√2", _number(1, 2)))
    for name in evidence.trial.sizes:
        yield f"√{name}", _quotient(1, (name,), ())
        yield f"1/√{name}", _quotient(1, (), (name,))
        for k in (2, 3, 4, 8):  # heads, gates, groups
            yield f"√({k}*{name})", _quotient(k, (name,), ())
            yield f"1/√({k}*{name})", _quotient(1, (), (name,), k)
            yield f"√({name}/{k})", _quotient(1, (name,), (), k)
            yield f"√({k}/{name})", _quotient(k, (), (name,))
    for a, b in itertools.combinations(evidence.trial.sizes, 2):
        yield f"√({a}*{b})", _quotient(1, (a, b), ())
        yield f"1/√({a}*{b})", _quotient(1, (), (a, b))
    for a, b in itertools.permutations(evidence.trial.sizes, 2):
        yield f"√({a}/{b})", _quotient(1, (a,), (b,))


def _number(numerator: int, denominator: int) -> Pair:
    """The same at all sizes."""
    return lambda sizes: (numerator, denominator)


def _quotient(factor: int, above: tuple[str, ...], below: tuple[str, ...], divisor: int = 1) -> Pair:
    """A whole number times some sizes, divided by others and by a whole number."""
    return lambda sizes: (factor * _product(sizes, above), divisor * _product(sizes, below))


def _product(sizes: Sizes, names: tuple[str, ...]) -> int:
    return math.prod(sizes[name] for name in names)


def _is_root(ball: Any, pair: tuple[int, int]) -> bool:
    """Whether a ball, to 30 digits, is the positive root of a quotient of two whole numbers."""
    return bool(ball > 0) and _is(ball * ball, pair)


def _is(ball: Any, pair: tuple[int, int]) -> bool:
    """Whether a ball, to 30 digits, is a quotient of two whole numbers."""
    numerator, denominator = pair
    one = np.empty(1, dtype=object)
    one[0] = ball
    return same(times(one, denominator), times(times(one, 0.0) + 1, numerator))


# ---- zero, transposed


def zeros(evidence: Evidence) -> Iterator[Cause]:
    """Gradients that are zero throughout, where the derivative is not."""
    leaves = [
        leaf
        for leaf in evidence.wrong
        if len(evidence.where_wrong(leaf)) >= _LEAST and all(zero(s.got[leaf]) for s in evidence.plain)
    ]
    if leaves:
        samples = [s for s in evidence.plain if any(leaf in s.wrong for leaf in leaves)]
        claim = f"{said_of(leaves, evidence, 'is', 'are')} exactly zero"
        yield Cause("zero", claim, evidence=in_cases(samples), certain=True, leaves=tuple(leaves))


def transposes(evidence: Evidence) -> Iterator[Cause]:
    """Gradients that are the transpose of the derivative, wherever that has their shape."""
    for leaf in evidence.wrong:
        square = [s for s in evidence.plain if _square(s.got[leaf].shape)]
        wrong = [s for s in square if leaf in s.wrong]
        if len(wrong) >= 2 and all(same(s.got[leaf], s.truth[leaf].swapaxes(-1, -2)) for s in square):
            claim = f"the gradient of {leaf} is the transpose of the derivative"
            yield Cause("transpose", claim, evidence=in_cases(square), certain=True, leaves=(leaf,))


def _square(shape: tuple[int, ...]) -> bool:
    return len(shape) >= 2 and shape[-1] == shape[-2] > 1


# ---- another gradient


def others(evidence: Evidence) -> Iterator[Cause]:
    """Gradients that are those of another input."""
    taken = {leaf: other for leaf in evidence.wrong if (other := _other(evidence, leaf)) is not None}
    said: set[str] = set()
    for leaf, other in taken.items():
        if leaf in said:
            continue
        samples = evidence.where_wrong(leaf)
        if taken.get(other) == leaf:
            said |= {leaf, other}
            claim = f"the gradients of {leaf} and {other} are exchanged"
        else:
            claim = f"the gradient of {leaf} is that of {other}"
        about = tuple(name for name in evidence.leaves if name == leaf or (name == other and name in said))
        yield Cause("other-gradient", claim, evidence=in_cases(samples), certain=True, leaves=about)


def _other(evidence: Evidence, leaf: str) -> str | None:
    """The input whose gradient stands in place of this one's."""
    samples, known = evidence.where_wrong(leaf), evidence.trial.subject.leaves
    if len(samples) < _LEAST:
        return None
    like = [other for other in evidence.leaves if known[other].shape.dimensions == known[leaf].shape.dimensions]
    rest = (other for other in like if other != leaf)
    return next((other for other in rest if all(_is_that(s, leaf, other) for s in samples)), None)


def _is_that(sample: Sample, leaf: str, other: str) -> bool:
    return same(sample.got[leaf], sample.truth[other]) and not zero(sample.got[leaf])


FAMILIES = {
    "a constant ratio": multiples,
    "zero": zeros,
    "a transpose": transposes,
    "another gradient": others,
}
