"""Makes the certificate of what was certified, from balls and integers alone.

Nothing that floats decide enters it. The cases follow from the seed; one that meets a kink is redrawn because balls
say so; but where a case was redrawn because the *float* forward left its domain, another machine might have kept it,
and there is no certificate. The gradients are computed once more in balls, by the hand-written code and by the
gradient program, and both must round to the same 40 decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

from oracle.arithmetic import adapter, decimal_grid, enclosures
from oracle.arithmetic.decimal_grid import Rounded
from oracle.arithmetic.refusals import Undecided, recording
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.point import Point
from oracle.program.canonical import canonical, jax_version
from oracle.records import certificate_digests as digests
from oracle.records.certificate import MOST_CASES, Certificate, Certified, CertifiedCase, CertifiedLeaf, Program
from oracle.records.fields import LONGEST_NAME
from oracle.records.record import LONGEST_SPEC
from oracle.reference import Reference
from oracle.report.text import one_line
from oracle.runs import Run, in_balls
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Report, Verdict

Raw = adapter.Raw
TOOL = "gradient-oracle"


class NoCertificate(ValueError):
    """There is nothing to certify, or it depends on more than balls; the message says why."""


def certificate(subjects: Sequence[Subject], reports: Sequence[Report], digits: float) -> Certificate:
    """The certificate of subjects that were all CERTIFIED.

    Parameters
    ----------
    subjects, reports
        Each subject with the report that `oracle.verify` gave.
    digits : float
        To which every entry had to be known.

    Raises
    ------
    NoCertificate
        If a report is not CERTIFIED, a case was redrawn because floats left the domain of the forward, the source
        cannot be read, or an entry cannot be rounded.

    Examples
    --------
    >>> import oracle
    >>> from oracle import subjects
    >>> subject = subjects.load("lstm-classic-node")
    >>> made = certificate([subject], [oracle.verify(subject, cases=2)], digits=30)
    >>> made.subjects[0].name, len(made.subjects[0].cases), made.to_dict()["digest"][:7]
    ('lstm-classic-node', 2, 'sha256:')
    """
    for report in reports:
        _check(report)
    made = tuple(_certified(subject, report, digits) for subject, report in zip(subjects, reports, strict=True))
    return Certificate(made, versions())


def versions() -> dict[str, str]:
    """The versions that a certificate names beside that of JAX."""
    try:
        return {TOOL: metadata.version(TOOL)}
    except metadata.PackageNotFoundError:
        return {TOOL: "not installed"}


def _check(report: Report) -> None:
    """Refuse what is not certified, and what floats had a say in."""
    name = one_line(report.subject)
    if report.verdict is not Verdict.CERTIFIED:
        raise NoCertificate(f"{name} is {report.verdict.name}, so there is no certificate; nothing was written")
    if report.outside:
        raise NoCertificate(
            f"the float forward of {name} left its domain at {report.outside[0]}, where another machine's floats might "
            "not; a certificate rests on balls alone, so give the inputs a narrower range with oracle.reals"
        )
    if len(report.heard) > MOST_CASES:
        raise NoCertificate(f"{name} was verified in {len(report.heard)} cases; a certificate holds {MOST_CASES}")


def _certified(subject: Subject, report: Report, digits: float) -> Certified:
    trial, leaves = Trial(subject, digits), list(subject.differentiated)
    heard: list[tuple[Case, dict[str, Rounded]]] = []
    files: set[str] = set()
    references: dict[int, Reference] = {}
    for case in report.heard:
        hearing = Hearing(trial, case, thorough=False)  # which knows the options that the case draws
        gradients, seen = rounded_gradients(hearing.trial, hearing.point)
        heard.append((case, gradients))
        files |= seen
        references[id(hearing.trial.reference)] = hearing.trial.reference
    try:
        source = digests.digests_of_sources(files)
    except digests.Unreadable as error:
        raise NoCertificate(str(error)) from error
    spec = subject.spec if isinstance(subject.spec, str) and len(subject.spec) <= LONGEST_SPEC else None
    return Certified(
        name=_name(subject.name),
        spec=spec if spec and spec.isprintable() else None,
        digits=float(digits),
        seed=report.seed,
        witnesses=report.witnesses,
        cases=tuple(_case(case, gradients, leaves) for case, gradients in heard),
        leaves=tuple(_leaf(subject, heard, leaf) for leaf in leaves),
        gradients=digests.digest_of_gradients(heard, leaves),
        source=source,
        program=_program(references.values()) if "autodiff" in report.witnesses else None,
    )


def _program(references: Iterable[Reference]) -> Program:
    """The digest of all programs that spoke: one, or one for each choice of options."""
    texts = {canonical(reference.program) for reference in references if reference.speaks}
    return Program(jax_version(), digests.sha256("\n".join(sorted(texts))))


def _name(text: str) -> str:
    return one_line(text)[:LONGEST_NAME] or "(no name)"


def _case(case: Case, gradients: dict[str, Rounded], leaves: list[str]) -> CertifiedCase:
    sizes = {name: int(size) for name, size in case.sizes.items()}
    return CertifiedCase(sizes, case.regime, case.seed, digests.digest_of_gradients([(case, gradients)], leaves))


def _leaf(subject: Subject, heard: list[tuple[Case, dict[str, Rounded]]], leaf: str) -> CertifiedLeaf:
    return CertifiedLeaf(
        name=_name(leaf),
        shape=str(subject.leaves[leaf].shape),
        entries=sum(len(gradients[leaf].integers) for _, gradients in heard),
        gradients=digests.digest_of_gradients(heard, [leaf]),
    )


# ---- one case


def rounded_gradients(trial: Trial, point: Point, *, alone: bool = False) -> tuple[dict[str, Rounded], set[str]]:
    """The gradients of a case on their grids, and the files of the lines that were executed.

    The gradient program must round alike; `alone`, the hand-written gradients are taken as they are, wrong or right.

    Raises
    ------
    NoCertificate
        If an entry cannot be rounded at the highest precision, or the code leaves ball arithmetic.
    """
    bits, case = trial.bits, point.case
    while True:
        run = in_balls(point, trial.binding, bits, lines=True)
        if run.left or (run.error is not None and not run.undecided):
            raise NoCertificate(f"{trial.subject.name} left ball arithmetic at {case}")
        found = None if run.undecided else _rounded(trial, point, run, bits, alone)
        if found is not None:
            return found, _files(run)
        if bits >= trial.most_bits:
            raise NoCertificate(f"an entry of {trial.subject.name} cannot be rounded with {bits} bits at {case}")
        bits *= 2


def _files(run: Run) -> set[str]:
    seen = [lines for lines in (run.forward_lines, run.backward_lines) if lines is not None]
    return {file for lines in seen for file, _ in lines.lines}


def _rounded(trial: Trial, point: Point, run: Run, bits: int, alone: bool) -> dict[str, Rounded] | None:
    """The hand-written gradients on their grids, where those of the program round alike; else None."""
    gradients = {leaf: _balls(run.gradients[leaf], point, leaf) for leaf in point.differentiated}
    with adapter.precision(bits):
        own = {leaf: decimal_grid.rounded(balls, bits) for leaf, balls in gradients.items()}
        if any(one is None for one in own.values()):
            return None
        truth, is_open = ({}, False) if alone else _truth(trial, point, run)
        if is_open:
            return None
        implicit = not alone and trial.reference.implicit
        apart = (not enclosures.meet(gradients[leaf], balls).all() for leaf, balls in truth.items())
        if implicit and any(apart):
            truth = {}  # the forward's own trace is no witness here, as in the hearing
        others = {leaf: decimal_grid.rounded(balls, bits) for leaf, balls in truth.items()}
    if any(own[leaf] != other for leaf, other in others.items()):
        return None
    return {leaf: one for leaf, one in own.items() if one is not None}


def _balls(value: Any, point: Point, leaf: str) -> Raw:
    balls = enclosures.real(adapter.raw(value))
    if balls is None or not adapter.is_ball(value):
        raise NoCertificate(f"the gradient of {leaf} is not real balls at {point.case}")
    return balls.reshape(_shape(point.values[leaf]))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _truth(trial: Trial, point: Point, run: Run) -> tuple[dict[str, Raw], bool]:
    """What the gradient program gives, nothing where it is no witness; and whether a question stayed open in it."""
    reference = trial.reference
    outputs = {
        name: balls
        for name, value in run.outputs.items()
        if adapter.Balls().shape(value) is not None and (balls := enclosures.real(adapter.raw(value))) is not None
    }
    if not reference.speaks or reference.distrust:
        return {}, False
    with recording():
        try:
            said = reference.truth(point, outputs)
        except Undecided:
            return {}, True
    if said is None or reference.distrust:
        return {}, False
    if not _agree(said[0], outputs):
        return _truth(trial, point, run) if reference.retrace() else ({}, False)
    return trial.declared(said[1], point.case.sizes), False


def _agree(said: dict[str, Raw], outputs: dict[str, Raw]) -> bool:
    return all(bool(enclosures.meet(balls, outputs[name]).all()) for name, balls in said.items())
