"""The soundness campaign: no correct program is accused, and no faulty one gets away.

    python -m benchmarks.campaign [--entries 1000000] [--mutants N] [--jobs N] [--keep PATH] [--json PATH] [SUBJECT]...

1. Every registered subject is heard in case after case, all regimes in turn, until its share of the gradient entries
   has been certified: 10,000 each, and the rest from `LARGE`, whose cases are the widest, in parts of 25,000. A case
   with any verdict that is not ok is a false alarm. With --keep each part is written down as soon as it has been
   heard, and a run that was ended goes on where it was.
2. Every fault that the operators make of the backwards (or an even sample) is planted and judged, and the survivors
   are looked into. Each of them is listed with the reason why it is no fault.

Exit code 1 if there is a false alarm, an entry that was not certified, or a survivor without a reason.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.keeping import Kept, OtherRun, digest
from benchmarks.sharing import shared
from oracle import subjects
from oracle.agenda import is_thorough
from oracle.cases import REGIMES, Case, sizes_at
from oracle.draws import key
from oracle.loading import load
from oracle.mutation.campaign import mutate
from oracle.mutation.matrix import Fate, Matrix
from oracle.outcome import Outcome
from oracle.report.json import dumps, write_atomically
from oracle.subject import Subject
from oracle.subjects import parts
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Verdict
from oracle.verify import hear

DIGITS = 30
HOPELESS = 50  # cases without a single certified entry
LEAST = 10_000  # entries of every subject
PART = 25_000  # entries that are heard at a stretch
LARGE = ("lstm-seed", "lstm-standard", "lstm-classic-node", "lstm-classic-network")  # sizes up to 8
REPORTS = (Fate.SURVIVED, Fate.PRESUMED, Fate.PROVEN)


@dataclass
class Heard:
    """What was said of one correct program."""

    subject: str
    verdict: str = ""
    cases: int = 0
    certified: Counter[str] = field(default_factory=Counter)  # entries, by regime
    alarms: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def entries(self) -> int:
        """How many gradient entries were certified."""
        return sum(self.certified.values())

    def with_part(self, other: Heard) -> Heard:
        """The same with a further part of the same subject."""
        verdict = min(self.verdict, other.verdict, key=lambda name: Verdict[name].severity)
        alarms, seconds = [*self.alarms, *other.alarms], self.seconds + other.seconds
        return Heard(self.subject, verdict, self.cases + other.cases, self.certified + other.certified, alarms, seconds)


def shares(names: Sequence[str], entries: int) -> dict[str, int]:
    """How many entries of which subject, so that there are at least so many in all.

    >>> shares(["lstm-seed", "lstm-nog"], 100_000)
    {'lstm-nog': 10000, 'lstm-seed': 90000}
    """
    large = [name for name in names if name in LARGE] or list(names)
    small = [name for name in names if name not in large]
    least = min(LEAST, -(-entries // max(1, len(names))))
    rest = -(-(entries - least * len(small)) // max(1, len(large)))
    return dict.fromkeys(small, least) | dict.fromkeys(large, rest)


def parts_of(names: Sequence[str], entries: int) -> list[tuple[str, int, int]]:
    """The shares of subjects in parts: name, number, and entries, the widest subjects first.

    >>> parts_of(["lstm-nog", "lstm-seed"], 60_000)
    [('lstm-seed', 0, 25000), ('lstm-seed', 1, 25000), ('lstm-nog', 0, 10000)]
    """
    found = [
        (name, number, min(PART, share - start))
        for name, share in sorted(shares(names, entries).items(), key=lambda pair: -pair[1])
        for number, start in enumerate(range(0, share, PART))
    ]
    return [(name, number, max(share, LEAST) if number else share) for name, number, share in found]


def part_heard(name: str, number: int, share: int, seed: int) -> dict[str, Any]:
    """What `listen` says of a part of a registered subject's share, in any process, as plain data."""
    found = listen(subjects.load(name), share, seed, number)
    return {"part": f"{name} {number}", "heard": {**vars(found), "certified": dict(found.certified)}}


def listen(subject: Subject, share: int, seed: int, part: int = 0) -> Heard:
    """Hear cases of a subject, all regimes in turn, until so many gradient entries are certified."""
    began = time.process_time()
    trial, found = Trial(subject, DIGITS), Heard(subject.name)
    summary = Summary(trial, seed)
    while found.entries < share:
        case = _case(trial, found.cases, seed, part)
        found.cases += 1
        outcome = hear(trial, case, summary, is_thorough(found.cases, case, trial.sizes))
        _note(found, outcome, subject.differentiated)
        summary.add(outcome)
        if found.cases >= HOPELESS and not found.entries:
            break
    report = summary.report(time.process_time() - began)
    found.verdict, found.seconds = report.verdict.name, report.seconds
    if not report.ok and not found.alarms:
        found.alarms.append(str(report).splitlines()[0])
    return found


def _case(trial: Trial, number: int, seed: int, part: int) -> Case:
    """The regimes in turn, each with the sizes that suit it."""
    regime, case_seed = REGIMES[number % len(REGIMES)], key("campaign", seed, part, number) % 2**32
    return Case(sizes_at(regime, case_seed, trial.sizes), regime, case_seed)


def _note(found: Heard, outcome: Outcome, leaves: Sequence[str]) -> None:
    """Count what a case certified, or what it said instead; a gradient of zeros alone is neither."""
    if not outcome.counts:
        return
    said = {*outcome.verdicts.values(), *(finding.verdict for finding in outcome.findings)}
    if bad := [one for one in said if not one.ok and one is not Verdict.NOTHING_COMPARED]:
        found.alarms.append(f"{min(bad, key=lambda one: one.severity).name} in {outcome.case}")
        return
    for name in leaves:
        if outcome.verdicts.get(name) is Verdict.CERTIFIED:
            found.certified[outcome.case.regime] += outcome.comparisons[name].entries


