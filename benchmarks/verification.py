"""What a verification costs: one small random shape, one large case, and the start of the command line.

    python benchmarks/verification.py [--shapes N]

Every entry of every gradient is looked at. Milliseconds are of one core, as the process itself spent them, so that a
busy machine shows less. Where torch can be imported, its `gradcheck` (slow mode, every entry too, to a tolerance of
1e-3) checks the same layer at the same shapes in turn with ours. Nothing here is a test; the goals are printed beside.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core, which NumPy must know before it is imported
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

import numpy as np

from oracle import subjects
from oracle.cases import Case
from oracle.draws import below
from oracle.hearing import Hearing
from oracle.steps import balls, floats
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Verdict

ROOT = Path(__file__).parents[1]
LARGEST = {"T": 6, "B": 3, "D": 8, "H": 8}
LARGE = {"T": 4, "D": 50, "H": 100}  # 60,400 entries of parameters
COMPILED = "/jax/core/compile/backend_compile_duration"  # JAX's own name for a compilation by XLA
DIGITS = 30


def small_cases(count: int) -> list[Case]:
    """Random shapes, the same in every run."""
    drawn = {name: below(largest, seed, count) + 1 for seed, (name, largest) in enumerate(LARGEST.items())}
    return [Case({name: int(sizes[k]) for name, sizes in drawn.items()}, seed=k) for k in range(count)]


def milliseconds(run: Callable[[], object]) -> float:
    """The time that one core spent on one run."""
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e3


def both_programs(trial: Trial, case: Case) -> float:
    """Milliseconds of the hand-written pair and the gradient program in balls, and of the comparison."""
    hearing = Hearing(trial, case)
    floats.run_untouched(hearing)
    took = milliseconds(lambda: balls.compare_until_decided(hearing))
    if not hearing.has_truth or not all(comparison.agrees for comparison in hearing.leaf_comparisons):
        raise RuntimeError(f"{trial.subject.name} was not compared, or does not agree, at {case}")
    return took


def whole_case(trial: Trial, case: Case, thorough: bool = False) -> float:
    """Milliseconds of a case with every condition of CERTIFIED; if `thorough`, with the contract besides."""
    hearing = Hearing(trial, case, thorough)
    took = milliseconds(hearing.outcome)
    if hearing.found.verdict is not Verdict.CERTIFIED:
        raise RuntimeError(f"{trial.subject.name} is {hearing.found.verdict.name} at {case}")
    return took


def thorough_case(trial: Trial, case: Case) -> float:
    """Milliseconds of a case with the contract too."""
    return whole_case(trial, case, thorough=True)


# ---- torch


def torch_layer(torch: Any) -> Callable[..., Any]:
    """The same layer for torch: h of every step, and the last h and s."""

    def layer(x: Any, h: Any, s: Any, W: Any, U: Any, b: Any) -> Any:
        steps = []
        for x_t in x:
            g, i, f, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=1)
            s = torch.tanh(g) * torch.sigmoid(i) + s * torch.sigmoid(f)
            h = torch.tanh(s) * torch.sigmoid(o)
            steps.append(h)
        return torch.stack(steps), h, s

    return layer


def gradcheck(trial: Trial, case: Case) -> float:
    """Milliseconds of `torch.autograd.gradcheck` in slow mode at the same values; NaN without torch."""
    try:
        import torch
    except ImportError:
        return np.nan
    torch.set_num_threads(1)
    values = Hearing(trial, case).point.values
    inputs = [torch.tensor(values[name], requires_grad=True) for name in ("x", "h0", "s0", "W", "U", "b")]
    layer = torch_layer(torch)
    return milliseconds(lambda: torch.autograd.gradcheck(layer, inputs, fast_mode=False))


# ---- what is printed


def line(what: str, value: str, goal: str = "") -> None:
    """One line of the table."""
    print(f"{what:<66} {value:>14}   {goal}", flush=True)


def small(count: int) -> None:
    """Small random shapes."""
    trial = Trial(subjects.load("lstm-standard"), DIGITS)
    first, *cases = small_cases(count + 1)
    line("lstm-standard, the first case: JAX's import and its only trace", f"{whole_case(trial, first):.0f} ms")
    gradcheck(trial, first)
    runs = [both_programs, whole_case, gradcheck, thorough_case]
    took = np.array([[run(trial, case) for run in runs] for case in cases])
    programs, whole, peer, contract = np.median(took, axis=0)
    line(f"{count} random shapes: both programs in balls, compared (median)", f"{programs:.1f} ms", "at most 10")
    line("the whole case, every condition of CERTIFIED (median)", f"{whole:.1f} ms", "at most 30")
    line("the same with the contract, as in corners and each eighth case", f"{contract:.1f} ms")
    line("cases per second (mean)", f"{1e3 / took[:, 1].mean():.1f}")
    if np.isnan(peer):
        line("torch.autograd.gradcheck, slow mode", "no torch")
    else:
        line("torch.autograd.gradcheck, slow mode (median)", f"{peer:.1f} ms")
        line("cases per second (mean)", f"{1e3 / took[:, 2].mean():.1f}")
        line("gradcheck's time over ours, all shapes", f"{took[:, 2].sum() / took[:, 1].sum():.1f}", "at least 5")
    line("traces of the reference", str(trial.reference.program.traces), "1")


def large(times: int) -> None:
    """One large case."""
    trial = Trial(subjects.load("lstm-classic-network"), DIGITS)
    whole_case(trial, Case({"T": 2, "D": 2, "H": 3}))
    cases = [Case(LARGE, seed=seed) for seed in range(times)]
    programs, whole = np.median([[both_programs(trial, case), whole_case(trial, case)] for case in cases], axis=0)
    sizes = " ".join(f"{name}={size}" for name, size in LARGE.items())
    line(f"the seed's LSTM at {sizes}, {entries(trial.subject):,} entries:", "")
    line("both programs in balls, compared (median)", f"{programs:.0f} ms", "")
    line("the whole case, certified (median)", f"{whole:.0f} ms", "at most 600")


def entries(subject: Subject) -> int:
    """How many entries the gradients of the parameters have."""
    shapes = [spec.shape.concrete(LARGE) for name, spec in subject.leaves.items() if name.startswith("lstm_param.")]
    return sum(int(np.prod(shape)) for shape in shapes)


def count_compilations(work: Callable[[], None]) -> int:
    """How often XLA compiled during `work`; a compilation afterwards must be counted, or the counter is blind."""
    import jax

    counted: list[str] = []

    def count(event: str, duration_secs: float, **_: str | int) -> None:
        if event == COMPILED:
            counted.append(event)

    jax.monitoring.register_event_duration_secs_listener(count)
    work()
    during = len(counted)
    jax.jit(lambda x: x + 1.0)(0.0)
    if len(counted) == during:
        raise RuntimeError(f"JAX no longer reports {COMPILED!r}, so compilations cannot be counted")
    return during


def start_up(times: int) -> None:
    """How long the command line takes to answer, and whether JAX is imported with the package."""
    command, took = [sys.executable, "-m", "oracle", "--help"], []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    line("oracle --help, by the clock (median)", f"{np.median(took):.2f} s", "below 0.5")
    code = "import sys, oracle; print('jax' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    line("`import oracle` imports JAX", {"True": "yes", "False": "no"}[found.stdout.strip()], "no")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, default=40, help="how many small random shapes (40)")
    parser.add_argument("--large", type=int, default=3, help="how many large cases (3)")
    options = parser.parse_args()
    if min(options.shapes, options.large) < 1:
        parser.error("at least one shape and one large case are needed")

    def work() -> None:
        small(options.shapes)
        large(options.large)

    line("compilations by XLA in all of the above", str(count_compilations(work)), "0")
    start_up(times=5)


if __name__ == "__main__":
    main()
