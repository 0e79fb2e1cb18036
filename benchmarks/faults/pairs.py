"""Pairs of faults at different lines of one subject, by a fixed rule: neighbours at several distances in the catalogue.

A pair counts as two bugs only if each of them shows beside the other. Those in `HIDDEN` do not, and are left out: one
of the two faults overwrites what the other one spoils, or takes away the only path on which it could be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.faults.fault import Fault

_DISTANCES = (5, 11)
HIDDEN = frozenset(
    {
        ("network: loss only at the last step", "network: first step skipped"),
        ("network: loss only at the last step", "network: no forget factor"),
        ("step: tanh's slope fed its output", "step: no path from h to s"),
    }
)


def pairs(faults: Sequence[Fault]) -> list[tuple[Fault, Fault]]:
    """All pairs of the rule, in the order of the catalogue."""
    return [pair for pair in _neighbours(faults) if (pair[0].name, pair[1].name) not in HIDDEN]


def _neighbours(faults: Sequence[Fault]) -> Iterator[tuple[Fault, Fault]]:
    """Faults of one subject that stand so many places apart, at different lines."""
    for subject in dict.fromkeys(fault.subject for fault in faults):
        own = [fault for fault in faults if fault.subject == subject]
        for distance in _DISTANCES:
            for one, other in zip(own[::2], own[distance::2], strict=False):
                if one.place != other.place:
                    yield one, other
