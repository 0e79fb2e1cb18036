"""Cases: which sizes, which regime, which seed. Everything else about a case follows from these three.

A generic point decides an analytic identity, so the budget goes to shapes, branches and corners rather than to many
values of one shape. The regimes:

| regime            | what is special                                                            |
| ----------------- | -------------------------------------------------------------------------- |
| generic           | sizes pairwise different, values of order one                              |
| equal sizes       | all sizes the same: transpositions have no shape to betray them            |
| size one          | every size 1                                                               |
| small             | every size 1, 2 or 3: one step, one row, the first carry                   |
| saturated         | inputs four times larger, their products sixteen: gates at 0 and 1         |
| zeros             | a third of the inputs are zero                                             |
| large cotangents  | cotangents of order 10^6                                                   |
| tiny cotangents   | cotangents of order 10^-9                                                  |
| float32           | every value is a float32 number, so that both precisions see the same case |
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from oracle.draws import Decimals, Wanted, below, bits, key
from oracle.inputs import Input
from oracle.shapes import Shape, ShapeError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

GENERIC, SATURATED, ZEROS = "generic", "saturated", "zeros"
CORNERS = (
    "size one",
    "equal sizes",
    SATURATED,
    "float32",
    "small",
    ZEROS,
    "large cotangents",
    "tiny cotangents",
)
REGIMES = (GENERIC, *CORNERS)
_SCALES = {SATURATED: 4.0}
_COTANGENT_SCALES = {"large cotangents": 1e6, "tiny cotangents": 1e-9}
_LARGEST = {"T": 6, "B": 3, "N": 4}  # by convention time and batch; other sizes go up to 8
WIDE = (33, 17)  # beyond what anybody writes a constant for by accident
WIDEST = max(WIDE)


class Undeclared(tuple[int, int]):
    """The range of a size that nobody declared: a few cases exceed it, each in one size.

    >>> Undeclared((1, 8)) == (1, 8)
    True
    """


@dataclass(frozen=True)
class Case:
    """One drawn example. Its inputs and cotangents follow from sizes, regime and seed alone, on every machine.

    >>> Case({"B": 1, "D": 2}, seed=7).seed
    7
    """

    sizes: Mapping[str, int]
    regime: str = GENERIC
    seed: int = 0

    def __post_init__(self) -> None:
        for name, size in self.sizes.items():
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
                raise ValueError(f"size {name} is {size!r}; expected an integer of at least 1")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise ValueError(f"seed is {self.seed!r}; expected a whole number")
        if self.regime not in REGIMES:
            raise ValueError(f"there is no regime {self.regime!r}; the regimes are {', '.join(REGIMES)}")

    def __str__(self) -> str:
        sizes = " ".join(f"{name}={size}" for name, size in self.sizes.items())
        return f"{sizes}{sizes and ', '}{self.regime}, seed {self.seed}"

    def draw(self) -> Draw:
        """A fresh source of this case's values."""
        return Draw(self)

    def at(self, **sizes: int) -> Case:
        """The same case with some sizes changed."""
        return Case({**self.sizes, **sizes}, self.regime, self.seed)


