"""Certifies repaired backwards in balls: with the edits planted, several cases are heard as in any verification."""

from __future__ import annotations

import ast
import contextlib
import copy
from collections.abc import Sequence
from dataclasses import dataclass

from oracle.cases import GENERIC, Case, schedule
from oracle.diagnosis.covering import covering
from oracle.diagnosis.repair.sources import Edit
from oracle.hearing import Hearing
from oracle.mutation.edits import Tree
from oracle.mutation.planting import PlantingError, planted
from oracle.mutation.source import at
from oracle.trial import Trial
from oracle.verdict import Verdict

CASES = 6


@dataclass(frozen=True)
class Certified:
    """Edits with which every gradient was certified, in so many cases, to so many digits."""

    edits: tuple[Edit, ...]
    cases: int
    digits: float


def certify(trial: Trial, edits: Sequence[Edit], cases: Sequence[Case]) -> Certified | None:
    """The edits with what was certified of them; None if that is not every gradient in every case."""
    digits = float("inf")
    trials = [_fresh(trial.settled(case)) for case in cases]
    with contextlib.suppress(PlantingError):
        with planted(*plantings(edits)):
            for case, fresh in zip(cases, trials, strict=True):
                outcome = Hearing(fresh, case, thorough=False).outcome()
                if outcome.verdict is not Verdict.CERTIFIED or not outcome.counts:
                    return None
                compared = [outcome.comparisons[name] for name in trial.subject.differentiated]
                digits = min([digits, *(one.digits for one in compared)])
        return Certified(tuple(edits), len(cases), digits)
    return None


def _fresh(trial: Trial) -> Trial:
    """The trial with nothing seen; what its reference is was found with the code as it stands."""
    found = copy.copy(trial)
    found.executed, found.backward_codes, found.adding, found.left, found.located = set(), set(), set(), {}, {}
    return found


def plantings(edits: Sequence[Edit]) -> list[Tree]:
    """The edits as ones that can be planted together: one for each function."""
    sources = list(dict.fromkeys(id(edit.source) for edit in edits))
    found = []
    with contextlib.ExitStack() as undone:
        for edit in edits:
            undone.enter_context(edit.applied())
        for key in sources:
            source = next(edit.source for edit in edits if id(edit.source) == key)
            tree: ast.AST = copy.deepcopy(at(source.tree, source.path))
            found.append(Tree(source.function, tree))
    return found


def confirming_cases(trial: Trial, failing: Case, smallest: Case) -> list[Case]:
    """Cases to certify in: the two that failed, generic ones of other sizes, and every value of every switch."""
    generic = [case for case in schedule(4 * CASES, 17, trial.sizes) if case.regime == GENERIC]
    every = {str(case): case for case in (smallest, failing, *generic)}
    return covering(trial, list(every.values())[:CASES])