# ---- what is shown


def _table(heard: Sequence[Heard]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("subject", no_wrap=True)
    for title in ("verdict", "cases", "entries", "false alarms", "CPU s"):
        table.add_column(title, justify="right")
    for one in heard:
        row = (one.verdict, f"{one.cases:,}", f"{one.entries:,}", str(len(one.alarms)), f"{one.seconds:.0f}")
        table.add_row(one.subject, *row)
    return table


def show(console: Console, heard: Sequence[Heard], matrix: Matrix | None) -> None:
    """Both parts, and every survivor."""
    regimes: Counter[str] = Counter()
    for one in heard:
        regimes += one.certified
    console.print(_table(heard))
    total, alarms = sum(one.entries for one in heard), [alarm for one in heard for alarm in one.alarms]
    console.print(f"{total:,} gradient entries of correct programs certified, {len(alarms)} false alarms")
    console.print("by regime: " + ", ".join(f"{name} {count:,}" for name, count in regimes.items()))
    for alarm in alarms:
        console.print(alarm, soft_wrap=True)
    if matrix is not None:
        _show_mutants(console, matrix)


def _show_mutants(console: Console, matrix: Matrix) -> None:
    of = {fate: len(matrix.of(fate)) for fate in Fate}
    counts = ", ".join(f"{count} {fate.value}" for fate, count in of.items())
    console.print(f"{len(matrix.entries)} of {matrix.possible} mutants: {counts}; {matrix.speed:.0f} a second")
    for fate in REPORTS:
        for entry in matrix.of(fate):
            console.print(f"{fate.value}  {entry.row.mutant.id}\n  {entry.reason}", soft_wrap=True)
            console.print("\n".join(f"  {line}" for line in entry.row.mutant.diff.splitlines()[2:]), soft_wrap=True)


def to_dict(heard: Sequence[Heard], matrix: Matrix | None) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "schema": 1,
        "entries": sum(one.entries for one in heard),
        "false_alarms": sum(len(one.alarms) for one in heard),
        "subjects": [{**vars(one), "certified": dict(one.certified)} for one in heard],
        "mutation": matrix.to_dict() if matrix is not None else None,
    }


def fine(heard: Sequence[Heard], matrix: Matrix | None) -> bool:
    """Whether nothing correct was accused, something was certified of everything, and nothing faulty got away."""
    quiet = bool(heard) and all(one.entries and not one.alarms for one in heard)
    return quiet and (matrix is None or matrix.ok)


@click.command()
@click.argument("names", nargs=-1, metavar="[SUBJECT]...")
@click.option("--entries", default=1_000_000, show_default=True, help="Gradient entries over all subjects.")
@click.option("--mutants", type=click.IntRange(0), help="At most so many, evenly spread; 0 for none. Absent, all.")
@click.option("--seed", default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the work.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is found there as it comes.")
@click.option("--json", "path", type=click.Path(dir_okay=False), help="Write everything there.")
def main(
    names: tuple[str, ...],
    entries: int,
    mutants: int | None,
    seed: int,
    jobs: int,
    keep: Path | None,
    path: str | None,
) -> None:
    """Run the soundness campaign."""
    console = Console(highlight=False, emoji=False, width=110)
    chosen = names or tuple(subjects.names())
    try:
        heard = _all_heard(console, chosen, entries, seed, jobs, keep)
    except OtherRun as error:
        raise click.UsageError(str(error)) from error
    matrix = _mutated(chosen, mutants, jobs, with_parts=not names)
    show(console, heard, matrix)
    if path:
        write_atomically(Path(path), dumps(to_dict(heard, matrix)))
    raise SystemExit(0 if fine(heard, matrix) else 1)


def _all_heard(
    console: Console, names: Sequence[str], entries: int, seed: int, jobs: int, keep: Path | None
) -> list[Heard]:
    """The correct programs, part by part; those that were kept are not heard again."""
    about = {"code": digest("lstm_ref", "oracle", "benchmarks"), "seed": seed, "entries": entries}
    kept, found = Kept(keep, about), dict[str, Heard]()
    every = parts_of(names, entries)
    left = [(name, number, share, seed) for name, number, share in every if f"{name} {number}" not in kept.known]
    for one in shared(part_heard, left, jobs):
        kept.add(one["part"], one["heard"])
        console.print(_line(one["part"], _unpacked(one["heard"])), style="dim", soft_wrap=True)
    for name, number, _ in every:
        one = _unpacked(kept.known[f"{name} {number}"])
        found[name] = found[name].with_part(one) if name in found else one
    return [found[name] for name in names]


def _unpacked(plain: Mapping[str, Any]) -> Heard:
    return Heard(**{**plain, "certified": Counter(plain["certified"])})


def _mutated(names: Sequence[str], limit: int | None, jobs: int, *, with_parts: bool) -> Matrix | None:
    """The kill matrix of these subjects, and of the parts of `lstm_ref` that are on trial by themselves."""
    if limit == 0:
        return None
    every = [*parts.names(), *names, *parts.corners()] if with_parts else names
    return mutate([one for name in every for one in load(name)], limit=limit, jobs=jobs)


def _line(part: str, one: Heard) -> str:
    return f"{part}: {one.entries:,} entries, {len(one.alarms)} false alarms, {one.seconds:.0f} s"


if __name__ == "__main__":
    main()
