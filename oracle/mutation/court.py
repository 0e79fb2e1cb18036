"""Puts mutants before the checks: each check is asked until it convicts, apart from all others."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FunctionType

import numpy as np

from oracle.cases import Case
from oracle.mutation.bench import DIGITS, Bench, cases
from oracle.mutation.checks import CERTIFIED_PATH, CHECKS
from oracle.mutation.equivalence.proofs import proof
from oracle.mutation.evidence import Evidence
from oracle.mutation.limits import TookTooLong, limited
from oracle.mutation.manner import ENDLESS, manner
from oracle.mutation.mutants import Mutant
from oracle.mutation.observe import backward_functions, scenes
from oracle.mutation.planting import PlantingError, planted, real_name
from oracle.mutation.reaching import reaches
from oracle.mutation.scene import Scene
from oracle.subject import Subject
from oracle.trial import Trial

SECONDS = 5.0  # that a mutant may take for one check
SHOWN = 3  # cases in which every check is asked, convicted or not: unequal sizes, equal sizes, float32
CONTRACT = "contract"


@dataclass(frozen=True)
class Row:
    """What the checks said of one mutant."""

    mutant: Mutant
    convicts: frozenset[str]  # the checks that alone convict it
    subject: str = ""  # under which it was convicted on the certified path; of several the last, if it never was
    seconds: float = 0.0  # on the certified path, with planting
    note: str = ""
    manner: str = ""  # what that conviction rests on: one of `oracle.mutation.manner.MANNERS`

    @property
    def convicted(self) -> bool:
        """Whether the certified path convicts it."""
        return CERTIFIED_PATH in self.convicts


@dataclass
class Stand:
    """A subject with its benches, and the functions in which its faults are planted."""

    subject: Subject
    trial: Trial
    scenes: list[Scene]
    shared: list[str]
    struck: dict[str, str] = field(default_factory=dict)  # checks that accuse the unchanged program, and where
    _heard: dict[int, Bench] = field(default_factory=dict)

    @property
    def functions(self) -> set[FunctionType]:
        """The functions under mutation."""
        return {scene.function for scene in self.scenes}

    def benches(self, start: int = 0, stop: int | None = None) -> Iterator[Bench]:
        """Some of the cases that mutants are judged on, each heard when it is first asked for, with nothing planted."""
        for number in range(len(self._cases))[start:stop]:
            if number not in self._heard:
                self._heard[number] = self._hear(*self._cases[number])
            if self._heard[number].usable:
                yield self._heard[number]

    @functools.cached_property
    def _cases(self) -> list[tuple[Case, bool]]:
        return cases(self.subject, self.trial)

    def _hear(self, case: Case, thorough: bool) -> Bench:
        """A case of the unchanged program; a check that accuses it is struck, since it would accuse everybody."""
        bench = Bench(self.trial, case, thorough)
        if bench.contradiction:
            self.struck[CERTIFIED_PATH] = bench.contradiction
        evidence = Evidence(bench)
        for name, check in CHECKS.items() if bench.usable else ():
            if name not in self.struck and evidence.says(check):
                self.struck[name] = f"accuses the unchanged {self.subject.name} in {case}"
        return bench


def stand(subject: Subject, functions: Sequence[str] = ()) -> Stand:
    """A subject made ready: its backward run once, its functions found.

    Parameters
    ----------
    functions : of those that only the backward runs, these: `lstm_ref.cell.step_vjp` or `step_vjp`; absent, all

    Raises
    ------
    ValueError
        If the subject raises as it is.
    """
    trial = Trial(subject, DIGITS)
    found, shared = backward_functions(trial)
    if functions:
        found = [one for one in found if _called(one) & set(functions)]
    return Stand(subject, trial, scenes(trial, found), shared)


def _called(function: FunctionType) -> set[str]:
    return {function.__qualname__, function.__name__, f"{function.__module__}.{function.__qualname__}"}


def in_order(mutant: Mutant, stands: Sequence[Stand]) -> list[Stand]:
    """The subjects that were seen to reach the changed expression, the simplest first; if none was, all that may.

    The first case of a subject is the one in which it was seen.
    """
    at = [(one, scene) for one in stands for scene in one.scenes if scene.function is mutant.scene.function]
    found = [one for one, scene in at if reaches(scene, mutant)] or [one for one, _ in at]
    return sorted(found, key=lambda one: len(one.scenes))


def judge(mutant: Mutant, stands: Sequence[Stand]) -> Row:
    """The row of a mutant: before each subject that reaches it in turn, until one convicts it.

    Within a subject each check is asked in one case after the
    other until it convicts: in the first three, and in the others as long as the certified path has not convicted.
    Before further subjects they are asked in the first case only, and not at all if the mutant is proven equivalent.
    What raises or never ends is convicted by the contract.
    Interrupted or not, nothing stays planted.
    """
    row = Row(mutant, frozenset())
    for number, one in enumerate(in_order(mutant, stands)):
        if number and proof(mutant):
            break
        row = _before(Row(mutant, frozenset(), one.subject.name), one, one.benches(0, 1 if number else SHOWN))
        if not row.convicted and not number:
            row = _before(row, one, one.benches(SHOWN), until_convicted=True)
        if row.convicted:
            break
    return row


def _before(row: Row, one: Stand, benches: Iterable[Bench], until_convicted: bool = False) -> Row:
    """A row with what the checks say under one subject in further cases: all, or until the certified path convicts."""
    mutant, heard, convicts, spent, how = row.mutant, list(benches), set(row.convicts), row.seconds, row.manner
    began = time.process_time()
    with planted(mutant.edit) as files:
        spent += time.process_time() - began
        names = {file.name for file in files} | {real_name(file.name) for file in files}
        for bench in heard:
            if until_convicted and CERTIFIED_PATH in convicts:
                break  # the other checks have had their cases
            evidence = Evidence(bench)
            for name in CHECKS:
                if name in convicts or name in one.struck:
                    continue
                began = time.process_time()
                said, late = _asked(name, evidence, names)
                spent += time.process_time() - began if name == CERTIFIED_PATH else 0.0
                if late:
                    every = frozenset({*convicts, CERTIFIED_PATH, CONTRACT})
                    return Row(mutant, every, one.subject.name, spent, late, how or ENDLESS)
                if said:
                    convicts.add(name)
                    how = manner(evidence) if name == CERTIFIED_PATH else how
    return Row(mutant, frozenset(convicts), one.subject.name, spent, "", how)


def _asked(name: str, evidence: Evidence, names: set[str]) -> tuple[bool | None, str]:
    """What a check says; and a sentence if the mutant did not end."""
    try:
        with limited(SECONDS, names.__contains__), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a fault makes infinite
            return evidence.says(CHECKS[name]), ""
    except TookTooLong as late:
        return True, str(late)


def rows(mutants: Sequence[Mutant], stands: Sequence[Stand]) -> Iterator[Row]:
    """The rows of all mutants, in order."""
    for mutant in mutants:
        yield judge(mutant, stands)


__all__ = ["PlantingError", "Row", "Stand", "judge", "rows", "stand"]
