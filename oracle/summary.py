"""Adds up the outcomes of all cases into one report."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from oracle.arithmetic.refusals import Place
from oracle.cases import GENERIC, SATURATED, Case
from oracle.coverage import gaps
from oracle.outcome import Outcome
from oracle.raising import RAISED, Sizes, sizes_that_must_agree
from oracle.reference import NO_WITNESS
from oracle.tracing import unreached
from oracle.trial import Trial, environment
from oracle.verdict import Comparison, Finding, FloatAccuracy, LeafReport, Report, Verdict, worst

WITNESSES = ("autodiff", "finite_difference", "complex_step", "central_difference")
BLIND = 1e-3  # of the largest entry: floats that cannot see a smaller error in any case decide nothing
_FINDINGS = 12  # shown of each verdict: the same sentence from every case helps nobody


class Summary:
    """Collects outcomes, and knows the verdict so far."""

    def __init__(self, trial: Trial, seed: int) -> None:
        self.trial, self.seed = trial, seed
        self.outcomes: list[Outcome] = []
        self.redrawn = 0
        self.outside: list[Case] = []  # redrawn because floats left the domain of the forward
        self.avoided: dict[str, str] = {}  # by regime, why a case of it was redrawn
        self.failing: Outcome | None = None
        self.bitten: set[str] = set()  # gradients of which a declared clip was seen to cut an entry
        self._further: list[Finding] = []

    def add(self, outcome: Outcome) -> None:
        """Take one outcome in; its runs are kept only as long as they are needed."""
        if outcome.counts:  # lines that only undecided cases reached were never judged
            for run in (outcome.floats, *outcome.further):
                self.trial.remember_lines(run)
            if outcome.balls is not None:
                self.trial.decisions.add(outcome.balls.record.ways)
            self._remember_clip(outcome)
        outcome.floats = outcome.balls = None
        outcome.further = []
        self.outcomes.append(outcome)
        verdict = outcome.verdict
        worse = self.failing is None or verdict.severity < self.failing.verdict.severity
        if worse and outcome.counts and not verdict.ok:
            self.failing = outcome

    def _remember_clip(self, outcome: Outcome) -> None:
        """Which gradients have an entry at the declared clip, or beyond."""
        clip = self.trial.subject.deviations.clip
        if clip is None or outcome.floats is None:
            return
        for name in self.trial.subject.differentiated:
            value = np.asarray(outcome.floats.gradients.get(name, 0.0))
            if value.dtype.kind == "f" and np.any(np.abs(value) >= value.dtype.type(clip)):
                self.bitten.add(name)

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Take in what was found outside any one case."""
        self._further.extend(findings)

    @property
    def verdict(self) -> Verdict:
        """The worst so far."""
        heard = [outcome.verdict for outcome in self.outcomes if outcome.counts]
        return worst(heard)

    def report(self, seconds: float) -> Report:
        """The report over all cases."""
        leaves = tuple(self._leaf(name) for name in self.trial.subject.differentiated)
        findings = tuple(self._findings())
        verdict = worst([*(leaf.verdict for leaf in leaves), *(finding.verdict for finding in findings)])
        heard = tuple(outcome.case for outcome in self.outcomes if outcome.counts)
        return Report(
            subject=self.trial.subject.name,
            verdict=verdict,
            leaves=leaves,
            pair=self.trial.subject.form.names,
            findings=findings,
            notes=tuple(self._notes()),
            witnesses=self._witnesses(),
            cases=len(self.outcomes),
            redrawn=self.redrawn,
            seed=self.seed,
            seconds=seconds,
            testimony_digits=self._testimony(),
            outside=(*self.outside, *(outcome.case for outcome in self.outcomes if outcome.outside)),
            heard=heard,
            not_covered=gaps(self.trial, heard),
            environment=environment(),
        )

    def _witnesses(self) -> tuple[str, ...]:
        spoke = {witness for outcome in self.outcomes for witness in outcome.witnesses}
        return tuple(witness for witness in WITNESSES if witness in spoke)

    def _testimony(self) -> float:
        said = [outcome.testimony.digits for outcome in self.outcomes if outcome.testimony is not None]
        return min(said, default=0.0)

    def _notes(self) -> list[str]:
        from_cases = [note for outcome in self.outcomes for note in outcome.notes]
        overall = [*self._never_cut(), *self._never_judged(), *self._hints()]
        if all(outcome.verdict.ok for outcome in self.outcomes):  # what is wrong already is not to be missed
            overall += self.trial.decisions.notes()
        return list(dict.fromkeys([*map(self._in_how_many, self.trial.notes()), *from_cases, *overall]))

    def _in_how_many(self, note: str) -> str:
        """That JAX is no witness is true of some cases alone where it was one in others."""
        decided = [outcome for outcome in self.outcomes if outcome.counts]
        spoke = sum("autodiff" in outcome.witnesses for outcome in decided)
        if not note.startswith(NO_WITNESS) or not spoke:
            return note
        return f"JAX was a witness in {spoke} of {len(decided)} cases, and not in the others: {note[len(NO_WITNESS) :]}"

    def _hints(self) -> Iterable[str]:
        """What to do about gradients and lines that no case can judge as the subject is declared."""
        if question := sizes_that_must_agree(*self._raised()):
            yield question
        leaves = [self._leaf(name) for name in self.trial.subject.differentiated]
        if silent := [leaf.name for leaf in leaves if leaf.verdict is Verdict.NOTHING_COMPARED and leaf.entries]:
            yield (
                f"exactly zero on both sides in every case: {', '.join(silent)}; is it multiplied by weights that are "
                "zero because no parameters= draws them, or does no output depend on it?"
            )
        if self._unreached():
            yield (
                'where an option leads to a line that no case reached, let cases draw it, as oracle.choice("train", '
                '"eval") or oracle.booleans(""), or make a subject for each value with oracle.fixed'
            )

    def _raised(self) -> tuple[list[Sizes], list[Sizes]]:
        """The sizes at which the code raised, and those at which it did not."""
        raised = [case.sizes for case in self.outside]
        for outcome in self.outcomes:
            if outcome.outside or any(finding.message.startswith(RAISED) for finding in outcome.findings):
                raised.append(outcome.case.sizes)
        return raised, [outcome.case.sizes for outcome in self.outcomes if outcome.comparisons]

    def _never_cut(self) -> Iterable[str]:
        """Gradients of which a declared clip was not seen."""
        whole = [name for name in self.trial.subject.differentiated if name not in self.bitten]
        if self.bitten and whole:
            clip = self.trial.subject.deviations.clip
            yield f"clip={clip:g} cut no entry of {', '.join(whole)} in any case: whether it is done there was not seen"

    def _never_judged(self) -> Iterable[str]:
        """Regimes of which every case was redrawn in another one."""
        judged = {outcome.case.regime for outcome in self.outcomes if outcome.counts}
        for regime, why in self.avoided.items():
            if regime not in judged:
                yield f"the {regime} regime was never judged: {why.splitlines()[0]}"

    # ---- findings

    def _findings(self) -> Iterable[Finding]:
        seen: dict[tuple[Verdict, str], int] = {}
        for outcome in self.outcomes:
            for finding in outcome.findings:
                kind = (finding.verdict, finding.leaf or finding.message[:60])
                seen[kind] = seen.get(kind, 0) + 1
                if seen[kind] == 1 and len(seen) <= _FINDINGS:
                    yield finding
        yield from self._further
        yield from self._clip_shows()
        yield from self._blind()
        yield from self._kinks()
        yield from self._unreached_lines()

    def _clip_shows(self) -> Iterable[Finding]:
        """A clip that never cut anything may not be there at all."""
        clip = self.trial.subject.deviations.clip
        if clip is not None and not self.bitten:
            message = (
                f"clip={clip:g} cut no entry of any gradient in any case, so nothing shows that it is done; "
                "give larger values, as oracle.reals(..., high=...), larger sizes= or more cases"
            )
            yield Finding(Verdict.UNDECIDED, message)

    def _says_too_little(self, verdict: Verdict, seen: FloatAccuracy | None) -> bool:
        """Whether a gradient judged in floats is consistent only because hardly any error would have been seen."""
        judged_in_floats = verdict is Verdict.CONSISTENT and bool(self.trial.left)
        return judged_in_floats and (seen is None or not seen.detection_limit <= BLIND)

    def _blind(self) -> Iterable[Finding]:
        """Gradients of which nothing is said, since no case would have shown an error of a thousandth."""
        for leaf in map(self._leaf, self.trial.subject.differentiated):
            seen = leaf.float64
            if (
                leaf.verdict is Verdict.UNDECIDED
                and seen is not None
                and self._says_too_little(Verdict.CONSISTENT, seen)
            ):
                message = (
                    f"the gradient of {leaf.name} is within its bound, but so would be an error of "
                    f"{seen.detection_limit:.1e} of its largest entry in every case: floats say too little of it"
                )
                yield Finding(Verdict.UNDECIDED, message, leaf=leaf.name)

    def _kinks(self) -> Iterable[Finding]:
        stuck = [outcome for outcome in self.outcomes if outcome.kink]
        if stuck:  # redrawn again and again: whatever is wrong at these sizes was never judged
            which = "every case" if len(stuck) == len(self.outcomes) else f"{len(stuck)} of {len(self.outcomes)} cases"
            message = f"{which} met a kink, where the derivative does not exist: {stuck[0].kink}"
            yield Finding(Verdict.UNDECIDED, message, case=str(stuck[0].case))

    def _unreached(self) -> list[Place]:
        """Lines of the backward that no case reached; none to speak of where no case came to its end at all."""
        if not any(outcome.comparisons for outcome in self.outcomes):
            return []
        return unreached(self.trial.backward_codes, self.trial.executed)

    def _unreached_lines(self) -> Iterable[Finding]:
        for place in self._unreached():
            yield Finding(Verdict.UNDECIDED, f"no case reached this line of the backward: {place}")

    # ---- leaves

    def _leaf(self, name: str) -> LeafReport:
        heard = [outcome for outcome in self.outcomes if outcome.counts]
        compared = [outcome.comparisons[name] for outcome in heard if name in outcome.comparisons]
        verdicts = [outcome.verdicts[name] for outcome in heard if name in outcome.verdicts]
        verdicts += [finding.verdict for outcome in heard for finding in outcome.findings if finding.leaf == name]
        entries = sum(comparison.entries for comparison in compared)
        if compared and all(comparison.zeros == comparison.entries for comparison in compared):  # none at all, too
            verdicts.append(Verdict.NOTHING_COMPARED)
        wrong = [(c, o) for o in heard if (c := o.comparisons.get(name)) is not None and (c.wrong or c.rounded)]
        float64 = _accuracy([(o.case, o.float64[name]) for o in heard if name in o.float64])
        if self._says_too_little(worst(verdicts), float64):
            verdicts.append(Verdict.UNDECIDED)
        example, example_case = _example(wrong)
        return LeafReport(
            name=name,
            spec=str(self.trial.subject.leaves[name].shape),
            verdict=worst(verdicts),
            entries=entries,
            digits=_digits(compared),
            never_exercised=sum(comparison.zeros for comparison in compared),
            wrong=example.wrong if example else 0,
            compared=example.entries if example else 0,
            at_least=example.at_least if example else False,
            in_cases=len(wrong),
            worst=example.worst if example else None,
            worst_case=example_case,
            float64=float64,
            float32=_accuracy([(o.case, o.float32[name]) for o in heard if name in o.float32]),
        )


