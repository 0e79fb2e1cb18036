"""Memory and time of checkpointed backpropagation beside that of the whole sequence, and whether gradients agree.

    python benchmarks/checkpointing.py [T ...]

Forward and backward of one layer, float64, H = D = 64, B = 8. The two ways run one after the other in one process, so
that a slow moment of the machine meets both; times are medians, the ratio is the median of the ratios of pairs.

Working memory is the peak that tracemalloc sees, less what the caller gets to keep: the outputs h and the cotangent
x_bar, both (T, B, H) here. Inputs and cotangents are made before, and are not counted. What is left are tapes,
checkpoints, temporaries, and the gradients of the parameters.
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: one step's product is too small to share out

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

from lstm_ref import STANDARD, WHOLE, Unrolling, checkpointed

B, D, H = 8, 64, 64
LENGTHS, PAIRS = (100, 1_000, 10_000), 7
MIB = 2**20


def example(T: int) -> tuple[list[Any], list[Any]]:
    """Inputs and cotangents as they occur in training: weights below 1/√H, the rest of order one."""
    generator = np.random.default_rng(0)
    values = [generator.standard_normal(shape) for shape in [(T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)]]
    weights = [generator.uniform(-(H**-0.5), H**-0.5, shape) for shape in [(4 * H, D), (4 * H, H), (4 * H,)]]
    return [*values[:3], *weights], values[3:]


def both_ways(unrolling: Unrolling, inputs: list[Any], cotangents: list[Any]) -> Callable[[], tuple[Any, Any]]:
    """Forward and backward; gives what the caller keeps: the outputs and the gradients."""

    def run() -> tuple[Any, Any]:
        h, _, _, tape = unrolling.forward(*inputs, STANDARD)
        return h, unrolling.backward(*cotangents, tape)

    return run


def working_memory(run: Callable[[], tuple[Any, Any]]) -> float:
    """The peak in MiB, less outputs and x_bar."""
    tracemalloc.start()
    h, gradients = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak - h.nbytes - gradients.x.nbytes) / MIB


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def disagreement(one: Any, other: Any) -> float:
    """The largest difference of two sets of gradients, each relative to its largest entry."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(one, other, strict=True))


def line(T: int) -> str:
    """One row of the table."""
    inputs, cotangents = example(T)
    whole, saving = (both_ways(way, inputs, cotangents) for way in (WHOLE, checkpointed()))
    apart = disagreement(saving()[1], whole()[1])
    times = np.array([[seconds(whole), seconds(saving)] for _ in range(PAIRS)])
    ratio = np.median(times[:, 1] / times[:, 0])
    first, second = np.median(times, axis=0) * 1e3
    memory = f"{working_memory(whole):10.1f} {working_memory(saving):13.1f}"
    return f"{T:>7} {first:9.1f} {second:13.1f} {ratio:6.2f} {memory} {apart:12.1e}"


def main() -> None:
    """Print one line for each length."""
    print(f"{'':7} {'time, ms':>23} {'':6} {'working memory, MiB':>24}")
    print(f"{'T':>7} {'whole':>9} {'checkpoints':>13} {'ratio':>6} {'whole':>10} {'checkpoints':>13} {'apart':>12}")
    for T in [int(word) for word in sys.argv[1:]] or LENGTHS:
        print(line(T), flush=True)


if __name__ == "__main__":
    main()
