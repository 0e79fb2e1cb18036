"""A survivor is presumed equivalent only after many fresh cases in which its change did something, to no effect.

Fresh cases are none of those that mutants are judged on: every regime in turn, sizes up to three times as large, the
subject's own declared options. In each the gradients must be certified equal to the derivative; in at least one the
changed statement must have had another effect than the original one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.accuracy import FEW
from oracle.arithmetic import adapter
from oracle.cases import REGIMES, Case
from oracle.comparison import compare
from oracle.draws import below, key
from oracle.mutation.bench import Bench
from oracle.mutation.checks import as_before, certified_path, promises
from oracle.mutation.equivalence.watching import watched
from oracle.mutation.evidence import Evidence
from oracle.mutation.limits import TookTooLong, limited
from oracle.mutation.manner import ENDLESS, manner, sentence
from oracle.mutation.mutants import Mutant
from oracle.mutation.planting import PlantingError, planted, real_name
from oracle.runs import in_floats
from oracle.trial import Trial
from oracle.verdict import Comparison, Verdict

FRESH = 200
_LARGE = 3  # times as large as the declared sizes
_LARGE_EVERY, _CONTRACT_EVERY = 10, 10
_SECONDS = 20.0


@dataclass(frozen=True)
class Presumption:
    """What fresh cases showed of a survivor."""

    cases: int = 0  # in which its gradients were certified equal
    executed: int = 0  # of these, in which the changed statement was executed
    reached: int = 0  # how often it was
    differed: bool = False  # whether it ever did anything else than the original
    convicted: str = ""  # the case in which it was convicted after all, and by what
    manner: str = ""  # what that conviction rests on

    @property
    def equivalent(self) -> bool:
        """Whether it may be presumed."""
        return not self.convicted and self.executed >= FRESH and self.differed

    def __add__(self, other: Presumption) -> Presumption:
        """What two sets of cases showed together."""
        counts = (self.cases + other.cases, self.executed + other.executed, self.reached + other.reached)
        return Presumption(*counts, self.differed or other.differed, other.convicted, other.manner)

    def __str__(self) -> str:
        if self.convicted:
            return f"convicted {self.convicted}"
        if not self.reached:
            return f"its line was never executed in {self.cases} fresh cases"
        if self.executed < FRESH:
            return f"only {self.executed} of {FRESH} fresh cases were certified and executed it"
        if not self.differed:
            return f"in {self.executed} fresh cases it was executed {self.reached} times, but never did anything else"
        return (
            f"executed {self.reached} times in {self.executed} fresh cases, with another effect than the original, "
            "while all gradients stayed certified"
        )


class Cases:
    """Fresh cases of a subject, heard as they are asked for and kept for all its survivors."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._heard: list[Bench] = []
        self._drawn = 0

    def first(self, count: int) -> list[Bench]:
        """The first so many, the same for every survivor; to be asked for while nothing is planted."""
        while len(self._heard) < count and self._drawn < 3 * FRESH:
            self._hear()
        return self._heard[:count]

    def _hear(self) -> None:
        """Draw a case; it is kept if it decides something and the unchanged code is certified in it."""
        bench = Bench(self.trial, self._case(self._drawn), thorough=not self._drawn % _CONTRACT_EVERY)
        self._drawn += 1
        if bench.usable and bench.verdict is Verdict.CERTIFIED and not bench.contradiction:
            self._heard.append(bench)

    def _case(self, number: int) -> Case:
        """Regimes in turn, small sizes; in every tenth case one size is up to three times as large as declared."""
        regime, seed = REGIMES[number % len(REGIMES)], key("fresh", number) % 2**32
        truncate = self.trial.subject.deviations.truncate
        sizes, names = {}, [name for name in self.trial.sizes if name != "T" or truncate is None]
        wide = names[number // _LARGE_EVERY % len(names)] if names and not number % _LARGE_EVERY else ""
        for name, (low, high) in self.trial.sizes.items():
            most = _LARGE * high if name == wide else min(high, low + 3)
            sizes[name] = low + int(below(most - low + 1, key(seed, name), 1)[0])
        if regime == "size one":
            sizes = {name: low for name, (low, _) in self.trial.sizes.items()}
        elif regime == "equal sizes":
            sizes = {n: min(max(low, max(sizes.values())), high) for n, (low, high) in self.trial.sizes.items()}
        return Case(sizes, regime, seed)


def presume(mutant: Mutant, every: Sequence[Cases]) -> Presumption:
    """What fresh cases of all subjects that run the mutant's function show of it."""
    share = -(-FRESH // max(1, len(every)))
    found = Presumption()
    for cases in every:
        found = _with(mutant, cases, share, found)
        if found.convicted:
            break
    return found


def _with(mutant: Mutant, cases: Cases, share: int, before: Presumption) -> Presumption:
    """The same for one subject: so many cases, and as many again if the statement was not executed in all."""
    found, begun = Presumption(), 0
    for wanted in (share, 2 * share):
        benches = cases.first(wanted)[begun:]  # heard with nothing planted
        found, begun = found + _in_cases(mutant, benches), wanted
        if found.convicted or found.executed >= share:
            break
    return before + found


def _in_cases(mutant: Mutant, benches: list[Bench]) -> Presumption:
    """What some cases show: certified runs first, then float runs that are watched."""
    certified: list[Bench] = []
    with planted(mutant.edit) as files:
        names = {file.name for file in files} | {real_name(file.name) for file in files}
        for bench in benches:
            evidence = Evidence(bench)
            try:
                with limited(_SECONDS, names.__contains__):
                    if _is_certified(evidence):
                        certified.append(bench)
                    elif evidence.says(certified_path):
                        return Presumption(convicted=f"in {bench.case}: {sentence(evidence)}", manner=manner(evidence))
            except TookTooLong as late:
                return Presumption(convicted=f"in {bench.case}: {late}", manner=ENDLESS)
    return Presumption(len(certified), *_watched(mutant, certified))


def _is_certified(evidence: Evidence) -> bool:
    """Whether the contract is kept as far as it is asked, and all gradients are certified equal to the derivative."""
    bench, balls = evidence.bench, evidence.balls
    if evidence.says(as_before):
        return True
    if balls is None or evidence.floats.error is not None or evidence.says(promises):
        return False
    truth = bench.truth or bench.sound.gradients
    with adapter.precision(bench.sound.found.bits):
        every = [_compared(bench, leaf, got, truth[leaf]) for leaf, got in balls.items()]
    return not any(one.wrong or one.unsettled for one in every)


def _compared(bench: Bench, leaf: str, got: Any, truth: Any) -> Comparison:
    """A gradient beside the derivative, as in a hearing: what has cancelled is known beside the terms that did."""
    first = compare(leaf, got, truth, digits=bench.trial.digits, rounding=bench.excuses[leaf])
    if not first.unsettled:
        return first
    scale = bench.sound.spread(np.float64, FEW).scale(leaf)
    rounding = bench.excuses[leaf]
    return compare(leaf, got, truth, digits=bench.trial.digits, scale=scale, rounding=rounding, zero_allowed=True)


def _watched(mutant: Mutant, benches: list[Bench]) -> tuple[int, int, bool]:
    """In how many float runs the changed statement was reached, how often, and whether it did anything else."""
    executed = 0
    with contextlib.suppress(PlantingError), watched(mutant) as watch, np.errstate(all="ignore"):
        for bench in benches:
            before = watch.reached
            in_floats(bench.point, bench.binding)
            executed += watch.reached > before
        return executed, watch.reached, watch.differed
    return 0, 0, False
