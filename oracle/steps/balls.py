"""Both programs in balls, entry by entry; precision doubles until every entry is settled."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.accuracy import FEW
from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.refusals import LeftArithmetic, Undecided, recording
from oracle.comparison import compare
from oracle.reference import other
from oracle.runs import Run, in_balls
from oracle.steps import locating
from oracle.verdict import Comparison, Verdict

if TYPE_CHECKING:
    from oracle.hearing import Hearing

Raw = adapter.Raw


def compare_until_decided(hearing: Hearing) -> None:
    """Compare at doubling precision, until all is settled, something is wrong, or the cap is reached."""
    if why := getattr(hearing.trial.subject.form, "leaves_balls", ""):
        hearing.leave_balls(why)
    bits = hearing.trial.bits
    while True:
        hearing.found.bits = bits
        if _compare_at(hearing, bits) or bits >= hearing.trial.most_bits:
            return
        bits *= 2


def accuse_what_is_not_finite(hearing: Hearing) -> None:
    """A gradient that is NaN or infinite, in floats as in balls, where the forward and its derivative are finite."""
    for leaf, balls in hearing.gradients.items():
        value = np.reshape(np.asarray(hearing.floats.gradients[leaf], dtype=float), balls.shape)
        for index in np.argwhere(~enclosures.finite(balls) & ~np.isfinite(value))[:1]:
            place = tuple(int(k) for k in index)
            derivative = locating.derivative_at(hearing, leaf, place)
            if derivative is None:
                continue
            where = f"{leaf}[{', '.join(map(str, place))}]" if place else leaf
            hearing.found.verdicts[leaf] = Verdict.BROKEN_CONTRACT
            hearing.end(
                Verdict.BROKEN_CONTRACT,
                f"the gradient {where} is {float(value[place])!r}, although the forward is finite there and its "
                f"derivative is {derivative}",
            )


def judge_every_gradient(hearing: Hearing) -> None:
    """A verdict for every gradient of this case; unless all are well, the hearing ends here."""
    for comparison in hearing.leaf_comparisons:
        hearing.found.verdicts[comparison.name] = _verdict_of(hearing, comparison)
    for comparison in hearing.output_comparisons:
        if comparison.unsettled:
            hearing.find(Verdict.UNDECIDED, f"the output {comparison.name} is {_unsettled(hearing, comparison)}")
        if comparison.rounded:
            why = "differs from the reference's by no more than rounded constants explain"
            hearing.find(Verdict.CONSISTENT, f"the output {comparison.name} {why}")
    if any(not verdict.ok for verdict in hearing.found.verdicts.values()):
        hearing.end_here()


def _verdict_of(hearing: Hearing, comparison: Comparison) -> Verdict:
    if comparison.wrong:
        return Verdict.REFUTED
    if comparison.unsettled:
        message = f"the gradient of {comparison.name} is {_unsettled(hearing, comparison)}"
        hearing.find(Verdict.UNDECIDED, message, leaf=comparison.name)
        return Verdict.UNDECIDED
    return Verdict.CONSISTENT if comparison.rounded else Verdict.CERTIFIED


def _unsettled(hearing: Hearing, comparison: Comparison) -> str:
    return (
        f"not finite, or not known to {hearing.trial.digits:g} digits, at {hearing.found.bits} bits "
        f"in {comparison.unsettled} of {comparison.entries} entries"
    )


# ---- one precision


def _compare_at(hearing: Hearing, bits: int) -> bool:
    """Run and compare at one precision; whether the question is decided."""
    first = bits == hearing.trial.bits
    run = in_balls(hearing.point, hearing.trial.binding, bits, lines=first)
    if first:
        hearing.found.balls = run
    if run.left or (run.error is not None and not isinstance(run.error, Undecided)):
        hearing.leave_balls(_why_left(hearing, run))
    if run.undecided:
        return _open_question(hearing, run, bits)
    _collect(hearing, run)
    hearing.ties = run.record.ties
    with adapter.precision(bits):
        if not _ask_reference(hearing, bits):
            return False
        return _compare_all(hearing, later=not first)


def _why_left(hearing: Hearing, run: Run) -> str:
    """What was refused or raised in balls, with the innermost line of the code under test that led there."""
    for refusal in run.record.refusals:
        if refusal.kind == LeftArithmetic.__name__:
            return str(refusal)
    assert run.error is not None, "a run that ended well and refused nothing has not left balls"
    frames = traceback.extract_tb(run.error.__traceback__)
    under_test = [frame for frame in frames if frame.filename in hearing.trial.binding.files] or frames
    where = "".join(f", at {frame.filename}:{frame.lineno}: {frame.line}" for frame in under_test[-1:])
    return f"raised {type(run.error).__name__} in balls only: {run.error}{where}"


def _open_question(hearing: Hearing, run: Run, bits: int) -> bool:
    """A comparison that the balls leave open: at an exact tie for good, otherwise until there are more bits."""
    refusal = run.record.refusals[0]
    if run.record.ties:
        what, place = next(iter(run.record.ties.items()))
        hearing.redraw(kink=f"{what}, at {place}")
    if bits >= hearing.trial.most_bits:
        hearing.end(Verdict.UNDECIDED, f"still open at {bits} bits: {refusal}")
    return False


def _collect(hearing: Hearing, run: Run) -> None:
    """Outputs and gradients as raw balls; a gradient that is not balls was not computed in this run."""
    hearing.gradients, hearing.outputs = {}, {}
    for leaf in hearing.point.differentiated:
        value = run.gradients.get(leaf)
        if not adapter.is_ball(value):
            hearing.leave_balls(f"the gradient of {leaf} is a {type(value).__name__} that was not computed in this run")
        balls = _real(hearing, adapter.raw(value), f"the gradient of {leaf}")
        hearing.gradients[leaf] = balls.reshape(np.shape(hearing.point.values[leaf]))
    for name, value in run.outputs.items():
        if adapter.Balls().shape(value) is not None:
            hearing.outputs[name] = _real(hearing, adapter.raw(value), f"the output {name}")


def _real(hearing: Hearing, balls: Raw, what: str) -> Raw:
    real = enclosures.real(balls)
    if real is None:
        hearing.leave_balls(f"{what} is complex")
    return real


# ---- the reference


def _ask_reference(hearing: Hearing, bits: int, again: bool = False) -> bool:
    """The gradient program at the same point; False if a comparison in it stayed open at this precision.

    `again` says that it has just been traced anew, for it computed something else of this case.
    """
    hearing.truth, hearing.true_outputs = {}, {}
    reference = hearing.trial.reference
    if not reference.speaks:
        return True
    with recording() as record:
        try:
            said = reference.truth(hearing.point, hearing.outputs)
        except Undecided as refusal:
            if record.ties:
                hearing.redraw(kink=str(refusal))
            if bits >= hearing.trial.most_bits:
                hearing.end(Verdict.UNDECIDED, f"still open at {bits} bits in the reference: {refusal}")
            return False
    if said is None:
        return True
    hearing.ties = {**hearing.ties, **record.ties}
    outputs, gradients = said
    if all(enclosures.meet(outputs[name], hearing.outputs[name]).all() for name in outputs):
        if again:
            reference.retracing_helped()
    elif all(enclosures.finite(value).all() for value in hearing.outputs.values()):
        if reference.retrace():
            return _ask_reference(hearing, bits, again=True)
        if reference.implicit:
            reference.drop(other(outputs, hearing.outputs))
            return True
    hearing.true_outputs = outputs
    if not reference.distrust:
        hearing.derivative = gradients
        hearing.truth = hearing.trial.declared(gradients, hearing.case.sizes)
    return True


# ---- comparing


def _compare_all(hearing: Hearing, later: bool) -> bool:
    """Compare every output and gradient; whether all is settled, or something is wrong."""
    comparisons = hearing.found.comparisons
    comparisons.clear()
    for name, value in hearing.outputs.items():
        truth = hearing.true_outputs.get(name, value)
        comparisons[name] = compared(hearing, name, value, truth, later, "outputs")
    for leaf, value in hearing.gradients.items():
        comparisons[leaf] = compared(hearing, leaf, value, hearing.truth.get(leaf, value), later, "gradients")
    settled = all(comparison.wrong or not comparison.unsettled for comparison in comparisons.values())
    return settled or any(comparison.wrong for comparison in comparisons.values())


def compared(hearing: Hearing, name: str, value: Raw, truth: Raw, later: bool, of: str) -> Comparison:
    """One array; rounding and the scale of cancelled terms are estimated only where they are needed."""
    digits = hearing.trial.digits
    first = compare(name, value, truth, digits=digits)
    if first.agrees or not (first.wrong or later):
        return first
    spread = hearing.spread(np.float64, FEW)
    known: Any = spread.gradients if of == "gradients" else spread.outputs
    return compare(
        name,
        value,
        truth,
        digits=digits,
        scale=np.asarray(known[name]) / spread.unit,
        rounding=hearing.excuse(name, of),
        zero_allowed=later,
    )
