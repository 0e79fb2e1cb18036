"""Which probes and gradients have a wrong rule of their own, over several cases, and the statement to blame."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.cases import GENERIC, Case, sizes_at
from oracle.diagnosis.probes.capture import Call, Event
from oracle.diagnosis.probes.looking import CannotLook, Look, look
from oracle.diagnosis.probes.proofs import proved_lines, shows
from oracle.diagnosis.probes.reading import overlap
from oracle.diagnosis.probes.statements import Statement, tells_apart
from oracle.diagnosis.probes.suspects import Cleared, Inquiry, Suspects
from oracle.diagnosis.probes.truth import Twin
from oracle.diagnosis.switches import every_step_counts, switches
from oracle.draws import key
from oracle.forms.form import GRADIENT_RULES
from oracle.subject import Subject
from oracle.trial import Trial

_GENERIC_CASES = 3
_SMALL = 4  # no size of a generic case is larger, where the subject allows it


@dataclass(eq=False)
class Wrong:
    """A probe or gradient whose own rule is wrong, in the case that shows it best."""

    name: str
    found: Look
    is_leaf: bool
    steps: list[int | None]  # at which it is wrong, in the order in which they were computed
    cases: int  # in how many cases
    smallest: Case | None  # the smallest of them
    suspects: Suspects = field(default_factory=Suspects)
    serial: int = 0  # when it was computed

    @property
    def statement(self) -> Statement | None:
        """The statement to blame first."""
        return next(iter(self.suspects.statements), None)


@dataclass
class Examination:
    """What all cases together show."""

    looks: list[Look]
    wrong: list[Wrong]
    refused: list[str]  # why cases could not be looked at


def examined(trial: Trial, cases: Iterable[Case]) -> Examination:
    """Look at every case, and gather what is wrong in any of them."""
    twin, looks, refused = _twin_of(trial.subject), list[Look](), list[str]()
    for case in cases:
        try:
            looks.append(look(trial, twin, case))
        except CannotLook as why:
            refused.append(str(why))
    found = Examination(looks, [], list(dict.fromkeys(refused)))
    names = dict.fromkeys(name for one in looks for name, _ in one.rules)
    leaves = dict.fromkeys(leaf for one in looks for leaf in one.leaves)
    for name, is_leaf in [*((name, False) for name in names), *((leaf, True) for leaf in leaves)]:
        if (wrong := _gathered(name, is_leaf, looks)) is not None:
            found.wrong.append(wrong)
    for wrong in found.wrong:
        with adapter.precision(trial.bits):
            _accuse(wrong)
            if wrong.suspects.certain:
                wrong.suspects.doubts += _unread_switches(wrong, looks)
    _share_blame(found.wrong)
    found.wrong.sort(key=lambda wrong: (wrong.is_leaf, wrong.serial))
    return found


@functools.lru_cache(maxsize=8)
def _twin_of(subject: Subject) -> Twin:
    """The twin of a subject, kept: tracing it is most of the cost."""
    return Twin(subject)


def cases_for(trial: Trial, failing: Case, smallest: Case) -> list[Case]:
    """A few generic cases of several steps, the failing one, and the smallest: those that show most come first."""
    within = {name: (low, max(low, min(high, _SMALL))) for name, (low, high) in trial.sizes.items()}
    if "T" in within:
        low, high = within["T"]
        within["T"] = (min(max(low, 3), trial.sizes["T"][1]), max(high, min(3, trial.sizes["T"][1])))
    seeds = [key(failing.seed, "probes", k) % 2**32 for k in range(_GENERIC_CASES)]
    generic = [Case(sizes_at(GENERIC, seed, within), GENERIC, seed) for seed in seeds]
    return [*generic, smallest, failing]


def _gathered(name: str, is_leaf: bool, looks: Sequence[Look]) -> Wrong | None:
    """A probe or gradient that is wrong in some case, with the case that shows it in most steps."""
    best, steps, cases = None, list[int | None](), list[Case]()
    for one in looks:
        if is_leaf:
            here: list[int | None] = [None] if one.leaves.get(name) == "wrong" else []
        else:
            here = [step for probe, step in one.ordered if probe == name and one.rules[probe, step] == "wrong"]
        if here:
            cases.append(one.case)
            if len(here) > len(steps):
                best, steps = one, here
    if best is None:
        return None
    smallest = min(cases, key=lambda case: sum(case.sizes.values()))
    return Wrong(name, best, is_leaf, steps, len(cases), smallest)


# ---- whom to blame


def _accuse(wrong: Wrong) -> None:
    """Follow the wrong value, at the step that leaves the fewest to blame."""
    found, cleared = wrong.found, _cleared(wrong.found)
    if wrong.is_leaf:
        wrong.suspects = _of_leaf(wrong, cleared)
        return
    wrong.serial = found.samples[wrong.name].event(wrong.steps[0]).serial
    for step in wrong.steps:
        event = found.samples[wrong.name].event(step)
        target = next((name for name in event.binds if name in found.capture.bases(wrong.name)), "")
        inquiry = Inquiry(found, wrong.name, step, cleared)
        inquiry.into(event, target)
        suspects = inquiry.doubted()
        if len(suspects.ranks) > 1 and _gave_right(found, event, wrong.name):
            suspects.ranks[event.statement] = max(suspects.ranks.values()) + 1
        if not wrong.suspects.ranks or suspects.weight < wrong.suspects.weight:
            wrong.suspects = suspects
        if suspects.certain:
            return
    if len(wrong.steps) == 1 and len(found.samples[wrong.name].given) > 1:
        _blame_beginnings(wrong.suspects)


def _blame_beginnings(suspects: Suspects) -> None:
    """Of a value that is wrong in one round alone, statements before the loop are likelier than those inside."""
    inside = [one for one in suspects.ranks if one.loops]
    for one in suspects.ranks:
        if not one.loops and any((one.file, one.function) == (other.file, other.function) for other in inside):
            suspects.ranks[one] = min(suspects.ranks.values()) - 1


def _unread_switches(wrong: Wrong, looks: Sequence[Look]) -> list[str]:
    """Masks and lengths of which the statement reads nothing, and that may be why the value is wrong."""
    found = wrong.found
    event = _leaf_event(found, wrong.name) if wrong.is_leaf else found.samples[wrong.name].event(wrong.steps[0])
    if event is None:
        return []
    known = switches(found.point.subject)
    unread = [leaf for leaf in known if not _reads(event, found.point.values[leaf])]
    idle = any(_is_wrong_all_the_same(wrong.name, one, known) for one in looks) if unread else True
    return [] if idle else [f"nothing here reads {' and '.join(unread)}: a statement may be missing"]


def _is_wrong_all_the_same(name: str, found: Look, known: Sequence[str]) -> bool:
    """Whether a value is wrong, and should not be zero, where all steps count."""
    if not every_step_counts(found.point, known):
        return False
    if name in found.leaves:
        return found.leaves[name] == "wrong" and shows(found.truth.gradients[name])
    truth = found.truth.cotangents[found.places[name]] if name in found.places else np.zeros(0)
    return shows(truth) and any(rule == "wrong" for (probe, _), rule in found.rules.items() if probe == name)


def _reads(event: Event, given: Any) -> bool:
    """Whether a statement reads an array that was given, or one step of it."""
    for seen in event.reads.values():
        if isinstance(seen.value, np.ndarray) and seen.value.dtype.kind in "biu":
            parts = [given, *(given if np.ndim(given) > 1 else ())]
            if any(np.array_equal(np.ravel(seen.value), np.ravel(part)) for part in parts):
                return True
    return False


def _gave_right(found: Look, event: Event, wrong: str) -> bool:
    """Whether the same rule gave a right value too, so that it is less likely to be wrong.

    At another step the rule of a statement is the same. For another value it is only if the statement does not treat
    some of what it stores otherwise than the rest.
    """
    right = [key for key, rule in found.rules.items() if rule == "right"]
    beside = {name for name, step in right if found.samples[name].event(step).statement is event.statement}
    return wrong in beside or (bool(beside) and not tells_apart(event.statement))


def _of_leaf(wrong: Wrong, cleared: Cleared) -> Suspects:
    """Whom to blame for a gradient: the statement that computed it, or the one that returned another in its place."""
    found, kept = wrong.found, wrong.found.capture.kept.get(wrong.name)
    event, suspects = _leaf_event(found, wrong.name), Suspects()
    returned = [call.events[-1].statement for call in found.capture.calls if call.parent is None and call.events][-1:]
    if event is None:
        for statement in returned:
            suspects.add(statement, 0)
        suspects.before.append(wrong.name)
        return suspects
    wrong.serial = event.serial
    if any(event in sample.given for sample in found.samples.values()):
        suspects.before.append(wrong.name)
        for rank, statement in enumerate([*returned, event.statement]):
            suspects.add(statement, rank)
        return suspects
    target = next((name for name, one in event.binds.items() if overlap(one.memory, kept)), "")
    inquiry = Inquiry(found, wrong.name, None, cleared)
    inquiry.into(event, target)
    suspects = inquiry.doubted()
    if not any(names_leaf(name, wrong.name) for name in (*event.binds, *event.writes)):
        for statement in returned:
            suspects.add(statement, 1)
    return suspects


def names_leaf(target: str, leaf: str) -> bool:
    """Whether a variable is called after a gradient, by one of the usual rules.

    >>> names_leaf("W_bar", "W"), names_leaf("param.wg_diff", "param.wg"), names_leaf("U_bar", "W")
    (True, True, False)
    """
    last = target.split(".")[-1].rstrip("]'\"").replace('["', "['").split("['")[-1]
    return any(rule.format(leaf.split(".")[-1]) in (last, last.split("[")[0]) for rule in GRADIENT_RULES)


def _leaf_event(found: Look, leaf: str) -> Event | None:
    """The last statement that stored something in the array that a gradient was read from."""
    kept = found.capture.kept.get(leaf)
    for event in reversed(found.capture.events):
        stored = [*event.writes.values(), *(one.memory for one in event.binds.values())]
        if not event.statement.is_loop and any(overlap(kept, one) for one in stored):
            return event
    return None


def _cleared(found: Look) -> Cleared:
    """Lines that ran in calls which gave values that follow rightly, or in a forward whose outputs are right."""
    events = [found.samples[name].event(step) for (name, step), rule in found.rules.items() if rule == "right"]
    events += [one for leaf, rule in found.leaves.items() if rule == "right" and (one := _leaf_event(found, leaf))]
    likely = {line for event in events for line in _inside(event.ran)} | found.forward_lines
    return Cleared(frozenset(likely), frozenset(proved_lines(found)))


def _inside(calls: Iterable[Call]) -> Iterable[tuple[str, int]]:
    """The lines of calls, and of the calls made from them."""
    for call in calls:
        for event in call.events:
            yield event.statement.file, event.statement.line
            yield from _inside(event.ran)


def _share_blame(wrong: Sequence[Wrong]) -> None:
    """Where several wrong values have a suspect in common that none of them clears, it is the likeliest of each."""
    all_of_them = [one.suspects for one in wrong]
    counts = [
        {statement: sum(own.shares(statement, other) for other in all_of_them) for statement in own.ranks}
        for own in all_of_them
    ]
    for own, count in zip(all_of_them, counts, strict=True):
        if not own.certain:
            own.ranks = {statement: rank - 100 * count[statement] for statement, rank in own.ranks.items()}
