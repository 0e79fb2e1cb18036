"""How long forward and backward of a layer take, beside the same matrix products alone.

    python benchmarks/layer.py

Ratios are medians over pairs of runs that follow each other in one process, so that a slow moment of the machine
meets both. A ratio of 1 would mean that everything but the matrix products is free. The last line fits time ~ T^k.

The products write into memory that is there already, and so does the forward: it is given the tape of the run before,
`out=tape`, as in training. Outputs and gradients are made anew. The last column is the ratio where the tape is, too:
what fresh memory costs depends on the system, which has to clear large blocks in every call.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

from lstm_ref import SEED, STANDARD, Tape, backward, forward

SIZES = [((4, 1, 50, 100), 201), ((50, 32, 64, 128), 61), ((200, 64, 128, 256), 9)]  # (T, B, D, H), pairs of runs
LENGTHS = [100, 200, 400, 800, 1600, 3200]  # T, at (B, D, H) = (8, 64, 64)


def example(T: int, B: int, D: int, H: int, dtype: Any) -> tuple[list[Any], list[Any]]:
    """Inputs and cotangents as they occur in training: weights below 1/√H, the rest of order one."""
    generator = np.random.default_rng(0)
    values = [generator.standard_normal(shape) for shape in [(T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)]]
    weights = [generator.uniform(-(H**-0.5), H**-0.5, shape) for shape in [(4 * H, D), (4 * H, H), (4 * H,)]]
    cast = [array.astype(dtype) for array in [*values[:3], *weights, *values[3:]]]
    return cast[:6], cast[6:]


def both_ways(inputs: list[Any], cotangents: list[Any], cell: Any, again: bool = True) -> Callable[[], object]:
    """Forward and backward of the layer, as training runs them: with the memory of the tape before, if `again`."""
    tape: Tape | None = None

    def run() -> object:
        nonlocal tape
        tape = forward(*inputs, cell, out=tape if again else None)[3]
        return backward(*cotangents, tape)

    return run


def products_alone(inputs: list[Any], cotangents: list[Any]) -> Callable[[], None]:
    """The matrix products of forward and backward, into memory that is there already."""
    x, h0, _, W, U, _ = inputs
    h = cotangents[0]
    (T, B, D), H = x.shape, h0.shape[1]
    a = np.random.default_rng(1).standard_normal((T, B, 4 * H)).astype(x.dtype)
    wide, narrow = np.empty_like(a[0]), np.empty_like(h[0])
    out, x_bar, W_bar, U_bar = np.empty_like(a), np.empty_like(x), np.empty_like(W), np.empty_like(U)

    def run() -> None:
        np.matmul(x.reshape(T * B, D), W.T, out=out.reshape(T * B, 4 * H))
        for t in range(T):
            np.matmul(h[t], U.T, out=wide)
        for t in reversed(range(T)):
            np.matmul(a[t], U, out=narrow)
        rows = a.reshape(T * B, 4 * H)
        np.matmul(rows, W, out=x_bar.reshape(T * B, D))
        np.matmul(rows.T, x.reshape(T * B, D), out=W_bar)
        np.matmul(rows.T, h.reshape(T * B, H), out=U_bar)

    return run


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def paired(runs: list[Callable[[], object]], pairs: int) -> Any:
    """Times (pairs, runs), after one run of each that does not count."""
    for run in runs:
        run()
    return np.array([[seconds(run) for run in runs] for _ in range(pairs)])


def exponent_of_time() -> float:
    """The slope of log time over log T."""
    runs = [both_ways(*example(T, 8, 64, 64, np.float64), SEED) for T in LENGTHS]
    times = np.median(paired(runs, pairs=5), axis=0)
    return float(np.polyfit(np.log(LENGTHS), np.log(times), 1)[0])


def main() -> None:
    """Print one line for each size, dtype and cell."""
    print(f"{'(T, B, D, H)':>20}  {'dtype':8} {'cell':9} {'layer ms':>9} {'products ms':>12} {'ratio':>6} {'fresh':>6}")
    for sizes, pairs in SIZES:
        for dtype, cell in itertools.product((np.float64, np.float32), (SEED, STANDARD)):
            inputs, cotangents = example(*sizes, dtype)
            layers = [both_ways(inputs, cotangents, cell, again) for again in (True, False)]
            products, layer, fresh = paired([products_alone(inputs, cotangents), *layers], pairs).T
            took, alone = np.median(layer) * 1e3, np.median(products) * 1e3
            ratio, ratio_of_fresh = np.median(layer / products), np.median(fresh / products)
            place = f"{sizes!s:>20}  {np.dtype(dtype).name:8} {cell.name:9}"
            print(f"{place} {took:9.2f} {alone:12.2f} {ratio:6.2f} {ratio_of_fresh:6.2f}", flush=True)
    print(f"time grows as T^{exponent_of_time():.2f} from T={LENGTHS[0]} to T={LENGTHS[-1]}")


if __name__ == "__main__":
    main()
