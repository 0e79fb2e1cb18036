"""The comparison: exact gradients of the same cases, float errors in ulps, and paired runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.arithmetic.decimal_grid import Rounded, agreeing_places
from oracle.cases import SATURATED, Case
from oracle.comparing.revision import Revision
from oracle.comparing.talking import Refused, Side, side
from oracle.comparing.worker import largest
from oracle.subject import Subject
from oracle.verdict import Report

PAIRS = 15
_SAMPLE = 0.004  # seconds that one timed sample takes at least
_SLOWER = 1.05  # of three in four pairs


@dataclass(frozen=True)
class Gradient:
    """One gradient, now and then."""

    name: str
    cases: int = 0  # in which it was compared
    moved: int = 0  # in which it is another
    places: float = math.inf  # decimal places of its power of ten that agree everywhere; inf: all 40
    now: float | None = None  # the largest float64 error, in ulps of its own exact value, saturated cases left out
    then: float | None = None

    @property
    def less_accurate(self) -> bool:
        """Whether the largest float error is more than twice what it was."""
        return self.now is not None and self.then is not None and self.now > 2 * max(self.then, 0.5)


@dataclass(frozen=True)
class Ratio:
    """Time now over time then, of paired runs: the median and the quartiles."""

    median: float
    low: float
    high: float

    @property
    def slower(self) -> bool:
        """Whether three in four pairs took at least a twentieth longer."""
        return self.low > _SLOWER


@dataclass(frozen=True)
class Against:
    """A subject, now and at a revision; or why they could not be compared."""

    subject: str
    revision: Revision
    why: str = ""
    gradients: tuple[Gradient, ...] = ()
    forward: Ratio | None = None
    backward: Ratio | None = None
    sizes: str = ""  # at which runs were timed
    in_floats: str = ""  # why gradients were compared in floats

    @property
    def unmoved(self) -> bool:
        """Whether everything was compared, and no gradient is another."""
        return not self.why and bool(self.gradients) and not any(one.moved for one in self.gradients)


def against(subject: Subject, report: Report, revision: Revision, digits: float, *, pairs: int = PAIRS) -> Against:
    """What has become of a subject since a revision.

    The subject is run as it is now and as it was then, each in a process of its own, in the cases that the report
    heard. Exact gradients are rounded to 40 decimals of their power of ten and compared; where the code leaves ball
    arithmetic, float64 gradients are, and then nothing counts as moved.

    Raises
    ------
    CannotCompare
        If the revision cannot be taken out.
    """
    try:
        with (
            revision.extracted() as tree,
            side(subject, digits, revision.top, revision.top) as (now, inputs_now),
            _then(subject, digits, revision, tree) as (then, inputs_then),
        ):
            if inputs_now != inputs_then:
                raise Refused(f"its inputs are others at {revision.text}, so the same cases cannot be drawn")
            return _compared(subject, report, revision, now, then, pairs)
    except Refused as refusal:
        return Against(subject.name, revision, why=str(refusal))


class _then:
    """The side of the revision; what it refuses is said of the revision."""

    def __init__(self, subject: Subject, digits: float, revision: Revision, tree: str) -> None:
        self._revision = revision
        self._side: Any = side(subject, digits, revision.top, tree)

    def __enter__(self) -> tuple[Side, dict[str, Any]]:
        try:
            entered: tuple[Side, dict[str, Any]] = self._side.__enter__()
        except Refused as refusal:
            raise Refused(f"it cannot be loaded from {self._revision.text}: {refusal}") from None
        return entered

    def __exit__(self, *error: Any) -> Any:
        return self._side.__exit__(*error)


def _compared(subject: Subject, report: Report, revision: Revision, now: Side, then: Side, pairs: int) -> Against:
    """Everything that can be said of two sides that have loaded the subject."""
    known = {leaf: _Leaf(leaf) for leaf in subject.differentiated}
    why = ""
    for case in report.heard:
        asked = {"sizes": dict(case.sizes), "regime": case.regime, "seed": case.seed}
        one, other = now.ask("case", case=asked), _ask_then(then, revision, "case", case=asked)
        if one["outputs"] != other["outputs"]:
            raise Refused(f"its outputs are others at {revision.text}, so the same cotangents cannot be drawn")
        in_floats = one["floats"] or other["floats"]
        why = why or in_floats
        for leaf in known.values():
            leaf.add(one, other, exact=not in_floats, calm=case.regime != SATURATED)
    at = largest(subject, report.seed)
    forward, backward = _timed(now, then, revision, at, pairs)
    gradients = tuple(leaf.gradient() for leaf in known.values())
    sizes = " ".join(f"{name}={size}" for name, size in at.sizes.items())
    return Against(subject.name, revision, "", gradients, forward, backward, sizes, why)


def _ask_then(then: Side, revision: Revision, what: str, **details: Any) -> dict[str, Any]:
    try:
        return then.ask(what, **details)
    except Refused as refusal:
        raise Refused(f"at {revision.text} it failed: {refusal}") from None


class _Leaf:
    """Collects what is known of one gradient over all cases."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: list[float] = []
        self.moved = 0
        self.ulps: tuple[list[float], list[float]] = [], []

    def add(self, now: dict[str, Any], then: dict[str, Any], exact: bool, calm: bool) -> None:
        """Take in one case; what is lost in saturation says little of accuracy elsewhere."""
        one, other = _rounded(now["gradients"][self.name]), _rounded(then["gradients"][self.name])
        if one is None or other is None:
            places = math.inf if one is other is None else 0.0
        else:
            places = float(np.min(agreeing_places(one, other), initial=math.inf)) if one.shape == other.shape else 0.0
        self.places.append(places)
        self.moved += exact and math.isfinite(places)
        for known, said in zip(self.ulps, (now, then), strict=True):
            if calm and said["ulps"].get(self.name) is not None:
                known.append(said["ulps"][self.name])

    def gradient(self) -> Gradient:
        """What was found."""
        now, then = (max(known, default=None) for known in self.ulps)
        return Gradient(self.name, len(self.places), self.moved, min(self.places, default=0.0), now, then)


def _rounded(said: Any) -> Rounded | None:
    return None if said is None else Rounded(tuple(said[0]), said[1], tuple(said[2]))


# ---- time


def _timed(now: Side, then: Side, revision: Revision, at: Case, pairs: int) -> tuple[Ratio, Ratio]:
    """Forward and backward, now over then, in paired runs whose order alternates."""
    asked = {"sizes": dict(at.sizes), "regime": at.regime, "seed": at.seed}
    for one in (now, then):
        one.ask("time", case=asked, repeat=3)
    once = sum(now.ask("time", case=asked, repeat=1).values())
    repeat = max(1, math.ceil(_SAMPLE / max(once, 1e-6)))
    ratios: dict[str, list[float]] = {"forward": [], "backward": []}
    for number in range(pairs):
        order = (now, then) if number % 2 else (then, now)
        took = {id(one): one.ask("time", case=asked, repeat=repeat) for one in order}
        for part, found in ratios.items():
            found.append(took[id(now)][part] / max(took[id(then)][part], 1e-9))
    return _ratio(ratios["forward"]), _ratio(ratios["backward"])


def _ratio(found: Sequence[float]) -> Ratio:
    low, median, high = statistics.quantiles(found, n=4) if len(found) > 1 else [found[0]] * 3
    return Ratio(median, low, high)
