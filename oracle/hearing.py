"""One case of one subject, heard by all witnesses. `Hearing.outcome` reads as the checklist of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle import accuracy, contract
from oracle.accuracy import FEW, MANY, Spread
from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.refusals import Undecided, recording
from oracle.cases import Case
from oracle.comparison import compare
from oracle.forms.form import ContractError
from oracle.point import Point
from oracle.runs import Run, in_balls, in_floats
from oracle.trial import Trial
from oracle.verdict import Comparison, Finding, FloatAccuracy, Verdict, WitnessesDisagree
from oracle.witnesses.finite_difference import Statement, Testimony, testify

Raw = adapter.Raw
RawByName = Mapping[str, Raw]


@dataclass
class Outcome:
    """What one case showed."""

    case: Case
    findings: list[Finding] = field(default_factory=list)
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    float64: dict[str, FloatAccuracy] = field(default_factory=dict)
    float32: dict[str, FloatAccuracy] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    testimony: Statement | None = None
    bits: int = 0
    floats: Run | None = None
    balls: Run | None = None
    kink: str = ""
    outside: str = ""  # why this case is outside the function's domain

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found."""
        found = [finding.verdict for finding in self.findings] + list(self.verdicts.values())
        return min(found, key=lambda verdict: verdict.severity, default=Verdict.NOTHING_COMPARED)


class _Done(Exception):
    """The hearing is over: what was found so far decides."""


