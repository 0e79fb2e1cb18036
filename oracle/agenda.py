"""In which cases a subject is heard: so that regimes, sizes beyond the usual and options all meet in pairs.

A fault may show only under one option, only at sizes beyond some constant, only where values are saturated, or only
where two of these meet. So the cases of a run are not drawn apart from each other: each takes the options, by its seed,
that bring the most pairs together that have not met. Let U be the number of sizes that nobody declared, and V the
largest number of values of a switch: an `oracle.choice`, a single boolean, or a single integer of at most 8 values.

| what meets                                                              | within so many cases   |
| ----------------------------------------------------------------------- | ---------------------- |
| every regime                                                            | 16                     |
| every regime and every value of a switch                                | 16 V                   |
| each undeclared size far beyond its range, the others small             | 14 + 2 U               |
| the same, and every value of a switch                                   | 14 + 2 U V             |
| the same in float32, with other sizes as usual, and every value         | 14 + 4 U V             |
| two values of different switches, and both with some wide size          | in the same, mostly    |
| the contract, and every corner regime, every value, every wide size     | with the case          |

With several switches it takes a few cases more. What did not meet is in the report (`oracle.coverage.gaps`). Three
things meet only by chance, beyond those above; two sizes are never wide at once, and a size is not wide where a single
case would have more than 3000 entries of inputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING

from oracle.cases import CORNERS, GENERIC, SATURATED, WIDE, Case, regime_at, sizes_at
from oracle.coverage import SINGLE, SOME_WIDE, Switches, above, goals, is_wide, undeclared, wide_labels
from oracle.draws import key

if TYPE_CHECKING:
    from oracle.trial import Trial

Affordable = Callable[[Mapping[str, int]], bool]  # whether sizes cost little enough

_FIRST_WIDE = 14
_REDRAWS = 8


def drawn(trial: Trial, cases: int, seed: int) -> list[Case]:
    """So many cases as a verification draws them from a seed, those of a declared clip included."""
    further = biting(trial, seed)
    return [*planned(trial, max(cases - len(further), 0), seed), *further]


def heard(trial: Trial, cases: int, seed: int) -> list[Case]:
    """All cases that a verification with so many cases hears: those, and further ones for a declared clip."""
    return [*planned(trial, cases, seed), *biting(trial, seed)]


def planned(trial: Trial, cases: int, seed: int) -> Iterator[Case]:
    """So many cases, of which a longer run has the same and more."""
    return islice(_Plan(Switches(trial.subject.leaves), trial.sizes, trial.affordable).cases(seed), cases)


def is_thorough(number: int, case: Case, within: Mapping[str, tuple[int, int]]) -> bool:
    """Whether the contract is checked too: in corners and wide cases, in the first, and in each eighth after."""
    return case.regime != GENERIC or number <= 12 or number % 8 == 0 or is_wide(case, within)


class _Plan:
    """Case after case, each with what has not met yet."""

    def __init__(self, switches: Switches, within: Mapping[str, tuple[int, int]], affordable: Affordable) -> None:
        self.switches, self.within, self.affordable = switches, within, affordable
        self._open = dict.fromkeys(goals(switches, within))
        self._turns: Counter[tuple[str, bool]] = Counter()

    def cases(self, seed: int) -> Iterator[Case]:
        """Without end."""
        for number in count():
            place = key(seed, number) % 2**32
            wide = self._next_wide() if number >= _FIRST_WIDE and number % 2 == 0 else None
            regime = self._regime(number) if wide is None else SINGLE if wide[1] else GENERIC
            sizes: Mapping[str, int] = sizes_at(regime, place, self.within)
            if wide is not None:
                sizes = self._widened(*wide, sizes)
            given = frozenset({regime}) | wide_labels(sizes, self.within)
            chosen = self.switches.best(_seeds(place, seed, number), self._open, given)
            met = given | self.switches.at(chosen)
            self._open = dict.fromkeys(goal for goal in self._open if not goal <= met)
            yield Case(sizes, regime, chosen)

    def _regime(self, number: int) -> str:
        """As in the plain schedule; then corners as long as values of switches have not met them."""
        if number < 4 * len(CORNERS) or not number % 2:
            return regime_at(number)
        turn = number // 2 % len(CORNERS)
        ordinary = [goal for goal in self._open if SOME_WIDE not in goal]
        waiting = (one for one in CORNERS[turn:] + CORNERS[:turn] if any(one in goal for goal in ordinary))
        return next(waiting, GENERIC)

    def _next_wide(self) -> tuple[str, bool] | None:
        """The size whose turn it is to be wide, and whether it is its second turn: in float32, among usual sizes."""
        names = undeclared(self.within)
        for single in (False, True):
            at = [goal for goal in self._open if (SINGLE in goal) is single]
            if waiting := [name for name in names if any(above(name, self.within) in goal for goal in at)]:
                return self._turn(waiting, single)
        return self._turn(names, False) if names and any(SOME_WIDE in goal for goal in self._open) else None

    def _turn(self, names: Sequence[str], single: bool) -> tuple[str, bool]:
        name = min(names, key=lambda name: self._turns[name, single])
        self._turns[name, single] += 1
        return name, single

    def _widened(self, name: str, single: bool, sizes: Mapping[str, int]) -> Mapping[str, int]:
        wide = widened(name, sizes, self.within, self.affordable, usual=single)
        if wide is None:  # never: then nothing waits for it any more
            never = above(name, self.within)
            self._open = dict.fromkeys(goal for goal in self._open if never not in goal)
        return sizes if wide is None else wide


def _seeds(first: int, seed: int, number: int) -> Iterator[int]:
    yield first
    for attempt in count(1):
        yield key(seed, number, "option", attempt) % 2**32


def widened(
    name: str,
    sizes: Mapping[str, int],
    within: Mapping[str, tuple[int, int]],
    affordable: Affordable,
    *,
    usual: bool = False,
) -> Mapping[str, int] | None:
    """One size of 33 or 17, the others small, or with `usual` of 17 and the others as they are; None if too costly.

    >>> from oracle.cases import Undeclared
    >>> limits = {"B": (1, 3), "D": Undeclared((1, 8))}
    >>> widened("D", {"B": 2, "D": 7}, limits, lambda sizes: True)
    {'B': 2, 'D': 33}
    """
    small = {one: min(size, within[one][0] + 2) for one, size in sizes.items()}
    least = {one: low for one, (low, _) in within.items()}
    first = [(min(WIDE), sizes), (min(WIDE), small)] if usual else [(size, small) for size in WIDE]
    for size, others in (*first, *((size, least) for size in WIDE)):
        if affordable(wide := {**others, name: size}):
            return wide
    return None


def biting(trial: Trial, seed: int) -> list[Case]:
    """Further cases in which a declared clip should cut: large cotangents, and large values in wide arrays.

    Three, and as many more for each further value of a switch.
    """
    if trial.subject.deviations.clip is None:
        return []
    switches, found = Switches(trial.subject.leaves), []
    waiting = {(turn, label) for turn in range(3) for labels in switches.labels.values() for label in labels}
    rounds = max(map(len, switches.labels.values()), default=1)
    for again in range(rounds):
        for turn, regime in enumerate(("large cotangents", SATURATED, SATURATED)):
            words = (seed, "biting", turn, *([again] if again else []))
            values = [frozenset({label}) for which, label in waiting if which == turn]
            case_seed = switches.best(_again(*words), values)
            waiting -= {(turn, label) for label in switches.at(case_seed)}
            found.append(Case(_bitten(trial, regime, turn, case_seed), regime, case_seed))
    return found


def _bitten(trial: Trial, regime: str, turn: int, seed: int) -> Mapping[str, int]:
    sizes, names = sizes_at(GENERIC, seed, trial.sizes), undeclared(trial.sizes)
    if regime != SATURATED or not names:
        return sizes
    return widened(names[turn % len(names)], sizes, trial.sizes, trial.affordable) or sizes


def redraws(trial: Trial, case: Case) -> Iterator[Case]:
    """The cases that take the place of one that decides nothing, one after another, with the same options."""
    switches = Switches(trial.subject.leaves)
    same = [frozenset({label}) for label in switches.at(case.seed)]
    for attempt in range(1, _REDRAWS):
        regime = case.regime if attempt < _REDRAWS // 2 else GENERIC
        yield Case(case.sizes, regime, switches.best(_again(case.seed, "again", attempt), same))


def _again(*words: object) -> Iterator[int]:
    """Seeds for the same purpose, as many as are asked for."""
    yield key(*words) % 2**32
    for attempt in count(1):
        yield key(*words, "option", attempt) % 2**32
