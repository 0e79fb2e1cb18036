"""How fast forward and backward of a layer are, beside torch, JAX and the same matrix products alone.

    python benchmarks/speed.py                       # torch and JAX where they are installed; about two minutes
    python benchmarks/speed.py --quick               # fewer pairs of runs
    taskset -c 0 python benchmarks/speed.py          # everybody on one core
    taskset -c 0 python benchmarks/speed.py --least  # least processor time, where the machine has other work too

Left alone, everybody takes all cores: what a user has. OMP_NUM_THREADS=1 gives NumPy and torch one thread each, but
XLA keeps all cores; only a process that is bound to one core, as by taskset, compares one core with one core.

Medians of paired runs in one process: every contender runs once in each round, so that a slow moment of the machine
meets all of them, and what counts are ratios within a round. All take the gradients of everything: inputs, initial
states and parameters. The cell is the standard one, that of `torch.nn.LSTM`; JAX runs `jax.lax.scan` under `jax.jit`.

`products` are the matrix products of forward and backward into memory that is there already: a ratio of 1 would mean
that everything else is free.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

from benchmarks.layer import both_ways, example, exponent_of_time, paired, products_alone
from lstm_ref import STANDARD

SIZES = [  # (T, B, D, H), pairs of runs
    ((4, 1, 50, 100), 201),
    ((100, 1, 10, 20), 101),
    ((50, 32, 64, 128), 41),
    ((200, 64, 128, 256), 7),
]


def torch_layer(inputs: list[Any], cotangents: list[Any]) -> Callable[[], object]:
    """`torch.nn.LSTM` with the same parameters: rows of the gates in the order i, f, g, o."""
    import torch

    x, h0, s0, W, U, b = inputs
    D, H = x.shape[2], h0.shape[1]
    order = np.concatenate([np.arange(H) + k * H for k in (1, 2, 0, 3)])
    layer = torch.nn.LSTM(D, H, dtype=torch.float64 if x.dtype == np.float64 else torch.float32)
    with torch.no_grad():
        for own, value in zip(layer.parameters(), (W[order], U[order], b[order], 0 * b), strict=True):
            own.copy_(torch.from_numpy(value))
    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, h0[None], s0[None])]
    h_bar, h_T_bar, s_T_bar = (torch.from_numpy(array) for array in cotangents)

    def run() -> object:
        h, (h_T, s_T) = layer(leaves[0], (leaves[1], leaves[2]))
        wanted = [*leaves, *layer.parameters()]
        return torch.autograd.grad([h, h_T, s_T], wanted, [h_bar, h_T_bar[None], s_T_bar[None]])

    return run


def jax_layer(inputs: list[Any], cotangents: list[Any]) -> Callable[[], object]:
    """The layer as a scan, compiled, with its gradients."""
    import jax
    import jax.numpy as jnp

    def forward(x: Any, h0: Any, s0: Any, W: Any, U: Any, b: Any) -> Any:
        def step(carry: Any, Wx: Any) -> Any:
            g, i, f, o = jnp.split(Wx + carry[0] @ U.T, 4, axis=1)
            s = jnp.tanh(g) * jax.nn.sigmoid(i) + carry[1] * jax.nn.sigmoid(f)
            h = jnp.tanh(s) * jax.nn.sigmoid(o)
            return (h, s), h

        (h_T, s_T), h = jax.lax.scan(step, (h0, s0), x @ W.T + b)
        return h, h_T, s_T

    with jax.enable_x64(True):
        given, bars = [jnp.asarray(one) for one in inputs], tuple(jnp.asarray(one) for one in cotangents)
        compiled = jax.jit(lambda given, bars: jax.vjp(forward, *given)[1](bars)).lower(given, bars).compile()

    def run() -> object:
        return jax.block_until_ready(compiled(given, bars))

    return run


def contenders(inputs: list[Any], cotangents: list[Any]) -> dict[str, Callable[[], object]]:
    """Everything that runs here, by name."""
    found: dict[str, Callable[[], object]] = {"lstm_ref": both_ways(inputs, cotangents, STANDARD)}
    found["products"] = products_alone(inputs, cotangents)
    if importlib.util.find_spec("torch"):
        found["torch"] = torch_layer(inputs, cotangents)
    if importlib.util.find_spec("jax"):
        found["jax"] = jax_layer(inputs, cotangents)
    return found


def least(runs: list[Callable[[], object]], rounds: int) -> Any:
    """The least processor time of each, (1, runs), over so many rounds after one run that does not count."""
    times = np.empty((rounds + 1, len(runs)))
    for row in times:
        for k, run in enumerate(runs):
            start = time.process_time()
            run()
            row[k] = time.process_time() - start
    return times[1:].min(axis=0, keepdims=True)


def conditions() -> str:
    """What the figures depend on: versions, cores this process may use, and settings of threads and BLAS."""
    wanted = ("numpy", "torch", "jax")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in wanted if importlib.util.find_spec(name)]
    settings = [f"{name}={os.environ.get(name, '')}" for name in ("OMP_NUM_THREADS", "OPENBLAS_CORETYPE")]
    load = f"load {os.getloadavg()[0]:.1f}"
    return ", ".join([*versions, f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores", load, *settings])


def main() -> None:
    """Print one line for each size and dtype: milliseconds, and ratios of lstm_ref to the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer pairs of runs")
    parser.add_argument("--least", action="store_true", help="ratios of least processor times, not medians of ratios")
    asked = parser.parse_args()
    measured = least if asked.least else paired
    print(conditions())
    print(f"{'(T, B, D, H)':>20} {'dtype':8} {'ms':>8}   lstm_ref takes so many times as long as")
    for sizes, pairs in SIZES:
        for dtype in (np.float64, np.float32):
            runs = contenders(*example(*sizes, dtype))
            rounds = pairs // 4 + 2 if asked.quick else pairs
            times = dict(zip(runs, measured(list(runs.values()), rounds).T, strict=True))
            own = times.pop("lstm_ref")
            ratios = "  ".join(f"{name} {np.median(own / other):5.2f}" for name, other in times.items())
            print(f"{sizes!s:>20} {np.dtype(dtype).name:8} {np.median(own) * 1e3:8.2f}   {ratios}", flush=True)
    print(f"time grows as T^{exponent_of_time():.2f}")


if __name__ == "__main__":
    main()