@dataclass
class Draw:
    """Hands out a case's values in order; inputs first, then cotangents, whose shapes the forward decides."""

    case: Case
    _decimals: Decimals = field(init=False)

    def __post_init__(self) -> None:
        self._decimals = Decimals(key("case", self.case.seed))

    def values(self, specs: Mapping[str, Input]) -> dict[str, Any]:
        """What the inputs are in this case, real ones as if drawn one after another."""
        real = {name: spec for name, spec in specs.items() if spec.kind == "real" and not self._is_zero(name, spec)}
        wanted = [
            Wanted(name, spec.shape.concrete(self.case.sizes), spec.low, spec.high) for name, spec in real.items()
        ]
        drawn = dict(zip(real, self._decimals.take_all(wanted), strict=True))
        return {
            name: self._scaled(drawn[name], spec) if name in drawn else self.value(name, spec)
            for name, spec in specs.items()
        }

    def value(self, name: str, spec: Input) -> Any:
        """What the input `name` is in this case."""
        shape = spec.shape.concrete(self.case.sizes)
        match spec.kind:
            case "fixed" if spec.options:
                return spec.options[int(below(len(spec.options), key(self.case.seed, "option", name), 1)[0])]
            case "fixed":
                return spec.value
            case "real" if self._is_zero(name, spec):
                return np.zeros(shape)
            case "real":
                return self._scaled(self._decimals.take(name, shape, spec.low, spec.high), spec)
        stream, count = key(self.case.seed, spec.kind, name), math.prod(shape)
        if spec.kind == "boolean":
            return self._mask(stream, shape, count)
        bound = Shape.parse(spec.below).concrete(self.case.sizes)[0] - int(spec.low)
        if bound < 1:
            raise ShapeError(f"input {name!r} has no integer from {int(spec.low)} below {spec.below}")
        return (int(spec.low) + below(bound, stream, count)).reshape(shape)

    def _is_zero(self, name: str, spec: Input) -> bool:
        """Whether a real input is one of those that the regime makes zero."""
        if self.case.regime != ZEROS or not spec.low < 0 < spec.high:
            return False
        return key(self.case.seed, "zero?", name) % 3 == 0

    def _scaled(self, values: npt.NDArray[np.float64], spec: Input) -> npt.NDArray[np.float64]:
        """Decimals as large as the regime has them; an array even without a dimension."""
        return self._fit(values * (_SCALES.get(self.case.regime, 1.0) if spec.low < 0 < spec.high else 1.0))

    def _mask(self, stream: int, shape: tuple[int, ...], count: int) -> npt.NDArray[np.bool_]:
        mask: npt.NDArray[np.bool_] = (bits(stream, 0, count) % np.uint64(3) != 0).reshape(shape)
        if mask.ndim and mask.size:
            rows = mask.reshape(-1, mask.shape[-1])
            rows[np.arange(len(rows)), below(rows.shape[1], stream, len(rows), count)] = True
        return mask

    def cotangents(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float64]]:
        """The cotangents of outputs, as if drawn one after another."""
        wanted = [Wanted(f"cotangent {name}", shape, -1.6, 1.6) for name, shape in shapes.items()]
        scale = _COTANGENT_SCALES.get(self.case.regime, 1.0)
        drawn = self._decimals.take_all(wanted)
        return {name: self._fit(values * scale) for name, values in zip(shapes, drawn, strict=True)}

    def direction(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """A direction in which finite differences look: generic, with no small component."""
        return self._decimals.take(f"direction {name}", shape, -1.6, 1.6)

    def _fit(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """An array always: NumPy makes a scalar of what it computes from an array without a dimension."""
        if self.case.regime == "float32":
            return np.asarray(values.astype(np.float32).astype(np.float64))
        return np.asarray(values)


def ranges(names: tuple[str, ...], given: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The range of every size: as given, else 1 to 8 (T: 1 to 6, B: 1 to 3, N: 1 to 4).

    Raises
    ------
    ValueError
        If a range names a size that no input has, or is not a pair (smallest, largest) with 1 <= smallest <= largest.
    """
    if unknown := [name for name in given if name not in names]:
        raise ValueError(
            f"sizes= names {unknown[0]!r}, but the inputs have only the sizes {', '.join(names) or '(none)'}"
        )
    for name, pair in given.items():
        whole = isinstance(pair, tuple | list) and len(pair) == 2 and all(type(end) is int for end in pair)
        if not whole or not 1 <= pair[0] <= pair[1]:
            raise ValueError(f"sizes[{name!r}] is {pair!r}; expected (smallest, largest) with 1 <= smallest <= largest")
    return {
        name: tuple(given[name]) if name in given else Undeclared((1, _LARGEST.get(name, 8)))  # type: ignore[misc]
        for name in names
    }


def sizes_at(regime: str, seed: int, within: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Sizes that suit a regime, each within its range."""
    draws = iter(bits(key(seed, "sizes"), 0, 2 * len(within) + 1).tolist())
    match regime:
        case "size one":
            return {name: low for name, (low, _) in within.items()}
        case "equal sizes":
            return _equal(within, draws)
        case "small":
            return {name: low + next(draws) % min(3, high - low + 1) for name, (low, high) in within.items()}
    return _different(within, draws)


def _equal(within: Mapping[str, tuple[int, int]], draws: Iterator[int]) -> dict[str, int]:
    """One size for all, of at least 2 where the ranges allow it; as near to that as they allow where they do not."""
    least = max((low for low, _ in within.values()), default=1)
    most = min((high for _, high in within.values()), default=1)
    start = max(least, min(2, most))
    common = start + next(draws) % max(most - start + 1, 1)
    return {name: min(max(common, low), high) for name, (low, high) in within.items()}


def _different(within: Mapping[str, tuple[int, int]], draws: Iterator[int]) -> dict[str, int]:
    """Sizes that differ from each other as far as the ranges allow; the narrowest range has the first choice."""
    chosen: dict[str, int] = {}
    for name, (low, high) in sorted(within.items(), key=lambda item: item[1][1] - item[1][0]):
        long = name == "T" and high >= 4 and next(draws) % 3  # two in three sequences have four steps or more
        every = range(max(low, 4) if long else low, high + 1)
        free = [size for size in every if size not in chosen.values()] or every
        chosen[name] = free[next(draws) % len(free)]
    return {name: chosen[name] for name in within}


def regime_at(number: int) -> str:
    """The regime of a case of a schedule: every other one is a corner, until each had two."""
    return CORNERS[number // 2 % len(CORNERS)] if number % 2 and number < 4 * len(CORNERS) else GENERIC


def schedule(count: int, seed: int, within: Mapping[str, tuple[int, int]]) -> Iterator[Case]:
    """`count` cases within these sizes: generic ones, with the corners between them in turn (each twice).

    A verification hears those of `oracle.agenda`, which also makes sizes wide and turns options.

    >>> [case.regime for case in schedule(4, 0, {"B": (1, 3)})]
    ['generic', 'size one', 'generic', 'equal sizes']
    """
    for number in range(count):
        regime, case_seed = regime_at(number), key(seed, number) % 2**32
        yield Case(sizes_at(regime, case_seed, within), regime, case_seed)


def cases(
    sizes: Mapping[str, tuple[int, int]], *, regimes: tuple[str, ...] = REGIMES, seeds: int = 2**32 - 1
) -> SearchStrategy[Case]:
    """A hypothesis strategy of cases. It shrinks sizes first, then to the generic regime, then to small seeds.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(cases({"T": (1, 6), "B": (1, 3)}), lambda case: case.sizes["T"] > 2).sizes
    {'T': 3, 'B': 1}
    """
    from hypothesis import strategies as st

    return st.builds(
        Case,
        sizes=st.fixed_dictionaries({name: st.integers(low, high) for name, (low, high) in sizes.items()}),
        regime=st.sampled_from(regimes),
        seed=st.integers(0, seeds),
    )
