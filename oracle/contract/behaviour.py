"""How forward and backward behave when they are called again, called otherwise, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.contract.inertness import padding_is_inert, rows_are_independent
from oracle.contract.kinds import BROKEN, Bound, Broken, apart
from oracle.deviations import COTANGENTS
from oracle.point import Point
from oracle.runs import Run, evaluate, in_floats, quiet
from oracle.verdict import Finding, Verdict


def behaviour(point: Point, binding: Binding, first: Run, bound: Bound) -> Iterator[Finding]:
    """Every broken promise of this case; `first` is its float64 run, `bound` the derived bound of each gradient."""
    for check in CHECKS:
        for verdict, message, leaf in check(point, binding, first, bound):
            yield Finding(verdict, message, leaf, str(point.case))


def same_bits(a: Any, b: Any) -> bool:
    """Whether two float arrays hold the same numbers; NaN equals NaN here, for it is about bits."""
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))


def _differing(a: Any, b: Any) -> str:
    """The first differing entry, as `[1, 2] is 0.3, was 0.1`."""
    one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if one.shape != other.shape:
        return f" has shape {one.shape}, had {other.shape}"
    index = tuple(int(k) for k in np.argwhere(~((one == other) | (np.isnan(one) & np.isnan(other))))[0])
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{place} is {one[index]:.9g}, was {other[index]:.9g}"


def mutation(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Inputs and cotangents keep their values, unless `mutates` declares otherwise."""
    declared = point.subject.deviations.mutates
    for name, before in point.values.items():
        allowed = name in declared or name.split(".")[0] in declared
        after = first.arguments[name]
        if isinstance(before, np.ndarray) and not allowed and not same_bits(after, before):
            yield BROKEN, f"the input {name} was modified: {name}{_differing(after, before)}", name
    for name, value in first.returned.items():
        if isinstance(value, np.ndarray) and not same_bits(value, first.outputs[name]):
            yield (
                BROKEN,
                f"the output {name} was modified by the backward: it{_differing(value, first.outputs[name])}",
                "",
            )
    for name, passed in first.cotangents.items():
        if passed is not None and COTANGENTS not in declared:
            before = point.cotangent(name, np.shape(passed))
            if not same_bits(passed, before):
                message = f"the cotangent of {name} was modified: it{_differing(passed, before)}"
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


def second_call(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """After a call with other values and cotangents, the same case gives the same bits, outputs too."""
    given = {name: _shifted(value) for name, value in _cotangents(point, first).items()}
    again, consumed = _called_again(point, binding, given if first.takes_cotangents else None)
    if consumed:
        message = (
            "forward or backward changed NumPy's global random state; pass a Generator or the drawn values instead"
        )
        yield BROKEN, message, ""
    if again.error is not None:
        yield BROKEN, f"called a second time, the code raised {type(again.error).__name__}: {again.error}", ""
        return
    leaked = [leaf for leaf, value in again.gradients.items() if not same_bits(value, first.gradients[leaf])]
    kept = _what_leaks(point, binding, first) if leaked else ""
    for leaf in leaked:
        value = again.gradients[leaf]
        rounding = bool(np.all(apart(value, first.gradients[leaf]) <= bound(leaf)))
        message = f"called a second time, the gradient of {leaf} is another: {leaf}"
        message += f"{_differing(value, first.gradients[leaf])}; {kept}"
        yield BROKEN if rounding else Verdict.REFUTED, message, leaf
    for name, value in again.outputs.items():
        held = first.outputs.get(name)
        if np.asarray(value).dtype.kind == "f" and not (held is not None and same_bits(value, held)):
            message = f"called a second time, the output {name} is another; state leaks from one call into the next"
            yield BROKEN, message, ""


def _called_again(point: Point, binding: Binding, given: Mapping[str, Any] | None) -> tuple[Run, bool]:
    """The run of a case after one with other inputs and the given cotangents; and whether random numbers were drawn.

    Both are on the same object and module. Without given cotangents, the first call has those of the case.
    """
    other = point.moved({name: _shifted(value) for name, value in point.values.items()})
    form, again = point.subject.form, Run()
    with binding.untouched(), quiet():
        owner = form.begin(point.case.sizes)
        evaluate(Run(), other, adapter.Floats(), owner=owner, cotangents=given)
        form.reset(owner)
        state = _random_state()
        evaluate(again, point, adapter.Floats(), owner=owner)
        return again, state != _random_state()


def _what_leaks(point: Point, binding: Binding, first: Run) -> str:
    """Of a gradient that depends on an earlier call: whether on its cotangents alone."""
    again, _ = _called_again(point, binding, None)
    alike = again.error is None and all(same_bits(v, first.gradients[leaf]) for leaf, v in again.gradients.items())
    return "it depends on the cotangent of the call before" if alike else "state leaks from one call into the next"


def _random_state() -> bytes:
    """NumPy's global random state, with the normal number that it may hold back for the next call."""
    _, words, *rest = np.random.get_state()
    return bytes(np.asarray(words).tobytes()) + repr(rest).encode()


def _shifted(value: Any) -> Any:
    """Other values of the same kind: what a leak from an earlier call would carry over."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * 0.75 + 0.125
    return value


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


def layout(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Inputs that are not contiguous in memory give the same gradients."""
    run = in_floats(point, binding, strided=True)
    if run.error is not None:
        yield (
            BROKEN,
            f"with inputs that are not contiguous, the code raised {type(run.error).__name__}: {run.error}",
            "",
        )
        return
    for leaf, value in run.gradients.items():
        if not np.all(apart(value, first.gradients[leaf]) <= 2 * bound(leaf)):
            yield BROKEN, f"with inputs that are not contiguous, the gradient of {leaf} is another", leaf


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
    accumulation,
    aliasing,
    second_call,
    zero_cotangent,
    linearity,
    layout,
    rows_are_independent,
    padding_is_inert,
)
