"""Mutants judged in several processes: each takes all those of one subject, and gives back plain data.

Faults are planted in the processes alone. Each makes the subjects by their names, so that a mutant is the same there.
"""

from __future__ import annotations

import functools
import gc
from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field

from oracle.mutation.court import Row, Stand, in_order, judge, stand
from oracle.mutation.fates import Fates
from oracle.mutation.matrix import Entry, Fate
from oracle.mutation.mutants import Mutant, mutants
from oracle.mutation.scene import Scene
from oracle.parallel import workers
from oracle.subject import Subject

MOST = 60  # mutants in one task, of a few
TASKS = 4  # for each process, of many mutants: each hears the cases of its subjects anew


@dataclass(frozen=True)
class Plain:
    """What became of a mutant, without its syntax trees."""

    id: str
    convicts: frozenset[str]
    subject: str
    seconds: float
    note: str
    manner: str
    fate: str
    reason: str


@dataclass
class Found:
    """What a process found: the fates of its mutants, and the checks that it saw accuse an unchanged subject."""

    entries: list[Plain] = field(default_factory=list)
    struck: dict[str, dict[str, str]] = field(default_factory=dict)  # by subject


def can_share(subjects: Sequence[Subject]) -> bool:
    """Whether other processes can make each of these subjects by its name, without running a file of the user's."""
    from oracle.subjects import REGISTERED, parts

    known = {*REGISTERED, *parts.names(), *parts.corners()}
    return all(subject.spec in known for subject in subjects)


def scenes_of(stands: Sequence[Stand]) -> list[Scene]:
    """Every function once, as the first subject that runs it shows it."""
    found: dict[object, Scene] = {}
    for one in stands:
        for scene in one.scenes:
            found.setdefault(scene.function, scene)
    return list(found.values())


def judged(chosen: Sequence[Mutant], stands: Sequence[Stand], jobs: int) -> Generator[tuple[list[Entry], Found]]:
    """The entries of mutants, some at a time, as soon as they are there."""
    by_id = {mutant.id: mutant for mutant in chosen}
    specs = [str(one.subject.spec) for one in stands]
    with workers(jobs) as submit:
        asked = {submit(_judged, specs, task) for task in _tasks(chosen, stands, jobs)}
        while asked:
            done, asked = wait(asked, return_when=FIRST_COMPLETED)
            for future in done:
                found = future.result()
                yield [_entry(one, by_id[one.id]) for one in found.entries], found


def _entry(plain: Plain, mutant: Mutant) -> Entry:
    row = Row(mutant, plain.convicts, plain.subject, plain.seconds, plain.note, plain.manner)
    return Entry(row, Fate(plain.fate), plain.reason)


def _tasks(chosen: Sequence[Mutant], stands: Sequence[Stand], jobs: int) -> list[list[str]]:
    """The names of mutants that have their first subject in common, the most first."""
    by_subject = defaultdict(list)
    for mutant in chosen:
        by_subject[in_order(mutant, stands)[0].subject.name].append(mutant.id)
    most = max(MOST, len(chosen) // (TASKS * jobs))
    tasks = [every[start : start + most] for every in by_subject.values() for start in range(0, len(every), most)]
    return sorted(tasks, key=len, reverse=True)


def _judged(specs: Sequence[str], names: Sequence[str]) -> Found:
    """In a process of its own: the fates of the mutants of these names."""
    every, known, fates = _court(tuple(specs))
    found = Found()
    for name in names:
        entry = fates.of(judge(known[name], every))
        row = entry.row
        found.entries.append(
            Plain(name, row.convicts, row.subject, row.seconds, row.note, row.manner, entry.fate.value, entry.reason)
        )
    found.struck = {one.subject.name: dict(one.struck) for one in every if one.struck}
    return found


@functools.lru_cache(maxsize=1)
def _court(specs: tuple[str, ...]) -> tuple[list[Stand], dict[str, Mutant], Fates]:
    """The subjects and all their mutants, made once in each process."""
    from oracle.loading import load

    every = [stand(subject) for spec in specs for subject in load(spec)]
    gc.collect()
    gc.freeze()  # what is there stays; looking through it again and again took a sixth of the time
    gc.set_threshold(20_000, 20, 20)
    return every, {mutant.id: mutant for mutant in mutants(scenes_of(every))}, Fates(every)
