"""How many units in the last place the gradients of a layer are off, beside JAX and, where it is installed, torch.

    python benchmarks/accuracy.py               # some minutes

The truth is JAX's gradient program run in balls, known to 30 digits and more. An error is |got - truth| in units of
the last place of the truth, entry by entry; shown are the median and the largest over all entries of all gradients.
Entries that underflow the dtype are left out.

Regimes: `generic` has weights and inputs of order one. `saturated` shifts every bias by +z or -z, so that all gates and
the candidate are saturated, by z = 20 or 30: where 1 - tanh² and σ (1 - σ) lose some or all of their digits. A largest
error near 1 / eps means that no digit is right: 4.5e+15 in float64, 8.4e+06 in float32.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a checkout that is not installed

from oracle import subjects
from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.trial import Trial

NAMES = ["lstm-seed", "lstm-standard", *(f"lstm-{name}" for name in subjects.VARIANTS), "gru-reset-after"]
NAMES += ["gru-reset-before"]
SIZES = {"T": 3, "B": 2, "D": 4, "H": 4}
CASES = 4
REGIMES = {"generic": 0.0, "saturated 20": 20.0, "saturated 30": 30.0}
Gradients = dict[str, Any]


def values_of(hearing: Hearing, shift: float, dtype: Any) -> dict[str, Any]:
    """The inputs of a case, with the biases shifted, rounded to `dtype` for every contender alike."""
    values = dict(hearing.point.values)
    bias = values["b"]
    values["b"] = bias + shift * np.where(np.arange(bias.size) % 2, 1.0, -1.0)
    return {name: np.asarray(v, dtype).astype(float) if _is_real(v) else v for name, v in values.items()}


def rounded(point: Any, dtype: Any) -> Any:
    """A point whose cotangents are rounded to `dtype`, for the truth as for every contender."""
    exact = point.cotangent
    point.cotangent = lambda *place: np.asarray(exact(*place), dtype).astype(float)
    return point


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def hand_written(trial: Trial, values: dict[str, Any], bars: list[Any], dtype: Any) -> Gradients:
    """The gradients of lstm_ref in `dtype`."""
    form = trial.subject.form
    given = [value.astype(dtype) if _is_real(value) else value for value in values.values()]
    *_, tape = form.forward_function(*given)
    found = form.backward_function(*(bar.astype(dtype) for bar in bars), tape)._asdict()
    return {leaf: found[leaf] for leaf in trial.subject.differentiated}


def jax_gradients(trial: Trial, values: dict[str, Any], bars: list[Any], dtype: Any) -> Gradients:
    """The gradients that XLA computes of the twin in `dtype`."""
    import jax

    subject = trial.subject
    wanted = {leaf: values[leaf].astype(dtype) for leaf in subject.differentiated}

    def reference(given: dict[str, Any]) -> Any:
        return subject.reference(*subject.arguments({**values, **given}))

    with jax.enable_x64(dtype == np.float64):
        pulled = jax.jit(lambda given, bars: jax.vjp(reference, given)[1](tuple(bars))[0])
        found = pulled(wanted, [bar.astype(dtype) for bar in bars])
        return {leaf: np.asarray(value) for leaf, value in found.items()}


def torch_gradients(trial: Trial, values: dict[str, Any], bars: list[Any], dtype: Any) -> Gradients:
    """The gradients of torch.nn.LSTM, which has the standard cell alone."""
    import torch

    x, h0, s0, W, U, b = (values[name].astype(dtype) for name in ("x", "h0", "s0", "W", "U", "b"))
    H = h0.shape[1]
    order = np.concatenate([np.arange(H) + k * H for k in (1, 2, 0, 3)])
    layer = torch.nn.LSTM(x.shape[2], H, dtype=getattr(torch, np.dtype(dtype).name))
    with torch.no_grad():
        for own, value in zip(layer.parameters(), (W[order], U[order], b[order], 0 * b), strict=True):
            own.copy_(torch.from_numpy(value))
    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, h0[None], s0[None])]
    h, (h_T, s_T) = layer(leaves[0], (leaves[1], leaves[2]))
    given = [torch.from_numpy(bar.astype(dtype)) for bar in (bars[0], bars[1][None], bars[2][None])]
    found = torch.autograd.grad([h, h_T, s_T], [*leaves, *list(layer.parameters())[:3]], given)
    x_bar, h0_bar, s0_bar, *weights = (one.numpy() for one in found)
    back = np.argsort(order)
    gradients = (x_bar, h0_bar[0], s0_bar[0], *(weight[back] for weight in weights))
    return dict(zip(("x", "h0", "s0", "W", "U", "b"), gradients, strict=True))


CONTENDERS: dict[str, Callable[..., Gradients]] = {"lstm_ref": hand_written, "JAX": jax_gradients}


def errors(trial: Trial, shift: float, dtype: Any) -> dict[str, Any]:
    """The errors of every contender, in ulps, over all entries of a few cases."""
    contenders = dict(CONTENDERS)
    if trial.subject.name == "lstm-standard" and importlib.util.find_spec("torch"):
        contenders["torch"] = torch_gradients
    found: dict[str, list[Any]] = {name: [] for name in contenders}
    for seed in range(CASES):
        hearing = Hearing(trial, Case(SIZES, seed=seed))
        values = values_of(hearing, shift, dtype)
        hearing.point = rounded(hearing.point.moved(values), dtype)
        hearing.outcome()
        truth = {leaf: adapter.midpoints(balls) for leaf, balls in hearing.truth.items()}
        outputs = list(hearing.outputs.items())
        bars = [hearing.point.cotangent(name, np.shape(y)) for name, y in outputs]
        for name, contender in contenders.items():
            got = contender(trial, values, bars, dtype)
            found[name] += [_ulps(got[leaf], truth[leaf], dtype) for leaf in truth]
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _ulps(got: Any, truth: Any, dtype: Any) -> Any:
    """Errors in units of the last place of the truth, without entries that underflow."""
    kept = np.abs(truth) > np.finfo(dtype).tiny
    unit = np.spacing(np.abs(truth[kept]).astype(dtype)).astype(float)
    return np.abs(np.asarray(got, float)[kept] - truth[kept]) / unit


def main() -> None:
    """Print one line for each subject, dtype and regime."""
    print(f"{'subject':18} {'dtype':8} {'regime':13}  median and largest error in ulps")
    for name in NAMES:
        trial = Trial(subjects.load(name), 30)
        for dtype in (np.float64, np.float32):
            for regime, shift in REGIMES.items():
                shown = [
                    f"{who} {np.median(one):8.2g} {np.max(one):8.2g}"
                    for who, one in errors(trial, shift, dtype).items()
                ]
                print(f"{name:18} {np.dtype(dtype).name:8} {regime:13}  {'   '.join(shown)}", flush=True)


if __name__ == "__main__":
    main()
