"""Code that cannot run in balls, judged in floats against certified truth, within the derived bound.

The truth comes from the gradient program in balls, entry by entry: that of a twin, or of the forward itself where it
stays in balls, computes the same there and finite differences confirm the program. Else it comes from slopes of the
forward (`oracle.steps.differences`). The verdict is CONSISTENT or INCONSISTENT, and never CERTIFIED.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle import accuracy
from oracle.accuracy import FEW, MANY
from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.refusals import Undecided, recording
from oracle.reference import other
from oracle.runs import forward_in_balls, in_single
from oracle.steps import differences, floats
from oracle.verdict import Comparison, Entry, Verdict
from oracle.witnesses.finite_difference import testify
from oracle.witnesses.statement import Testimony

if TYPE_CHECKING:
    from oracle.hearing import Hearing

_THIN = 2.0**-10  # how much of its bound the radius of a true entry may be
_LIKELY = 0.01  # float32 rounding is seldom a smaller share of its bound


def judge(hearing: Hearing) -> None:
    """Give every gradient a verdict: CONSISTENT within the bound, INCONSISTENT beyond it."""
    dtype = _computed_in(hearing)
    if _find_truth(hearing) and _outputs_agree(hearing, dtype):
        hearing.found.witnesses.append("autodiff")
        for leaf, balls in hearing.truth.items():
            _gradient(hearing, leaf, balls, dtype)
        return
    hearing.forget_truth()
    differences.judge(hearing, dtype)


def judge_single_precision(hearing: Hearing) -> None:
    """The same in float32, in cases that float32 can hold; code that takes no float32 is noted, not blamed."""
    if hearing.case.regime != "float32":
        return
    run = in_single(hearing.point, hearing.trial.binding)
    hearing.found.notes.extend([run.remark] if run.remark else [])
    if run.error is not None:
        what = f"{type(run.error).__name__}: {run.error}".splitlines()[0]
        hearing.found.notes.append(f"not judged in float32, for it raised {what}")
    elif not hearing.truth:
        differences.judge_single_precision(hearing, run)
    else:
        for leaf, balls in hearing.truth.items():
            _single(hearing, leaf, np.reshape(np.asarray(run.gradients[leaf]), balls.shape), balls)


def _computed_in(hearing: Hearing) -> Any:
    """The float type that the code computes in: float32 if it was seen to cast to it, or anything comes out as such."""
    every = {**hearing.floats.outputs, **hearing.floats.gradients}
    narrow = [name for name, value in every.items() if getattr(value, "dtype", None) == np.float32]
    if narrow:
        hearing.found.notes.append(f"float64 inputs give float32 in {', '.join(narrow)}: judged as float32")
    return np.float32 if floats.rounds_to_single(hearing) or narrow else np.float64


# ---- the truth


def _find_truth(hearing: Hearing) -> bool:
    """Ask the gradient program in balls, at doubling precision until it is finer than any bound; whether it spoke."""
    reference, bits = hearing.trial.reference, hearing.trial.bits
    while reference.speaks:
        outputs = _shapes(hearing, bits)
        if outputs is None:
            return False
        with adapter.precision(bits), recording() as record:
            try:
                said = reference.truth(hearing.point, outputs)
            except Undecided as refusal:
                _left_open(hearing, record.ties, refusal, bits)
                bits *= 2
                continue
        if said is None or reference.distrust:
            return False
        if reference.implicit and not _confirmed(hearing, outputs, said, bits):
            continue  # it was dropped, or traced anew
        with adapter.precision(bits):
            hearing.true_outputs, hearing.truth = said[0], hearing.trial.declared(said[1], hearing.case.sizes)
        hearing.ties = record.ties
        if _fine(hearing):
            return True
        if bits >= hearing.trial.most_bits:
            hearing.end(Verdict.UNDECIDED, f"the reference is not finite, or not known finely enough, at {bits} bits")
        bits *= 2
    return False


def _left_open(hearing: Hearing, ties: Any, refusal: Undecided, bits: int) -> None:
    """A question that balls leave open: at a kink for good, else until there are more bits."""
    if ties:
        hearing.redraw(kink=str(refusal))
    if bits >= hearing.trial.most_bits:
        hearing.end(Verdict.UNDECIDED, f"still open at {bits} bits in the reference: {refusal}")


def _shapes(hearing: Hearing, bits: int) -> dict[str, Any] | None:
    """Outputs for a twin to be asked about; for the forward's own trace, its outputs in balls. None: none to be had."""
    if not hearing.trial.reference.implicit:
        arrays = {name: np.asarray(value) for name, value in hearing.floats.outputs.items()}
        return {name: value for name, value in arrays.items() if value.dtype.kind == "f"}
    run = forward_in_balls(hearing.point, hearing.trial.binding, bits, {})
    if run.error is not None or run.record.refusals:
        return None
    balls = {n: v for n, v in run.outputs.items() if adapter.Balls().shape(v) is not None}
    return (
        {name: adapter.raw(value) for name, value in balls.items()}
        if all(map(adapter.is_ball, balls.values()))
        else None
    )


