"""Why a statement may be right although what it stores is wrong, and all that it reads looks right.

A line is certain only where none of these holds. A doubt is a clause of its own, or goes on after "this line,".

| doubt                            | the fault that it allows for                                                   |
| -------------------------------- | ------------------------------------------------------------------------------ |
| nothing here reads h_next_bar …  | a statement is missing that would have added it, or a name was used again      |
| the factor f is missing …        | a statement is missing that would have multiplied by it                        |
| or the condition at line 12      | a branch that was taken by mistake                                             |
| or what n holds                  | a flag, a number, a slice or a function that was chosen on another line        |
| or what else wrote into a_bar    | the other parts of an array of which this statement stores one                 |
| or u and v are exchanged         | arguments handed over in each other's place                                    |
| or what W_bar held before        | a sum that does not begin at zero                                              |
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.diagnosis.probes.capture import Event
from oracle.diagnosis.probes.clearing import Clearing
from oracle.diagnosis.probes.looking import same
from oracle.diagnosis.probes.proofs import shows, unproved
from oracle.diagnosis.probes.reading import MISSING, Seen, overlap
from oracle.diagnosis.probes.statements import Statement, root, statements

_SHOWN = 2  # cotangents named
_CHOICES = (ast.IfExp, ast.BoolOp, ast.Lambda)


def doubts(clearing: Clearing, event: Event, read: Iterable[ast.expr]) -> list[str]:
    """Why one statement, which read these expressions and stored the wrong value, may be right all the same."""
    read = list(read)
    reasons = itertools.chain(
        _missing(unread(clearing, event, read)),
        (f"the factor {text} is missing, here or on a line of its own" for text in _factors(clearing, event)),
        (f"or the condition at {place}" for place in _conditions(event)),
        (f"or what {name} holds" for name in unproved(clearing, event, read)),
        _partly_stored(clearing, event),
        _exchanged(clearing, event, read),
        _beginning(clearing, event),
    )
    return list(dict.fromkeys(reasons))


# ---- what is missing


def _missing(names: Sequence[str]) -> list[str]:
    """What to say of cotangents that are not read."""
    shown = " and ".join(names[:_SHOWN])
    return [f"nothing here reads {shown}, on which it depends: a statement may be missing"] if names else []


def unread(clearing: Clearing, event: Event, read: Iterable[ast.expr]) -> list[str]:
    """The cotangents on which the wrong value depends, and of which the statement reads nothing.

    If it reads another one instead, under its own name, no statement is missing: it is wrong by itself.
    """
    found = clearing.found
    if any(_is_foreign(clearing, event, node) for node in read):
        return []
    arrays = [seen.value for seen in event.reads.values() if seen.is_array]
    missing = []
    for name, sample in found.samples.items():
        if not clearing.responds(found.places[name], None) or any(_holds(array, sample.values) for array in arrays):
            continue
        for step in sample.steps:
            itself = (name, step) == (clearing.wrong, clearing.step)
            if itself or any(_holds(array, sample.at(step)) for array in arrays):
                continue
            if clearing.responds(found.places[name], step):
                missing.append(name)
                break
    return missing + _unread_outputs(clearing, arrays)


def _is_foreign(clearing: Clearing, event: Event, node: ast.expr) -> bool:
    """Whether it is a cotangent, under its own name, on which the one value that is stored does not depend."""
    seen = event.reads.get(ast.unparse(node), Seen(MISSING))
    part = not clearing.is_leaf and clearing.found.capture.index(clearing.wrong) is not None
    if part or len(event.statement.targets) != 1 or not seen.is_array:
        return False
    return clearing.is_cotangent(node, seen) and not clearing.is_upstream(seen)


def _unread_outputs(clearing: Clearing, arrays: list[Any]) -> list[str]:
    """The given cotangents on which the wrong value depends, and of which nothing is read."""
    missing = []
    names = [name for name, value in clearing.found.run.outputs.items() if adapter.Balls().shape(value) is not None]
    for number, (name, given) in enumerate(zip(names, clearing.found.asked.cotangents, strict=True)):
        whole = clearing.found.lifted(given)
        if not clearing.responds(str(number), None) or any(_holds(array, whole) for array in arrays):
            continue
        steps = range(len(whole)) if whole.ndim > 1 else ()
        parts = [whole[step] for step in steps if clearing.responds(str(number), step)] or [whole]
        if not all(any(_holds(array, part) for array in arrays) for part in parts):
            missing.append(f"the cotangent of {name}")
    return missing


def _factors(clearing: Clearing, event: Event) -> Iterator[str]:
    """What the reference knows, of which nothing is read, and by which the value is right once multiplied."""
    found, step = clearing.found, clearing.step
    if clearing.is_leaf:
        return
    got, truth = (one if step is None else one[step : step + 1].reshape(one.shape[1:]) for one in _both(clearing))
    arrays = [seen.value for seen in event.reads.values() if seen.is_array]
    for name, values in found.truth.values.items():
        for v in _at(values, step):
            if np.shape(v) == got.shape and not any(_holds(array, v) for array in arrays):
                factors = {
                    name: v,
                    f"1 - {name}": 1 - v,
                    f"1 - {name}²": 1 - v * v,
                    f"{name} (1 - {name})": v * (1 - v),
                }
                yield from (text for text, factor in factors.items() if same(got * factor, truth))


def _at(values: Any, step: int | None) -> list[Any]:
    """A value of the reference as a whole, and at a step."""
    if step is None or not np.ndim(values) or step >= len(values):
        return [values]
    return [values, values[step : step + 1].reshape(np.shape(values)[1:])]


def _both(clearing: Clearing) -> tuple[Any, Any]:
    """The author's values of the wrong cotangent, and what they must be."""
    place = clearing.found.places[clearing.wrong]
    return clearing.found.samples[clearing.wrong].values, clearing.found.truth.cotangents[place]


