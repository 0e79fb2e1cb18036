"""Cotangents that are zero in part: the loss is on the last step only, on one output only, on some rows only.

The derivative is linear in the cotangent, so over the parts m of any division of a cotangent

    g(y_bar) = sum over m of g(y_bar m).

Floats look for a division of which this is not so, beyond rounding, and for lines of the backward that only such a part
reaches. What they find is decided by hearing the part as a case of its own, with every witness: floats alone accuse
nobody, and what is within rounding of them is no more than that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from oracle.accuracy import FEW
from oracle.draws import bits, key
from oracle.runs import Run, in_floats
from oracle.steps import floats
from oracle.tracing import unreached
from oracle.verdict import Verdict

if TYPE_CHECKING:
    from oracle.hearing import Hearing

_FEW_OUTPUTS = 3  # whose cotangents are each left alone; of more, those of the last output are

ASKS_FOR_ZERO = "truth"  # the question whether a number is 0, which is what such a part is about

Cotangents = Mapping[str, Any]


class Part(NamedTuple):
    """A part of the cotangents, zero elsewhere, and what is left of them in words."""

    left: str
    cotangents: Cotangents


def judge_partial_cotangents(hearing: Hearing) -> None:
    """A gradient for part of the cotangent is the derivative too, on every line that such a part reaches."""
    whole = hearing.floats
    given = {name: value for name, value in whole.cotangents.items() if value is not None}
    if not hearing.thorough or not whole.takes_cotangents or not _well(hearing):
        return
    drawn = dict(hearing.point.cotangents({name: np.shape(value) for name, value in given.items()}))
    zero = Part("", {name: np.zeros(np.shape(value)) for name, value in drawn.items()})
    lines = _some_unreached(hearing)
    if lines:
        _reach(hearing, [(zero, _run(hearing, zero, lines))])
    for division in divisions(drawn, hearing.case.seed):
        runs = [(part, _run(hearing, part, lines)) for part in division]
        if hearing.trial.subject.deviations.clip is not None:  # what is cut does not add up
            _hear(hearing, division[key(hearing.case.seed, "part") % len(division)], suspect=True)
        elif not _adds_up(hearing, [run for _, run in runs]):
            for part in division:
                _hear(hearing, part, suspect=True)
        else:
            _reach(hearing, runs)


def _well(hearing: Hearing) -> bool:
    """Whether nothing is wrong so far: otherwise parts have nothing to add."""
    return hearing.found.verdict.ok


# ---- the parts


def divisions(cotangents: Cotangents, seed: int) -> Iterator[list[Part]]:
    """Two ways to divide cotangents: by output and by the last place of the first axis; and by rows drawn at random."""
    for division in (list(_ends(cotangents)), list(_rows(cotangents, seed))):
        if len(division) > 1:
            yield division


def _ends(cotangents: Cotangents) -> Iterator[Part]:
    names = list(cotangents)
    groups = [[name] for name in names] if len(names) <= _FEW_OUTPUTS else [names[-1:], names[:-1]]
    for group in groups:
        which = group[0] if len(group) == 1 else f"all outputs but {names[-1]}"
        last = {name: _last(cotangents[name]) for name in group}
        if any(mask.all() for mask in last.values()):
            yield _part(which, cotangents, dict.fromkeys(group, True))
        else:
            yield _part(f"the last entry of {which}", cotangents, last)
            yield _part(f"all but the last entry of {which}", cotangents, {name: ~mask for name, mask in last.items()})


def _last(values: Any) -> Any:
    """A mask of the last place of the first axis."""
    mask = np.zeros(np.shape(values), dtype=bool)
    mask[-1 if mask.ndim else ()] = True
    return mask


def _rows(cotangents: Cotangents, seed: int) -> Iterator[Part]:
    masks = {name: _drawn(np.shape(value), key(seed, "rows", name)) for name, value in cotangents.items()}
    if all(mask.all() for mask in masks.values()) or not any(mask.any() for mask in masks.values()):
        return
    yield _part("some rows", cotangents, masks)
    yield _part("the other rows", cotangents, {name: ~mask for name, mask in masks.items()})


def _drawn(shape: tuple[int, ...], stream: int) -> Any:
    """Rows along one axis, or single entries: each in or out."""
    axis = stream % (len(shape) + 1)
    size = shape[axis] if axis < len(shape) else math.prod(shape)
    chosen = bits(stream, 0, size) % np.uint64(2) == 0
    if axis == len(shape):
        return chosen.reshape(shape)
    return np.broadcast_to(chosen.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)


def _part(left: str, cotangents: Cotangents, masks: Mapping[str, Any]) -> Part:
    return Part(left, {name: np.where(masks.get(name, False), value, 0.0) for name, value in cotangents.items()})


# ---- looking, in floats


def _run(hearing: Hearing, part: Part, lines: bool) -> Run:
    return in_floats(hearing.point, hearing.trial.binding, lines=lines, cotangents=part.cotangents)


def _some_unreached(hearing: Hearing) -> bool:
    """Whether a line of the backward was reached neither in this case nor in an earlier one."""
    seen = hearing.floats.backward_lines
    return seen is not None and bool(unreached(seen.codes, hearing.trial.executed | seen.lines))


def _adds_up(hearing: Hearing, runs: list[Run]) -> bool:
    """Whether the gradients of all parts add up to that of the whole, within rounding."""
    if any(run.error is not None for run in runs):
        return False
    narrow = any(getattr(value, "dtype", None) == np.float32 for value in hearing.floats.gradients.values())
    dtype = np.float32 if narrow or floats.rounds_to_single(hearing) else np.float64
    for leaf in hearing.point.differentiated:
        whole = np.asarray(hearing.floats.gradients[leaf], dtype=float)
        bound = np.reshape(hearing.bound(leaf, dtype, FEW), whole.shape)
        gap = np.abs(sum(np.asarray(run.gradients[leaf], dtype=float) for run in runs) - whole)
        if not np.all(gap <= (len(runs) + 1) * bound):
            return False
    return True


def _reach(hearing: Hearing, runs: list[tuple[Part, Run]]) -> None:
    """Hear those parts that reach lines of the backward which no case has reached."""
    known = set(hearing.trial.executed)
    for run in (hearing.floats, *hearing.found.further):
        known |= run.backward_lines.lines if run.backward_lines is not None else set()
    for part, run in runs:
        if run.backward_lines is not None and not run.backward_lines.lines <= known:
            known |= run.backward_lines.lines
            _hear(hearing, part, suspect=run.error is not None)


# ---- deciding, by all witnesses


def _hear(hearing: Hearing, part: Part, suspect: bool) -> None:
    """Hear a part of the cotangents as a case of its own; its lines count if it is well."""
    from oracle.hearing import Hearing

    alone = Hearing(hearing.trial, hearing.case, thorough=False)
    alone.point = hearing.point.pushing(part.cotangents)
    found = alone.outcome()
    zero_but = f"with a cotangent that is zero{' but for ' if part.left else ''}{part.left}"
    if found.counts and found.verdict.ok:
        if not _decides_anew(hearing, alone):
            _remember(hearing, alone)
        return
    wrong = [one for one in alone.leaf_comparisons if one.wrong and one.worst is not None]
    for one in wrong:
        assert one.worst is not None
        place = f"[{', '.join(map(str, one.worst.index))}]" if one.worst.index else ""
        message = f"{zero_but}, {one.name}{place} is {one.worst.got}, but the derivative is {one.worst.derivative}"
        hearing.find(found.verdicts.get(one.name, Verdict.REFUTED), message, leaf=one.name)
    for finding in found.findings if suspect and not wrong else ():
        hearing.find(finding.verdict, f"{zero_but}: {finding.message}", leaf=finding.leaf, detail=finding.detail)
    if suspect and not found.counts:
        hearing.find(Verdict.UNDECIDED, f"{zero_but}: {found.kink or found.outside}")


def _remember(hearing: Hearing, alone: Hearing) -> None:
    """The lines of a part that is well count, and so does what it asked about zeros."""
    hearing.found.further += [run for run in (alone.found.floats, alone.found.balls) if run is not None]
    if hearing.found.balls is not None and alone.found.balls is not None:
        for question, answers in alone.found.balls.record.ways.items():
            if question.name == ASKS_FOR_ZERO:
                hearing.found.balls.record.ways.setdefault(question, set()).update(answers)


def _decides_anew(hearing: Hearing, alone: Hearing) -> bool:
    """Whether a comparison of order came out in a way that no other case has shown: where it turns is not known.

    `if np.abs(y_bar).max() < 1e-12` is true of a cotangent of zero, which says nothing of one of 1e-13.
    """
    if alone.found.balls is None or hearing.found.balls is None:
        return False
    known = hearing.found.balls.record.ways
    return any(
        not answers <= {*known.get(question, ()), *hearing.trial.decisions.answers(question)}
        for question, answers in alone.found.balls.record.ways.items()
        if question.name != ASKS_FOR_ZERO
    )
