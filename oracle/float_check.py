"""What a check in floats found: suspects, a verdict, and how small a fault would have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oracle.cases import Case
from oracle.verdict import Verdict


@dataclass(frozen=True)
class Suspect:
    """An entry beyond its bound, as it is and as balls have it."""

    name: str
    index: tuple[int, ...]
    got: float
    derivative: str
    times: float  # the gap as a multiple of the bound

    def __str__(self) -> str:
        where = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return f"{self.name}{where} is {self.got!r}, not {self.derivative}: {self.times:.3g} times its bound"


@dataclass(frozen=True)
class FloatCheck:
    """What one case showed in floats. `str` is the whole story; `ok` is what a property test asserts."""

    subject: str
    case: Case
    dtype: str
    verdict: Verdict
    entries: int = 0
    suspects: tuple[Suspect, ...] = ()
    why: str = ""
    ratio: float = 0.0  # the largest |x̄ - ĝ| as a share of its bound
    limits: Mapping[str, float] | None = None  # by gradient: smaller faults, relative to its largest entry, would pass
    stage: int = 1  # which step decided: 0 the largest entry, 1 few samples, 2 many, 3 balls

    @property
    def ok(self) -> bool:
        """True only for CONSISTENT."""
        return self.verdict.ok

    def __bool__(self) -> bool:
        raise TypeError("a check is neither true nor false: assert check.ok, check")

    def __str__(self) -> str:
        said = "; ".join(map(str, self.suspects)) or self.why
        lines = [f"{self.subject}: {self.verdict.name} in {self.dtype} ({self.case})" + (f": {said}" if said else "")]
        for name, limit in (self.limits or {}).items():
            lines.append(f"  {name}: would have seen an error of {limit:.1e} of its largest entry")
        return "\n".join(lines)
