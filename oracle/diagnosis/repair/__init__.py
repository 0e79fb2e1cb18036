"""The diagnosis that needs no probes: edits of one statement, or of two, with which every gradient is certified.

An edit is found by trying: the inverses of the mistakes that people make, on every statement of the backward whose
value flows into what is wrong, in float64 on one small case. What passes is certified in balls on several cases.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oracle.diagnosis.cause import Cause, Suspicion

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.diagnosis.repair.finding import Finder
    from oracle.outcome import Outcome
    from oracle.trial import Trial

Line = tuple[str, int]
IN_A_ROW, ALTOGETHER = 1_400_000, 1_900_000  # lines of the code under test, or what takes as long; some 0.6 µs each
SECONDS = 6.0  # of this thread, after which nothing more is tried, for code that is slow


def search(trial: Trial, failing: Outcome, smallest: Case, causes: Sequence[Cause] = ()) -> tuple[Cause, ...]:
    """The causes of `asked`."""
    return asked(trial, failing, smallest, causes)[0]


def asked(
    trial: Trial, failing: Outcome, smallest: Case, causes: Sequence[Cause] = ()
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """The causes given, with the repair of the statement that they name where one was found, and the repairs found.

    Parameters
    ----------
    trial, failing, smallest
        The subject on trial, the worst outcome, and the smallest case that fails like it.
    causes
        What is known already: statements that alone are left to blame are the only ones that are edited, and those
        that may be to blame are edited before all others.

    Returns
    -------
    causes, remarks
        What is certain comes first. A repair is certain only if edits at no other line were found to do. The remark
        says why nothing was searched for.
    """
    from oracle.diagnosis.repair.bench import NotKnown
    from oracle.diagnosis.repair.finding import Finder

    if not any(comparison.wrong for comparison in failing.comparisons.values()):
        return tuple(causes), ()
    with trial.binding.untouched():
        try:
            finder = Finder.on(trial, failing, smallest)
        except NotKnown as why:
            return tuple(causes), (str(why),)
        if finder is None:
            return tuple(causes), ()
        named = [_line(cause.file, cause.line) for cause in causes if cause.is_located]
        others = [_line(*one) for cause in causes if isinstance(cause, Suspicion) for one in cause.suspects]
        found = _with_repairs(causes, finder, named, others) if named else _found(causes, finder, others)
        return found, ()


def _with_repairs(causes: Sequence[Cause], finder: Finder, named: list[Line], others: list[Line]) -> tuple[Cause, ...]:
    """Each cause with what its line would be, where one is left; and what else has to change of the others."""
    repairs = finder.repairs_at(named)
    if not repairs and set(others) - set(named):
        repairs = finder.repairs_at([*named, *others])
    known = [
        dataclasses.replace(cause, repair=repairs[line].repair)
        if (line := _line(cause.file, cause.line)) in repairs
        else cause
        for cause in causes
    ]
    own = {_line(cause.file, cause.line) for cause in causes}
    further = [cause for line, cause in repairs.items() if line not in own]
    certain = [cause for cause in known if cause.certain]
    others_known = sorted((cause for cause in known if not cause.certain), key=lambda cause: not cause.repair)
    return (*certain, *further, *others_known)


def _found(causes: Sequence[Cause], finder: Finder, others: list[Line]) -> tuple[Cause, ...]:
    """The repairs found where values are known to go wrong, or else anywhere; what is no more than a guess is last."""
    repairs = finder.repairs(list(dict.fromkeys(others))) if others else []
    if not repairs:
        repairs = finder.repairs()
        if causes and not any(cause.certain for cause in repairs):
            return (*causes, *repairs)
    return tuple(_merged(repairs, causes))


def _merged(repairs: Sequence[Cause], causes: Sequence[Cause]) -> Iterator[Cause]:
    """Repairs, then causes; where the first of each are of one statement, they are said together."""
    if repairs and causes and (repairs[0].file, repairs[0].line) == (_line(causes[0].file, 0)[0], causes[0].line):
        first, *repairs = repairs
        evidence = f"{causes[0].evidence}; {first.claim}, {first.evidence}"
        yield dataclasses.replace(causes[0], evidence=evidence, repair=first.repair, certain=first.certain)
        causes = causes[1:]
    yield from repairs
    yield from causes


def _line(file: str, line: int) -> Line:
    """The file, in its usual spelling, and the line."""
    from oracle.mutation.planting import real_name

    return real_name(file), line
