"""How often correct code is accused in floats: never, over as many random cases as asked for.

    python benchmarks/false_accusations.py [--cases N] [--seed S] [--jobs J] [--save PATH] [--subject NAME ...]

The code under test is this project's own, certified by `oracle verify`: every registered subject, in float64 and in
float32. Each case is checked by `oracle.check_in_floats`, whose method is:

1. Every output and gradient entry of the hand-written run is compared with the gradient program's in float64. It
   passes within the derived bound from 8 stochastic samples.
2. A case with an entry beyond is compared again with the bound from 96 samples.
3. A case with an entry still beyond is compared with the gradient program in balls of 320 bits; an entry beyond the
   bound even there is an accusation.

So balls judge the suspects alone. An entry that passes step 1 may be up to twice its bound from the truth, because
the gradient program in float64 is itself known only to within the bound; no accusation can be missed that way, for
only step 3 accuses. First, a relative error of 1e-10 is planted in one entry of each subject, and must be seen.

What was seen is saved as it comes, some hundred cases at a time; called again with the same arguments, or with more
cases, the command goes on from there. A Ctrl-C loses what is not saved yet, and tells the rest.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import multiprocessing
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, which NumPy must know before it is imported
sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

import numpy as np

import oracle
from oracle import subjects
from oracle.cases import Case, sizes_at
from oracle.draws import key
from oracle.float_check import FloatCheck
from oracle.report.json import dumps, write_atomically
from oracle.subject import Subject
from oracle.trial import environment
from oracle.verdict import Verdict

DTYPES = ("float64", "float32")
REGIMES = ("generic", "saturated", "large cotangents", "tiny cotangents")
PLANTED = 1e-10
CHUNK = 200  # cases that are saved together


@dataclass
class Tally:
    """What was seen of one subject in one float type."""

    cases: int = 0
    entries: int = 0
    stages: Counter[int] = field(default_factory=Counter)
    undecided: int = 0
    ratio: float = 0.0  # the largest among cases that step 1 decided
    accused: list[str] = field(default_factory=list)

    def add(self, check: FloatCheck) -> None:
        """Take one case in."""
        self.cases += 1
        self.entries += check.entries
        self.stages[check.stage] += 1
        self.undecided += check.verdict is Verdict.UNDECIDED
        self.ratio = max(self.ratio, check.ratio if check.stage == 1 else 0.0)
        if not check.ok and check.verdict is not Verdict.UNDECIDED:
            self.accused.append(str(check))

    def join(self, other: Tally) -> None:
        """Take in what was seen elsewhere."""
        self.cases, self.entries = self.cases + other.cases, self.entries + other.entries
        self.undecided, self.ratio = self.undecided + other.undecided, max(self.ratio, other.ratio)
        self.stages.update(other.stages)
        self.accused += other.accused

    def written(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {**vars(self), "stages": {str(stage): count for stage, count in self.stages.items()}}

    @classmethod
    def read(cls, saved: dict[str, Any]) -> Tally:
        """What was saved of one, whose stages JSON keeps as text."""
        return cls(**{**saved, "stages": Counter({int(stage): count for stage, count in saved["stages"].items()})})


@dataclass(frozen=True)
class Chunk:
    """Some cases of one subject in one float type: which is all that another process needs to know."""

    name: str
    dtype: str
    seed: int
    first: int
    count: int

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}, cases {self.first} to {self.first + self.count - 1}"


class Planted:
    """The form of a subject with one entry of one gradient wrong by a relative error."""

    def __init__(self, form: Any, leaf: str, relative: float) -> None:
        self._form, self._leaf, self._relative = form, leaf, relative

    def __getattr__(self, name: str) -> Any:
        return getattr(self._form, name)

    def backward(self, owner: Any, cotangents: Any, slots: Any) -> dict[str, Any]:
        """The gradients, the largest entry of one moved."""
        gradients = self._form.backward(owner, cotangents, slots)
        value = np.array(gradients[self._leaf])
        value.flat[np.argmax(np.abs(value))] *= 1.0 + self._relative
        return {**gradients, self._leaf: value}


def planted(subject: Subject, leaf: str, relative: float = PLANTED) -> Subject:
    """The subject with a fault."""
    return dataclasses.replace(subject, form=Planted(subject.form, leaf, relative))


# ---- which cases


def case_at(subject: Subject, dtype: str, seed: int, number: int) -> Case:
    """One case of many: every regime in turn, sizes and values from the seed."""
    regime, drawn = REGIMES[number % len(REGIMES)], key(subject.name, dtype, seed, number) % 2**32
    return Case(sizes_at(regime, drawn, subject.sizes), regime, drawn)


def chunks(names: Sequence[str], count: int, seed: int) -> list[Chunk]:
    """`count` cases, spread evenly over subjects and float types; the first of each stream before the second."""
    streams = [(name, dtype) for name in names for dtype in DTYPES]
    share = [count // len(streams) + (k < count % len(streams)) for k in range(len(streams))]
    found = [
        Chunk(*stream, seed, first, min(CHUNK, most - first))
        for stream, most in zip(streams, share, strict=True)
        for first in range(0, most, CHUNK)
    ]
    return sorted(found, key=lambda chunk: chunk.first)


_loaded: dict[str, Subject] = {}


def heard(chunk: Chunk) -> Tally:
    """The tally of a chunk."""
    if chunk.name not in _loaded:
        _loaded[chunk.name] = subjects.load(chunk.name)
    subject, tally = _loaded[chunk.name], Tally()
    for number in range(chunk.first, chunk.first + chunk.count):
        tally.add(oracle.check_in_floats(subject, case_at(subject, chunk.dtype, chunk.seed, number), dtype=chunk.dtype))
    return tally


# ---- what is kept


def _of() -> dict[str, str]:
    """What the numbers depend on: versions, and the source of what was tried and of what tried it."""
    root, source = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted([*root.glob("lstm_ref/**/*.py"), *root.glob("oracle/**/*.py")]):
        source.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return {**environment(), "source": source.hexdigest()}


class Saved:
    """The tallies of chunks by what they are, in a file that is there whole or not at all."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.chunks = path, dict[str, dict[str, Any]]()
        self._of = _of()
        if path is not None and path.exists():
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["of"] != self._of:
                raise SystemExit(f"{path} is of other code, other versions or elsewhere; give another --save PATH")
            self.chunks = document["chunks"]

    @staticmethod
    def _key(chunk: Chunk) -> str:
        return f"{chunk}, seed {chunk.seed}"

    def get(self, chunk: Chunk) -> Tally | None:
        """What was seen of a chunk; None if it was not heard yet."""
        saved = self.chunks.get(self._key(chunk))
        return None if saved is None else Tally.read(saved)

    def add(self, chunk: Chunk, tally: Tally) -> None:
        """Keep what was seen."""
        self.chunks[self._key(chunk)] = tally.written()
        if self.path is not None:
            write_atomically(self.path, dumps({"of": self._of, "chunks": self.chunks}))


