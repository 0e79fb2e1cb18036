"""Whether lists and dictionaries that were handed over are left as they were: their owner goes on using them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.binding import Binding
from oracle.contract.kinds import BROKEN, Bound, Broken
from oracle.deviations import COTANGENTS
from oracle.inputs import nest
from oracle.point import Point
from oracle.runs import Run, output_root
from oracle.trees import flatten

_PLAIN = (bool, int, float, complex, str, bytes, type(None), set, frozenset, list, tuple, dict)


def containers(point: Point, binding: Binding, first: Run, bound: Bound) -> Broken:
    """Every member stays in its place: of nested inputs, of nested cotangents, and of what is fixed in the backward.

    A key more in a dictionary takes nothing away, and a forward may keep what it likes in a fixed one.
    """
    declared = point.subject.deviations.mutates
    specs: Mapping[str, Any] = getattr(point.subject.form, "inputs", {})
    for (name, spec), handed in zip(specs.items(), first.handed, strict=False):
        if name not in declared and (place := changed(nest(spec, first.arguments, name), handed, name)):
            yield BROKEN, f"the input {name} was modified: {place}", name
    if COTANGENTS not in declared:
        root = output_root(point.subject)
        left, _ = flatten(first.pushed, root)
        for name, passed in first.cotangents.items():
            if passed is not None and not _equal(left.get(name), passed):
                yield BROKEN, f"the cotangents were modified: that of {name} is no longer in its place", ""
    for name, before in first.fixed.items():
        if name not in declared and (place := changed(before, first.arguments[name], name)):
            yield BROKEN, f"the backward modified the fixed input {name}: {place}", ""


def changed(before: Any, after: Any, name: str) -> str:
    """What is no longer as it was, in words; empty where all is."""
    if before is after:
        return ""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        gone = [key for key in before if key not in after]
        if gone:
            return f"{name}[{gone[0]!r}] is gone"
        return next(filter(None, (changed(before[key], after[key], f"{name}[{key!r}]") for key in before)), "")
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        if len(before) != len(after):
            return f"{name} has {len(after)} members, had {len(before)}"
        parts = zip(before, after, strict=True)
        return next(filter(None, (changed(one, other, f"{name}[{k}]") for k, (one, other) in enumerate(parts))), "")
    return "" if _equal(before, after) else f"{name} is another"


def _equal(one: Any, other: Any) -> bool:
    """Whether two members hold the same; of objects whose equality is nobody's business here, nothing is said."""
    if one is other:
        return True
    if isinstance(one, np.ndarray | np.generic) or isinstance(other, np.ndarray | np.generic):
        arrays = np.asarray(one), np.asarray(other)
        floats = all(array.dtype.kind in "fc" for array in arrays)
        return bool(np.array_equal(*arrays, equal_nan=floats))
    if isinstance(one, _PLAIN) or isinstance(other, _PLAIN):
        return bool(one == other) or one != one
    return True
