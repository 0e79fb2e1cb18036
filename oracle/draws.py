"""Numbers that follow from a seed, everywhere and for good.

NumPy's streams may change between versions, so cases use a counter-based generator of our own: SplitMix64 (Steele,
Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), keyed by BLAKE2b of the seed and the
name of what is drawn. All arithmetic is on 64-bit integers and exact.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def key(*words: object) -> int:
    """64 bits that depend on all `words`."""
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def bits(seed: int, start: int, count: int) -> npt.NDArray[np.uint64]:
    """Outputs `start` to `start + count` of the SplitMix64 stream of `seed`.

    >>> [f"{word:016x}" for word in bits(0, 0, 2).tolist()]
    ['e220a8397b1dcdaf', '6e789e6aa1b965f4']
    """
    with np.errstate(over="ignore"):
        z = np.uint64(seed % 2**64) + _GOLDEN * np.arange(start + 1, start + count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def below(bound: int, seed: int, count: int, start: int = 0) -> npt.NDArray[np.int64]:
    """Integers from 0 to `bound - 1`; the bias of the remainder is below `bound / 2**64`."""
    return (bits(seed, start, count) % np.uint64(bound)).astype(np.int64)


class Decimals:
    """Short decimals of pairwise distinct magnitude, for everything that is drawn in one case.

    A value is k / 10^d with d = 6 decimals, or more where a case has so many entries that six would not keep them
    apart. No value is 0, ±½, ±1 or ±2, and no two values of a case have the same magnitude: a coincidence can hide
    a mix-up.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._taken = np.zeros(0, dtype=np.int64)
        self._decimals = 6

    def take(self, name: str, shape: tuple[int, ...], low: float, high: float) -> npt.NDArray[np.float64]:
        """Fresh values between `low` and `high`, at least a twentieth of the range away from 0 where it straddles 0."""
        count = int(np.prod(shape, dtype=np.int64))
        if not count:
            return np.zeros(shape)
        while 10**self._decimals * (high - low) < 50 * (count + self._taken.size):
            self._decimals += 1
            self._taken *= 10
        grid = 10**self._decimals
        first, last = round(low * grid), round(high * grid)
        floor = (last - first) // 40 if first < 0 < last else 0
        chosen = np.zeros(count, dtype=np.int64)
        pending, drawn, stream = np.arange(count), 0, key(self.seed, name)
        while pending.size:
            chosen[pending] = first + below(last - first + 1, stream, pending.size, drawn)
            drawn += pending.size
            pending = self._unfit(chosen, floor, grid)
        self._taken = np.union1d(self._taken, np.abs(chosen))
        values: npt.NDArray[np.float64] = chosen / grid
        return values.reshape(shape)

    def _unfit(self, chosen: npt.NDArray[np.int64], floor: int, grid: int) -> npt.NDArray[np.int64]:
        """Indices of values that are to be drawn again: too small, special, or of a magnitude already seen."""
        magnitude = np.abs(chosen)
        repeated = np.ones(chosen.size, dtype=bool)
        repeated[np.unique(magnitude, return_index=True)[1]] = False
        special = np.isin(magnitude, [0, grid // 2, grid, 2 * grid])
        return np.flatnonzero(repeated | special | (magnitude < floor) | np.isin(magnitude, self._taken))
