"""What a subject certainly answers in a few cases: every output and gradient, correctly rounded.

Only certified gradients are written. Then both programs, the hand-written one and JAX's, run in balls at doubling
precision until every entry of both rounds to one float64 and one decimal, and these must be the same. Nothing depends
on the machine's floating point, so the same files come out everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from oracle.arithmetic import adapter
from oracle.arithmetic.nearest import Rounded, nearest
from oracle.arithmetic.refusals import recording
from oracle.cases import GENERIC, SATURATED, Case, sizes_at
from oracle.draws import key
from oracle.point import Point
from oracle.runs import in_balls
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Verdict, WitnessesDisagree
from oracle.verify import hear

Raw = adapter.Raw
DIGITS = 40
REGIMES = (GENERIC, SATURATED, "float32", "size one", "equal sizes", "zeros", "large cotangents", "tiny cotangents")
_LARGEST = {"T": 4, "B": 2}  # other sizes go up to 3: a reader looks at every number
_MOST_BITS, _ATTEMPTS = 2**14, 8


class Refused(ValueError):
    """No vectors are made, and why."""


class Answer(NamedTuple):
    """One case: its inputs and cotangents, and what follows from them."""

    case: Case
    inputs: Mapping[str, Any]
    cotangents: Mapping[str, Any]
    outputs: Mapping[str, Rounded]
    gradients: Mapping[str, Rounded]


def answers(subject: Subject, *, cases: int = 4, seed: int = 0) -> list[Answer]:
    """So many cases, of the regimes in their order, with small sizes.

    Raises
    ------
    Refused
        If a case is not certified, or an answer cannot be rounded.
    """
    trial = Trial(subject, DIGITS)
    within = _small(trial.sizes)
    found = []
    for number in range(cases):
        regime = REGIMES[number % len(REGIMES)]
        found.append(_answer(trial, regime, within, key("vectors", seed, number) % 2**32))
    return found


def _small(within: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The ranges of sizes, with smaller upper ends."""
    return {name: (low, max(low, min(high, _LARGEST.get(name, 3)))) for name, (low, high) in within.items()}


def _answer(trial: Trial, regime: str, within: Mapping[str, tuple[int, int]], seed: int) -> Answer:
    """The answer of the first case, of a few, all of whose entries can be rounded."""
    why = ""
    for attempt in range(_ATTEMPTS):
        drawn = key(seed, attempt) % 2**32
        outcome = hear(trial, Case(sizes_at(regime, drawn, within), regime, drawn))
        if not outcome.counts:
            why = outcome.kink or outcome.outside
        elif outcome.verdict is not Verdict.CERTIFIED:
            raise Refused(
                f"{trial.subject.name} is {outcome.verdict.name} at {outcome.case}; vectors are written of what is "
                f"certified alone: see oracle verify {trial.subject.name}"
            )
        elif isinstance(answer := _rounded(trial, outcome.case), Answer):
            return answer
        else:
            why = answer
    raise Refused(f"{trial.subject.name} has no {regime} case whose answers can be written down: {why}")


def _rounded(trial: Trial, case: Case) -> Answer | str:
    """The answer at a case; a sentence where an entry still cannot be rounded at the highest precision."""
    point, bits, still = Point(trial.subject, case), trial.bits, ""
    while bits <= _MOST_BITS:
        own, theirs = _in_balls(trial, point, bits)
        rounded = {name: nearest(balls, DIGITS) for name, balls in own.items()}
        others = {name: nearest(balls, DIGITS) for name, balls in theirs.items()}
        still = next((name for name in own if not (rounded[name].decided & others[name].decided).all()), "")
        if not still:
            _expect_one_answer(case, rounded, others)
            gradients = {name: rounded.pop(name) for name in point.differentiated}
            cotangents = {name: point.cotangent(name, one.float64.shape) for name, one in rounded.items()}
            return Answer(case, dict(point.values), cotangents, rounded, gradients)
        bits *= 2
    return f"{still} is still open at {bits // 2} bits: an entry may be zero, or lie halfway between two numbers"


def _in_balls(trial: Trial, point: Point, bits: int) -> tuple[dict[str, Raw], dict[str, Raw]]:
    """Outputs and gradients of the hand-written code, and those of the gradient program where it is a witness."""
    run = in_balls(point, trial.binding, bits)
    if run.error is not None or run.record.refusals:
        raise Refused(
            f"{trial.subject.name} left ball arithmetic at {point.case}: {run.error or run.record.refusals[0]}"
        )
    outputs = {name: adapter.raw(value) for name, value in run.outputs.items() if adapter.is_ball(value)}
    own = {**outputs, **{name: adapter.raw(run.gradients[name]) for name in point.differentiated}}
    with adapter.precision(bits), recording():
        said = trial.reference.truth(point, outputs) if trial.reference.speaks else None
        if said is None or trial.reference.distrust:
            return own, own
        return own, {**said[0], **trial.declared(said[1], point.case.sizes)}


def _expect_one_answer(case: Case, one: Mapping[str, Rounded], other: Mapping[str, Rounded]) -> None:
    """Raise if two programs that were certified to agree round to different numbers: a fault of ours."""
    for name in one:
        if (one[name].decimals != other[name].decimals).any() or (one[name].float64 != other[name].float64).any():
            raise WitnessesDisagree(f"{name} at {case}: the two programs are certified, but round to different numbers")
