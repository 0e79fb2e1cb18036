"""From a wrong backward to the causes that a report shows: search in floats, certify in balls, put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from oracle.cases import Case
from oracle.diagnosis.cause import Cause
from oracle.diagnosis.covering import covering
from oracle.diagnosis.repair import ALTOGETHER, IN_A_ROW, SECONDS
from oracle.diagnosis.repair.bench import Bench, NotKnown
from oracle.diagnosis.repair.candidates import Line, backward_sources
from oracle.diagnosis.repair.confirming import Certified, certify, confirming_cases
from oracle.diagnosis.repair.searching import Found, Stage, at_lines, repairs
from oracle.diagnosis.repair.sources import Edit, Source
from oracle.diagnosis.repair.trying import Budget, Try
from oracle.outcome import Outcome
from oracle.trial import Trial

_SHOWN, _LINES, _PER_LINE = 3, 5, 3  # repairs shown; lines, and edits of each, that are certified
_SIZES = (2, 3, 4, 5, 6, 7, 8)  # of the small cases, pairwise different; but for T, which grows


class Finder:
    """A wrong backward on cases of growing size, and the edits that may repair it."""

    def __init__(self, trial: Trial, benches: list[Bench], sources: Sequence[Source], cases: list[Case]) -> None:
        self._trial, self._benches, self._sources, self._cases = trial, benches, sources, cases
        self._budget = Budget(lambda: sum(bench.work for bench in benches), IN_A_ROW, ALTOGETHER, SECONDS)

    @classmethod
    def on(cls, trial: Trial, failing: Outcome, smallest: Case) -> Finder | None:
        """A finder; None where nothing is wrong in small cases, or the backward has no source text.

        Raises
        ------
        NotKnown
            If the gradients of no case are known: the gradient program is no witness, and finite differences are none.
        """
        sizes = [_small(trial, steps) for steps in (1, 2, 3)]
        every = {str(case): case for case in covering(trial, [*sizes, failing.case, smallest])}
        tried = [_bench(trial.settled(case), case) for case in every.values()]
        benches = [bench for bench in tried if isinstance(bench, Bench)]
        if not benches and (unknown := [why for why in tried if isinstance(why, NotKnown)]):
            raise unknown[0]
        while benches and not benches[0].wrong.any():
            del benches[0]
        if not benches or not (sources := backward_sources(benches[0])):
            return None
        return cls(trial, benches, sources, confirming_cases(trial, failing.case, smallest))

    def _stages(self, lines: Collection[Line] | None) -> list[Stage]:
        self._budget.renew()
        return [Stage(bench, self._sources, lines) for bench in self._benches]

    def repairs(self, lines: Sequence[Line] | None = None) -> list[Cause]:
        """The repairs with one edit, or else with two, of any line or of these, the likeliest first."""
        found = repairs(self._stages(lines), self._budget)
        certified = self._certified(found.repairs, lines or ())
        return self._causes(certified, found, lines)

    def repairs_at(self, lines: Sequence[Line]) -> dict[Line, Cause]:
        """What each of these lines would be, if edits of them alone make everything right."""
        found = at_lines(self._stages(lines), lines, self._budget)
        for one in self._certified(found)[:1]:
            evidence = f"with the edits of the other lines, {_certified(one)}"
            return {_line(edit): _cause(edit, len(one.edits), evidence, certain=False) for edit in one.edits}
        return {}

    def _certified(self, tries: Iterable[tuple[Try, ...]], lines: Sequence[Line] = ()) -> list[Certified]:
        """Of the repairs at each line or pair of lines the simplest that is certified; of equals in the order given."""

        def rank(edits: tuple[Edit, ...]) -> tuple[float, int, int]:
            places = sum(lines.index(_line(edit)) for edit in edits) if lines else 0
            return sum(edit.weight for edit in edits), places, sum(edit.length for edit in edits)

        by_lines: dict[tuple[Line, ...], list[tuple[Edit, ...]]] = {}
        for edits in sorted((tuple(one.edit for one in each) for each in tries), key=rank):
            by_lines.setdefault(tuple(sorted(_line(edit) for edit in edits)), []).append(edits)
        found = []
        for alike in list(by_lines.values())[:_LINES]:
            held = (certify(self._trial, edits, self._cases) for edits in alike[:_PER_LINE])
            found += [one for one in held if one is not None][:1]
        return found

    @staticmethod
    def _causes(certified: Sequence[Certified], found: Found, lines: Sequence[Line] | None) -> list[Cause]:
        """The repairs as causes."""
        only = len(certified) == 1 and found.complete and lines is None
        causes = []
        for one in certified[:_SHOWN]:
            evidence = _certified(one)
            evidence += _among(certified, found, lines)
            causes += [_cause(edit, len(one.edits), evidence, only) for edit in one.edits]
        return causes


def _cause(edit: Edit, together: int, evidence: str, certain: bool) -> Cause:
    """One edit of a repair as a cause."""
    statement, repair = edit.texts()
    return Cause(
        kind="one-line-repair" if together == 1 else "two-line-repair",
        claim=_CLAIMS[min(together, 3)],
        evidence=evidence,
        certain=certain,
        file=edit.source.file,
        line=edit.line,
        statement=statement,
        repair=repair,
    )


def _certified(one: Certified) -> str:
    """`certified in 6 cases to 112 digits`."""
    return f"certified in {one.cases} case{'s' * (one.cases > 1)} to {one.digits:.0f} digits"


_CLAIMS = {
    1: "one edit makes every gradient right",
    2: "two edits together make every gradient right",
    3: "several edits together make every gradient right",
}


def _among(certified: Sequence[Certified], found: Found, lines: Sequence[Line] | None) -> str:
    """What is said of other lines."""
    if len(certified) > 1:
        return "; another line would do as well"
    if not found.complete:
        return ""
    if lines is None:
        return f"; of {found.tried} edits tried, none at another line does"
    return f"; of {found.tried} edits tried of what may be to blame, none at another line does"


def _line(edit: Edit) -> Line:
    return edit.source.file, edit.line


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


def _bench(trial: Trial, case: Case) -> Bench | NotKnown | None:
    """The case on a bench; what is not known of it, or None if the code or the gradient program fails there."""
    try:
        return Bench(trial, case)
    except NotKnown as why:
        return why
    except Exception:
        return None
