"""The findings of an examination as causes: claim, place, evidence."""

from __future__ import annotations

import os
from collections.abc import Sequence

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.probes.examining import Examination, Wrong
from oracle.diagnosis.probes.looking import Look
from oracle.diagnosis.probes.samples import WrongCount
from oracle.diagnosis.probes.statements import Statement

_SUSPECTS = 4  # named


def causes(found: Examination) -> list[Cause]:
    """One cause for each statement to blame, in the order in which the backward computes."""
    probes = [wrong for wrong in found.wrong if not wrong.is_leaf]
    groups: dict[object, list[Wrong]] = {}
    for wrong in found.wrong:
        groups.setdefault(wrong.statement or wrong.name, []).append(wrong)
    first = probes[0] if probes and _is_first(probes[0]) else None
    made = [_cause(group, found, first, bool(probes)) for group in groups.values()]
    return [*made, *_miscounted(found)]


def _is_first(wrong: Wrong) -> bool:
    """Whether it disagrees with the derivative, and all that was computed before agrees."""
    looked, step = wrong.found, wrong.steps[0]
    before = [key for key in looked.ordered if looked.samples[key[0]].event(key[1]).serial < wrong.serial]
    return looked.values[wrong.name, step] == "wrong" and all(looked.values[key] == "right" for key in before)


def _cause(group: Sequence[Wrong], found: Examination, first: Wrong | None, probes: bool) -> Cause:
    """What is wrong with one statement, and the values in which it shows."""
    lead = next((wrong for wrong in group if wrong.suspects.certain), group[0])
    lead = (
        first
        if first in group and first is not None and (first.suspects.certain or not lead.suspects.certain)
        else lead
    )
    named, certain = group[0], lead.suspects.certain
    statement, step = lead.statement, named.steps[0]
    return Cause(
        kind="wrong-gradient" if named.is_leaf else "wrong-cotangent",
        claim=_claim(group, first, probes),
        evidence=_evidence(group, lead, found, first),
        certain=certain,
        leaves=tuple(wrong.name for wrong in group if wrong.is_leaf),
        probe="" if named.is_leaf else named.name,
        step=step,
        file=os.path.normpath(statement.file) if statement else "",
        line=statement.line if statement else 0,
        statement=statement.text if statement else "",
    )


def _claim_of_leaves(names: Sequence[str], probes: bool) -> str:
    """`the gradient of W is wrong although every cotangent it is computed from is right`."""
    what = f"the gradient{'s' * (len(names) > 1)} of {_listed(names)} {'are' if len(names) > 1 else 'is'} wrong"
    it_is = "they are" if len(names) > 1 else "it is"
    if probes:
        return f"{what} even from the author's own values of what {it_is} computed from"
    return f"{what} although every cotangent {it_is} computed from is right"


def _claim(group: Sequence[Wrong], first: Wrong | None, probes: bool) -> str:
    """`first wrong cotangent, backwards in time: o_bar at t=3`."""
    lead, *others = group
    also = f" (and {_listed([wrong.name for wrong in others])})" if others else ""
    if lead.is_leaf:
        return _claim_of_leaves([wrong.name for wrong in group], probes)
    at = "" if lead.steps[0] is None else f" at t={lead.steps[0]}"
    if first is not None and first in group:
        return f"first wrong cotangent, backwards in time: {first.name}{at}{_also(group, first)}"
    return f"another wrong cotangent: {lead.name}{at}{also}"


def _also(group: Sequence[Wrong], first: Wrong) -> str:
    """The others of a group, in parentheses."""
    others = [wrong.name for wrong in group if wrong is not first]
    return f" (and {_listed(others)})" if others else ""


def _evidence(group: Sequence[Wrong], lead: Wrong, found: Examination, first: Wrong | None) -> str:
    """Why it is believed, how often it was seen, and who else may be to blame."""
    named = group[0]
    parts = []
    if not named.is_leaf:
        alone = "everything it is computed from is right"
        parts.append(alone if first in group else "wrong even from the author's own values of what it is computed from")
    steps = named.steps
    if steps[0] is not None and len(steps) < len(named.found.samples[named.name].given):
        parts.append(f"wrong at t={_listed([str(step) for step in sorted(s for s in steps if s is not None)])}")
    elif steps[0] is not None and len(steps) > 1:
        parts.append("wrong at every step")
    case = named.smallest
    sizes = "" if case is None else ", down to " + " ".join(f"{name}={size}" for name, size in case.sizes.items())
    parts.append(f"seen in {named.cases} of {len(found.looks)} cases{sizes}")
    if not lead.suspects.certain:
        parts.append(_others(lead))
    return "; ".join(parts)


def _others(wrong: Wrong) -> str:
    """The other statements that may be to blame."""
    places = [place(statement, wrong.statement) for statement in wrong.suspects.statements[1:]]
    if len(places) > _SUSPECTS:
        places = [*places[:_SUSPECTS], f"{len(places) - _SUSPECTS} more"]
    before = list(dict.fromkeys(wrong.suspects.before))[:2]
    places += [f"what was in {name} before" for name in before]
    return f"this line, or what feeds it: {', '.join(places)}" if places else "no line is known"


def place(statement: Statement, beside: Statement | None = None) -> str:
    """`cell.py:88`, or `line 88` beside a statement of the same file."""
    if beside is not None and beside.file == statement.file:
        return f"line {statement.line}"
    return f"{os.path.basename(statement.file)}:{statement.line}"


def _miscounted(found: Examination) -> list[Cause]:
    """Loops that do not run once for each step: what they leave out cannot be compared."""
    made: dict[object, Cause] = {}
    for looked in found.looks:
        for name, why in looked.unsampled.items():
            if isinstance(why, WrongCount) and why.last.path:
                line = why.last.path[-1][0]
                made.setdefault((line, why.last.call.code.co_filename), _miscount(looked, name, why, line))
    return list(made.values())


def _miscount(looked: Look, name: str, why: WrongCount, line: int) -> Cause:
    """The cause for one probe that has too few or too many values."""
    from oracle.diagnosis.probes.statements import statements

    file = why.last.call.code.co_filename
    heading = statements(file).get(line)
    sizes = " ".join(f"{size}={value}" for size, value in looked.case.sizes.items())
    return Cause(
        kind="wrong-cotangent",
        claim=f"{name} was computed {why.found} time{'s' * (why.found != 1)} for {why.steps} steps",
        evidence=f"at {sizes}; its values could not be compared",
        probe=name,
        file=os.path.normpath(file) if heading else "",
        line=line if heading else 0,
        statement=heading.text if heading else "",
    )


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    names = list(dict.fromkeys(names))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
