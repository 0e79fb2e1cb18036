"""Questions of order along an axis of a raw array: answered by integers where the balls decide, else undecided.

Equal values keep their order, as in NumPy's stable sorts, and are noted as ties.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from oracle.arithmetic import elements
from oracle.arithmetic.kernels import Raw
from oracle.arithmetic.refusals import answered, tie, undecided

Indices = np.ndarray[Any, np.dtype[np.intp]]


def _precedes(a: Any, b: Any) -> int:
    """-1, 0 or 1 as `a` is smaller than, the same as or larger than `b`."""
    if a < b:
        return -1
    if a > b:
        return 1
    if a is b and a.is_finite():
        return 0
    if a == b:
        tie("the order of two zeros" if a == 0 else "the order of two equal values")
        return 0
    raise undecided("the order of overlapping balls")


def is_rising(lane: Raw) -> bool:
    """Whether no element is smaller than the one before it."""
    balls = lane.tolist()
    return all(_precedes(a, b) <= 0 for a, b in itertools.pairwise(balls))


def _order_of(lane: list[Any]) -> list[int]:
    """The permutation that sorts one lane."""
    for ball in lane:
        elements.real_only("sort", ball)
        if elements.infinite(ball) is None:
            raise undecided("the order of a ball without finite bounds")

    def compare(i: int, j: int) -> int:
        return _precedes(lane[i], lane[j])

    return sorted(range(len(lane)), key=functools.cmp_to_key(compare))


def _largest_of(lane: list[Any]) -> int:
    """The index of the first largest element of one lane."""
    best = 0
    for k in range(1, len(lane)):
        if _larger(lane[k], lane[best]):
            best = k
    for ball in lane:
        if not lane[best] >= ball and lane[best] is not ball:
            raise undecided("the largest of overlapping balls")
        if lane[best] == ball and lane[best] is not ball:
            tie("the largest of zeros" if ball == 0 else "the largest of equal values")
    return best


def _larger(a: Any, b: Any) -> bool:
    """Whether `a` is the better guess; the guess is proved afterwards."""
    elements.real_only("argmax", a)
    return bool(a.mid() > b.mid())


def _along(choose: Callable[[list[Any]], int], a: Raw, axis: int) -> Indices:
    """One index for each lane along `axis`."""
    axis = normalize_axis_index(axis, a.ndim)
    if a.shape[axis] == 0:
        raise ValueError("attempt to get an index of an empty sequence")
    lanes = np.moveaxis(a, axis, -1)
    found = np.empty(lanes.shape[:-1], dtype=np.intp)
    for index in np.ndindex(found.shape):
        found[index] = choose(lanes[index].tolist())
    return found


def argmax(a: Raw, axis: int) -> Indices:
    """The index of the first largest element of each lane."""
    return _decided("argmax", _along(_largest_of, a, axis), a, axis)


def argmin(a: Raw, axis: int) -> Indices:
    """The index of the first smallest element of each lane."""
    return _decided("argmin", _along(lambda lane: _largest_of([-ball for ball in lane]), a, axis), a, axis)


def _decided(name: str, found: Indices, a: Raw, axis: int) -> Indices:
    """The places, remembered where there was a choice."""
    if a.shape[axis] > 1:
        answered(name, lambda: found.ravel().tolist())
    return found


def argsort(a: Raw, axis: int) -> Indices:
    """The permutation that sorts each lane, stably."""
    axis = normalize_axis_index(axis, a.ndim)
    lanes = np.moveaxis(a, axis, -1)
    order = np.empty(lanes.shape, dtype=np.intp)
    for index in np.ndindex(lanes.shape[:-1]):
        order[index] = _order_of(lanes[index].tolist())
    if a.shape[axis] > 1:
        answered("sort", lambda: _orders(order))
    return np.moveaxis(order, -1, axis)


def _orders(order: Indices) -> set[tuple[int, ...]]:
    """The different permutations along the last axis; the empty one where nothing moves, at any length."""
    still = tuple(range(order.shape[-1]))
    met = set(map(tuple, order.reshape(-1, order.shape[-1]).tolist()))
    return {() if permutation == still else permutation for permutation in met}


def sorted_along(a: Raw, axis: int) -> Raw:
    """The elements of each lane in ascending order."""
    return np.take_along_axis(a, argsort(a, axis), normalize_axis_index(axis, a.ndim))


def insertion_points(sorted_lane: Raw, values: Raw, side: str) -> Indices:
    """Where each value belongs in a sorted lane: before (left) or after (right) its equals."""
    lane = sorted_lane.tolist()
    found = np.empty(values.shape, dtype=np.intp)
    for index in np.ndindex(values.shape):
        steps = [_precedes(ball, values[index]) for ball in lane]
        found[index] = sum(step < 0 or (step == 0 and side == "right") for step in steps)
    if lane:
        answered("searchsorted", lambda: found.ravel().tolist())
    return found