def _confirmed(hearing: Hearing, outputs: dict[str, Any], said: Any, bits: int) -> bool:
    """Whether the forward's own trace computes its very outputs, and finite differences confirm the derivative."""
    reference = hearing.trial.reference
    with adapter.precision(bits):
        same = all(bool(enclosures.meet(said[0][name], outputs[name]).all()) for name in outputs)
    if not same:
        if not reference.retrace():
            reference.drop(other(said[0], outputs))
        return False
    hearing.found.bits = bits
    statement = testify(hearing.point, hearing.trial.binding, said[1], digits=hearing.trial.digits)
    if statement.testimony is not Testimony.CONFIRMS:
        reference.drop("finite differences do not confirm what it derives")
        return False
    hearing.found.testimony = statement
    hearing.found.witnesses.append("finite_difference")
    return True


def _fine(hearing: Hearing) -> bool:
    """Whether every true value is finite and known more finely than its bound."""
    for of, arrays in (("outputs", hearing.true_outputs), ("gradients", hearing.truth)):
        for name, balls in arrays.items():
            bound = hearing.bound(name, np.float64, FEW, of)
            if not bool(np.all(enclosures.radius(balls) <= _THIN * bound)):
                return False
    return True


# ---- comparing


def _outputs_agree(hearing: Hearing, dtype: Any) -> bool:
    """Whether the twin computes the outputs of the forward; if not, that is found, and it is no witness."""
    for name, balls in hearing.true_outputs.items():
        value = np.asarray(hearing.floats.outputs[name])
        measured, _ = _measured(hearing, value, balls, name, "outputs", dtype)
        if (index := measured.beyond) is None:
            continue
        if hearing.trial.reference.retrace():
            return _find_truth(hearing) and _outputs_agree(hearing, dtype)
        _explain(hearing, name, value, balls, "outputs")
        where = f"[{', '.join(map(str, index))}]" if index else ""
        got, truth = enclosures.told_apart(float(value[index]), balls[index], 9)
        hearing.find(Verdict.FORWARD_DIFFERS, f"the output {name}{where} is {got}, but the reference gives {truth}")
        return False
    return True


def _measured(
    hearing: Hearing, value: Any, truth: adapter.Raw, name: str, of: str, dtype: Any
) -> tuple[accuracy.LeafError, Any]:
    """Error and bound, by the float type of the value; a suspect is judged again by many samples."""
    dtype = np.float32 if value.dtype.itemsize < 8 else dtype
    for samples in (FEW, MANY):
        bound = hearing.bound(name, dtype, samples, of)
        measured = accuracy.measure(value, truth, bound, dtype)
        if measured.beyond is None:
            break
    if not bool(np.isfinite(bound).all()):
        what = "the gradient of" if of == "gradients" else "the output"
        hearing.end(Verdict.UNDECIDED, f"no finite bound could be derived for {what} {name}")
    return measured, bound


def _gradient(hearing: Hearing, leaf: str, truth: adapter.Raw, dtype: Any) -> None:
    value = np.reshape(np.asarray(hearing.floats.gradients[leaf]), truth.shape)
    measured, bound = _measured(hearing, value, truth, leaf, "gradients", dtype)
    errors = accuracy.error(value, truth)
    wrong = int((~(errors <= bound)).sum())
    worst = None
    if (index := measured.beyond) is not None:
        if hearing.ties:
            hearing.redraw(kink=next(iter(hearing.ties)))
        worst = _entry(value, truth, errors, index)
        _explain(hearing, leaf, value, truth, "gradients")
    zeros = int(((enclosures.magnitude(truth) <= bound) & (errors <= bound)).sum())  # as zeros would agree
    limit = measured.accuracy.detection_limit
    digits = -math.log10(limit) if 0 < limit < 1 else 0.0
    hearing.found.comparisons[leaf] = Comparison(
        leaf, truth.shape, truth.size, wrong=wrong, zeros=zeros, digits=digits, worst=worst
    )
    hearing.found.verdicts[leaf] = Verdict.INCONSISTENT if wrong else Verdict.CONSISTENT
    hearing.found.float64[leaf] = measured.accuracy


def _entry(value: Any, truth: adapter.Raw, errors: Any, index: tuple[int, ...]) -> Entry:
    got, derivative = enclosures.told_apart(float(value[index]), truth[index])
    return Entry(
        index,
        got=got,
        derivative=derivative,
        got_enclosure=repr(float(value[index])),
        derivative_enclosure=enclosures.enclosure(truth[index]),
        gap=float(errors[index]),
    )


def _explain(hearing: Hearing, name: str, value: Any, truth: adapter.Raw, of: str) -> None:
    """A hint where float32 somewhere inside would explain the gap."""
    bound = hearing.bound(name, np.float32, FEW, of)
    if _LIKELY < accuracy.measure(value, truth, bound, np.float32).accuracy.bound_ratio <= 1.0:
        what = "the gradient of" if of == "gradients" else "the output"
        hearing.found.notes.append(f"float32 somewhere on the way to {what} {name} would explain its error")


def _single(hearing: Hearing, leaf: str, value: Any, truth: adapter.Raw) -> None:
    measured, _ = _measured(hearing, value, truth, leaf, "gradients", np.float32)
    hearing.found.float32[leaf] = measured.accuracy
    if (index := measured.beyond) is not None:
        where = f"[{', '.join(map(str, index))}]" if index else ""
        got, derivative = enclosures.told_apart(float(value[index]), truth[index], 9)
        hearing.find(
            Verdict.INCONSISTENT,
            f"in float32 the gradient of {leaf}{where} is {got}, but should be {derivative}: "
            f"{measured.accuracy.bound_ratio:.3g} times what its conditioning explains",
            leaf=leaf,
        )
