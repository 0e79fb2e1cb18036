"""Finite differences of the hand-written forward: the second witness, and the only one where JAX is none."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.arithmetic import adapter, enclosures
from oracle.draws import key
from oracle.reference import ROUNDED
from oracle.steps import clipping, locating
from oracle.steps.balls import compared
from oracle.steps.slopes import end_if_balls_are_blind, uncut
from oracle.verdict import Comparison, Verdict, WitnessesDisagree
from oracle.witnesses.finite_difference import directions, smooth, testify
from oracle.witnesses.statement import Statement, Testimony

if TYPE_CHECKING:
    from oracle.hearing import Hearing

Raw = adapter.Raw


def hear(hearing: Hearing) -> None:
    """What the second witness says of the hand-written gradients, and of the oracle's if they differ."""
    if hearing.beyond_truncation:
        return _hear_beyond_truncation(hearing)
    statement = hearing.found.testimony = _testify(hearing, hearing.gradients)
    hearing.found.witnesses.append("finite_difference")
    agree = all(not comparison.wrong for comparison in hearing.found.comparisons.values())
    refuted = statement.testimony is Testimony.REFUTES
    decided = refuted or (agree and statement.testimony is Testimony.CONFIRMS)
    if hearing.ties and not (decided and smooth(hearing.point, hearing.trial.binding)):
        what, place = next(iter(hearing.ties.items()))
        hearing.redraw(kink=f"{what}, at {place}")
    if hearing.ties and refuted:
        _forget_the_program(hearing)  # which has its own ways at a tie
    if any(comparison.wrong for comparison in hearing.output_comparisons):
        _judge_forwards(hearing, statement)
    elif not hearing.has_truth:
        _judge_alone(hearing, statement)
    else:
        hearing.found.witnesses.append("autodiff")
        _judge_with_program(hearing, statement)


def _hear_beyond_truncation(hearing: Hearing) -> None:
    """Where the backward is cut, no forward shows it: the reference, which is cut alike, has been compared with."""
    if hearing.ties:
        what, place = next(iter(hearing.ties.items()))
        hearing.redraw(kink=f"{what}, at {place}")
    if differs := next((one for one in hearing.output_comparisons if one.wrong), None):
        message = _difference(differs)
        hearing.found.comparisons.clear()  # with the gradients of another function
        hearing.end(Verdict.FORWARD_DIFFERS, message)
    if not hearing.has_truth:
        hearing.end(
            Verdict.UNDECIDED,
            f"at T={hearing.case.sizes['T']} only the reference could say what is cut, but it is no longer believed",
        )
    hearing.found.witnesses.append("autodiff")


def _testify(hearing: Hearing, gradients: Mapping[str, Raw]) -> Statement:
    """The testimony on gradients; entries that a declared clip has cut are left to the gradient program.

    The direction follows from the case and from the gradients: no code can know it before it has given them.
    """
    with adapter.precision(hearing.found.bits):
        plain = hearing.trial.undone(gradients, hearing.case.sizes)
    return testify(
        hearing.point,
        hearing.trial.binding,
        plain,
        digits=hearing.trial.digits,
        number=_direction_of(gradients),
        uncut=uncut(hearing, gradients),
    )


def _direction_of(gradients: Mapping[str, Raw]) -> int:
    """The number of the direction along which these gradients are judged."""
    return key(*(np.asarray(adapter.midpoints(balls)).tobytes() for balls in gradients.values()))


