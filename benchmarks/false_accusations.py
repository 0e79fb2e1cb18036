"""How often correct code is accused in floats: never, over as many random cases as asked for.

    python benchmarks/false_accusations.py [--cases N] [--seed S]

The code under test is this project's own, certified by `oracle verify`: the layer with both cells and the classic
node, in float64 and in float32. Each case is checked by `oracle.check_in_floats`, whose method is:

1. Every output and gradient entry of the hand-written run is compared with the gradient program's in float64. It
   passes within the derived bound from 8 stochastic samples.
2. A case with an entry beyond is compared again with the bound from 96 samples.
3. A case with an entry still beyond is compared with the gradient program in balls of 320 bits; an entry beyond the
   bound even there is an accusation.

So balls judge the suspects alone. An entry that passes step 1 may be up to twice its bound from the truth, because
the gradient program in float64 is itself known only to within the bound; no accusation can be missed that way, for
only step 3 accuses. First, a relative error of 1e-10 is planted in one entry, and must be seen.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
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
from oracle.subject import Subject
from oracle.verdict import Verdict

SUBJECTS = ("lstm-seed", "lstm-standard", "lstm-classic-node")
DTYPES = ("float64", "float32")
REGIMES = ("generic", "saturated", "large cotangents", "tiny cotangents")
PLANTED = 1e-10


@dataclass
class Tally:
    """What was seen of one subject in one float type."""

    cases: int = 0
    entries: int = 0
    stages: Counter[int] = field(default_factory=Counter)
    undecided: int = 0
    ratio: float = 0.0  # the largest among cases that step 1 decided
    accused: list[FloatCheck] = field(default_factory=list)

    def add(self, check: FloatCheck) -> None:
        """Take one case in."""
        self.cases += 1
        self.entries += check.entries
        self.stages[check.stage] += 1
        self.undecided += check.verdict is Verdict.UNDECIDED
        self.ratio = max(self.ratio, check.ratio if check.stage == 1 else 0.0)
        if not check.ok and check.verdict is not Verdict.UNDECIDED:
            self.accused.append(check)


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


def random_cases(subject: Subject, dtype: str, seed: int) -> Iterator[Case]:
    """Cases without end: every regime in turn, sizes and values from the seed."""
    number = 0
    while True:
        regime, drawn = REGIMES[number % len(REGIMES)], key(subject.name, dtype, seed, number) % 2**32
        yield Case(sizes_at(regime, drawn, subject.sizes), regime, drawn)
        number += 1


def campaign(count: int, seed: int, told: bool = False) -> dict[tuple[str, str], Tally]:
    """The tallies of `count` cases, spread evenly over subjects and float types."""
    loaded = [subjects.load(name) for name in SUBJECTS]
    streams = {
        (subject.name, dtype): (subject, random_cases(subject, dtype, seed)) for subject in loaded for dtype in DTYPES
    }
    tallies = {stream: Tally() for stream in streams}
    began = time.perf_counter()
    with contextlib.suppress(KeyboardInterrupt):  # what was seen until then is told all the same
        for done, ((name, dtype), (subject, cases)) in enumerate(islice(cycle(streams.items()), count), 1):
            check = oracle.check_in_floats(subject, next(cases), dtype=dtype)
            tallies[name, dtype].add(check)
            if not check.ok:
                print(check, flush=True)
            if told and done % 6000 == 0:
                print(f"{done} cases, {time.perf_counter() - began:.0f} s", flush=True)
    return tallies


def require_that_faults_are_seen() -> None:
    """The control: a planted fault must be seen in every subject, or the numbers below mean nothing."""
    for name, leaf in zip(SUBJECTS, ("W", "U", "param.wi"), strict=True):
        subject = subjects.load(name)
        case = Case({size: min(3, high) for size, (_, high) in subject.sizes.items()}, seed=5)
        check = oracle.check_in_floats(planted(subject, leaf), case)
        if check.verdict is not Verdict.INCONSISTENT:
            raise RuntimeError(f"a relative error of {PLANTED:g} in {leaf} of {name} was not seen: {check}")
        print(f"control: {check.suspects[0]}")


def main() -> None:
    """Print the tallies; exit with 1 if correct code was accused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=120_000, help="how many (120000)")
    parser.add_argument("--seed", type=int, default=0, help="from which the cases follow (0)")
    options = parser.parse_args()
    require_that_faults_are_seen()
    began = time.perf_counter()
    tallies = campaign(options.cases, options.seed, told=True)
    print(f"{'subject':<18} {'dtype':<8} {'cases':>8} {'entries':>11} {'step 2':>7} {'step 3':>7} ", end="")
    print(f"{'undecided':>9} {'accused':>8} {'largest gap/bound':>18}")
    for (name, dtype), tally in tallies.items():
        print(f"{name:<18} {dtype:<8} {tally.cases:>8} {tally.entries:>11} {tally.stages[2]:>7} ", end="")
        print(f"{tally.stages[3]:>7} {tally.undecided:>9} {len(tally.accused):>8} {tally.ratio:>18.3f}")
    cases, accused = (
        sum(f(tally) for tally in tallies.values()) for f in (lambda t: t.cases, lambda t: len(t.accused))
    )
    print(f"{cases} cases, {accused} accused; {time.perf_counter() - began:.0f} s by the clock")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    sys.exit(1 if accused else 0)


if __name__ == "__main__":
    main()
