"""Faults planted in subjects, judged one by one, and the survivors looked into."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from oracle.mutation.checks import CERTIFIED_PATH
from oracle.mutation.court import Row, Stand, judge, stand
from oracle.mutation.equivalence import Cases, presume, proof
from oracle.mutation.matrix import Entry, Fate, Matrix, sampled
from oracle.mutation.mutants import check_operators, mutants
from oracle.mutation.scene import Scene
from oracle.subject import Subject

Told = Callable[[str, int, int], None]  # what is going on, how much of it is done, and how much there is


def mutate(
    subjects: Sequence[Subject],
    *,
    functions: Sequence[str] = (),
    operators: Sequence[str] = (),
    limit: int | None = None,
    told: Told | None = None,
) -> Matrix:
    """The kill matrix of the backwards of some subjects.

    Parameters
    ----------
    subjects : in which order a mutant is put before those that run its function
    functions : names of functions to plant faults in; absent, those that only a backward runs
    operators : names of operators; absent, all
    limit : at most so many mutants, evenly spread over all
    told : is told of the progress

    Returns
    -------
    Matrix
        `ok` is true if every mutant is convicted on the certified path, or equivalent for a reason that is given.

    Raises
    ------
    ValueError
        If there is no such operator or function, or a subject cannot be run as it is.

    Examples
    --------
    >>> from oracle import subjects
    >>> node = subjects.load("lstm-classic-node")
    >>> found = mutate([node], functions=["top_diff_is"], operators=["assign-for-add"], limit=2)
    >>> found.ok, len(found.entries), found.kills("autodiff in balls")
    (True, 2, 2)
    """
    began, tell = time.perf_counter(), told or (lambda doing, done, total: None)
    check_operators(operators)
    stands = _stands(subjects, functions, tell)
    every = list(mutants(_scenes(stands), operators or None))
    chosen = sampled(every, limit)
    rows = []
    for number, mutant in enumerate(chosen, 1):
        rows.append(judge(mutant, stands))
        tell("judging", number, len(chosen))
    entries = _fates([_less_struck(row, stands) for row in rows], stands, tell)
    return Matrix(
        tuple(entries),
        tuple(one.subject.name for one in stands),
        tuple(dict.fromkeys(mutant.function for mutant in every)),
        tuple(sorted({name for one in stands for name in one.shared})),
        {check: why for one in stands for check, why in one.struck.items()},
        len(every),
        time.perf_counter() - began,
    )


def _stands(subjects: Sequence[Subject], functions: Sequence[str], tell: Told) -> list[Stand]:
    """The subjects made ready, those left out that run none of the functions that were named."""
    found = []
    for number, subject in enumerate(subjects, 1):
        found.append(stand(subject, functions))
        tell("preparing", number, len(subjects))
    if functions:
        known = {name for one in found for scene in one.scenes for name in _names(scene)}
        if missing := [name for name in functions if name not in known]:
            titles = ", ".join(subject.name for subject in subjects)
            raise ValueError(f"there is no function {missing[0]!r} that only the backward of {titles} runs")
    return [one for one in found if one.scenes or not functions]


def _names(scene: Scene) -> set[str]:
    function = scene.function
    return {function.__name__, function.__qualname__, f"{function.__module__}.{function.__qualname__}"}


def _scenes(stands: Sequence[Stand]) -> list[Scene]:
    """Every function once, as the first subject that runs it shows it."""
    found: dict[object, Scene] = {}
    for one in stands:
        for scene in one.scenes:
            found.setdefault(scene.function, scene)
    return list(found.values())


def _less_struck(row: Row, stands: Sequence[Stand]) -> Row:
    """The row without checks that were found to accuse its unchanged subject, if only after they had been asked."""
    struck = {name for one in stands if one.subject.name == row.subject for name in one.struck}
    return dataclasses.replace(row, convicts=row.convicts - struck)


def _fates(rows: Sequence[Row], stands: Sequence[Stand], tell: Told) -> list[Entry]:
    """What became of each mutant; survivors are looked into, one after the other."""
    survivors = sum(not row.convicted for row in rows)
    cases = {id(one): Cases(one.trial) for one in stands}
    entries, done = [], 0
    for row in rows:
        if row.convicted:
            entries.append(Entry(row, Fate.CONVICTED))
            continue
        at = [one for one in stands if row.mutant.scene.function in one.functions]
        if any(CERTIFIED_PATH in one.struck for one in at):
            entries.append(Entry(row, Fate.SURVIVED, "there is no certified path that could have convicted it"))
        else:
            entries.append(_survivor(row, [cases[id(one)] for one in at]))
        done += 1
        tell("looking into survivors", done, survivors)
    return entries


def _survivor(row: Row, cases: Sequence[Cases]) -> Entry:
    """The fate of a mutant that none of its cases convicted."""
    if reason := proof(row.mutant):
        return Entry(row, Fate.PROVEN, reason)
    seen = presume(row.mutant, cases)
    if seen.convicted:
        late = dataclasses.replace(row, convicts=row.convicts | {CERTIFIED_PATH})
        return Entry(late, Fate.CONVICTED, seen.convicted)
    return Entry(row, Fate.PRESUMED if seen.equivalent else Fate.SURVIVED, str(seen))