def _judge_with_clipped_program(hearing: Hearing, statement: Statement) -> None:
    """What a clip has cut no slope shows, so the program's own derivative is judged, every entry, before its clip."""
    side = _of_derivative(hearing)
    if side.testimony is Testimony.REFUTES:
        if not hearing.trial.reference.implicit:
            _contradiction(hearing, "finite differences refute the gradient program")
        hearing.trial.reference.drop("its gradients of the traced forward differ from finite differences")
    elif any(one.rounded and not one.wrong for one in hearing.leaf_comparisons) and hearing.trial.reference.implicit:
        hearing.trial.reference.drop(ROUNDED)
    elif side.testimony is Testimony.SILENT and not hearing.trial.reference.implicit:
        return hearing.find(Verdict.UNDECIDED, f"{side.testimony.value}: {side.why}")
    elif side.testimony is Testimony.CONFIRMS:
        hearing.found.testimony = side
        return None
    _forget_the_program(hearing)
    return _judge_alone(hearing, statement)


def _of_derivative(hearing: Hearing) -> Statement:
    """The testimony on the gradient program's own derivative, without declared deviations."""
    point, binding, number = hearing.point, hearing.trial.binding, _direction_of(hearing.gradients)
    return testify(point, binding, hearing.derivative, digits=hearing.trial.digits, number=number)


def _judge_with_program(hearing: Hearing, statement: Statement) -> None:
    """The two witnesses must not contradict each other."""
    if hearing.trial.subject.deviations.clip is not None:
        return _judge_with_clipped_program(hearing, statement)
    says = statement.testimony
    if any(comparison.wrong for comparison in hearing.leaf_comparisons):
        _confirm_refutation(hearing, statement)
    elif any(comparison.rounded for comparison in hearing.leaf_comparisons):
        if hearing.trial.reference.implicit and not _confirms_the_program(hearing):
            hearing.trial.reference.drop(ROUNDED)
            _forget_the_program(hearing)
            _judge_alone(hearing, statement)
    elif says is Testimony.REFUTES:
        if hearing.trial.reference.implicit:
            return _judge_alone(hearing, statement)
        if hearing.trial.reference.truncates:
            return _depose(hearing, statement)
        if _explained_by_rounding(hearing, hearing.gradients):  # both hold the same constant, as floats round it
            return _count_as_rounded(hearing)
        _contradiction(hearing, "finite differences refute what the gradient program certifies")
    elif says is Testimony.SILENT:
        hearing.find(Verdict.UNDECIDED, f"{says.value}: {statement.why}")
    return None


def _confirms_the_program(hearing: Hearing) -> bool:
    """Whether finite differences confirm the gradient program: then what is rounded is in the backward, not in it."""
    return _testify(hearing, hearing.truth).testimony is Testimony.CONFIRMS


def _confirm_refutation(hearing: Hearing, statement: Statement) -> None:
    if statement.testimony is Testimony.CONFIRMS:
        if hearing.trial.reference.implicit:
            hearing.trial.reference.drop("its gradients of the traced forward differ from finite differences")
            _forget_the_program(hearing)
            _judge_alone(hearing, statement)
        elif hearing.trial.reference.truncates:
            _depose(hearing, statement)
        else:
            _contradiction(hearing, "finite differences confirm what the gradient program refutes")
        return
    side = _testify(hearing, hearing.truth)
    if side.testimony is Testimony.REFUTES and hearing.trial.reference.truncates:
        _depose(hearing, statement)
    elif side.testimony is Testimony.REFUTES and _explained_by_rounding(hearing, hearing.truth):
        return  # one of JAX's own rules holds a rounded constant: what it refutes by more than that is refuted
    elif side.testimony is Testimony.REFUTES and not hearing.trial.reference.implicit:
        _contradiction(hearing, "finite differences refute both the gradient program and the hand-written gradients")
    if side.testimony is Testimony.CONFIRMS:
        hearing.found.testimony = side


def _depose(hearing: Hearing, statement: Statement) -> None:
    """A reference that cuts where nothing may be cut yet is no witness; finite differences alone judge."""
    steps, case = hearing.trial.subject.deviations.truncate, hearing.case
    hearing.trial.reference.drop(f"at {case} it is cut, although truncate={steps} cuts nothing at that length")
    _forget_the_program(hearing)
    _judge_alone(hearing, statement)


