"""Code that cannot run in balls, judged in floats against certified truth, within the derived bound.

The truth comes from the gradient program in balls where there is a twin; else from finite differences of the forward,
in balls if that much of the code stays in balls, and in float64 if not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle import accuracy
from oracle.accuracy import FEW, MANY
from oracle.arithmetic import adapter, enclosures
from oracle.verdict import Comparison, Entry, Verdict
from oracle.witnesses import central_difference

if TYPE_CHECKING:
    from oracle.hearing import Hearing


def judge(hearing: Hearing) -> None:
    """Give every gradient a verdict: CONSISTENT within the bound, INCONSISTENT beyond it."""
    run = hearing.floats
    shapes = {name: np.asarray(value) for name, value in run.outputs.items() if np.asarray(value).dtype.kind == "f"}
    reference = hearing.trial.reference
    with adapter.precision(hearing.trial.bits):
        said = reference.truth(hearing.point, shapes) if reference.speaks and not reference.implicit else None
        if said is None or reference.distrust:
            hearing.found.witnesses.append("finite_difference")
            return _against_differences(hearing)
        hearing.true_outputs = said[0]
        hearing.truth = hearing.trial.declared(said[1], hearing.case.sizes)
    hearing.found.witnesses.append("autodiff")
    for name, balls in hearing.true_outputs.items():
        _output(hearing, name, balls)
    for leaf, balls in hearing.truth.items():
        _gradient(hearing, leaf, balls)
    return None


def _measured(hearing: Hearing, name: str, value: Any, truth: adapter.Raw, of: str) -> tuple[accuracy.LeafError, Any]:
    """Error and bound; a suspect is judged again by many samples."""
    dtype = np.float32 if value.dtype.itemsize < 8 else np.float64
    measured, bound = None, None
    for samples in (FEW, MANY):
        bound = hearing.bound(name, dtype, samples, of)
        measured = accuracy.measure(value, truth, bound, dtype)
        if measured.beyond is None:
            break
    assert measured is not None
    return measured, bound


def _output(hearing: Hearing, name: str, truth: adapter.Raw) -> None:
    value = np.asarray(hearing.floats.outputs[name])
    measured, _ = _measured(hearing, name, value, truth, "outputs")
    if (index := measured.beyond) is not None:
        where = f"[{', '.join(map(str, index))}]" if index else ""
        theirs = enclosures.show(truth[index], 9)
        message = f"the output {name}{where} is {value[index]:.9g}, but the reference gives {theirs}"
        hearing.find(Verdict.FORWARD_DIFFERS, message)


def _gradient(hearing: Hearing, leaf: str, truth: adapter.Raw) -> None:
    value = np.reshape(np.asarray(hearing.floats.gradients[leaf]), truth.shape)
    measured, bound = _measured(hearing, leaf, value, truth, "gradients")
    errors = accuracy.error(value, truth)
    wrong = int((~(errors <= bound)).sum())
    worst = None
    if (index := measured.beyond) is not None:
        worst = Entry(
            index,
            got=f"{value[index]:.6g}",
            derivative=enclosures.show(truth[index]),
            got_enclosure=repr(float(value[index])),
            derivative_enclosure=enclosures.enclosure(truth[index]),
            gap=float(errors[index]),
        )
    zeros = int((enclosures.exactly_zero(truth) & (value == 0)).sum())
    limit = measured.accuracy.detection_limit
    digits = -math.log10(limit) if 0 < limit < 1 else 0.0
    hearing.found.comparisons[leaf] = Comparison(
        leaf, truth.shape, truth.size, wrong=wrong, zeros=zeros, digits=digits, worst=worst
    )
    hearing.found.verdicts[leaf] = Verdict.INCONSISTENT if wrong else Verdict.CONSISTENT
    hearing.found.float64[leaf] = measured.accuracy


def _against_differences(hearing: Hearing) -> None:
    """Slopes along directions within each gradient, since single entries would cost too much."""
    for leaf in hearing.point.differentiated:
        seen = central_difference.compare(hearing, leaf)
        value = np.asarray(hearing.floats.gradients[leaf])
        zeros = value.size if seen.claim == 0.0 and seen.estimate == 0.0 and not value.any() else 0
        wrong = not seen.agrees
        worst = None
        if wrong:
            worst = Entry((), f"{seen.claim:.9g}", f"{seen.estimate:.9g}", gap=seen.gap)
        hearing.found.comparisons[leaf] = Comparison(
            leaf, value.shape, value.size, wrong=int(wrong), zeros=zeros, digits=seen.digits, worst=worst
        )
        hearing.found.verdicts[leaf] = Verdict.INCONSISTENT if wrong else Verdict.CONSISTENT
        if wrong:
            hearing.find(
                Verdict.INCONSISTENT,
                f"along a random direction the gradient of {leaf} gives a slope of {seen.claim:.9g}, "
                f"but {seen.how} give {seen.estimate:.9g}, known to {seen.bound:.1e}",
                leaf=leaf,
            )
