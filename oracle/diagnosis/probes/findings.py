"""The findings of an examination as causes: claim, place, evidence."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from oracle.cases import Case
from oracle.diagnosis.cause import Cause, Suspicion
from oracle.diagnosis.probes.examining import Examination, Wrong
from oracle.diagnosis.probes.looking import Look
from oracle.diagnosis.probes.samples import WrongLoop
from oracle.diagnosis.probes.statements import Statement, statements

_SUSPECTS, _DOUBTS = 4, 2  # named


def causes(found: Examination) -> list[Cause]:
    """One cause for each statement to blame, in the order in which the backward computes."""
    probes = [wrong for wrong in found.wrong if not wrong.is_leaf]
    groups: dict[object, list[Wrong]] = {}
    for wrong in found.wrong:
        groups.setdefault(wrong.statement or wrong.name, []).append(wrong)
    first = probes[0] if probes and _is_first(probes[0]) else None
    made = [_cause(group, found, first, bool(probes)) for group in groups.values() if _says_where(group)]
    loops = _loops(found)
    if loops:  # where steps are missing or in disorder, nothing else is certain
        made = [dataclasses.replace(cause, certain=False) for cause in made]
    return [*loops, *made] or _unknown(found)


def _says_where(group: Sequence[Wrong]) -> bool:
    """Whether some probe was examined beside these values; else a wrong gradient is wrong, and no more is known."""
    return any(wrong.found.rules for wrong in group)


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
    return Suspicion(
        suspects=() if certain else tuple(_line(one) for one in lead.suspects.statements),
        alone=lead.suspects.alone,
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


def _line(statement: Statement) -> tuple[str, int]:
    """The file and line of a statement."""
    return os.path.normpath(statement.file), statement.line


def _claim_of_leaves(names: Sequence[str], probes: bool, examined: Sequence[str], all_of_them: bool) -> str:
    """`the gradient of W is wrong although every cotangent it is computed from is right`."""
    what = f"the gradient{'s' * (len(names) > 1)} of {_listed(names)} {'are' if len(names) > 1 else 'is'} wrong"
    it_is = "they are" if len(names) > 1 else "it is"
    if probes:
        return f"{what} even from the author's own values of what {it_is} computed from"
    if not all_of_them:
        right = f"{_listed(examined)}, examined before {'them' if len(names) > 1 else 'it'},"
        return f"{what} although {right} {'are' if len(examined) > 1 else 'is'} right"
    return f"{what} although every cotangent {it_is} computed from is right"


def _claim(group: Sequence[Wrong], first: Wrong | None, probes: bool) -> str:
    """`first wrong cotangent, backwards in time: o_bar at t=3`."""
    lead, *others = group
    also = f" (and {_listed([wrong.name for wrong in others])})" if others else ""
    if lead.is_leaf:
        examined = list(dict.fromkeys(name for name, _ in lead.found.rules))
        complete = set(examined) >= set(lead.found.capture.probes)
        return _claim_of_leaves([wrong.name for wrong in group], probes, examined, complete)
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
        complete = {name for name, _ in named.found.rules} >= set(named.found.capture.probes)
        alone = f"{'everything it is computed from' if complete else 'every cotangent examined before it'} is right"
        parts.append(alone if first in group else "wrong even from the author's own values of what it is computed from")
    steps = named.steps
    if steps[0] is not None and len(steps) < len(named.found.samples[named.name].given):
        parts.append(f"wrong at t={_listed([str(step) for step in sorted(s for s in steps if s is not None)])}")
    elif steps[0] is not None and len(steps) > 1:
        parts.append("wrong at every step")
    sizes = f", down to {_sizes(named.smallest)}" if named.smallest is not None else ""
    parts.append(f"seen in {named.cases} of {len(found.looks)} case{'s' * (len(found.looks) > 1)}{sizes}")
    if misnamed := lead.suspects.misnamed:
        holds = "holds" if len(misnamed) == 1 else "hold"
        parts.append(f"{_listed(misnamed)} {holds} something else than the name says")
    if lead.suspects.alone and lead.suspects.doubts:
        parts += _doubted(lead.suspects.doubts)
    elif not lead.suspects.certain:
        parts.append(_others(lead))
    return "; ".join(parts)


def _doubted(doubts: Sequence[str]) -> list[str]:
    """Why the only line that is left may be right: what is missing, then what else may be to blame."""
    clauses = [doubt for doubt in doubts if not doubt.startswith("or ")]
    others = list(dict.fromkeys(doubt for doubt in doubts if doubt.startswith("or ")))
    return [*clauses[:_DOUBTS], *([f"this line, {' '.join(others[:_DOUBTS])}"] if others else [])]


def _others(wrong: Wrong) -> str:
    """The other statements that may be to blame."""
    places = [place(statement, wrong.statement) for statement in wrong.suspects.statements[1:]]
    if len(places) > _SUSPECTS:
        places = [*places[:_SUSPECTS], f"{len(places) - _SUSPECTS} more"]
    before = [name for name in dict.fromkeys(wrong.suspects.before) if name != wrong.name][:2]
    places += [f"what the forward left in {name}" for name in before]
    return f"this line, or what feeds it: {', '.join(places)}" if places else "no line is known"


def place(statement: Statement, beside: Statement | None = None) -> str:
    """`cell.py:88`, or `line 88` beside a statement of the same file."""
    if beside is not None and beside.file == statement.file:
        return f"line {statement.line}"
    return f"{os.path.basename(statement.file)}:{statement.line}"


def _loops(found: Examination) -> list[Cause]:
    """Loops that do not run once for each step, last step first: what they compute cannot be compared."""
    made: dict[object, Cause] = {}
    for looked in found.looks:
        for name, why in looked.unsampled.items():
            if isinstance(why, WrongLoop) and why.line:
                made.setdefault((why.line, why.file), _loop(looked, name, why))
    return list(made.values())


def _loop(looked: Look, name: str, why: WrongLoop) -> Cause:
    """The cause for one loop."""
    heading = statements(why.file).get(why.line)
    return Cause(
        kind="wrong-loop",
        claim=f"{name} is {why.what}",
        evidence=f"at {_sizes(looked.case)}; its values could not be compared",
        probe=name,
        file=os.path.normpath(why.file) if heading else "",
        line=why.line if heading else 0,
        statement=heading.text if heading else "",
    )


def _unknown(found: Examination) -> list[Cause]:
    """The first value that is not known, where everything before it is right: memory that was never written, say."""
    for looked in found.looks:
        for key in looked.ordered:
            if looked.rules[key] == "right":
                continue
            name, step = key
            statement = looked.samples[name].event(step).statement
            at = "" if step is None else f" at t={step}"
            return [
                Cause(
                    kind="unknown-cotangent",
                    claim=f"{name}{at} is not finite, or not known to enough digits",
                    evidence=f"everything computed before it is right; at {_sizes(looked.case)}",
                    probe=name,
                    step=step,
                    file=os.path.normpath(statement.file),
                    line=statement.line,
                    statement=statement.text,
                )
            ]
    return []


def _sizes(case: Case) -> str:
    """`T=1 B=1 D=2`."""
    return " ".join(f"{name}={size}" for name, size in case.sizes.items())


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    names = list(dict.fromkeys(names))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