def _forget_the_program(hearing: Hearing) -> None:
    """Finite differences alone judge from here on: the gradients are compared with themselves."""
    hearing.truth = {}
    hearing.found.witnesses = [witness for witness in hearing.found.witnesses if witness != "autodiff"]
    for comparison in hearing.leaf_comparisons:
        if comparison.wrong or comparison.rounded:
            leaf, own = comparison.name, hearing.gradients[comparison.name]
            with adapter.precision(hearing.found.bits):
                hearing.found.comparisons[leaf] = compared(hearing, leaf, own, own, True, "gradients")


def _contradiction(hearing: Hearing, what: str) -> None:
    end_if_balls_are_blind(hearing, accused=False)
    raise WitnessesDisagree(
        f"{hearing.trial.subject.name} at {hearing.case}: {what}; that is a fault of the oracle, please report it"
    )


def _judge_forwards(hearing: Hearing, statement: Statement) -> None:
    """The outputs differ from the reference's, whose gradients are then of another function and judge nothing."""
    message = _difference(next(comparison for comparison in hearing.output_comparisons if comparison.wrong))
    _forget_the_program(hearing)
    hearing.forget_truth()
    if statement.testimony is Testimony.SILENT:
        hearing.found.comparisons.clear()
        hearing.end(Verdict.UNDECIDED, f"{message}, and {statement.testimony.value}: {statement.why}")
    if statement.testimony is Testimony.CONFIRMS:
        message += "; finite differences side with the hand-written pair"
    hearing.find(Verdict.FORWARD_DIFFERS, message)
    _judge_alone(hearing, statement)


def _difference(differs: Comparison) -> str:
    """What an output of the hand-written forward is, and what the reference's is."""
    index = differs.worst.index if differs.worst else ()
    place = f"[{', '.join(map(str, index))}]" if index else ""
    numbers = f" (got {differs.worst.got}, the reference {differs.worst.derivative})" if differs.worst else ""
    return f"the output {differs.name}{place} differs from the reference's{numbers}"


def _judge_alone(hearing: Hearing, statement: Statement) -> None:
    """Finite differences are the only witness."""
    if statement.testimony is Testimony.CONFIRMS:
        terms = _terms(hearing)
        _keep_to_its_digits(hearing, statement, terms)
        statement = _of_the_faint(hearing, statement, terms)
    match statement.testimony:
        case Testimony.SILENT:
            hearing.end(Verdict.UNDECIDED, f"{statement.testimony.value}: {statement.why}")
        case Testimony.REFUTES if _explained_by_rounding(hearing, hearing.gradients):
            _count_as_rounded(hearing)
        case Testimony.REFUTES:
            end_if_balls_are_blind(hearing, accused=True)
            locating.locate(hearing)
    if (entries := uncut(hearing, hearing.gradients)) is not None:
        clipping.judge_cut(hearing, entries)


def _terms(hearing: Hearing) -> dict[str, Any]:
    """The magnitude of what each entry adds to the slope that was seen."""
    along = directions(hearing.point, _direction_of(hearing.gradients))
    with adapter.precision(hearing.found.bits):
        plain = hearing.trial.undone(hearing.gradients, hearing.case.sizes)
    return {name: _magnitudes(plain[name]) * np.abs(adapter.midpoints(v)) for name, v in along.items()}


def _keep_to_its_digits(hearing: Hearing, statement: Statement, terms: Mapping[str, Any]) -> None:
    """Nothing is known to more digits than its only witness has seen of it, however thin the hand-written balls are."""
    for comparison in hearing.leaf_comparisons:
        seen = statement.digits + _faintest([terms[comparison.name]], terms.values())
        digits = min(comparison.digits, max(seen, hearing.trial.digits))  # the faintest are asked for on their own
        hearing.found.comparisons[comparison.name] = dataclasses.replace(comparison, digits=digits)