def campaign(
    names: Sequence[str], count: int, seed: int, *, jobs: int = 1, saved: Saved | None = None, told: bool = False
) -> dict[tuple[str, str], Tally]:
    """The tallies of `count` cases by subject and float type."""
    saved, began = saved or Saved(None), time.perf_counter()
    tallies = {(name, dtype): Tally() for name in names for dtype in DTYPES}
    waiting = []
    for chunk in chunks(names, count, seed):
        known = saved.get(chunk)
        if known is None:
            waiting.append(chunk)
        else:
            tallies[chunk.name, chunk.dtype].join(known)
    for chunk, tally in _in_turn(waiting) if jobs == 1 else _at_once(waiting, jobs):
        saved.add(chunk, tally)
        tallies[chunk.name, chunk.dtype].join(tally)
        for accusation in tally.accused:
            print(accusation, flush=True)
        if told:
            done = sum(one.cases for one in tallies.values())
            print(f"{done:>8} cases, {time.perf_counter() - began:.0f} s: {chunk}", flush=True)
    return tallies


def _in_turn(waiting: Sequence[Chunk]) -> Iterator[tuple[Chunk, Tally]]:
    try:
        for chunk in waiting:
            yield chunk, heard(chunk)
    except KeyboardInterrupt:
        return


def _at_once(waiting: Sequence[Chunk], jobs: int) -> Iterator[tuple[Chunk, Tally]]:
    """In so many processes, each of which starts afresh: JAX does not bear to be forked."""
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    futures: dict[Future[Tally], Chunk] = {pool.submit(heard, chunk): chunk for chunk in waiting}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except KeyboardInterrupt:
        return
    finally:
        pool.shutdown(cancel_futures=True)


# ---- what is told


def require_that_faults_are_seen(names: Sequence[str]) -> None:
    """The control: a planted fault must be seen in every subject, or the numbers below mean nothing."""
    for name in names:
        subject = subjects.load(name)
        leaf = subject.differentiated[-1]
        case = Case({size: min(3, high) for size, (_, high) in subject.sizes.items()}, seed=5)
        check = oracle.check_in_floats(planted(subject, leaf), case)
        if check.verdict is not Verdict.INCONSISTENT:
            raise RuntimeError(f"a relative error of {PLANTED:g} in {leaf} of {name} was not seen: {check}")
        print(f"control, {name}: {check.suspects[0]}", flush=True)


def tell(tallies: dict[tuple[str, str], Tally]) -> None:
    """The table."""
    print(f"{'subject':<21} {'dtype':<8} {'cases':>8} {'entries':>11} {'step 2':>7} {'step 3':>7} ", end="")
    print(f"{'undecided':>9} {'accused':>8} {'largest gap/bound':>18}")
    for (name, dtype), tally in tallies.items():
        print(f"{name:<21} {dtype:<8} {tally.cases:>8} {tally.entries:>11} {tally.stages[2]:>7} ", end="")
        print(f"{tally.stages[3]:>7} {tally.undecided:>9} {len(tally.accused):>8} {tally.ratio:>18.3f}")


def main() -> None:
    """Print the tallies; exit with 1 if correct code was accused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=120_000, help="how many (120000)")
    parser.add_argument("--seed", type=int, default=0, help="from which the cases follow (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (1)")
    parser.add_argument("--save", type=Path, help="where to keep what was seen, and to go on from")
    parser.add_argument("--subject", action="append", choices=subjects.names(), help="one of them (all), repeatable")
    options = parser.parse_args()
    if options.cases < 1 or options.jobs < 1:
        parser.error("--cases and --jobs must be at least 1")
    names = options.subject or subjects.names()
    saved = Saved(options.save)
    require_that_faults_are_seen(names)
    began = time.perf_counter()
    tallies = campaign(names, options.cases, options.seed, jobs=options.jobs, saved=saved, told=True)
    tell(tallies)
    cases, accused = (sum(map(of, tallies.values())) for of in (lambda one: one.cases, lambda one: len(one.accused)))
    print(f"{cases} cases, {accused} accused; {time.perf_counter() - began:.0f} s by the clock")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    sys.exit(1 if accused else 0)


if __name__ == "__main__":
    main()
