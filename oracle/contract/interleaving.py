"""Whether two uses of the same code stay apart: a second forward between a forward and its backward.

Functions that hand the backward a cache, or the inputs, promise that nothing else matters: in a network with two such
layers both forwards run before both backwards. So do two objects of one class.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.kinds import BROKEN, Broken, differing, same_bits
from oracle.contract.others import shifted
from oracle.forms.functions import FunctionsForm
from oracle.forms.object import ObjectForm
from oracle.point import Point
from oracle.runs import Run, as_passed, evaluate, quiet


def interleaved(point: Point, binding: Binding, first: Run) -> Broken:
    """Another forward between forward and backward changes no gradient, where the backward is handed what it needs."""
    run, form = Run(), point.subject.form
    with binding.untouched(), quiet():
        owner = form.begin(point.case.sizes)
        evaluate(run, point, adapter.Floats(), owner=owner, between=another_forward(point, owner))
    if run.error is not None:
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


def nothing() -> None:
    """What happens between a forward and its backward by default."""


def another_forward(point: Point, owner: Any) -> Callable[[], None]:
    """A second forward on other inputs, of another object; nothing where no promise is that it does nothing.

    A second object has the same parameters: two objects may well share those.
    """
    form: Any = point.subject.form
    objects = isinstance(form, ObjectForm)
    if not objects and not isinstance(form, FunctionsForm):
        return nothing
    second = form.begin(point.case.sizes)
    if objects and owner.target is second.target:
        return nothing
    names = list(form.input_leaves) if objects else None
    values = shifted(shifted(point, names), names).values  # not those of a call before

    def forward() -> None:
        if objects or form.is_handed_all(owner):
            with contextlib.suppress(Exception, SystemExit):  # that a second one raises says nothing of the first
                form.forward(second, as_passed(adapter.Floats(), values))

    return forward
