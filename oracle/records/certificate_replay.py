"""Runs a certificate again: the very cases that it names, by all witnesses, and says what differs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass

from oracle.agenda import drawn, is_thorough, redraws
from oracle.hearing import Hearing
from oracle.records.certificate import Certificate, Certified
from oracle.records.certificate_making import NoCertificate, certificate, versions
from oracle.records.replay import DoesNotFit
from oracle.subject import Subject
from oracle.summary import Summary
from oracle.trial import Trial
from oracle.verdict import Report, Verdict
from oracle.verify import Progress, truncates


@dataclass(frozen=True)
class Replayed:
    """What a certified subject shows today."""

    recorded: Certified
    report: Report
    now: Certified | None  # None: not certified now
    why: str = ""  # and why not
    picked: str = ""  # a sentence where the cases do not follow from the seed

    @property
    def same(self) -> bool:
        """Whether every digit of every gradient came out again, certified."""
        return self.now is not None and self.now.gradients == self.recorded.gradients

    def sentences(self) -> list[str]:
        """The outcome in words: digits first, then everything that differs though the digits do not."""
        if self.now is None:
            return [f"recorded CERTIFIED, now {self.report.verdict.name}: {self.why}"]
        if self.same:
            entries, cases = f"{self.now.entries:,}", len(self.now.cases)
            first = f"the same 40 digits in all {entries} entries of {cases} case{'' if cases == 1 else 's'}"
        else:
            first = f"digits differ: {', '.join(_gradients(self.recorded, self.now))}"
        differing = [*_source(self.recorded.source, self.now.source), *_program(self.recorded, self.now)]
        return [first, *differing, *([self.picked] if self.picked else [])]


def replay(recorded: Certified, subject: Subject, progress: Progress | None = None) -> Replayed:
    """The cases of a certified subject, heard again: nothing is redrawn.

    Raises
    ------
    DoesNotFit
        If the subject has other sizes than the certificate, or other ranges of them.
    WitnessesDisagree
        If two witnesses contradict each other: a fault of the oracle.
    """
    trial = Trial(subject, recorded.digits)
    _check(recorded, trial)
    report = _heard(recorded, trial, progress)
    if report.verdict is not Verdict.CERTIFIED:
        return Replayed(recorded, report, None, report.verdict.value)
    try:
        (now,) = certificate([subject], [report], recorded.digits).subjects
    except NoCertificate as error:
        return Replayed(recorded, report, None, str(error))
    now = dataclasses.replace(now, name=recorded.name, spec=recorded.spec)
    return Replayed(recorded, report, now, picked=_picked(recorded, trial))


def _picked(recorded: Certified, trial: Trial) -> str:
    """What there is to say where cases are not those that a verification draws: somebody may have picked them."""
    cases = [one.case for one in recorded.cases]
    expected = drawn(trial, len(cases), recorded.seed)
    strange = [
        case for case, one in zip(cases, expected, strict=False) if case != one and case not in redraws(trial, one)
    ]
    if not strange and len(expected) == len(cases):
        return ""
    which = f"one of them is {strange[0]}" if strange else f"{len(expected)} are drawn"
    return f"the cases are not those that seed {recorded.seed} draws in this version, so they may be picked: {which}"


def _heard(recorded: Certified, trial: Trial, progress: Progress | None) -> Report:
    began, summary = time.perf_counter(), Summary(trial, recorded.seed)
    for number, one in enumerate(recorded.cases, 1):
        summary.add(Hearing(trial, one.case, is_thorough(number, one.case, trial.sizes)).outcome())
        if progress is not None:
            progress(number, len(recorded.cases), summary.verdict)
    if trial.subject.deviations.truncate is not None:
        summary.add_findings(truncates(trial, recorded.seed))
    return summary.report(time.perf_counter() - began)


def _check(recorded: Certified, trial: Trial) -> None:
    """Refuse before anything is allocated: a certificate runs only what the subject itself allows."""
    for one in recorded.cases:
        if set(one.sizes) != set(trial.sizes):
            raise DoesNotFit(
                f"the certificate has the sizes {', '.join(one.sizes) or '(none)'}, but {trial.subject.name} has "
                f"{', '.join(trial.sizes) or '(none)'}; name the subject that the certificate is of"
            )
        for name, (low, high) in trial.reach.items():
            if not low <= one.sizes[name] <= high:
                raise DoesNotFit(
                    f"the certificate has a case with {name}={one.sizes[name]}, but {trial.subject.name} takes "
                    f"{low} to {high}; its sizes were changed since"
                )


# ---- what differs


def whole(again: list[Replayed], recorded: Certificate) -> list[str]:
    """What differs beyond single subjects; one sentence if nothing does."""
    lines = _versions(recorded.versions, versions())
    certified = [one.now for one in again if one.now is not None]
    if len(certified) == len(again):
        if Certificate(tuple(certified), versions()).to_dict()["digest"] == recorded.digest:
            return [f"the certificate came out again, bit for bit: {recorded.digest}"]
        if not lines and all(one.same and len(one.sentences()) == 1 for one in again):
            lines.append("it holds more than this version knows, and all that is known is the same")
    return lines


def _versions(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    differing = [
        f"{name} {then.get(name, 'unknown')}, now {now.get(name, 'unknown')}"
        for name in dict.fromkeys([*then, *now])
        if then.get(name) != now.get(name)
    ]
    return [f"versions differ: {', '.join(differing)}"] if differing else []


def _gradients(then: Certified, now: Certified) -> list[str]:
    """Which gradients have other digits, and in how many cases anything has."""
    before = {leaf.name: (leaf.shape, leaf.gradients) for leaf in then.leaves}
    after = {leaf.name: (leaf.shape, leaf.gradients) for leaf in now.leaves}
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    pairs = zip(then.cases, now.cases, strict=True)
    cases = sum(one.gradients != other.gradients for one, other in pairs)
    return [*names, f"in {cases} of {len(then.cases)} cases"]


def _source(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changed = [name for name in then if name in now and then[name] != now[name]]
    gone, new = [name for name in then if name not in now], [name for name in now if name not in then]
    parts = [("changed", changed), ("no longer run", gone), ("run now", new)]
    said = [f"{what}: {', '.join(names)}" for what, names in parts if names]
    return [f"the source differs; {'; '.join(said)}"] if said else []


def _program(then: Certified, now: Certified) -> list[str]:
    lines = []
    if then.witnesses != now.witnesses:
        lines.append(f"the witnesses were {', '.join(then.witnesses)}, and are now {', '.join(now.witnesses)}")
    before, after = then.program, now.program
    if before is not None and after is not None and before != after:
        what = "the same gradient program" if before.digest == after.digest else "another gradient program"
        by = f"by jax {after.jax}" if before.jax == after.jax else f"by jax {after.jax}; it was jax {before.jax}"
        lines.append(f"{what}, {by}")
    return lines
