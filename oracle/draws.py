"""Numbers that follow from a seed, everywhere and for good.

NumPy's streams may change between versions, so cases use a counter-based generator of our own: SplitMix64 (Steele,
Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), keyed by BLAKE2b of the seed and the
name of what is drawn. All arithmetic is on 64-bit integers and exact.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_EXACT, _FINEST = 2**53, 10**22  # integers below 2^53 and powers of ten up to 10^22 are exact in float64
_SPECIAL = (0.0, 0.5, 1.0, 2.0)


def key(*words: object) -> int:
    """64 bits that depend on all `words`."""
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def bits(seed: int, start: int, count: int) -> npt.NDArray[np.uint64]:
    """Outputs `start` to `start + count` of the SplitMix64 stream of `seed`.

    >>> [f"{word:016x}" for word in bits(0, 0, 2).tolist()]
    ['e220a8397b1dcdaf', '6e789e6aa1b965f4']
    """
    return _mixed(np.uint64(seed % 2**64) + _GOLDEN * np.arange(start + 1, start + count + 1, dtype=np.uint64))


def _mixed(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64; arrays of integers wrap around silently."""
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


def below(bound: int, seed: int, count: int, start: int = 0) -> npt.NDArray[np.int64]:
    """Integers from 0 to `bound - 1`; the bias of the remainder is below `bound / 2**64`."""
    return (bits(seed, start, count) % np.uint64(bound)).astype(np.int64)


class Wanted(NamedTuple):
    """An array of decimals: what it is for, its shape, and between which numbers they lie."""

    name: str
    shape: tuple[int, ...]
    low: float
    high: float


class Decimals:
    """Short decimals of pairwise distinct magnitude, for everything that is drawn in one case.

    A value is k / 10^d with d = 6 decimals, or more where a range is narrow or a case has so many entries that six
    would not keep them apart. No value is 0, ±½, ±1 or ±2, and no two values of a case have the same magnitude: a
    coincidence can hide a mix-up.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._taken: list[npt.NDArray[np.float64]] = []  # sorted magnitudes, the longest array first

    def take(self, name: str, shape: tuple[int, ...], low: float, high: float) -> npt.NDArray[np.float64]:
        """Fresh values between `low` and `high`, at least a fortieth of the range away from 0 where it straddles 0.

        Raises
        ------
        ValueError
            If the range has not enough decimals that a float64 can tell apart.
        """
        count = math.prod(shape)
        if not count:
            return np.zeros(shape)
        grid = self._grid(name, count, low, high, sum(part.size for part in self._taken))
        first, last, least = _range(low, high, grid)
        values = np.zeros(count)
        pending, drawn, stream = np.arange(count), 0, key(self.seed, name)
        while pending.size:
            values[pending] = (first + below(last - first + 1, stream, pending.size, drawn)) / float(grid)
            drawn += pending.size
            pending = pending[~self._accept(np.abs(values[pending]), least)]
        return values.reshape(shape)

    def take_all(self, wanted: Sequence[Wanted]) -> list[npt.NDArray[np.float64]]:
        """What `take` would give for each in turn, drawn at once as far as no two magnitudes coincide.

        Raises
        ------
        ValueError
            As `take` does.
        """
        flat = self._together(wanted)
        if flat is None:
            return [self.take(*one) for one in wanted]
        counts = [math.prod(one.shape) for one in wanted]
        ends = itertools.accumulate(counts)
        parts = zip(wanted, counts, ends, strict=True)
        return [flat[end - count : end].reshape(one.shape) for one, count, end in parts]

    def _together(self, wanted: Sequence[Wanted]) -> npt.NDArray[np.float64] | None:
        """All values in one vector; None where one of them would have been refused for another one's sake."""
        before, ranges, streams, drawn = sum(part.size for part in self._taken), [], [], []
        for one in wanted:
            if count := math.prod(one.shape):
                grid = self._grid(one.name, count, one.low, one.high, before)
                ranges.append((*_range(one.low, one.high, grid), float(grid)))
                streams.append(key(self.seed, one.name))
                drawn.append(count)
                before += count
        values = _in_ranges(drawn, streams, ranges)
        magnitudes = np.sort(np.abs(values))
        every = np.sort(np.concatenate([*self._taken, magnitudes, _SPECIAL])) if values.size else magnitudes
        if (every[1:] == every[:-1]).any():
            return None
        self._remember(magnitudes)
        return values

    def _grid(self, name: str, count: int, low: float, high: float, before: int) -> int:
        """10^d, with enough decimals d that all entries find a place of their own beside those drawn before."""
        wanted = 50 * (count + before)
        grid = 10**6
        while grid * (high - low) < wanted and grid < _FINEST:
            grid *= 10
        if grid * (high - low) < wanted or grid * max(abs(low), abs(high)) >= _EXACT:
            raise ValueError(
                f"{name!r} needs {count} different numbers between {low} and {high}, but float64 cannot tell so many "
                "short decimals apart; give it a wider range, or one closer to 0"
            )
        return grid

    def _accept(self, magnitudes: npt.NDArray[np.float64], least: float) -> npt.NDArray[np.bool_]:
        """Which values can stay: neither too small nor special, and of a magnitude not seen before."""
        order = np.argsort(magnitudes, kind="stable")
        ordered = magnitudes[order]
        fit = ordered >= least
        for special in _SPECIAL:
            fit &= ordered != special
        fit[1:] &= ordered[1:] != ordered[:-1]
        for part in self._taken:
            fit &= part[np.minimum(np.searchsorted(part, ordered), part.size - 1)] != ordered
        self._remember(ordered[fit])
        accepted = np.empty_like(fit)
        accepted[order] = fit
        return accepted

    def _remember(self, magnitudes: npt.NDArray[np.float64]) -> None:
        """Keep sorted magnitudes; short arrays are merged, so that there are only ever a few."""
        if not magnitudes.size:
            return
        while self._taken and self._taken[-1].size <= 2 * magnitudes.size:
            magnitudes = np.sort(np.concatenate([self._taken.pop(), magnitudes]), kind="stable")
        self._taken.append(magnitudes)


