"""The same faulty programs before every tool."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.field import sample
from benchmarks.field.certified import Certified
from benchmarks.field.programs import ORDINARY_SETTINGS, SMALL_SETTINGS, Program, Setting
from benchmarks.field.tools import CERTIFIED, TRAINING, Tool, installed, training
from benchmarks.keeping import Kept, digest
from benchmarks.sharing import shared
from oracle import subjects
from oracle.mutation.court import Stand, stand
from oracle.mutation.equivalence import Cases
from oracle.mutation.limits import TookTooLong, limited
from oracle.mutation.mutants import Mutant
from oracle.mutation.planting import planted, real_name

SECONDS = 5.0  # that a mutant may take for one program before one tool
Told = Callable[[str, int, int], None]


@dataclass
class Judged:
    """What every tool said of one mutant."""

    mutant: Mutant
    convicts: dict[str, bool] = field(default_factory=dict)  # by column; those that cannot take it are not there
    small: dict[str, bool] = field(default_factory=dict)  # likewise behind a loss × 1e-6
    seconds: dict[str, float] = field(default_factory=dict)  # CPU, by tool, without the small loss
    equivalent: str = ""  # why it is no fault

    @property
    def survived(self) -> bool:
        """Whether the certified path let it go although nothing shows that it is equivalent."""
        return not self.convicts[CERTIFIED] and not self.equivalent


class Court:
    """The subjects made ready for every tool, with nothing planted."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tools
        began = time.process_time()
        self.stands = [stand(subjects.load(name)) for name in sample.SUBJECTS]
        self.certified = {one.subject.name: Certified(one, SMALL_SETTINGS[0]) for one in self.stands}
        self.preparation = time.process_time() - began  # of the certified path
        self.demonstrated = training.codes()
        self._programs = {
            (one.subject.name, setting.seed, dtype): dataclasses.replace(setting, dtype=dtype).of(one.subject)
            for one in self.stands
            for setting in (*ORDINARY_SETTINGS, *SMALL_SETTINGS)
            for dtype in {tool.dtype for tool in tools}
        }

    def judge(self, mutant: Mutant) -> Judged:
        """Every tool in turn, before every subject that runs the mutant's function, until it rejects."""
        found = Judged(mutant)
        at = [one for one in self.stands if mutant.scene.function in one.functions]
        own_code = mutant.scene.function.__code__
        with planted(mutant.edit) as files:
            names = {file.name for file in files} | {real_name(file.name) for file in files}
            with _timed(found, CERTIFIED):
                found.convicts[CERTIFIED] = any(self._certifies(one, names, small=False) for one in at)
            found.small[CERTIFIED] = any(self._certifies(one, names, small=True) for one in at)
            for tool in self.tools:
                with _timed(found, tool.name):
                    found.convicts |= self._asked(tool, at, ORDINARY_SETTINGS, names)
                found.small |= self._asked(tool, at, SMALL_SETTINGS, names)
            if own_code in self.demonstrated:
                with _timed(found, TRAINING[0]):
                    found.convicts |= _trained(names)
        return found

    def _certifies(self, one: Stand, names: set[str], small: bool) -> bool:
        ready = self.certified[one.subject.name]
        try:
            with limited(SECONDS, names.__contains__):
                return ready.convicts_small() if small else ready.convicts()
        except TookTooLong:
            return True

    def _asked(self, tool: Tool, at: Sequence[Stand], settings: Sequence[Setting], names: set[str]) -> dict[str, bool]:
        """What a tool says by column, over the subjects and settings until every column rejects."""
        said = dict.fromkeys(tool.columns, False)
        for one in at:
            with one.trial.binding.untouched():
                for setting in settings:
                    program = self._programs[one.subject.name, setting.seed, tool.dtype]
                    now = _says(tool, program, names)
                    said = {name: said[name] or heard for name, heard in zip(tool.columns, now, strict=True)}
                    if all(said.values()):
                        return said
        return said

    def look_into(self, one: Judged) -> None:
        """Look into what the certified path did not convict."""
        if not one.convicts[CERTIFIED]:
            at = [
                self._cases[place.subject.name] for place in self.stands if one.mutant.scene.function in place.functions
            ]
            one.equivalent = sample.equivalence(one.mutant, at)

    @functools.cached_property
    def _cases(self) -> dict[str, Cases]:
        return {one.subject.name: Cases(one.trial) for one in self.stands}


def _says(tool: Tool, program: Program, names: set[str]) -> tuple[bool, ...]:
    """What a tool says of a program; one that does not end is rejected by whoever waits for it."""
    try:
        with limited(SECONDS, names.__contains__):
            return tool.rejects(program)
    except TookTooLong:
        return (True,) * len(tool.columns)


def _trained(names: set[str]) -> dict[str, bool]:
    """Whether the demonstration shows that something is wrong, by both readings."""
    try:
        with limited(SECONDS, names.__contains__):
            seen = training.losses()
    except (Exception, TookTooLong):
        seen = []
    return dict(zip(TRAINING, (not training.goes_down(seen), not training.as_before(seen)), strict=True))


@contextlib.contextmanager
def _timed(found: Judged, tool: str) -> Iterator[None]:
    """Note the processor seconds that the block takes."""
    began = time.process_time()
    yield
    found.seconds[tool] = time.process_time() - began


def run(
    tools: Sequence[Tool], count: int | None, tell: Told, *, jobs: int = 1, keep: Path | None = None
) -> tuple[list[Judged], int, float]:
    """The sample of mutants judged by every tool, how many there are, and the CPU seconds of the preparation.

    What is found is kept in a file, if there is one, and taken from there by the next run of the same code.
    """
    tell("preparing", 0, 1)
    kept = Kept(keep, _about(tools))
    every = sample.every([stand(subjects.load(name)) for name in sample.SUBJECTS])
    chosen = {mutant.id: mutant for mutant in (every if count is None else sample.sampled(every, count))}
    left = [name for name in chosen if name not in kept.known]
    for found in shared(_judged, [(name,) for name in left], jobs):
        kept.add(found["id"], found)
        tell("judging", sum(name in kept.known for name in chosen), len(chosen))
    plain = [kept.known[name] for name in chosen]
    return [_unpacked(chosen[one["id"]], one) for one in plain], len(every), max(one["preparation"] for one in plain)


def _about(tools: Sequence[Tool]) -> dict[str, str]:
    """What a run's findings depend on."""
    return {
        "lstm_ref": digest("lstm_ref"),
        "oracle": digest("oracle", "benchmarks/field"),
        "tools": ", ".join(tool.title for tool in tools),
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
    }


def _judged(name: str) -> dict[str, Any]:
    """What every tool says of the mutant of this name, in any process, as plain data."""
    court, by_name = _court()
    one = court.judge(by_name[name])
    court.look_into(one)
    found = {name: value for name, value in vars(one).items() if name != "mutant"}
    return {"id": name, "preparation": court.preparation, **found}


@functools.cache
def _court() -> tuple[Court, dict[str, Mutant]]:
    """The court of this process."""
    court = Court(installed()[0])
    return court, {mutant.id: mutant for mutant in sample.every(court.stands)}


def _unpacked(mutant: Mutant, plain: Mapping[str, Any]) -> Judged:
    """What was said of a mutant, from plain data."""
    return Judged(mutant, **{name: value for name, value in plain.items() if name not in ("id", "preparation")})


def by_operator(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The mutants that are faults, by operator, in order."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in found:
        if not one.equivalent:
            groups[one.mutant.operator].append(one)
    return dict(groups)
