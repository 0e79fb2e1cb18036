"""Whether two uses of the same code stay apart: a second forward between a forward and its backward.

Functions that hand the backward a cache, or the inputs, promise that nothing else matters: in a network with two such
layers both forwards run before both backwards. So do two objects of one class.
"""

from __future__ import annotations

import contextlib
from typing import Any

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.kinds import BROKEN, Bound, Broken, differing, same_bits
from oracle.contract.reuse import shifted
from oracle.forms.functions import FunctionsForm
from oracle.forms.object import ObjectForm
from oracle.point import Point
from oracle.runs import Run, as_passed, evaluate, quiet


def interleaved(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Another forward between forward and backward changes no gradient, where the backward is handed what it needs."""
    form: Any = point.subject.form
    if not isinstance(form, FunctionsForm | ObjectForm):
        return
    run = _with_another_between(point, binding, form)
    if run is None or run.error is not None:
        return
    when, why = _OBJECTS if isinstance(form, ObjectForm) else _FUNCTIONS
    for leaf, value in run.gradients.items():
        if not same_bits(value, first.gradients[leaf]):
            other = f"the gradient of {leaf} is another: {leaf}{differing(value, first.gradients[leaf])}"
            yield BROKEN, f"{when}, {other}; {why}", leaf


_OBJECTS = ("with the forward of a second object before its backward", "the two objects share what they keep")
_FUNCTIONS = (
    "with another forward before its backward",
    "what the backward is handed is overwritten, or it uses something else",
)


def _with_another_between(point: Point, binding: Binding, form: Any) -> Run | None:
    """The run with a second forward on other inputs in its middle; None where that is not promised to do nothing.

    A second object has the same parameters: two objects may well share those.
    """
    run, numbers, promised = Run(), adapter.Floats(), [True]
    objects = isinstance(form, ObjectForm)
    with binding.untouched(), quiet():
        owner, second = form.begin(point.case.sizes), form.begin(point.case.sizes)
        if objects and owner.target is second.target:
            return None
        values = shifted(point, list(form.input_leaves) if objects else None).values

        def between() -> None:
            promised[0] = objects or form.is_handed_all(owner)
            if promised[0]:
                with contextlib.suppress(Exception, SystemExit):  # that a second one raises says nothing of the first
                    form.forward(second, as_passed(numbers, values))

        evaluate(run, point, numbers, owner=owner, between=between)
    return run if promised[0] else None