class Hearing:
    """Hears one case. Each step either adds to the outcome or ends the hearing."""

    def __init__(self, trial: Trial, case: Case) -> None:
        self.trial, self.case = trial, case
        self.point = Point(trial.subject, case)
        self.found = Outcome(case)
        self.gradients: dict[str, Raw] = {}
        self.truth: dict[str, Raw] = {}
        self.outputs: dict[str, Raw] = {}
        self.true_outputs: dict[str, Raw] = {}
        self._spreads: dict[tuple[str, int], Spread] = {}

    def outcome(self) -> Outcome:
        """Hear the case."""
        try:
            self.run_untouched_in_float64()
            self.check_names_shapes_and_dtypes()
            self.compare_in_balls_until_decided()
            self.hear_finite_differences()
            self.judge_every_gradient()
            self.compare_executed_lines()
            self.measure_float_accuracy()
            self.check_contract()
        except _Done:
            pass
        return self.found

    # ---- steps

    def run_untouched_in_float64(self) -> None:
        """The code as its author runs it; what raises here is broken."""
        run = self.found.floats = in_floats(self.point, self.trial.binding, lines=True)
        if run.error is None:
            return
        if isinstance(run.error, ContractError):
            self._end(Verdict.BROKEN_CONTRACT, str(run.error))
        if self.case.regime in ("saturated", "zeros") and isinstance(run.error, AssertionError | ArithmeticError):
            self.found.outside = f"{type(run.error).__name__}: {run.error}"
            raise _Done
        what = f"{type(run.error).__name__}: {run.error}"
        self._end(Verdict.BROKEN_CONTRACT, f"the code raised {what}", detail=run.traceback)

    def check_names_shapes_and_dtypes(self) -> None:
        """One gradient per input, same shape, a float dtype."""
        assert self.found.floats is not None
        for finding in contract.structure(self.point, self.found.floats):
            self.found.findings.append(finding)
        for leaf in contract.single_precision(self.point, self.found.floats):
            self.found.notes.append(f"the gradient of {leaf} is float32 although all inputs are float64")
        if any(finding.leaf == "" or finding.detail == "no values" for finding in self.found.findings):
            raise _Done

    def compare_in_balls_until_decided(self) -> None:
        """Both programs in balls; precision doubles until every entry is settled."""
        bits = self.trial.bits
        while True:
            self.found.bits = bits
            settled = self._compare_at(bits)
            if settled or bits >= self.trial.most_bits:
                return
            bits *= 2

    def hear_finite_differences(self) -> None:
        """The second witness on the hand-written gradients, and on the oracle's if they differ."""
        statement = self.found.testimony = self._testify(self.gradients)
        says = statement.testimony
        gradients_agree = all(c.wrong == 0 for c in self._leaf_comparisons())
        forward_agrees = all(c.wrong == 0 for c in self._output_comparisons())
        if self._tied() and (says is not Testimony.CONFIRMS or not gradients_agree or not forward_agrees):
            self.found.kink = self._tied()
            raise _Done
        if not self.trial.autodiff:
            self._judge_without_reference(statement)
        elif not forward_agrees:
            self._judge_forwards(says)
        elif not gradients_agree:
            self._confirm_refutation(says)
        elif not self._rounded() and says is Testimony.REFUTES:
            raise WitnessesDisagree(
                self._contradiction("finite differences refute what the gradient program certifies")
            )
        elif not self._rounded() and says is Testimony.SILENT:
            self._find(Verdict.UNDECIDED, f"the second witness is silent: {statement.why}")

    def judge_every_gradient(self) -> None:
        """A verdict for every gradient of this case."""
        for comparison in self._leaf_comparisons():
            self.found.verdicts[comparison.name] = self._verdict_of(comparison)
        for comparison in self._output_comparisons():
            if comparison.unsettled:
                self._find(Verdict.UNDECIDED, f"the output {comparison.name} is {self._unsettled(comparison)}")
        if any(not verdict.ok for verdict in self.found.verdicts.values()) or self.found.findings:
            raise _Done

    def compare_executed_lines(self) -> None:
        """The float64 run and the ball run must have taken the same path."""
        floats, balls = self.found.floats, self.found.balls
        assert floats is not None and balls is not None
        for one, other in ((floats.forward_lines, balls.forward_lines), (floats.backward_lines, balls.backward_lines)):
            if one is None or other is None:
                continue
            if apart := sorted(one.lines ^ other.lines):
                self.trial.leave(f"took another path in floats at {apart[0][0]}:{apart[0][1]}")
                self._leave_balls()

    def measure_float_accuracy(self) -> None:
        """Outputs and gradients of the float run must lie within the derived bound."""
        assert self.found.floats is not None
        self._measure(self.found.floats, np.float64, self.found.float64)
        if self.case.regime == "float32":
            single = in_floats(self.point, self.trial.binding, np.float32)
            if single.error is not None:
                self._find(Verdict.BROKEN_CONTRACT, f"in float32 the code raised {single.error!r}", single.traceback)
            else:
                self._measure(single, np.float32, self.found.float32)

    def check_contract(self) -> None:
        """Everything else that a backward promises."""
        assert self.found.floats is not None
        self.found.findings.extend(contract.behaviour(self.point, self.trial.binding, self.found.floats, self._gradient_bound))

    # ---- balls

    def _compare_at(self, bits: int) -> bool:
        """Run and compare at one precision; whether the question is decided."""
        run = in_balls(self.point, self.trial.binding, bits, lines=bits == self.trial.bits)
        if self.found.balls is None or run.forward_lines is not None:
            self.found.balls = run
        if run.left or (run.error is not None and not isinstance(run.error, Undecided)):
            self.trial.leave(self._why_left(run))
            self._leave_balls()
        if run.undecided:
            return self._open_question(run, bits)
        self._collect(run)
        if not self.trial.autodiff:
            return self._thin_alone(bits)
        if not self._run_program(bits):
            return False
        return self._compare_all(bits)

    def _open_question(self, run: Run, bits: int) -> bool:
        refusal = run.record.refusals[0]
        if run.record.ties:
            self.found.kink = next(iter(run.record.ties.values())).__str__()
            raise _Done
        if bits >= self.trial.most_bits:
            self._end(Verdict.UNDECIDED, f"at {bits} bits still open: {refusal}")
        return False

    def _collect(self, run: Run) -> None:
        """Outputs and gradients as raw balls; whatever is not balls has left ball arithmetic."""
        self.gradients, self.outputs = {}, {}
        for leaf in self.point.differentiated:
            value = run.gradients.get(leaf)
            if not adapter.is_ball(value):
                kind = type(value).__name__
                self.trial.leave(f"the gradient of {leaf} is a {kind} that was not computed in this run")
                self._leave_balls()
            self.gradients[leaf] = self._real(adapter.raw(value), f"the gradient of {leaf}").reshape(
                np.shape(self.point.values[leaf])
            )
        for name, value in run.outputs.items():
            if adapter.Balls().shape(value) is not None:
                self.outputs[name] = self._real(adapter.raw(value), f"the output {name}")

    def _real(self, balls: Raw, what: str) -> Raw:
        real = enclosures.real(balls)
        if real is None:
            self.trial.leave(f"{what} is complex")
            self._leave_balls()
        assert real is not None
        return real

    def _run_program(self, bits: int) -> bool:
        """The gradient program at the same point; False if a comparison in it stayed open."""
        with adapter.precision(bits), recording() as record:
            try:
                self.true_outputs, truth = self.trial.truth(self.point, self.outputs)
            except Undecided as refusal:
                if record.ties:
                    self.found.kink = str(refusal)
                    raise _Done from None
                if bits >= self.trial.most_bits:
                    self._end(Verdict.UNDECIDED, f"at {bits} bits still open in the reference: {refusal}")
                return False
            self.truth = self.trial.declared(truth, self.case.sizes)
        self._reference_ties = {**record.ties}
        return True

    def _compare_all(self, bits: int) -> bool:
        """Compare every output and gradient; whether all is settled."""
        later = bits > self.trial.bits
        with adapter.precision(bits):
            for name, value in self.outputs.items():
                rounding = self._rounding_of_outputs(name, value, self.true_outputs[name])
                self.found.comparisons[name] = compare(
                    name, value, self.true_outputs[name], digits=0.0, rounding=rounding, zero_allowed=later
                )
            for leaf, value in self.gradients.items():
                self.found.comparisons[leaf] = self._compare_leaf(leaf, value, self.truth[leaf], later)
        decided = [c.wrong or c.rounded or not c.unsettled for c in self._leaf_comparisons()]
        return any(c.wrong for c in self.found.comparisons.values()) or all(decided)

    def _compare_leaf(self, leaf: str, value: Raw, truth: Raw, later: bool) -> Comparison:
        first = compare(leaf, value, truth, digits=self.trial.digits)
        if first.agrees or not (first.wrong or later):
            return first
        spread = self._spread(np.float64, FEW)
        return compare(
            leaf,
            value,
            truth,
            digits=self.trial.digits,
            scale=spread.scale(leaf),
            rounding=self.trial.rounding(spread, leaf),
            zero_allowed=later,
        )

    def _rounding_of_outputs(self, name: str, value: Raw, truth: Raw) -> Any:
        if enclosures.meet(value, truth).all():
            return None
        return self._spread(np.float64, FEW).bound(name, "outputs")

    def _thin_alone(self, bits: int) -> bool:
        """Without a reference: every gradient compared with itself must at least be thin."""
        with adapter.precision(bits):
            for leaf, value in self.gradients.items():
                self.found.comparisons[leaf] = self._compare_leaf(leaf, value, value, bits > self.trial.bits)
        return all(not c.unsettled for c in self._leaf_comparisons())

    # ---- judging

    def _leaf_comparisons(self) -> list[Comparison]:
        return [self.found.comparisons[leaf] for leaf in self.gradients]

    def _output_comparisons(self) -> list[Comparison]:
        return [c for name, c in self.found.comparisons.items() if name not in self.gradients]

    def _rounded(self) -> bool:
        return any(comparison.rounded for comparison in self.found.comparisons.values())

    def _tied(self) -> str:
        assert self.found.balls is not None
        ties = {**self.found.balls.record.ties, **getattr(self, "_reference_ties", {})}
        return next((f"{what}, at {place}" for what, place in ties.items()), "")

    def _testify(self, gradients: RawByName) -> Statement:
        plain = self.trial.undone(gradients, self.case.sizes)
        return testify(self.point, self.trial.binding, plain, digits=self.trial.digits)

    def _judge_forwards(self, says: Testimony) -> None:
        differs = next(c for c in self._output_comparisons() if c.wrong)
        message = f"the output {differs.name}{self._at(differs)} differs from the reference's"
        if says is Testimony.CONFIRMS:
            self._end(Verdict.FORWARD_DIFFERS, f"{message}; finite differences side with the hand-written pair")
        if says is Testimony.REFUTES:
            self._find(Verdict.REFUTED, f"{says.value}; besides, {message}")
            self._end(Verdict.FORWARD_DIFFERS, message)
        self._end(Verdict.UNDECIDED, f"{message}, and {says.value}")

    def _confirm_refutation(self, says: Testimony) -> None:
        if says is Testimony.CONFIRMS:
            raise WitnessesDisagree(self._contradiction("finite differences confirm what the gradient program refutes"))
        side = self._testify(self.truth)
        if side.testimony is Testimony.REFUTES:
            raise WitnessesDisagree(self._contradiction("finite differences refute the gradient program"))
        if side.testimony is Testimony.CONFIRMS:
            self.found.testimony = side

    def _contradiction(self, what: str) -> str:
        return f"{self.trial.subject.name} at {self.case}: {what}; this is a fault of the oracle, please report it"

    def _judge_without_reference(self, statement: Statement) -> None:
        if statement.testimony is Testimony.SILENT:
            self._end(Verdict.UNDECIDED, f"{statement.testimony.value}: {statement.why}")
        if statement.testimony is Testimony.REFUTES:
            self._locate()

    def _locate(self) -> None:
        """TODO"""
        self._find(Verdict.REFUTED, Testimony.REFUTES.value)

    def _verdict_of(self, comparison: Comparison) -> Verdict:
        if comparison.wrong:
            return Verdict.REFUTED
        if comparison.unsettled:
            self._find(Verdict.UNDECIDED, f"the gradient of {comparison.name} is {self._unsettled(comparison)}")
            return Verdict.UNDECIDED
        return Verdict.CONSISTENT if comparison.rounded else Verdict.CERTIFIED

    def _unsettled(self, comparison: Comparison) -> str:
        return (
            f"not finite or not known to {self.trial.digits:g} digits at {self.found.bits} bits "
            f"in {comparison.unsettled} of {comparison.entries} entries"
        )

    @staticmethod
    def _at(comparison: Comparison) -> str:
        index = comparison.worst.index if comparison.worst else ()
        return f"[{', '.join(map(str, index))}]" if index else ""

    # ---- floats

    def _spread(self, dtype: Any, samples: int) -> Spread:
        key = (np.dtype(dtype).name, samples)
        if key not in self._spreads:
            self._spreads[key] = self.trial.spread(self.point, dtype, samples, self.outputs)
        return self._spreads[key]

    def _measure(self, run: Run, dtype: Any, into: dict[str, FloatAccuracy]) -> None:
        truth = self.truth or self.gradients
        for leaf, balls in truth.items():
            single = np.asarray(run.gradients[leaf]).dtype == np.float32
            judged = np.float32 if single else dtype
            value = np.reshape(run.gradients[leaf], balls.shape)
            into[leaf] = self._within(leaf, value, balls, judged, "gradients")
        for name, balls in self.outputs.items():
            self._within(name, run.outputs[name], balls, dtype, "outputs")

    def _within(self, name: str, value: Any, balls: Raw, dtype: Any, of: str) -> FloatAccuracy:
        """The accuracy of one array; beyond the bound from many samples it is a finding."""
        measured = accuracy.measure(value, balls, self._bound(name, dtype, FEW, of), dtype)
        if measured.beyond is not None:
            measured = accuracy.measure(value, balls, self._bound(name, dtype, MANY, of), dtype)
        if measured.beyond is not None:
            index = measured.beyond
            what = "gradient of " if of == "gradients" else "output "
            where = f"[{', '.join(map(str, index))}]" if index else ""
            self._find(
                Verdict.INACCURATE,
                f"in {np.dtype(dtype).name} the {what}{name}{where} is {np.asarray(value)[index]:.9g}, "
                f"but should be {enclosures.show(balls[index], 9)}: "
                f"{measured.accuracy.bound_ratio:.3g} times what its conditioning explains",
                leaf=name if of == "gradients" else "",
            )
        return measured.accuracy

    def _gradient_bound(self, leaf: str) -> Any:
        return self._bound(leaf, np.float64, FEW, "gradients")

    def _bound(self, name: str, dtype: Any, samples: int, of: str) -> Any:
        spread = self._spread(dtype, samples)
        return self.trial.rounding(spread, name) if of == "gradients" else spread.bound(name, "outputs")

    # ---- ending

    def _why_left(self, run: Run) -> str:
        for refusal in run.record.refusals:
            if refusal.kind == "LeftArithmetic":
                return str(refusal)
        last = run.traceback.strip().splitlines()
        return f"raised {type(run.error).__name__} in balls: {run.error} ({last[-3].strip() if len(last) > 2 else ''})"

    def _leave_balls(self) -> None:
        raise _Done  # TODO

    def _find(self, verdict: Verdict, message: str, detail: str = "", leaf: str = "") -> None:
        self.found.findings.append(Finding(verdict, message, leaf, str(self.case), detail))

    def _end(self, verdict: Verdict, message: str, detail: str = "") -> None:
        self._find(verdict, message, detail)
        raise _Done
