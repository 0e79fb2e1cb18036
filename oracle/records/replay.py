"""Runs the case of a record again, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

from oracle.one_case import verify_exactly
from oracle.records.record import Record
from oracle.subject import Subject
from oracle.trial import environment
from oracle.verdict import Report

MOST_ENTRIES = 1_000_000


class DoesNotFit(ValueError):
    """The record is not of this subject, or too large to be run."""


@dataclass(frozen=True)
class Replay:
    """What a recorded case shows today."""

    record: Record
    report: Report

    @property
    def same(self) -> bool:
        """Whether the recorded verdict came out again."""
        return self.report.verdict.name == self.record.verdict

    @property
    def sentences(self) -> list[str]:
        """The outcome in words, and which versions differ."""
        then, now = self.record.verdict, self.report.verdict.name
        if self.report.ok:
            outcome = "this case is ok now"
        else:
            outcome = "it still fails in the same way" if self.same else "it fails in another way"
        lines = [f"recorded {then}, now {now}: {outcome}"]
        if differing := differences(self.record, environment()):
            lines.append(f"versions differ from the record: {', '.join(differing)}")
        return lines


def replay(record: Record, subject: Subject) -> Replay:
    """The very case of a record, heard again.

    Raises
    ------
    DoesNotFit
        If the subject has other sizes than the record, or would have more than a million entries at them.
    WitnessesDisagree
        If two witnesses contradict each other: a fault of the oracle.
    """
    _check(record, subject)
    return Replay(record, verify_exactly(subject, record.case, record.digits))


def differences(record: Record, today: dict[str, str]) -> list[str]:
    """`numpy 2.4.6, now 2.5.0` for each version that is not the recorded one."""
    names = dict.fromkeys([*record.versions, *today])
    return [
        f"{name} {record.versions.get(name, 'unknown')}, now {today.get(name, 'unknown')}"
        for name in names
        if record.versions.get(name) != today.get(name)
    ]


def _check(record: Record, subject: Subject) -> None:
    """Refuse before anything is allocated."""
    if set(record.sizes) != set(subject.sizes):
        raise DoesNotFit(
            f"the record has the sizes {_listed(record.sizes)}, but {subject.name} has {_listed(subject.sizes)}; "
            "name the subject that the record is of"
        )
    entries = sum(math.prod(spec.shape.concrete(record.sizes)) for spec in subject.leaves.values())
    if entries > MOST_ENTRIES:
        raise DoesNotFit(
            f"at the record's sizes the inputs of {subject.name} have {entries:,} entries; "
            f"a replay takes at most {MOST_ENTRIES:,}"
        )


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) or "(none)"  # type: ignore[call-overload]
