"""Faults planted in subjects, judged one by one, and the survivors looked into."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator, Mapping, Sequence

from oracle.mutation.checks import CERTIFIED_PATH
from oracle.mutation.court import Stand, judge, stand
from oracle.mutation.fates import Fates
from oracle.mutation.matrix import Entry, Fate, Matrix, sampled
from oracle.mutation.mutants import Mutant, check_operators, mutants
from oracle.mutation.scene import Scene
from oracle.mutation.sharing import Found, can_share, judged, scenes_of
from oracle.subject import Subject

Told = Callable[[str, int, int], None]  # what is going on, how much of it is done, and how much there is

FEW = 40  # mutants for which no further process is started


def mutate(
    subjects: Sequence[Subject],
    *,
    functions: Sequence[str] = (),
    operators: Sequence[str] = (),
    limit: int | None = None,
    jobs: int = 1,
    told: Told | None = None,
) -> Matrix:
    """The kill matrix of the backwards of some subjects.

    Parameters
    ----------
    subjects : in which order a mutant is put before those that run its function
    functions : names of functions to plant faults in; absent, those that only a backward runs
    operators : names of operators; absent, all
    limit : at most so many mutants, evenly spread over all
    jobs : how many processes share the work, where they can make the subjects by their names
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
    every = list(mutants(scenes_of(stands), operators or None))
    chosen = covering(every, limit)
    shared = jobs > 1 and len(chosen) > FEW and can_share([one.subject for one in stands])
    judging = judged(chosen, stands, jobs) if shared else _one_after_the_other(chosen, stands)
    entries, struck = dict[str, Entry](), dict[str, dict[str, str]]()
    with contextlib.closing(judging):
        for some, found in judging:
            entries |= {entry.row.mutant.id: entry for entry in some}
            for subject, why in found.struck.items():
                struck.setdefault(subject, {}).update(why)
            tell("judging", len(entries), len(chosen))
    return Matrix(
        tuple(_less_struck(entries[mutant.id], struck) for mutant in chosen),
        tuple(one.subject.name for one in stands),
        tuple(dict.fromkeys(mutant.function for mutant in every)),
        tuple(sorted({name for one in stands for name in one.shared})),
        {check: reason for why in struck.values() for check, reason in why.items()},
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


def _one_after_the_other(chosen: Sequence[Mutant], stands: Sequence[Stand]) -> Generator[tuple[list[Entry], Found]]:
    """The fate of each mutant, in this process."""
    fates = Fates(stands)
    for mutant in chosen:
        entry = fates.of(judge(mutant, stands))
        yield [entry], Found([], {one.subject.name: one.struck for one in stands if one.struck})


def _less_struck(entry: Entry, struck: Mapping[str, Mapping[str, str]]) -> Entry:
    """The entry without checks that were found to accuse its unchanged subject, if only after they had been asked."""
    row = entry.row
    convicts = row.convicts - set(struck.get(row.subject, ()))
    if CERTIFIED_PATH in row.convicts - convicts:
        reason = "there is no certified path that could have convicted it"
        return Entry(dataclasses.replace(row, convicts=convicts), Fate.SURVIVED, reason)
    return dataclasses.replace(entry, row=dataclasses.replace(row, convicts=convicts))


def covering(every: Sequence[Mutant], limit: int | None) -> list[Mutant]:
    """At most so many mutants: of a large sample one of each function and of each operator, the rest evenly spread."""
    if limit is None or limit >= len(every):
        return list(every)
    firsts: dict[str, Mutant] = {}
    for mutant in every:
        for name in (mutant.function, mutant.operator):
            firsts.setdefault(name, mutant)
    must = {mutant.id for mutant in firsts.values()}
    if limit < 2 * len(must):
        return sampled(every, limit)
    others = sampled([mutant for mutant in every if mutant.id not in must], limit - len(must))
    taken = must | {mutant.id for mutant in others}
    return [mutant for mutant in every if mutant.id in taken]
