"""How forward and backward behave when they are called again, called otherwise, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.containers import containers
from oracle.contract.inertness import padding_is_inert, rows_are_independent
from oracle.contract.kinds import BROKEN, Bound, Broken, apart, differing, same_bits
from oracle.contract.layouts import layout
from oracle.contract.reuse import second_call
from oracle.deviations import COTANGENTS
from oracle.point import Point
from oracle.runs import Run, evaluate, in_floats, quiet
from oracle.verdict import Finding


def behaviour(point: Point, binding: Binding, first: Run, bound: Bound) -> Iterator[Finding]:
    """Every broken promise of this case; `first` is its float64 run, `bound` the derived bound of each gradient."""
    for check in CHECKS:
        for verdict, message, leaf in check(point, binding, first, bound):
            yield Finding(verdict, message, leaf, str(point.case))


def mutation(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Inputs and cotangents keep their values, unless `mutates` declares otherwise."""
    declared = point.subject.deviations.mutates
    for name, before in point.values.items():
        allowed = name in declared or name.split(".")[0] in declared
        after = first.arguments[name]
        if isinstance(before, np.ndarray) and not allowed and not same_bits(after, before):
            yield BROKEN, f"the input {name} was modified: {name}{differing(after, before)}", name
    for name, value in first.returned.items():
        if isinstance(value, np.ndarray) and not same_bits(value, first.outputs[name]):
            yield (
                BROKEN,
                f"the output {name} was modified by the backward: it{differing(value, first.outputs[name])}",
                "",
            )
    for name, passed in first.cotangents.items():
        if passed is not None and COTANGENTS not in declared:
            before = point.cotangent(name, np.shape(passed))
            if not same_bits(passed, before):
                message = f"the cotangent of {name} was modified: it{differing(passed, before)}"
                yield BROKEN, f'{message}; declare mutates="cotangents" if that is meant', ""


def aliasing(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """A gradient shares memory with no other gradient, input, cotangent or output."""
    gradients = {f"the gradient of {name}": value for name, value in first.originals.items()}
    others = {f"the input {name}": value for name, value in first.arguments.items()}
    others |= {f"the cotangent of {name}": value for name, value in first.cotangents.items()}
    others |= {f"the output {name}": value for name, value in first.returned.items()}
    seen: dict[str, Any] = {}
    for name, value in gradients.items():
        for other, held in {**seen, **others}.items():
            if _share(value, held):
                yield BROKEN, f"{name} shares memory with {other}: a change to one changes the other", ""
        seen[name] = value


def _share(a: Any, b: Any) -> bool:
    both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    return both and a.size > 0 and bool(np.may_share_memory(a, b)) and bool(np.shares_memory(a, b))


def _cotangents(point: Point, first: Run) -> dict[str, Any]:
    """The cotangents of a run, as they were before the code under test had them."""
    shapes = {name: np.shape(value) for name, value in first.cotangents.items() if value is not None}
    return dict(point.cotangents(shapes))


def zero_cotangent(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """A cotangent of zero gives a gradient of exactly zero."""
    run = _with_cotangents(point, binding, first, 0.0)
    if run is None:
        return
    for leaf, value in run.gradients.items():
        nonzero = np.argwhere(~(np.asarray(value, dtype=float) == 0.0))
        if nonzero.size or (np.ndim(value) == 0 and value != 0.0):
            index = tuple(int(k) for k in nonzero[0]) if np.ndim(value) else ()
            place = f"[{', '.join(map(str, index))}]" if index else ""
            yield BROKEN, f"a cotangent of zero gives {leaf}{place} = {np.asarray(value)[index]:.6g}; expected 0", leaf


def linearity(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """An eighth of the cotangent gives an eighth of the gradient, to the last bit: scaling by 2^-3 rounds nothing."""
    if point.subject.deviations.clip is not None or point.case.regime == "tiny cotangents" or point.subject.updates:
        return
    run = _with_cotangents(point, binding, first, 0.125)
    if run is None:
        return
    for leaf, value in run.gradients.items():
        whole = np.asarray(first.gradients[leaf], dtype=float)
        if not same_bits(8.0 * np.asarray(value, dtype=float), whole):
            index = np.unravel_index(int(np.argmax(apart(8.0 * np.asarray(value), whole))), whole.shape)
            place = f"[{', '.join(map(str, index))}]" if index else ""
            yield (
                BROKEN,
                f"the backward is not linear in the cotangent: an eighth of it gives {leaf}{place} = "
                f"{np.asarray(value)[index]:.6g}, expected {whole[index] / 8:.6g}",
                leaf,
            )


def _with_cotangents(point: Point, binding: Binding, first: Run, factor: float) -> Run | None:
    """A float64 run with all cotangents multiplied; None if the backward takes none, or the run failed."""
    given = {name: value * factor for name, value in _cotangents(point, first).items()}
    run = in_floats(point, binding, cotangents=given)
    return run if run.error is None and run.takes_cotangents else None


def accumulation(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Where it is declared, the backward adds to what the gradient slots hold, whatever that is."""
    if not point.subject.deviations.accumulates:
        return
    run = Run()
    with binding.untouched(), quiet():
        evaluate(run, point, adapter.Floats(), known=1.0)
    if run.error is not None:
        yield BROKEN, f"with filled gradient slots the code raised {type(run.error).__name__}: {run.error}", ""
        return
    for leaf, value in run.gradients.items():
        room = bound(leaf) + 4 * np.finfo(float).eps * (np.size(value) + np.abs(np.asarray(first.gradients[leaf])))
        if not np.all(apart(value, first.gradients[leaf]) <= room):
            yield BROKEN, f"accumulates=True is declared, but {leaf} does not add to what its slot held", leaf


CHECKS = (
    mutation,
    containers,
    accumulation,
    aliasing,
    second_call,
    zero_cotangent,
    linearity,
    layout,
    rows_are_independent,
    padding_is_inert,
)
