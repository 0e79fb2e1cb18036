"""A property test in floats, beside what people use: cases per second of one core, each at a random small shape.

    python benchmarks/float_loop.py [--cases N] [--peers M]

All check the standard LSTM layer (T 1–6, B 1–3, D and H 1–8) in float64, and get the same shapes. Ours are whole
hypothesis loops, drawing included: `oracle.check_in_floats`, with `quick` and with the derived bound for every case. Of
the peers, only the call is timed. `torch.autograd.gradcheck` runs where torch can be imported: slow mode looks at every
entry, to 1e-3 of it; fast mode and `jax.test_util.check_grads` look at one random direction; `jax.jit` of the gradient
compiles anew for each shape, and compares nothing. Seconds are those that the process itself spent, garbage collection
included; what was imported before is frozen, so that no collection searches the hundred thousands of objects of JAX.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core, which NumPy must know before it is imported
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

import oracle
from oracle import subjects
from oracle.cases import Case
from oracle.point import Point
from oracle.subjects import twins
from oracle.verdict import Verdict

Check = Callable[[Case], None]
NAMES = ("x", "h0", "s0", "W", "U", "b")


def every_case(subject: oracle.Subject, count: int, check: Check) -> None:
    """A property test over `count` generic cases, the same in every run."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(oracle.cases.cases(subject.sizes, regimes=("generic",)))
    def property_test(case: Case) -> None:
        check(case)

    property_test()


def seconds(run: Callable[[], object]) -> float:
    """The time that this process spent on one run."""
    gc.collect()
    gc.freeze()
    start = time.process_time()
    run()
    return time.process_time() - start


# ---- ours


def ours(subject: oracle.Subject, count: int, quick: bool) -> tuple[float, Counter[int]]:
    """Cases per second of a whole loop, and how many cases each step decided."""
    stages: Counter[int] = Counter()

    def check(case: Case) -> None:
        found = oracle.check_in_floats(subject, case, quick=quick)
        if found.verdict is not Verdict.CONSISTENT:
            raise RuntimeError(str(found))
        stages[found.stage] += 1

    took = seconds(lambda: every_case(subject, count, check))
    return sum(stages.values()) / took, stages


def drawing(subject: oracle.Subject, count: int) -> float:
    """Cases per second of hypothesis and of drawing the inputs, without any check."""
    drawn: list[Point] = []
    took = seconds(lambda: every_case(subject, count, lambda case: drawn.append(Point(subject, case))))
    return len(drawn) / took


# ---- peers


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


def torch_peers(subject: oracle.Subject) -> dict[str, Check]:
    """`gradcheck` in both modes; nothing without torch."""
    try:
        import torch
    except ImportError:
        return {}
    torch.set_num_threads(1)
    layer = torch_layer(torch)

    def gradcheck(case: Case, fast: bool) -> None:
        values = Point(subject, case).values
        inputs = [torch.tensor(values[name], requires_grad=True) for name in NAMES]
        torch.autograd.gradcheck(layer, inputs, fast_mode=fast)

    return {
        "torch.autograd.gradcheck, slow mode": lambda case: gradcheck(case, False),
        "torch.autograd.gradcheck, fast mode": lambda case: gradcheck(case, True),
    }


def jax_peers(subject: oracle.Subject) -> dict[str, Check]:
    """`check_grads` in reverse mode, and the gradient compiled for each shape."""
    import jax
    from jax.test_util import check_grads

    def layer(*arrays: Any) -> Any:
        return twins.layer(*arrays, True)

    def arrays(case: Case) -> list[Any]:
        values = Point(subject, case).values
        return [jax.numpy.asarray(values[name]) for name in NAMES]

    def checked(case: Case) -> None:
        with jax.enable_x64(True):
            check_grads(layer, tuple(arrays(case)), order=1, modes=["rev"])

    def compiled(case: Case) -> None:
        with jax.enable_x64(True):
            inputs = arrays(case)
            loss = lambda *args: sum(jax.numpy.sum(out) for out in layer(*args))
            jax.block_until_ready(jax.jit(jax.grad(loss, argnums=tuple(range(6))))(*inputs))

    return {"jax.test_util.check_grads, reverse mode": checked, "jax.jit(jax.grad), each shape anew": compiled}


# ---- what is printed


def line(what: str, per_second: float, note: str = "") -> None:
    """One line of the table."""
    print(f"{what:<46} {per_second:>9.1f} {1e3 / per_second:>10.2f}   {note}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="how many cases of ours (1000)")
    parser.add_argument("--peers", type=int, default=12, help="how many cases of each peer (12)")
    options = parser.parse_args()
    subject = subjects.load("lstm-standard")
    every_case(subject, 5, lambda case: oracle.check_in_floats(subject, case).ok)  # JAX's import and only trace
    print(f"{'':<46} {'cases/s':>9} {'ms/case':>10}")
    line("hypothesis and drawing alone", drawing(subject, options.cases))
    for title, quick in (("oracle.check_in_floats, quick", True), ("oracle.check_in_floats", False)):
        per_second, stages = ours(subject, options.cases, quick)
        decided = ", ".join(f"{count} by step {step}" for step, count in sorted(stages.items()))
        line(title, per_second, f"every entry; {decided}")
    shapes: list[Case] = []
    every_case(subject, options.peers + 1, shapes.append)
    for title, check in {**torch_peers(subject), **jax_peers(subject)}.items():
        check(shapes[0])
        took = [seconds(lambda case=case, check=check: check(case)) for case in shapes[1:]]
        line(title, len(took) / sum(took))
    print(f"NumPy {np.__version__}; goal: 600 cases/s")


if __name__ == "__main__":
    main()
