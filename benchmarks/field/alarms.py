"""Correct programs before every tool: whoever rejects one raises a false alarm."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.field import certified
from benchmarks.field.faults import Told
from benchmarks.field.programs import REGIMES, Setting, out_of_reach, runs
from benchmarks.field.tools import CERTIFIED, Tool
from oracle import subjects
from oracle.subject import Subject


@dataclass
class Alarms:
    """What every tool said of the correct programs of one regime."""

    regime: str
    programs: int = 0  # a subject in all its settings
    rejected: dict[str, list[str]] = field(default_factory=dict)  # by column, the subjects
    seconds: dict[str, float] = field(default_factory=dict)  # CPU, by tool
    left_out: dict[str, str] = field(default_factory=dict)  # subjects, and why


def listen(regime: str, tools: Sequence[Tool], names: Sequence[str]) -> Alarms:
    """Put every subject that can be put before all tools before each of them, in every setting of the regime."""
    settings, found = REGIMES[regime], Alarms(regime)
    for tool in tools:
        found.rejected |= {column: [] for column in tool.columns}
    if certified.REGIMES[regime]:
        found.rejected[CERTIFIED] = []
    for name in names:
        subject = _loaded(name)
        if why := out_of_reach(subject) or runs(settings[0].of(subject)):
            found.left_out[name] = why
            continue
        found.programs += 1
        _ask(found, subject, settings, tools)
    return found


@functools.cache
def _loaded(name: str) -> Subject:
    """The subject, once for all regimes, since the certified path keeps the gradient program with it."""
    return subjects.load(name)


def _ask(found: Alarms, subject: Subject, settings: tuple[Setting, ...], tools: Sequence[Tool]) -> None:
    """One subject before every tool."""
    if CERTIFIED in found.rejected:
        began = time.process_time()
        accused = certified.accuses(subject, settings, found.regime)
        _spent(found, CERTIFIED, began)
        found.rejected[CERTIFIED] += [subject.name] if accused else []
    for tool in tools:
        programs = [setting.of(subject) for setting in settings]
        began = time.process_time()
        said = [tool.rejects(program) for program in programs]
        _spent(found, tool.name, began)
        for column, heard in zip(tool.columns, zip(*said, strict=True), strict=True):
            found.rejected[column] += [subject.name] if any(heard) else []


def _spent(found: Alarms, tool: str, began: float) -> None:
    found.seconds[tool] = found.seconds.get(tool, 0.0) + time.process_time() - began


def run(tools: Sequence[Tool], tell: Told, names: Sequence[str] | None = None) -> list[Alarms]:
    """Every regime; a tool that is there in two precisions is asked once, in that of the programs."""
    once = [tool for tool in tools if tool.name != "jax float32"]
    found = []
    for number, regime in enumerate(REGIMES, 1):
        found.append(listen(regime, once, names or subjects.names()))
        tell("correct programs", number, len(REGIMES))
    return found