def _example(wrong: list[tuple[Comparison, Outcome]]) -> tuple[Comparison | None, str]:
    """The wrong comparison to show: that with the largest gap, of generic cases if there are any."""
    if not wrong:
        return None, ""
    shown = [(c, o) for c, o in wrong if c.worst is not None] or wrong
    calm = [(c, o) for c, o in shown if o.case.regime == GENERIC] or shown
    comparison, outcome = max(calm, key=lambda pair: pair[0].worst.gap if pair[0].worst else 0.0)
    return comparison, str(outcome.case)


def _digits(compared: list[Comparison]) -> float:
    """Digits of the worst entry of all; 0 if any disagreed or nothing but zeros was seen."""
    if not compared or any(not comparison.agrees for comparison in compared):
        return 0.0
    least = min(comparison.digits for comparison in compared)
    return least if math.isfinite(least) else 0.0


def _accuracy(measured: list[tuple[Case, FloatAccuracy]]) -> FloatAccuracy | None:
    """The worst over cases; saturated ones, which lose digits by their nature, are kept apart."""
    if not measured:
        return None
    calm = [one.max_ulps for case, one in measured if case.regime != SATURATED]
    saturated = [one.max_ulps for case, one in measured if case.regime == SATURATED]
    largest = _largest(calm) if calm else math.nan  # of saturated cases alone nothing is known here
    where = (str(case) for case, one in measured if case.regime != SATURATED and one.max_ulps == largest)
    limits = [one.detection_limit for _, one in measured]
    return FloatAccuracy(
        max_ulps=largest,
        bound_ratio=max(one.bound_ratio for _, one in measured),
        detection_limit=min(limits),
        saturated_ulps=_largest(saturated),
        detection_limit_worst=max((limit for limit in limits if math.isfinite(limit)), default=math.inf),
        case=next(where, ""),
    )


def _largest(ulps: list[float]) -> float:
    """The largest of those that were measured; NaN if there are only others."""
    known = [one for one in ulps if not math.isnan(one)]
    return max(known, default=math.nan if ulps else 0.0)
