"""Which gradients are wrong and which are right, as far as that alone says where to look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence
from oracle.diagnosis.patterns.words import counted, listed
from oracle.forms.loss import LossForm
from oracle.forms.object import ObjectForm

if TYPE_CHECKING:
    from oracle.outcome import Outcome
    from oracle.subject import Subject

ALONG = ("T", "B", "N", "m")  # sizes that data have and parameters have not
_SECOND = "called a second time, "


def sides(evidence: Evidence) -> Iterator[Cause]:
    """Inputs wrong and parameters right, or the other way round."""
    if not evidence.wrong or not evidence.right or set(evidence.wrong) | set(evidence.right) != set(evidence.leaves):
        return
    data = [leaf for leaf in evidence.leaves if is_data(evidence.trial.subject, leaf)]
    parameters = [leaf for leaf in evidence.leaves if leaf not in data]
    seen = f"in {counted(len(evidence.plain))}"
    if set(evidence.wrong) <= set(data) and parameters and set(parameters) <= set(evidence.right):
        claim = f"only {listed(evidence.wrong)} {_is(evidence.wrong)} wrong; the parameters {listed(parameters)} "
        claim += f"{_is(parameters)} right: what reaches the layer is right, and the way on to its input is not"
        yield Cause("inputs-only", claim, evidence=seen, leaves=evidence.wrong)
    elif set(evidence.wrong) <= set(parameters) and data and set(data) <= set(evidence.right):
        claim = f"only {listed(evidence.wrong)} {_is(evidence.wrong)} wrong; {listed(data)} {_is(data)} right: "
        claim += "the cotangents passed on are right, and what is made of them for a parameter is not"
        yield Cause("parameters-only", claim, evidence=seen, leaves=evidence.wrong)


def is_data(subject: Subject, leaf: str) -> bool:
    """Whether a gradient is that of an input rather than of a parameter, as the adapter or its sizes say."""
    form = subject.form
    if isinstance(form, ObjectForm | LossForm) and form.parameters:
        return leaf not in form.parameters
    return any(size in subject.leaves[leaf].shape.dimensions for size in ALONG)


def _is(names: object) -> str:
    return "is" if len(names) == 1 else "are"  # type: ignore[arg-type]


def second_call(failing: Outcome) -> Iterator[Cause]:
    """Gradients that are right at the first call, and others at a second."""
    found = [finding for finding in failing.findings if finding.message.startswith(_SECOND)]
    wrong_at_once = any(comparison.wrong for comparison in failing.comparisons.values())
    if found and not wrong_at_once:
        leaves = tuple(dict.fromkeys(finding.leaf for finding in found if finding.leaf))
        claim = f"right at the first call, wrong at the second: {listed(leaves) if leaves else 'an output'}; "
        claim += "something is kept from one call to the next"
        yield Cause("second-call", claim, evidence=str(found[0].case), certain=True, leaves=leaves)


FAMILIES = {"inputs or parameters alone": sides}
