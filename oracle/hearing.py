"""One case of one subject, heard by all witnesses. `Hearing.outcome` reads as the checklist of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from oracle import sensitivity, truncation
from oracle.accuracy import FEW, Spread
from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.outcome import Outcome
from oracle.point import Point
from oracle.runs import Run
from oracle.steps import balls, floats, partial, promises, second_witness, slopes
from oracle.trial import Trial
from oracle.verdict import Comparison, Finding, Verdict

Raw = adapter.Raw
HALF_THE_DIGITS = 2.0**-26  # of float64

STEPS = (
    floats.run_untouched,
    promises.check_structure,
    balls.compare_until_decided,
    balls.accuse_what_is_not_finite,
    second_witness.hear,
    balls.judge_every_gradient,
    floats.compare_executed_lines,
    slopes.compare_slopes,
    floats.measure_accuracy,
    promises.check_behaviour,
    partial.judge_partial_cotangents,
)


class Done(Exception):
    """The hearing is over: what was found so far decides."""


class Hearing:
    """Hears one case. Each step adds to the outcome or ends the hearing."""

    def __init__(self, trial: Trial, case: Case, thorough: bool = True) -> None:
        self.trial, self.case = trial.settled(case), case
        self.thorough = thorough  # whether the contract is checked too, which costs as much as the rest
        self.point = Point(self.trial.subject, case)
        self.found = Outcome(case)
        self.gradients: dict[str, Raw] = {}  # hand-written, in balls
        self.outputs: dict[str, Raw] = {}
        self.truth: dict[str, Raw] = {}  # the gradient program's, with the declared deviations
        self.derivative: dict[str, Raw] = {}  # the same without them
        self.true_outputs: dict[str, Raw] = {}
        self.ties: Mapping[str, Any] = {}
        self._spreads: dict[tuple[str, int], Spread] = {}

    def outcome(self) -> Outcome:
        """Hear the case."""
        try:
            for step in STEPS:
                step(self)
        except Done:
            pass
        return self.found

    # ---- what steps share

    @property
    def floats(self) -> Run:
        """The float64 run of the untouched code."""
        assert self.found.floats is not None, "the first step runs the code in floats"
        return self.found.floats

    @property
    def leaf_comparisons(self) -> list[Comparison]:
        """The comparisons of gradients."""
        return [self.found.comparisons[leaf] for leaf in self.point.differentiated if leaf in self.found.comparisons]

    @property
    def output_comparisons(self) -> list[Comparison]:
        """The comparisons of outputs."""
        leaves = self.point.differentiated
        return [comparison for name, comparison in self.found.comparisons.items() if name not in leaves]

    @property
    def has_truth(self) -> bool:
        """Whether the gradient program spoke in this case and is trusted."""
        return bool(self.truth)

    @property
    def beyond_truncation(self) -> bool:
        """Whether this case has more steps than are pushed back, and a reference that is cut alike."""
        reference = self.trial.reference
        return reference.truncates and truncation.is_beyond(reference, self.case)

    def forget_truth(self) -> None:
        """The gradient program is no witness here, nor is its conditioning that of the code."""
        self.truth, self.derivative, self.true_outputs, self._spreads = {}, {}, {}, {}

    def spread(self, dtype: Any, samples: int) -> Spread:
        """How far perturbed rounding spreads outputs and gradients of this case; estimated once."""
        key = (np.dtype(dtype).name, samples)
        if key not in self._spreads:
            with np.errstate(all="ignore"):  # an estimate from floats that overflow is not finite, and says so
                self._spreads[key] = self._estimate(dtype, samples)
        return self._spreads[key]

    def _estimate(self, dtype: Any, samples: int) -> Spread:
        program: Spread | None = None
        if self.has_truth:
            program = self.trial.spread(self.point, dtype, samples, self.true_outputs)
            if program.finite and not self.trial.reference.implicit:
                return program
        own = sensitivity.spread(
            self.point, self.trial.binding, self.floats, dtype, samples, self.outputs, self.gradients, self.found.bits
        )
        return own if program is None or not program.finite else own.or_larger(program)

    def bound(self, name: str, dtype: Any, samples: int, of: str = "gradients") -> Any:
        """The derived bound of a float gradient or output."""
        spread = self.spread(dtype, samples)
        return self.trial.rounding(spread, name) if of == "gradients" else spread.bound(name, "outputs")

    def excuse(self, name: str, of: str = "gradients") -> Any:
        """The largest gap that rounded constants explain: the float64 bound, as long as half the digits are left.

        A bound wider than that says that balls or perturbations have grown, not that a constant was rounded.
        """
        balls = self.gradients[name] if of == "gradients" else self.outputs[name]
        largest = float(np.max(np.abs(adapter.midpoints(balls)), initial=0.0))
        return np.minimum(self.bound(name, np.float64, FEW, of), HALF_THE_DIGITS * largest)

    def find(self, verdict: Verdict, message: str, *, detail: str = "", leaf: str = "") -> None:
        """Add a finding."""
        self.found.findings.append(Finding(verdict, message, leaf, str(self.case), detail))

    def end(self, verdict: Verdict, message: str, *, detail: str = "") -> NoReturn:
        """Add a finding that ends the hearing."""
        self.find(verdict, message, detail=detail)
        raise Done

    def end_here(self) -> NoReturn:
        """What was found so far decides."""
        raise Done

    def redraw(self, *, kink: str = "", outside: str = "") -> NoReturn:
        """This case decides nothing."""
        self.found.kink, self.found.outside = kink, outside
        raise Done

    def leave_balls(self, why: str) -> NoReturn:
        """The code cannot be judged in balls: judge it in floats instead, and say why."""
        from oracle.steps import float_only

        self.trial.leave(why)
        self.gradients, self.outputs = {}, {}
        float_only.judge(self)
        slopes.compare_slopes(self)
        float_only.judge_single_precision(self)
        promises.check_behaviour(self)
        partial.judge_partial_cotangents(self)
        raise Done
