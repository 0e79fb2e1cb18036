"""Whether a backward is wrong only where some steps do not count: where a mask, or lengths, come in."""

from __future__ import annotations

from collections.abc import Iterator

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence
from oracle.diagnosis.patterns.words import counted, listed
from oracle.diagnosis.switches import every_step_counts, switches

_LEAST = 2  # cases on either side


def masked(evidence: Evidence) -> Iterator[Cause]:
    """A condition on masks that holds in exactly those cases in which something is wrong."""
    leaves = switches(evidence.trial.subject)
    clear = [s for s in evidence.plain if s.wrong or len(s.right) == len(s.truth)]
    wrong, right = [s for s in clear if s.wrong], [s for s in clear if not s.wrong]
    if not leaves or min(len(wrong), len(right)) < _LEAST:
        return
    idle = [[every_step_counts(s.point, leaves) for s in samples] for samples in (wrong, right)]
    if not any(idle[0]) and all(idle[1]):
        claim = f"right where every step counts, wrong where {listed(leaves)} leaves some out: look for where "
        claim += f"{listed(leaves)} is not asked"
        seen = f"wrong in {counted(len(wrong))} with steps left out, right in {counted(len(right))} without"
        yield Cause("masked", claim, evidence=seen, leaves=evidence.wrong)


FAMILIES = {"masks and lengths": masked}