def _range(low: float, high: float, grid: int) -> tuple[int, int, float]:
    """The first and last multiple of 1/grid in a range, and the least magnitude."""
    first, last = math.ceil(low * grid), math.floor(high * grid)
    return first, last, (last - first) // 40 / grid if first < 0 < last else 0.0


def _in_ranges(
    counts: Sequence[int], streams: Sequence[int], ranges: Sequence[tuple[int, int, float, float]]
) -> npt.NDArray[np.float64]:
    """So many values of each range, one after another, each from its own stream; too small ones are drawn again."""
    if not ranges:
        return np.zeros(0)
    sizes = np.array(counts)
    part = np.repeat(np.arange(len(counts)), sizes)
    place = np.arange(1, part.size + 1) - (np.cumsum(sizes) - sizes)[part]  # of each in its own stream
    words = _mixed(np.array(streams, np.uint64)[part] + _GOLDEN * place.astype(np.uint64))
    table = np.array(ranges[:1] if len(set(ranges)) == 1 else ranges)  # integers below 2^53 are exact in it
    first, last, least, grid = table.T if len(table) == 1 else table.T[:, part]
    values = np.asarray(((words % (last - first + 1).astype(np.uint64)).astype(float) + first) / grid)
    small = np.flatnonzero(np.abs(values) < least).tolist()
    _draw_again(values, small, part[small].tolist(), list(counts), streams, ranges)
    return values


def _draw_again(
    values: npt.NDArray[np.float64],
    small: list[int],
    parts: list[int],
    drawn: list[int],
    streams: Sequence[int],
    ranges: Sequence[tuple[int, int, float, float]],
) -> None:
    """The next number of its stream for each that is too small, until none is; `drawn` counts what streams gave."""
    while small:
        still: list[int] = []
        for k, where in enumerate(small):
            part = parts[k]
            first, last, least, grid = ranges[part]
            drawn[part] += 1
            value = (first + _word(streams[part], drawn[part]) % (last - first + 1)) / grid
            values[where] = value
            if abs(value) < least:
                still.append(k)
        small, parts = [small[k] for k in still], [parts[k] for k in still]


def _word(seed: int, place: int) -> int:
    """One output of the SplitMix64 stream of `seed`, the first at place 1: what `bits` gives, in Python's integers."""
    z = (seed + 0x9E3779B97F4A7C15 * place) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)