def _of_the_faint(hearing: Hearing, statement: Statement, terms: Mapping[str, Any]) -> Statement:
    """The same, or what is said of the entries that are too small beside others to have been seen along with them."""
    seen = sum(float(np.sum(term)) for term in terms.values()) * 10.0 ** (hearing.trial.digits - statement.digits)
    faint = {name: term < seen for name, term in terms.items()}
    if not any(np.any(mask & (terms[name] > 0.0)) for name, mask in faint.items()):
        return statement
    with adapter.precision(hearing.found.bits):
        plain = hearing.trial.undone(hearing.gradients, hearing.case.sizes)
    clip, number = uncut(hearing, hearing.gradients), _direction_of(hearing.gradients)
    mask = faint if clip is None else {name: faint[name] & clip[name] for name in faint}
    point, binding = hearing.point, hearing.trial.binding
    return testify(point, binding, plain, digits=hearing.trial.digits, number=number, uncut=mask)


def _magnitudes(balls: Raw) -> Any:
    """The magnitudes of entries; 0 where a ball contains 0, for what has cancelled has no size of its own."""
    return np.where(enclosures.contains_zero(balls), 0.0, np.abs(adapter.midpoints(balls)))


def _count_as_rounded(hearing: Hearing) -> None:
    """Every gradient differs by no more than rounded constants explain; those that are confirmed alone differ not."""
    terms = _terms(hearing)
    for leaf in hearing.gradients:
        comparison, own = hearing.found.comparisons[leaf], _of_one(hearing, hearing.gradients, leaf)
        seen = own.digits + _faintest([terms[leaf]], [terms[leaf]])
        if own.testimony is Testimony.CONFIRMS and seen >= hearing.trial.digits:
            comparison = dataclasses.replace(comparison, digits=min(comparison.digits, seen))
        else:
            comparison = locating.rounded(comparison)
        hearing.found.comparisons[leaf] = comparison


def _faintest(some: Iterable[Any], every: Iterable[Any]) -> float:
    """How many digits the least of some terms lies below the sum of all: as a negative number; 0 without any."""
    total = sum(float(np.sum(term)) for term in every)
    least = min((float(np.min(term, where=term > 0.0, initial=total)) for term in some), default=total)
    return math.log10(least / total) if least and total else 0.0


def _explained_by_rounding(hearing: Hearing, gradients: Mapping[str, Raw]) -> bool:
    """Whether along each of these gradients the gap of the slope lies within that gradient's own float64 bound."""
    located = hearing.trial.located  # what was wrong before is asked first: one that is not explained decides
    leaves = sorted(hearing.point.differentiated, key=lambda leaf: -located.get(leaf, 0))
    return all(_own_rounding_explains(hearing, gradients, leaf) for leaf in leaves)


def _own_rounding_explains(hearing: Hearing, gradients: Mapping[str, Raw], leaf: str) -> bool:
    """The same for one gradient: another one's bound, which may be larger than this gradient, excuses nothing."""
    alone = _of_one(hearing, gradients, leaf)
    direction = hearing.point.direction(leaf, _direction_of(hearing.gradients))
    room = float(np.sum(np.abs(direction) * hearing.excuse(leaf)))
    return alone.testimony is Testimony.CONFIRMS or (alone.testimony is Testimony.REFUTES and alone.gap <= room)


def _of_one(hearing: Hearing, gradients: Mapping[str, Raw], leaf: str) -> Statement:
    """What is said of one of these gradients alone."""
    only = {name: np.full(balls.shape, name == leaf) for name, balls in gradients.items()}
    with adapter.precision(hearing.found.bits):
        plain = hearing.trial.undone(gradients, hearing.case.sizes)
    point, binding, number = hearing.point, hearing.trial.binding, _direction_of(hearing.gradients)
    return testify(point, binding, plain, digits=hearing.trial.digits, number=number, uncut=only)