def _holds(array: Any, part: Any) -> bool:
    """Whether some entries of an array are those of another one: copied balls are the same objects."""
    if array.size == part.size and same(array.ravel(), part.ravel()):
        return True
    if {id(one) for one in part.flat} <= {id(one) for one in array.flat}:
        return True
    stacked = array.ndim > 1 and len(array) and array[0].size == part.size
    return bool(stacked) and any(same(slot.ravel(), part.ravel()) for slot in array)


# ---- what lets it run


def _conditions(event: Event) -> Iterator[str]:
    """The conditions under which a statement runs, in its own function and in those that called it."""
    statement, calling = event.statement, event.call.parent
    for line in (*statement.conditions, *_ways_out(statement)):
        yield f"line {line}"
    while calling is not None:
        outer = calling.statement
        chosen = any(isinstance(node, _CHOICES) for node in ast.walk(outer.node)) and not outer.is_loop
        if outer.conditions or chosen:
            yield f"line {outer.line}"
        calling = calling.call.parent


def _ways_out(statement: Statement) -> list[int]:
    """The lines that leave a round or the function early, and may leave out what belongs to the statement."""
    return [
        one.line
        for one in statements(statement.file).values()
        if one.function == statement.function
        and (
            (isinstance(one.node, ast.Continue | ast.Break) and set(one.loops) & set(statement.loops))
            or (isinstance(one.node, ast.Return) and one.conditions and one.line < statement.line)
        )
    ]


# ---- what is stored, and where


def _partly_stored(clearing: Clearing, event: Event) -> Iterator[str]:
    """A name that the statement wrote only a part of."""
    sample = clearing.found.samples.get(clearing.wrong)
    if sample is None or any(name in event.binds for name in clearing.found.capture.bases(clearing.wrong)):
        return
    stored = clearing.found.capture.stored[clearing.wrong]
    held = next((one.value.memory for one in reversed(stored) if one.event is event), None)
    written = max((one.size for one in event.writes.values() if overlap(one, held)), default=0)
    if written < sample.at(clearing.step).size:
        yield f"or what else wrote into {clearing.found.capture.bases(clearing.wrong)[0]}"


def _exchanged(clearing: Clearing, event: Event, read: Iterable[ast.expr]) -> Iterator[str]:
    """Two cotangents that are read under names of other things, and may stand for each other."""
    named = [node for node in read if _goes_by_another_name(clearing, event, node)]
    texts = list(dict.fromkeys(ast.unparse(node) for node in named))
    if len(texts) > 1:
        yield f"or {texts[0]} and {texts[1]} are exchanged"


def _goes_by_another_name(clearing: Clearing, event: Event, node: ast.expr) -> bool:
    """Whether an array is right only as the author's value of some cotangent."""
    seen = event.reads.get(ast.unparse(node), Seen(MISSING))
    if not seen.is_array or clearing.is_named(node, seen) or not clearing.is_upstream(seen):
        return False
    outermost = event.call.parent is None and root(node) in event.call.parameters
    return not outermost


def _beginning(clearing: Clearing, event: Event) -> Iterator[str]:
    """A gradient that is added to, where what it was before is not known to be zero."""
    if not (isinstance(event.statement.node, ast.AugAssign) and clearing.is_leaf):
        return
    target = ast.unparse(event.statement.node.target)
    first = next(one for one in event.call.events if one.statement is event.statement)
    before = first.reads.get(target, Seen(MISSING))
    kept = clearing.found.capture.kept.get(clearing.wrong)
    touched = any(
        one.statement is not event.statement and any(overlap(kept, written) for written in one.writes.values())
        for one in clearing.found.capture.events
    )
    if touched or not before.is_array or (shows(before.value) and not _is_the_callers(clearing, kept)):
        yield f"or what {target} held before"


def _is_the_callers(clearing: Clearing, kept: Any) -> bool:
    """Whether an array was there before the backward began, so that it holds what we left in it."""
    return not any(
        overlap(kept, bound.memory) and not event.statement.is_plain
        for event in clearing.found.capture.events
        for bound in event.binds.values()
        if bound.is_array and not isinstance(event.statement.node, ast.AugAssign)
    )
