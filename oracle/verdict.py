"""Verdicts, and the frozen records they are made of. Pure data: no arithmetic, no input or output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from oracle.diagnosis.cause import Diagnosis


class Verdict(Enum):
    """What was found. The value is the sentence shown to the user; the order is from worst to best."""

    REFUTED = "the backward is not the derivative of this forward"
    INCONSISTENT = "the float code differs from the derivative by more than rounding explains"
    FORWARD_DIFFERS = "the reference computes another function than the hand-written forward"
    BROKEN_CONTRACT = "the code does not behave as a backward must"
    INACCURATE = "the formula is certified, but the float code loses more digits than its conditioning explains"
    NOTHING_COMPARED = "no entry was compared that could have been wrong"
    UNDECIDED = "the question stayed open"
    CONSISTENT = "within the derived float bound, but not certified"
    CERTIFIED = "the backward is the derivative of the forward, at every point tried"

    @property
    def ok(self) -> bool:
        """True only for CERTIFIED and CONSISTENT."""
        return self in (Verdict.CERTIFIED, Verdict.CONSISTENT)

    @property
    def severity(self) -> int:
        """0 for the worst."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of the whole, given those of its parts; of nothing: NOTHING_COMPARED.

    >>> worst([Verdict.CERTIFIED, Verdict.UNDECIDED, Verdict.CONSISTENT]).name
    'UNDECIDED'
    """
    return min(verdicts, key=lambda verdict: verdict.severity, default=Verdict.NOTHING_COMPARED)


class WitnessesDisagree(Exception):
    """Two witnesses of the true gradient contradict each other: a fault of this tool, never a verdict."""


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient, as both sides have it."""

    index: tuple[int, ...]
    got: str
    derivative: str
    got_enclosure: str = ""
    derivative_enclosure: str = ""
    gap: float = 0.0  # |got - derivative|, rounded up


@dataclass(frozen=True)
class Comparison:
    """One gradient (or output) in one case: how the two enclosures of every entry lie to each other."""

    name: str
    shape: tuple[int, ...]
    entries: int
    wrong: int = 0  # disjoint enclosures
    unsettled: int = 0  # overlapping, but not thin, or not finite
    rounded: int = 0  # disjoint by no more than rounded constants explain
    zeros: int = 0  # exactly zero, and the derivative is not known to be anything else
    digits: float = 0.0  # of the worst entry
    worst: Entry | None = None
    at_least: bool = False  # whether there may be more wrong entries than were looked for

    @property
    def agrees(self) -> bool:
        """Every entry overlaps and is thin."""
        return self.wrong == self.unsettled == self.rounded == 0


@dataclass(frozen=True)
class Finding:
    """Something that decides a verdict: a sentence, and where it was seen."""

    verdict: Verdict
    message: str
    leaf: str = ""
    case: str = ""
    detail: str = ""  # a traceback, say


@dataclass(frozen=True)
class FloatAccuracy:
    """How many digits the float code keeps, against certified truth."""

    max_ulps: float  # over all regimes but the saturated one; NaN where only slopes were compared
    bound_ratio: float  # the largest error as a share of its derived bound
    detection_limit: float = 0.0  # relative to the largest entry: smaller faults of one entry would pass
    saturated_ulps: float = 0.0  # in the saturated regime, where 1 - σ loses what no rounding explains
    detection_limit_worst: float = 0.0  # the detection limit in the case that sees least
    case: str = ""  # the case of `max_ulps`


@dataclass(frozen=True)
class LeafReport:
    """What was found for one gradient over all cases."""

    name: str
    spec: str
    verdict: Verdict
    entries: int
    digits: float
    never_exercised: int = 0
    wrong: int = 0  # in the case shown
    compared: int = 0  # in the case shown
    at_least: bool = False  # whether there may be more
    in_cases: int = 0  # in how many cases a wrong entry was seen; finite differences do not look in all of them
    worst: Entry | None = None
    worst_case: str = ""
    float64: FloatAccuracy | None = None
    float32: FloatAccuracy | None = None


@dataclass(frozen=True)
class Report:
    """What was found for a subject. `print(report)` is the whole story; `report.ok` is what a test asserts."""

    subject: str
    verdict: Verdict
    leaves: tuple[LeafReport, ...]
    pair: tuple[str, str] = ("the forward", "the backward")  # how forward and backward are called
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    cases: int = 0
    redrawn: int = 0
    seed: int = 0
    seconds: float = 0.0
    testimony_digits: float = 0.0  # to which finite differences agree
    smallest: str = ""  # the smallest sizes that fail
    failing_case: Any = None  # the case at those sizes
    outside: tuple[Any, ...] = ()  # the cases that decided nothing, since floats left the domain of the forward
    heard: tuple[Any, ...] = ()  # the cases that decided, in order: where one was redrawn, the one heard instead
    not_covered: tuple[str, ...] = ()  # regimes, wide sizes and options that met in no case that decided
    replay: str = ""
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True only if the verdict is CERTIFIED or CONSISTENT."""
        return self.verdict.ok

    @property
    def entries(self) -> int:
        """How many gradient entries were compared."""
        return sum(leaf.entries for leaf in self.leaves)

    @property
    def digits(self) -> float:
        """Certified digits of the worst entry; 0 if something was not certified."""
        return min((leaf.digits for leaf in self.leaves), default=0.0)

    def __bool__(self) -> bool:
        raise TypeError("a report is neither true nor false: assert report.ok, str(report)")

    def __repr__(self) -> str:
        """One line, short enough that pytest prints all of it: the first of what `str` says, and where the rest is."""
        from oracle.report.text import shortened

        return shortened(self)

    def __str__(self) -> str:
        from oracle.report.text import failure_text

        return failure_text(self)


class GradientMismatch(AssertionError):
    """Raised by `verify(..., throw=True)` when the verdict is not ok; carries the report."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
