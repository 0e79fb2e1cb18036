"""How often the diagnosis names what is wrong: over planted single faults and pairs, with probes and without.

    python -m benchmarks.diagnosis [probes] [pairs] [bare] [fresh] [--every N] [--keep PATH] [--table PATH]

Each fault of `benchmarks.faults` is planted in process, the subject is verified in a few cases, and the diagnosis is
compared with what was planted.

| part   | a hit                                                                                                 |
| ------ | ----------------------------------------------------------------------------------------------------- |
| probes | the first cause names the planted line                                                                |
| pairs  | both planted lines are among those that the causes name                                               |
| bare   | with its probes taken away, the first cause is of the right class: a repair of the planted line, or a |
|        | fact that a mistake of this class gives (`FACTS`)                                                     |

`fresh` is `probes` for faults of `benchmarks.faults.fresh`, which were written last, and led to no change.

With `--keep` each result is appended to a file as it comes, and what stands there is not run again: an interruption
loses nothing, several parts can run beside each other, and the table is that of the whole file.

False certainty is counted in every part: a cause that is certain and names a line that is right. Seconds are those of
the thread, beyond the verdict and the smallest case.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.faults import FRESH, SINGLE, Fault, pairs
from benchmarks.faults.fault import (
    ALGEBRA,
    BOUNDARY,
    CARRY,
    DERIVATIVE,
    FACTOR,
    INPUT,
    LEAK,
    PATH,
    SCALE,
    SHAPE,
    STAGE,
    VARIABLE,
)
from oracle import subjects
from oracle.cases import schedule
from oracle.diagnosis import Cause, diagnose
from oracle.mutation.planting import Text, planted, real_name
from oracle.subject import Subject
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Verdict
from oracle.verify import hear, shrink

CASES, ENOUGH, DIGITS = 6, 3, 30  # cases heard at most, and if one of them fails
STRIDE = 8  # how far apart faults stand in the catalogue that are looked at one after the other
FACTS = {
    BOUNDARY: {"first-step", "last-step", "zero", "one-block", "carry", "missing-summand", "permuted-blocks"},
    CARRY: {"carry", "truncated", "missing-summand", "replaced-factor", "zero", "last-step"},
    DERIVATIVE: {"replaced-factor", "missing-summand"},
    STAGE: {"replaced-factor", "constant-ratio"},
    VARIABLE: {"replaced-factor", "other-gradient", "permuted-blocks", "carry"},
    INPUT: {"inputs-only", "zero", "replaced-factor", "missing-summand", "constant-ratio"},
    SHAPE: {"equal-sizes", "above-size", "transpose", "batch", "carry"},
    PATH: {"missing-summand", "replaced-factor", "carry"},
    ALGEBRA: {"transpose", "sign", "equal-sizes", "replaced-factor", "missing-summand"},
    SCALE: {"constant-ratio"},
    FACTOR: {"constant-ratio", "replaced-factor"},
    LEAK: {"second-call"},
}
PARTS = {
    "probes": ("single faults, with probes: the right line first", 0.95),
    "pairs": ("pairs at different lines, with probes: both named", 0.90),
    "bare": ("single faults, without probes: the right class first", 0.70),
    "fresh": ("fresh faults, with probes: the right line first", 0.95),
}


@dataclass(frozen=True)
class Result:
    """What was said of one or two planted faults."""

    part: str
    faults: tuple[Fault, ...]
    causes: tuple[Cause, ...]
    seconds: float
    hit: bool

    @property
    def falsely_certain(self) -> list[Cause]:
        """The causes that are certain of a line that is right."""
        planted_at = {_at(*fault.place) for fault in self.faults}
        return [cause for cause in self.causes if cause.certain and cause.line and _place(cause) not in planted_at]

    def said(self) -> str:
        """The first causes, shortly."""
        shown = [f"{cause.kind} at {cause.place}" if cause.line else cause.kind for cause in self.causes[:3]]
        return ", ".join(shown) or "nothing"


@cache
def subject(name: str, probes: bool) -> Subject:
    """A registered subject, with its probes or without."""
    found = subjects.load(name)
    return found if probes else dataclasses.replace(found, probes={}, twin=None)


def examine(faults: Sequence[Fault], probes: bool) -> tuple[tuple[Cause, ...], float]:
    """The causes found with these faults planted, and the seconds that took beyond the verdict."""
    with planted(*(Text(*fault.edit) for fault in faults)):
        trial = Trial(subject(faults[0].subject, probes), DIGITS)
        summary = Summary(trial, 0)
        for number, case in enumerate(schedule(CASES, 0, trial.sizes), 1):
            summary.add(hear(trial, case, summary, thorough=number == 1))
            if summary.failing is not None and number >= ENOUGH:
                break
        if summary.failing is None or summary.failing.verdict is not Verdict.REFUTED:
            raise SystemExit(f"{faults[0].name!r} is not refuted in {CASES} cases")
        smallest = shrink(trial, summary.failing)
        began = time.thread_time()
        return diagnose(trial, summary.failing, smallest).causes, time.thread_time() - began


def _place(cause: Cause) -> tuple[str, int]:
    return _at(real_name(cause.file), cause.line)


def _at(file: str, line: int) -> tuple[str, int]:
    """A place by the last two names of its file, the same wherever the code stands."""
    return "/".join(Path(file).parts[-2:]), line


def is_hit(part: str, faults: Sequence[Fault], causes: Sequence[Cause]) -> bool:
    """Whether the causes say what the part asks for."""
    places = [_place(cause) for cause in causes if cause.line]
    if part == "pairs":
        return {_at(*fault.place) for fault in faults} <= set(places)
    if not causes:
        return False
    (fault,), first = faults, causes[0]
    named = bool(first.line) and _place(first) == _at(*fault.place)
    return named if part in ("probes", "fresh") or first.kind.endswith("repair") else first.kind in FACTS[fault.cause]


def planted_in(part: str) -> list[tuple[Fault, ...]]:
    """What is planted in one part: single faults, or pairs."""
    if part == "pairs":
        return list(pairs(SINGLE))
    return [(fault,) for fault in (FRESH if part == "fresh" else SINGLE)]


def results(parts: Sequence[str], every: int, known: Sequence[Result] = ()) -> Iterable[Result]:
    """The parts in turns, each `every`-th of their faults, but for those whose results are known."""
    done = {(result.part, result.faults) for result in known}
    for first in range(STRIDE):  # at any time there is a fair sample of each
        for part in parts:
            for faults in planted_in(part)[::every][first::STRIDE]:
                if (part, faults) not in done:
                    causes, seconds = examine(faults, probes=part != "bare")
                    yield Result(part, faults, causes, seconds, is_hit(part, faults, causes))


def kept(path: Path | None) -> list[Result]:
    """The results in a file, of faults that are still in the catalogue."""
    if path is None or not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_name = {(part, *(fault.name for fault in faults)): faults for part in PARTS for faults in planted_in(part)}
    return [
        Result(
            one["part"],
            by_name[one["part"], *one["faults"]],
            tuple(Cause(**{**cause, "leaves": tuple(cause["leaves"])}) for cause in one["causes"]),
            one["seconds"],
            one["hit"],
        )
        for one in lines
        if (one["part"], *one["faults"]) in by_name
    ]


def keep(result: Result, path: Path) -> None:
    """Append one result to a file."""
    causes = [dataclasses.asdict(cause) for cause in result.causes]
    record = {**vars(result), "faults": [fault.name for fault in result.faults], "causes": causes}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def table(found: Sequence[Result]) -> list[str]:
    """The scores as lines of a Markdown table."""
    lines = ["| what | hits | goal | false certainty | seconds: median, most |", "| --- | --- | --- | --- | --- |"]
    for part in dict.fromkeys(result.part for result in found):
        own = [result for result in found if result.part == part]
        title, goal = PARTS[part]
        hits, wrong = sum(result.hit for result in own), sum(bool(result.falsely_certain) for result in own)
        took = sorted(result.seconds for result in own)
        share = f"{hits} of {len(own)} ({hits / len(own):.0%})"
        times = f"{took[len(took) // 2]:.1f}, {took[-1]:.1f}"
        lines.append(f"| {title} | {share} | {goal:.0%} | {wrong} | {times} |")
    return lines


def misses(found: Sequence[Result]) -> list[str]:
    """What was missed, and what was said instead, as lines of a Markdown table."""
    lines = ["| part | planted | line | said |", "| --- | --- | --- | --- |"]
    for result in found:
        if not result.hit or result.falsely_certain:
            names = " and ".join(fault.name for fault in result.faults)
            places = " and ".join(f"{Path(fault.place[0]).name}:{fault.line}" for fault in result.faults)
            lines.append(f"| {result.part} | {names} | {places} | {result.said()} |")
    return lines


def line(result: Result) -> str:
    """One result, as it is printed when it comes."""
    mark = "hit " if result.hit else "miss"
    names = " and ".join(fault.name for fault in result.faults)
    false = "  FALSELY CERTAIN" if result.falsely_certain else ""
    return f"{mark} {result.part:<6} {result.seconds:4.1f} s  {names}: {result.said()}{false}"


def main() -> None:
    """Plant, verify, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help="probes, pairs, bare, fresh; all by default")
    parser.add_argument("--every", type=int, default=1, help="only each N-th fault or pair (1)")
    parser.add_argument("--keep", type=Path, help="append results to this file, and run none that stands in it")
    parser.add_argument("--table", type=Path, help="also write the tables to this file")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    if options.every < 1:
        parser.error("--every must be at least 1")
    found = kept(options.keep)
    for result in results(options.parts or list(PARTS), options.every, tuple(found)):
        found.append(result)
        if options.keep is not None:
            keep(result, options.keep)
        print(line(result), flush=True)
    found.sort(key=lambda result: list(PARTS).index(result.part))
    text = "\n".join([*table(found), "", *misses(found)])
    print(text)
    if options.table is not None:
        options.table.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
