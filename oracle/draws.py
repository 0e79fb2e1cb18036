"""Numbers that follow from a seed, everywhere and for good.

NumPy's streams may change between versions, so cases use a counter-based generator of our own: SplitMix64 (Steele,
Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), keyed by BLAKE2b of the seed and the
name of what is drawn. All arithmetic is on 64-bit integers and exact.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
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
        count = int(np.prod(shape, dtype=np.int64))
        if not count:
            return np.zeros(shape)
        grid = self._grid(name, count, low, high)
        first, last = math.ceil(low * grid), math.floor(high * grid)
        least = (last - first) // 40 / grid if first < 0 < last else 0.0
        values = np.zeros(count)
        pending, drawn, stream = np.arange(count), 0, key(self.seed, name)
        while pending.size:
            values[pending] = (first + below(last - first + 1, stream, pending.size, drawn)) / float(grid)
            drawn += pending.size
            pending = pending[~self._accept(np.abs(values[pending]), least)]
        return values.reshape(shape)

    def _grid(self, name: str, count: int, low: float, high: float) -> int:
        """10^d, with enough decimals d that all entries find a place of their own."""
        wanted = 50 * (count + sum(part.size for part in self._taken))
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
