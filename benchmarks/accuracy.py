"""How many units in the last place the gradients of a layer are off, beside JAX and, where it is installed, torch.

    python -m benchmarks.accuracy [SUBJECT ...] [--kept PATH]        # some minutes

prints the tables of docs/accuracy.md. Each line is appended to PATH (default .oracle/accuracy.jsonl) as soon as it is
known, and is not measured again in the next run: a run that was ended goes on where it was.

The truth is JAX's gradient program run in balls, known to 25 digits and more. An error is |got - truth| in units of
the last place of the truth, entry by entry; shown are the median, the 99 % quantile and the largest over all entries of
all gradients. Entries that underflow the dtype are left out; how many remain is shown too.

The largest error belongs to one entry, in which terms nearly cancel, and says little. Who is less accurate is judged by
the other two: the ratio of the errors of lstm_ref to those of another is shown with the interval that holds 90 % of
what comes out where whole cases are drawn again with replacement (bootstrap). Above 1 throughout, lstm_ref is worse.

Regimes: `generic` has weights and inputs of order one. The others shift every bias by +z or -z, so that all gates and
the candidate are saturated, by z = 20 to 700: where 1 - tanh² and σ (1 - σ) lose some or all of their digits. An error
of 1 / eps means that no digit is right: 4.5e+15 in float64, 8.4e+06 in float32.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from oracle import subjects
from oracle.arithmetic import adapter, enclosures
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.subject import Subject
from oracle.trial import Trial

NAMES = ["lstm-seed", "lstm-standard", *(f"lstm-{name}" for name in subjects.VARIANTS), "gru-reset-after"]
NAMES += ["gru-reset-before"]
SIZES = {"T": 3, "B": 2, "D": 4, "H": 4}
CASES = {"generic": 32}  # elsewhere 8
RESAMPLES = 400
REGIMES = {"generic": 0.0, **{f"z = {z}": float(z) for z in (20, 40, 100, 300, 700)}}
DTYPES = ("float64", "float32")
BITS = {"generic": 384, "z = 20": 768}  # 1 - tanh²(z) has some 3 z bits before its first digit; elsewhere
MOST_BITS = 4096
KEPT = Path(".oracle/accuracy.jsonl")
Gradients = dict[str, Any]
Row = dict[str, Any]


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


@functools.cache
def _pullback(subject: Subject) -> Any:
    """The gradients of the twin, compiled: of its inputs that are arrays, and the cotangents of its outputs."""
    import jax

    fixed = {leaf: spec.value for leaf, spec in subject.leaves.items() if spec.kind == "fixed"}

    def pulled(wanted: dict[str, Any], bars: list[Any]) -> Any:
        def reference(given: dict[str, Any]) -> Any:
            return subject.reference(*subject.arguments({**dict.fromkeys(subject.leaves), **fixed, **given}))

        return jax.vjp(reference, wanted)[1](tuple(bars))[0]

    return jax.jit(pulled)


def jax_gradients(trial: Trial, values: dict[str, Any], bars: list[Any], dtype: Any) -> Gradients:
    """The gradients that XLA computes of the twin in `dtype`."""
    import jax

    wanted = {leaf: values[leaf].astype(dtype) for leaf in trial.subject.differentiated}
    with jax.enable_x64(np.dtype(dtype) == np.float64):
        found = _pullback(trial.subject)(wanted, [bar.astype(dtype) for bar in bars])
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


def torch_gru_gradients(trial: Trial, values: dict[str, Any], bars: list[Any], dtype: Any) -> Gradients:
    """The gradients of torch.nn.GRU, which resets after the product; its gates have the order of ours."""
    import torch

    x, h0, *weights = (values[name].astype(dtype) for name in ("x", "h0", "W", "U", "b", "c"))
    layer = torch.nn.GRU(x.shape[2], h0.shape[1], dtype=getattr(torch, np.dtype(dtype).name))
    with torch.no_grad():
        for own, value in zip(layer.parameters(), weights, strict=True):
            own.copy_(torch.from_numpy(value))
    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, h0[None])]
    given = [torch.from_numpy(bar.astype(dtype)) for bar in (bars[0], bars[1][None])]
    found = torch.autograd.grad(layer(*leaves), [*leaves, *layer.parameters()], given)
    x_bar, h0_bar, *weights_bar = (one.numpy() for one in found)
    return dict(zip(("x", "h0", "W", "U", "b", "c"), (x_bar, h0_bar[0], *weights_bar), strict=True))


CONTENDERS: dict[str, Callable[..., Gradients]] = {"lstm_ref": hand_written, "JAX": jax_gradients}
TORCH: dict[str, Callable[..., Gradients]] = {"lstm-standard": torch_gradients, "gru-reset-after": torch_gru_gradients}


def errors(trial: Trial, regime: str, dtype: Any) -> dict[str, list[Any]]:
    """The errors of every contender, in ulps, over all entries of each case."""
    contenders = dict(CONTENDERS)
    if trial.subject.name in TORCH and importlib.util.find_spec("torch"):
        contenders["torch"] = TORCH[trial.subject.name]
    found: dict[str, list[Any]] = {name: [] for name in contenders}
    for seed in range(CASES.get(regime, 8)):
        hearing = Hearing(trial, Case(SIZES, seed=seed), thorough=False)
        values = values_of(hearing, REGIMES[regime], dtype)
        hearing.point = rounded(hearing.point.moved(values), dtype)
        hearing.outcome()
        truth = {leaf: _known(balls, dtype) for leaf, balls in hearing.truth.items()}
        bars = [hearing.point.cotangent(name, np.shape(y)) for name, y in hearing.outputs.items()]
        for name, contender in contenders.items():
            got = contender(trial, values, bars, dtype)
            found[name].append(np.concatenate([_ulps(got[leaf], truth[leaf], dtype) for leaf in truth]))
    return found


def _known(balls: Any, dtype: Any) -> Any:
    """The middles of balls, of which every one that does not underflow is known to 25 digits."""
    with adapter.precision(128):
        enough = enclosures.accuracy_bits(balls) >= 85
        above = enclosures.magnitude(balls) > np.finfo(dtype).tiny
    if (above & ~enough).any():
        raise ArithmeticError("the truth is not known to 25 digits: more bits are needed in this regime")
    return adapter.midpoints(balls)


def _ulps(got: Any, truth: Any, dtype: Any) -> Any:
    """Errors in units of the last place of the truth, without entries that underflow."""
    kept = np.abs(truth) > np.finfo(dtype).tiny
    unit = np.spacing(np.abs(truth[kept]).astype(dtype)).astype(float)
    return np.abs(np.asarray(got, float)[kept] - truth[kept]) / unit


def rows(names: Iterable[str], known: list[Row]) -> Iterator[Row]:
    """What was not measured yet: one row for each subject, dtype and regime."""
    done = {(row["subject"], row["dtype"], row["regime"]) for row in known}
    for name in names:
        subject = subjects.load(name)
        for dtype in DTYPES:
            for regime in REGIMES:
                trial = Trial(subject, 30, BITS.get(regime, MOST_BITS))
                if (name, dtype, regime) not in done:
                    found = errors(trial, regime, np.dtype(dtype).type)
                    entries = sum(map(len, found["lstm_ref"]))
                    yield {"subject": name, "dtype": dtype, "regime": regime, "entries": entries, **_shown(found)}


def _shown(found: dict[str, list[Any]]) -> Row:
    """The three errors of every contender, and how lstm_ref compares; nothing where no entry remains."""
    if not any(map(len, found["lstm_ref"])):
        return {}
    shown: Row = {who: [*_middle_and_tail(cases), float(np.max(np.concatenate(cases)))] for who, cases in found.items()}
    others = [who for who in found if who != "lstm_ref"]
    return shown | {"ratios": {who: _ratios(found["lstm_ref"], found[who]) for who in others}}


def _middle_and_tail(cases: list[Any]) -> list[float]:
    """The median and the 99 % quantile over the entries of all cases."""
    return [float(one) for one in np.quantile(np.concatenate(cases), (0.5, 0.99))]


def _ratios(own: list[Any], other: list[Any]) -> list[list[float]]:
    """For median and 99 % quantile: 5 %, 50 % and 95 % of the ratio of our error to the other, over drawn cases."""
    draws = np.random.default_rng(0).integers(len(own), size=(RESAMPLES, len(own)))
    pairs = [[_middle_and_tail([of[k] for k in drawn]) for of in (own, other)] for drawn in draws]
    ratios = (np.array([ours for ours, _ in pairs]) + 1e-3) / (np.array([theirs for _, theirs in pairs]) + 1e-3)
    return [[float(one) for one in column] for column in np.quantile(ratios, (0.05, 0.5, 0.95), axis=0).T]


def table(known: list[Row], dtype: str) -> str:
    """The rows of one dtype as a table: median, 99 % quantile and largest error."""
    who = [*CONTENDERS, "torch"]
    lines = ["| subject | regime | entries | " + " | ".join(who) + " |", "| --- | --- | ---: |" + " ---: |" * len(who)]
    for row in known:
        if row["dtype"] == dtype:
            cells = [", ".join(f"{one:.2g}" for one in row[name]) if name in row else "" for name in who]
            lines.append(f"| {row['subject']} | {row['regime']} | {row['entries']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def compared(known: list[Row], worse: bool) -> str:
    """Where lstm_ref is less accurate beyond chance, or where chance may decide: the ratios that say so."""
    lines = ["| subject | dtype | regime | error | beside | ratio, and 90 % of the draws |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for row in known:
        for who, ratios in row.get("ratios", {}).items():
            for error, (low, middle, high) in zip(("median", "99 %"), ratios, strict=True):
                place = f"{row['subject']} | {row['dtype']} | {row['regime']} | {error} | {who}"
                if (low > 1.0) if worse else (low <= 1.0 < middle):
                    lines.append(f"| {place} | {middle:.2f} ({low:.2f} to {high:.2f}) |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, keep each row as soon as it is known, and print the tables."""
    parser = argparse.ArgumentParser(description="errors of gradients in ulps, beside JAX and torch")
    parser.add_argument("subjects", nargs="*", default=NAMES, help="registered subjects with a layer's inputs")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where rows are kept")
    asked = parser.parse_args()
    asked.kept.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in asked.kept.read_text().splitlines()] if asked.kept.exists() else []
    for row in rows(asked.subjects, known):
        with asked.kept.open("a") as kept:
            kept.write(json.dumps(row) + "\n")
        known.append(row)
    for dtype in DTYPES:
        print(f"\n{dtype}: median, 99 % quantile and largest error in ulps\n\n{table(known, dtype)}")
    print(f"\nlstm_ref is less accurate\n\n{compared(known, worse=True)}")
    print(f"\nits error is the larger one, but within what chance does\n\n{compared(known, worse=False)}")


if __name__ == "__main__":
    main()
