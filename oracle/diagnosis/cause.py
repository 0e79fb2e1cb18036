"""A cause of a wrong gradient: what is claimed, on which evidence, and the line that it points to."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Cause:
    """One finding of the diagnosis: a sentence that holds, and the evidence for it.

    `certain` is true only of what was tried in balls and held for every entry in several cases: a local rule that is
    wrong on right inputs, or a fact about the values. An edit with which every gradient is certified is none: what the
    forward cached wrongly can be made up for in a line that is right. Anything else is a hint, and reads so.
    """

    kind: str  # stable, for machines: "wrong-cotangent", "constant-ratio", "one-line-repair", …
    claim: str  # "first wrong cotangent, backwards in time: o_bar at t=3"
    evidence: str = ""  # "everything it is computed from is right; seen in 12 cases, every entry"
    certain: bool = False
    leaves: tuple[str, ...] = ()  # the gradients it is about; empty: all that are wrong
    probe: str = ""
    step: int | None = None  # the time step, counted from 0
    file: str = ""
    line: int = 0
    statement: str = ""  # the source line, as it stands in the file
    repair: str = ""  # the statement with which the gradients named are right

    @property
    def place(self) -> str:
        """`cell.py:88`, or nothing."""
        return f"{self.file.replace(chr(92), '/').rsplit('/', 1)[-1]}:{self.line}" if self.file else ""

    @property
    def is_located(self) -> bool:
        """Whether it leaves one line to blame, certain or not."""
        return self.certain and self.line > 0

    def lines(self) -> list[str]:
        """The finding as lines of a report: claim and place, then cause, evidence and repair."""
        where = f"     {self.place}   {self.statement}" if self.file else ""
        return [
            f"{self.claim}{where}",
            *([f"  {self.evidence}"] if self.evidence else []),
            *([f"  right with: {self.repair}"] if self.repair else []),
        ]


@dataclass(frozen=True)
class Suspicion(Cause):
    """A finding that is certain of a wrong value and not of one line: all that may be to blame, the likeliest first."""

    suspects: tuple[tuple[str, int], ...] = ()  # files and lines
    alone: bool = False  # whether nothing but its line is left, though that may be right all the same

    @property
    def is_located(self) -> bool:
        """Whether it leaves one line to blame, certain or not."""
        return self.line > 0 and (self.certain or self.alone)

    def plain(self) -> Cause:
        """The finding as a report shows it."""
        return Cause(**{field.name: getattr(self, field.name) for field in fields(Cause)})


@dataclass(frozen=True)
class Diagnosis:
    """All causes found, the most telling first; what was ruled out where none is certain; what was not looked at."""

    causes: tuple[Cause, ...] = ()
    ruled_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # what could not be examined or searched for, and why; each a line of its own

    def lines(self) -> list[str]:
        """The lines of the report."""
        found = [line for cause in self.causes for line in cause.lines()]
        certain = any(cause.certain for cause in self.causes)
        ruled_out = [] if certain or not self.ruled_out else [f"ruled out: {'; '.join(self.ruled_out)}"]
        return [*found, *ruled_out, *self.remarks]
