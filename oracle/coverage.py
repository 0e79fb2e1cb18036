"""What should meet in some case of a run: regimes, wide sizes and the values of switches, alone and in pairs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, islice
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from oracle.cases import REGIMES, Case, Undeclared
from oracle.inputs import Input
from oracle.shapes import Shape

if TYPE_CHECKING:
    from oracle.trial import Trial

Goal: TypeAlias = frozenset[str]  # what is to meet in one case

SINGLE: Final = "float32"  # the regime in which wide sizes have their second turns
SOME_WIDE: Final = "a wide size"
_TRIES = 64  # seeds among which the options that bring most together are looked for
_FEW_VALUES = 8  # of a single integer that may be a mode
_LONGEST = 40  # characters of an option's value


# ---- what a case is


class Switches:
    """The inputs on which code branches: choices, single booleans, single integers of few values.

    >>> from oracle.inputs import booleans, choice
    >>> Switches({"mode": choice("train", "eval"), "flag": booleans("")}).labels
    {'mode': ("mode='train'", "mode='eval'"), 'flag': ('flag=False', 'flag=True')}
    """

    def __init__(self, leaves: Mapping[str, Input]) -> None:
        self._values = {name: values for name, spec in leaves.items() if (values := _values(spec))}
        self._leaves = {name: leaves[name] for name in self._values}
        self.labels = {name: _labels(name, values) for name, values in self._values.items()}

    def at(self, seed: int) -> Goal:
        """The labels of the values that a case of this seed has."""
        if not self._leaves:
            return frozenset()
        draw = Case({}, seed=seed).draw()
        return frozenset(self._label(name, draw.value(name, spec)) for name, spec in self._leaves.items())

    def _label(self, name: str, value: Any) -> str:
        chosen = self._leaves[name].options
        same = (one is value if chosen else one == value for one in self._values[name])
        return self.labels[name][next(k for k, here in enumerate(same) if here)]

    def best(self, seeds: Iterable[int], goals: Collection[Goal], given: Goal = frozenset()) -> int:
        """The first seed of those whose options reach the most goals, beside what is given."""
        every = given.union(*self.labels.values())
        within_reach = [goal - given for goal in goals if goal <= every and not goal <= given]
        first, *more = islice(seeds, _TRIES if within_reach else 1)
        if not more:
            return first
        met = {seed: self.at(seed) for seed in (first, *more)}
        return max(met, key=lambda seed: sum(goal <= met[seed] for goal in within_reach))


def _values(spec: Input) -> tuple[Any, ...]:
    """The values among which code may branch; none if the input is no switch."""
    if spec.options:
        return tuple({id(one): one for one in spec.options}.values())
    if spec.shape.dimensions:
        return ()
    if spec.kind == "boolean":
        return (False, True)
    if spec.kind == "integer" and not (bound := Shape.parse(spec.below)).names:
        values = range(int(spec.low), bound.concrete({})[0])
        return tuple(values) if 2 <= len(values) <= _FEW_VALUES else ()
    return ()


def _labels(name: str, values: Sequence[Any]) -> tuple[str, ...]:
    """`mode='train'`; by number where values do not tell themselves apart in few characters, everywhere alike."""
    texts = [one.__name__ if isinstance(one, FunctionType | type) else repr(one) for one in values]
    legible = len(set(texts)) == len(texts) and all(len(one) <= _LONGEST and " at 0x" not in one for one in texts)
    return tuple(f"{name}={one}" for one in (texts if legible else [f"option {k}" for k in range(1, len(texts) + 1)]))


def is_wide(case: Case, within: Mapping[str, tuple[int, int]]) -> bool:
    """Whether a size exceeds the range that nobody declared for it."""
    return bool(wide_labels(case.sizes, within))


def wide_labels(sizes: Mapping[str, int], within: Mapping[str, tuple[int, int]]) -> Goal:
    """The labels of the sizes that exceed their undeclared ranges, and one for all of them."""
    beyond = (name for name, limits in within.items() if isinstance(limits, Undeclared) and sizes[name] > limits[1])
    labels = [above(name, within) for name in beyond]
    return frozenset([*labels, SOME_WIDE] if labels else ())


def above(name: str, within: Mapping[str, tuple[int, int]]) -> str:
    """The label of a size beyond its undeclared range."""
    return f"{name} above {within[name][1]}"


# ---- what is to meet


def goals(switches: Switches, within: Mapping[str, tuple[int, int]]) -> list[Goal]:
    """All that should meet in some case of a run: regimes, wide sizes and values of switches, alone and in pairs.

    >>> [sorted(goal) for goal in goals(Switches({}), {"D": Undeclared((1, 8))})[-2:]]
    [['D above 8', 'a wide size'], ['D above 8', 'a wide size', 'float32']]
    """
    wide = [frozenset({above(name, within), SOME_WIDE}) for name in undeclared(within)]
    places = [*(frozenset({regime}) for regime in REGIMES), *wide, *(one | {SINGLE} for one in wide)]
    values = [frozenset({label}) for labels in switches.labels.values() for label in labels]
    pairs = [
        frozenset({one, other})
        for some, more in combinations(switches.labels.values(), 2)
        for one in some
        for other in more
    ]
    met = [place | value for value in values for place in places]
    return [*places, *met, *pairs, *(pair | {SOME_WIDE} for pair in pairs if wide)]


def undeclared(within: Mapping[str, tuple[int, int]]) -> list[str]:
    """The names of the sizes that nobody declared."""
    return [name for name, limits in within.items() if isinstance(limits, Undeclared)]


def gaps(trial: Trial, heard: Iterable[Case]) -> tuple[str, ...]:
    """What never met in the cases that decided: at most a few, and how many more there are.

    >>> import oracle
    >>> from oracle.trial import Trial
    >>> pair = oracle.Subject.from_functions(abs, abs, inputs={"x": "D"}, sizes={"D": (1, 4)})
    >>> gaps(Trial(pair, 30), [Case({"D": 2}, regime) for regime in REGIMES[2:]])
    ('generic', 'size one')
    """
    switches, within = Switches(trial.subject.leaves), trial.sizes
    met = {frozenset({case.regime}) | wide_labels(case.sizes, within) | switches.at(case.seed) for case in heard}
    missed = [goal for goal in goals(switches, within) if not any(goal <= one for one in met)]
    least = [goal for goal in missed if not any(other < goal for other in missed)]  # the rest follows from these
    return tuple(_text(goal) for goal in least)


def _text(goal: Goal) -> str:
    """`D above 8, float32, mode='train'`."""
    labels = goal - {SOME_WIDE} if any(" above " in one for one in goal) else goal
    return ", ".join(sorted(labels, key=lambda one: ("=" in one, one)))
