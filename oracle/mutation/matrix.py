"""The kill matrix: operators down, checks across; and apart from the raw score, what is known of every survivor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from oracle.mutation.checks import CHECKS
from oracle.mutation.court import Row
from oracle.mutation.manner import MANNERS
from oracle.mutation.operators import OPERATORS


class Fate(Enum):
    """What became of a mutant. The value is the word shown to the user."""

    CONVICTED = "convicted"
    PROVEN = "proven equivalent"
    PRESUMED = "presumed equivalent"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Entry:
    """A mutant with its fate and the reason."""

    row: Row
    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class Matrix:
    """What the checks said of all mutants."""

    entries: tuple[Entry, ...]
    subjects: tuple[str, ...]
    functions: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()  # functions left alone because the forward runs them too
    struck: Mapping[str, str] = field(default_factory=dict)  # checks that accuse an unchanged program
    possible: int = 0  # how many mutants there are, of which these are a sample
    seconds: float = 0.0

    def of(self, fate: Fate) -> list[Entry]:
        """The mutants of one fate."""
        return [entry for entry in self.entries if entry.fate is fate]

    @property
    def ok(self) -> bool:
        """Whether every mutant is convicted or equivalent, no check was struck, and there was a mutant at all."""
        return bool(self.entries) and not self.of(Fate.SURVIVED) and not self.struck

    @property
    def raw(self) -> float:
        """The share of all mutants that are convicted, equivalent or not."""
        return len(self.of(Fate.CONVICTED)) / len(self.entries) if self.entries else 0.0

    @property
    def speed(self) -> float:
        """Mutants a second on the certified path: the processor's seconds, planting included."""
        spent = sum(entry.row.seconds for entry in self.entries)
        return len(self.entries) / spent if spent else 0.0

    def kills(self, check: str, operator: str | None = None) -> int:
        """How many mutants a check alone convicts."""
        chosen = (one.row for one in self.entries if operator in (None, one.row.mutant.operator))
        return sum(check in row.convicts for row in chosen)

    @property
    def manners(self) -> dict[str, int]:
        """How many of the convicted were refuted by their numbers, how many raised, and so on."""
        found = Counter(entry.row.manner for entry in self.of(Fate.CONVICTED))
        return {name: found[name] for name in MANNERS if found[name]}

    def count(self, operator: str) -> int:
        """How many mutants an operator made."""
        return sum(entry.row.mutant.operator == operator for entry in self.entries)

    @property
    def operators(self) -> list[str]:
        """The operators that made mutants, in order."""
        return [name for name in OPERATORS if self.count(name)]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "schema": 1,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "subjects": list(self.subjects),
            "functions": list(self.functions),
            "shared_with_the_forward": list(self.shared),
            "mutants": len(self.entries),
            "possible_mutants": self.possible,
            **{fate.name.lower(): len(self.of(fate)) for fate in Fate},
            "manners": self.manners,
            "raw_score": round(self.raw, 4),
            "mutants_per_second": round(self.speed, 1),
            "struck": dict(self.struck),
            "matrix": {
                name: {"mutants": self.count(name), **{check: self.kills(check, name) for check in CHECKS}}
                for name in self.operators
            },
            "rows": [_plain(entry) for entry in self.entries],
        }


def _plain(entry: Entry) -> dict[str, Any]:
    """One mutant as plain data; with its diff if it is not convicted."""
    row = entry.row
    found: dict[str, Any] = {
        "id": row.mutant.id,
        "function": row.mutant.function,
        "fate": entry.fate.value,
        "convicts": [name for name in CHECKS if name in row.convicts],
        "subject": row.subject,
        "manner": row.manner,
    }
    if entry.reason:
        found["reason"] = entry.reason
    return found | ({} if entry.fate is Fate.CONVICTED else {"diff": row.mutant.diff})


def sampled(items: Sequence[Any], limit: int | None) -> list[Any]:
    """At most so many of a sequence, evenly spread over it.

    >>> sampled("abcdefghij", 3)
    ['a', 'd', 'g']
    """
    if limit is None or limit >= len(items):
        return list(items)
    return [items[number * len(items) // limit] for number in range(limit)]
