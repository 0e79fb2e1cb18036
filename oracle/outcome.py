"""What one case showed."""

from __future__ import annotations

from dataclasses import dataclass, field

from oracle.cases import Case
from oracle.runs import Run
from oracle.verdict import Comparison, Finding, FloatAccuracy, Verdict
from oracle.witnesses.statement import Statement


@dataclass
class Outcome:
    """Everything that was found in one case."""

    case: Case
    findings: list[Finding] = field(default_factory=list)
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    float64: dict[str, FloatAccuracy] = field(default_factory=dict)
    float32: dict[str, FloatAccuracy] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    witnesses: list[str] = field(default_factory=list)
    testimony: Statement | None = None
    bits: int = 0
    floats: Run | None = None
    balls: Run | None = None
    further: list[Run] = field(default_factory=list)  # of parts of the cotangent that were judged too
    kink: str = ""
    outside: str = ""  # why this case is outside the forward's domain

    @property
    def counts(self) -> bool:
        """Whether the case decides anything: not at a kink, not outside the domain."""
        return not (self.kink or self.outside)

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found."""
        found = [finding.verdict for finding in self.findings] + list(self.verdicts.values())
        return min(found, key=lambda verdict: verdict.severity, default=Verdict.NOTHING_COMPARED)
