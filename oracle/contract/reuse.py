"""Whether what was used before gives what is fresh: the same object or module, after other calls.

Two calls come before the one that is looked at. The first has other values, masks, integers, options and sizes, apart
from the sizes that an object is made of; the second has the same sizes, so that what is kept by size is met too. If
then anything is another, each kind of change is tried on its own, to say which one it is that is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.cases import Case
from oracle.contract.interleaving import another_forward, interleaved, nothing
from oracle.contract.kinds import BROKEN, Bound, Broken, apart, differing, same_bits
from oracle.contract.others import other_cotangents, others, shifted
from oracle.contract.randomness import changed_since, global_states, own_generators
from oracle.draws import key
from oracle.forms.loss import LossForm
from oracle.forms.object import ObjectForm
from oracle.point import Point
from oracle.runs import Run, evaluate, quiet
from oracle.verdict import Verdict

LEAKS = "state leaks from one call into the next"
Earlier = tuple[Point, Mapping[str, Any] | None]  # a call before, and the cotangents it is given


@dataclass
class _Again:
    """A run after other runs, and what happened to them meanwhile."""

    run: Run = field(default_factory=Run)
    earlier: list[Run] = field(default_factory=list)
    consumed: list[str] = field(default_factory=list)  # global random states that changed
    drawn: list[str] = field(default_factory=list)  # generators of the code's own that changed

    def gradients_differ(self, first: Run) -> list[str]:
        """The gradients that are not those of a fresh call, to the last bit."""
        return [leaf for leaf, value in self.run.gradients.items() if not same_bits(value, first.gradients[leaf])]

    def outputs_differ(self, first: Run) -> list[str]:
        """The outputs that are not."""
        real = {name: value for name, value in self.run.outputs.items() if np.asarray(value).dtype.kind == "f"}
        kept = first.outputs
        return [name for name, value in real.items() if not (name in kept and same_bits(value, kept[name]))]

    def is_well(self, first: Run) -> bool:
        """Whether there is nothing to say."""
        differ = self.gradients_differ(first) or self.outputs_differ(first)
        return not (differ or self.consumed or self.run.error is not None)


def second_call(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """After calls with other values, options, sizes and cotangents, the same case gives the same bits, outputs too."""
    alike: Earlier = (shifted(point), other_cotangents(point, first))
    kinds = dict(others(point))
    again = _called(point, binding, [*([(kinds["all"], None)] if "all" in kinds else []), alike], interleaving=True)
    yield from _overwritten(point, again.earlier[-1])
    if not again.is_well(first):
        yield from _repeated(point, binding, first, bound, alike, kinds)
        yield from interleaved(point, binding, first)


def _repeated(
    point: Point, binding: Binding, first: Run, bound: Bound, alike: Earlier, kinds: Mapping[str, Point]
) -> Broken:
    """What is wrong with a call after another one, without anything in between."""
    alone = _called(point, binding, [alike])
    if not alone.is_well(first):
        yield from _said(point, binding, first, bound, alike, alone)
        return
    yield from _after_another(point, binding, first, bound, kinds)


def _after_another(point: Point, binding: Binding, first: Run, bound: Bound, kinds: Mapping[str, Point]) -> Broken:
    """What is remembered of a call that was another in more than its real numbers.

    That a call is not possible after one of another kind shows by itself, and an option may well choose between making
    what the outputs are computed with and using it, as running means are. What is never right is that the outputs are
    the same and the gradients are not.
    """
    for what, other in kinds.items():
        again = _called(point, binding, [(other, None)])
        outputs = [] if what in ("options", "all") else again.outputs_differ(first)
        if again.run.error is not None or any(run.error is not None for run in again.earlier):
            continue
        when = f"called after a call with {_KINDS[what]}, "
        if outputs:
            yield BROKEN, f"{when}the output {outputs[0]} is another: {_keeps(point, binding, (other, None))}", ""
            return
        if (leaked := again.gradients_differ(first)) and not again.outputs_differ(first):
            if _forward_keeps_state(point, binding, (other, None)):
                yield (
                    BROKEN,
                    f"{when}the outputs are others at other values: {_keeps(point, binding, (other, None))}",
                    "",
                )
                return
            for leaf in leaked:
                yield _leak(leaf, again.run.gradients[leaf], first, bound, when, LEAKS)
            return


_KINDS = {
    "values": "other values, masks and integers",
    "sizes": "other sizes",
    "options": "other options",
    "all": "other sizes, options and values",
}


def _said(point: Point, binding: Binding, first: Run, bound: Bound, before: Earlier, again: _Again) -> Broken:
    """What is wrong with a second call that is another only in real numbers."""
    for state in again.consumed:
        yield BROKEN, f"forward or backward changed {state}; pass a Generator or the drawn values instead", ""
    if (error := again.run.error) is not None:
        yield BROKEN, f"called a second time, the code raised {type(error).__name__}: {error}", ""
        return
    if outputs := again.outputs_differ(first):  # then other gradients are no fault of the backward
        keeps = _keeps(point, binding, before)
        for name in outputs:
            yield BROKEN, f"called a second time, the output {name} is another: {keeps}", ""
        return
    if leaked := again.gradients_differ(first):
        if _forward_keeps_state(point, binding, before):
            yield (
                BROKEN,
                f"called a second time, the outputs are others at other values: {_keeps(point, binding, before)}",
                "",
            )
            return
        kept = _what_leaks(point, binding, first)
        for leaf in leaked:
            yield _leak(leaf, again.run.gradients[leaf], first, bound, "called a second time, ", kept)


def _forward_keeps_state(point: Point, binding: Binding, before: Earlier) -> bool:
    """Whether after a call the outputs are others at generic values: zeros may well hide it in this very case."""
    generic = Point(point.subject, Case(point.case.sizes, seed=key(point.case.seed, "generic") % 2**32))
    fresh = _called(generic, binding, [])
    return bool(_called(generic, binding, [before]).outputs_differ(fresh.run))


def _leak(leaf: str, value: Any, first: Run, bound: Bound, when: str, kept: str) -> tuple[Verdict, str, str]:
    fresh = first.gradients[leaf]
    rounding = np.shape(value) == np.shape(fresh) and bool(np.all(apart(value, fresh) <= bound(leaf)))
    message = f"{when}the gradient of {leaf} is another: {leaf}{differing(value, fresh)}; {kept}"
    return BROKEN if rounding else Verdict.REFUTED, message, leaf


def _keeps(point: Point, binding: Binding, before: Earlier) -> str:
    """Where the state of a forward is, and what to do about it."""
    drawn = _called(point, binding, [before], watched=True).drawn
    if drawn:
        return f"the forward draws from {drawn[0]}; make the draws an input, or a generator that is one"
    if isinstance(point.subject.form, ObjectForm) and point.subject.form.reset_hook is None:
        return "the forward keeps state; name what starts it anew with reset=, or make that state an input"
    return "the forward keeps state; make it an input"


# ---- calls


def _called(
    point: Point, binding: Binding, earlier: Sequence[Earlier], *, watched: bool = False, interleaving: bool = False
) -> _Again:
    """The run of a case after others, on the same object and module."""
    form, again = point.subject.form, _Again()
    with binding.untouched(), quiet():
        owner = form.begin(point.case.sizes)
        for other, cotangents in earlier:
            before = Run()
            turn_to(form, owner, other.case.sizes)
            evaluate(before, other, adapter.Floats(), owner=owner, cotangents=cotangents)
            form.reset(owner)
            again.earlier.append(before)
        turn_to(form, owner, point.case.sizes)
        world, own = global_states(), own_generators(owner, binding) if watched else {}
        between = another_forward(point, owner) if interleaving else nothing
        evaluate(again.run, point, adapter.Floats(), owner=owner, between=between)
        again.consumed = changed_since(world)
        after = own_generators(owner, binding) if watched else {}
        again.drawn = [name for name, state in after.items() if own.get(name, state) != state]
    return again


def turn_to(form: Any, owner: Any, sizes: Mapping[str, int]) -> None:
    """The same owner, for a call of these sizes."""
    if isinstance(form, ObjectForm):
        owner.sizes = dict(sizes)
    else:
        form.begin(sizes)


def _what_leaks(point: Point, binding: Binding, first: Run) -> str:
    """Of a gradient that depends on an earlier call: whether on its cotangents alone."""
    again = _called(point, binding, [(shifted(point), None)])
    alike = again.run.error is None and not again.gradients_differ(first)
    return "it depends on the cotangent of the call before" if alike else LEAKS


# ---- what was handed out


def _overwritten(point: Point, before: Run) -> Broken:
    """Outputs and gradients that an earlier call returned stay what they were."""
    form = point.subject.form
    kept = isinstance(form, ObjectForm | LossForm)
    outputs = {} if kept and getattr(form, "outputs", None) is not None else before.returned
    for name, value in outputs.items():
        if isinstance(value, np.ndarray) and not same_bits(value, before.outputs[name]):
            yield BROKEN, f"the output {name} of one call was overwritten by the next: return a copy of the buffer", ""
    for leaf, value in before.originals.items():
        if leaf in _left_in_places(form) or not isinstance(value, np.ndarray):
            continue
        if not same_bits(value, before.gradients[leaf]):
            what = f"the gradient of {leaf} that one call returned was overwritten by the next"
            yield BROKEN, f"{what}: return a copy of the buffer", leaf


def _left_in_places(form: Any) -> set[str]:
    """The gradients that stand at places of an object or a module, which the next call may write into."""
    if isinstance(form, ObjectForm):
        return set(form.leaves) if form.input_gradients is not None else set(form.parameters)
    return set(form.leaves) if isinstance(form, LossForm) else set()
