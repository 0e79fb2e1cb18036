"""From a wrong backward to the causes that a report shows: search in floats, certify in balls, put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from oracle.cases import Case
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.repair import SECONDS, TRIES
from oracle.diagnosis.repair.bench import Bench
from oracle.diagnosis.repair.candidates import Line, backward_sources
from oracle.diagnosis.repair.confirming import Certified, certify, confirming_cases
from oracle.diagnosis.repair.searching import Found, Stage, at_lines, repairs
from oracle.diagnosis.repair.sources import Edit
from oracle.diagnosis.repair.trying import Budget, Try
from oracle.outcome import Outcome
from oracle.trial import Trial

_SHOWN, _LINES, _PER_LINE = 3, 5, 3  # repairs shown; lines, and edits of each, that are certified
_SIZES = (2, 3, 4, 5, 6, 7, 8)  # of the small cases, pairwise different; but for T, which grows


class Finder:
    """A wrong backward on cases of growing size, and the edits that may repair it."""

    def __init__(self, trial: Trial, stages: list[Stage], cases: list[Case]) -> None:
        self._trial, self._stages, self._cases = trial, stages, cases

    @classmethod
    def on(cls, trial: Trial, failing: Outcome, smallest: Case, lines: Collection[Line] | None = None) -> Finder | None:
        """A finder, for these lines if given; None where nothing is wrong, or the gradient program is no witness."""
        if not trial.reference.speaks or trial.reference.distrust:
            return None
        sizes = [_small(trial, steps) for steps in (1, 2, 3)]
        every = list({str(case): case for case in (*sizes, failing.case, smallest)}.values())
        benches = [bench for case in every if (bench := _bench(trial, case)) is not None]
        while benches and not benches[0].wrong.any():
            del benches[0]
        if not benches or not (sources := backward_sources(benches[0])):
            return None
        stages = [Stage(bench, sources, lines) for bench in benches]
        return cls(trial, stages, confirming_cases(trial, failing.case, smallest))

    def repairs(self) -> list[Cause]:
        """The repairs with one edit, or else with two; the simplest first."""
        found = repairs(self._stages, Budget(TRIES, SECONDS))
        certified = self._certified(found.repairs)
        return self._causes(certified, found)

    def repairs_at(self, lines: Collection[Line]) -> dict[Line, str]:
        """What each of these lines would be, if edits of them alone make everything right."""
        found = at_lines(self._stages, lines, Budget(TRIES, SECONDS))
        for one in self._certified(found)[:1]:
            return {_line(edit): edit.texts()[1] for edit in one.edits}
        return {}

    def _certified(self, tries: Iterable[tuple[Try, ...]]) -> list[Certified]:
        """Of the repairs at each line or pair of lines the simplest that is certified."""
        by_lines: dict[tuple[Line, ...], list[tuple[Edit, ...]]] = {}
        for edits in sorted((tuple(one.edit for one in each) for each in tries), key=_invention):
            by_lines.setdefault(tuple(sorted(_line(edit) for edit in edits)), []).append(edits)
        found = []
        for alike in list(by_lines.values())[:_LINES]:
            held = (certify(self._trial, edits, self._cases) for edits in alike[:_PER_LINE])
            found += [one for one in held if one is not None][:1]
        return found

    def _causes(self, certified: Sequence[Certified], found: Found) -> list[Cause]:
        """The repairs as causes."""
        only = len(certified) == 1 and found.complete
        causes = []
        for one in certified[:_SHOWN]:
            evidence = f"certified in {one.cases} cases to {one.digits:.0f} digits"
            evidence += _among(certified, found)
            for edit in one.edits:
                statement, repair = edit.texts()
                causes.append(
                    Cause(
                        kind="one-line-repair" if len(one.edits) == 1 else "two-line-repair",
                        claim=_CLAIMS[len(one.edits)],
                        evidence=evidence,
                        certain=only,
                        file=edit.source.file,
                        line=edit.line,
                        statement=statement,
                        repair=repair,
                    )
                )
        return causes


_CLAIMS = {1: "one edit makes every gradient right", 2: "two edits together make every gradient right"}


def _among(certified: Sequence[Certified], found: Found) -> str:
    """What is said of other lines."""
    if len(certified) > 1:
        return "; another line would do as well"
    return f"; of {found.tried} edits tried, none at another line does" if found.complete else ""


def _line(edit: Edit) -> Line:
    return edit.source.file, edit.line


def _invention(edits: tuple[Edit, ...]) -> tuple[float, int]:
    """How much is invented: by weight, then by the length of what results."""
    return sum(edit.weight for edit in edits), sum(edit.length for edit in edits)


def _small(trial: Trial, steps: int) -> Case:
    """A generic case of so many steps, with small sizes, different as far as the ranges allow."""
    sizes: dict[str, int] = {}
    for name, (low, high) in trial.sizes.items():
        free = [size for size in _SIZES if low <= size <= high and size not in sizes.values()]
        sizes[name] = free[0] if free else max(low, min(high, 2))
    if "T" in sizes:
        low, high = trial.sizes["T"]
        sizes["T"] = max(low, min(high, steps))
    return Case(sizes, seed=23 + steps)


def _bench(trial: Trial, case: Case) -> Bench | None:
    """The case on a bench; None if the code or the gradient program fails there."""
    try:
        return Bench(trial, case)
    except Exception:
        return None
