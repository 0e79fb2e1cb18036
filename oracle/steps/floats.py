"""The untouched code in floats: it must run, take the same path as in balls, and keep its digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from oracle import accuracy
from oracle.accuracy import FEW, MANY
from oracle.arithmetic import adapter, enclosures
from oracle.forms.form import ContractError
from oracle.runs import Run, in_floats, in_single
from oracle.verdict import FloatAccuracy, Verdict

if TYPE_CHECKING:
    from oracle.hearing import Hearing

_MAY_LEAVE_DOMAIN = ("saturated", "zeros", "large cotangents")


def run_untouched(hearing: Hearing) -> None:
    """The code as its author runs it; what raises here is broken, what is not finite outside the domain."""
    run = hearing.found.floats = in_floats(hearing.point, hearing.trial.binding, lines=True)
    corner = hearing.case.regime in _MAY_LEAVE_DOMAIN
    if run.error is None:
        _look_for_what_is_not_compared(hearing, run)
        if corner and not all(_finite(value) for value in run.outputs.values()):
            hearing.redraw(outside="the forward is not finite in floats")
        return
    if isinstance(run.error, ContractError):
        hearing.end(Verdict.BROKEN_CONTRACT, str(run.error))
    what = f"{type(run.error).__name__}: {run.error}"
    refused = AssertionError | ArithmeticError if run.returned else AssertionError | ArithmeticError | ValueError
    if corner and isinstance(run.error, refused):
        hearing.redraw(outside=f"the {'backward' if run.returned else 'forward'} raised {what}")
    hearing.end(Verdict.BROKEN_CONTRACT, f"the code raised {what}", detail=run.traceback)


def _look_for_what_is_not_compared(hearing: Hearing, run: Run) -> None:
    """Outputs that no cotangent reaches are named: complex ones, and objects that may hold numbers."""
    for name, value in run.outputs.items():
        dtype = np.asarray(value).dtype
        if dtype.kind == "c" or (isinstance(value, np.ndarray) and dtype.kind == "O"):
            hearing.end(Verdict.UNDECIDED, f"the output {name} is {dtype}, which is not compared; return real arrays")
        if dtype.kind not in "fiubUS":
            hearing.found.notes.append(f"the output {name} is a {type(value).__name__}, which is compared with nothing")


def _finite(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def compare_executed_lines(hearing: Hearing) -> None:
    """The float64 run and the ball run must have executed the same statements."""
    floats, balls = hearing.floats, hearing.found.balls
    assert balls is not None
    for one, other in ((floats.forward_lines, balls.forward_lines), (floats.backward_lines, balls.backward_lines)):
        if one is not None and other is not None and (place := one.first_difference(other)):
            hearing.leave_balls(f"took another path in floats at {place}")


def measure_accuracy(hearing: Hearing) -> None:
    """Outputs and gradients of the float64 run, and in the float32 regime of a float32 run, lie within the bound."""
    truth = hearing.truth or hearing.gradients
    outputs = hearing.true_outputs or hearing.outputs
    _measure(hearing, hearing.floats, np.float64, truth, outputs, hearing.found.float64)
    measure_single_precision(hearing)


def measure_single_precision(hearing: Hearing) -> None:
    """The same in float32, where the case is one that float32 can hold."""
    truth = hearing.truth or hearing.gradients
    if hearing.case.regime != "float32" or not truth:
        return
    run = in_single(hearing.point, hearing.trial.binding)
    hearing.found.notes.extend([run.remark] if run.remark else [])
    if run.error is not None:
        what = f"{type(run.error).__name__}: {run.error}"
        hearing.find(Verdict.BROKEN_CONTRACT, f"with float32 inputs the code raised {what}", detail=run.traceback)
        return
    _measure(hearing, run, np.float32, truth, hearing.true_outputs or hearing.outputs, hearing.found.float32)
    wide = [leaf for leaf in truth if getattr(run.gradients[leaf], "dtype", None) == np.float64]
    if wide:
        hearing.found.notes.append(f"float32 inputs give float64 gradients: {', '.join(wide)}")


def _measure(
    hearing: Hearing,
    run: Run,
    dtype: Any,
    truth: dict[str, adapter.Raw],
    outputs: dict[str, adapter.Raw],
    into: dict[str, FloatAccuracy],
) -> None:
    single = rounds_to_single(hearing)
    for leaf, balls in truth.items():
        value = np.asarray(run.gradients[leaf])
        judged = np.float32 if single or value.dtype.itemsize < 8 else dtype
        into[leaf] = _within(hearing, leaf, value.reshape(balls.shape), balls, judged, "gradients")
    for name, balls in outputs.items():
        value = np.asarray(run.outputs[name])
        judged = np.float32 if single or value.dtype.itemsize < 8 else dtype
        _within(hearing, name, value, balls, judged, "outputs")


def rounds_to_single(hearing: Hearing) -> bool:
    """Whether the code itself casts to float32: it is judged as such, and the report says where."""
    run = hearing.found.balls
    places = [(what, place) for what, place in run.record.notes.items() if "float32" in what] if run else []
    hearing.found.notes.extend(f"the code {what}, at {place}: judged as float32" for what, place in places)
    return bool(places)


def _within(hearing: Hearing, name: str, value: Any, truth: adapter.Raw, dtype: Any, of: str) -> FloatAccuracy:
    """The accuracy of one array; beyond the bound, from many samples, it is a finding."""
    measured = accuracy.measure(value, truth, hearing.bound(name, dtype, FEW, of), dtype)
    if measured.beyond is not None:
        measured = accuracy.measure(value, truth, hearing.bound(name, dtype, MANY, of), dtype)
    if (index := measured.beyond) is not None:
        what = "gradient of " if of == "gradients" else "output "
        where = f"[{', '.join(map(str, index))}]" if index else ""
        got, should = enclosures.told_apart(float(value[index]), truth[index], 9)
        hearing.find(
            Verdict.INACCURATE,
            f"in {np.dtype(dtype).name} the {what}{name}{where} is {got}, but should be {should}: "
            f"{measured.accuracy.bound_ratio:.3g} times what its conditioning explains",
            leaf=name if of == "gradients" else "",
        )
    return measured.accuracy
