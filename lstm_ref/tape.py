"""What a layer keeps of its forward for its backward, and the checks that come before it is made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate, repeat
from typing import Any, NamedTuple

import numpy as np

from lstm_ref.activations import complement, identity, open_by_tail, tanh
from lstm_ref.cell import Slopes, StepTape, rows_for_gates, take_slopes
from lstm_ref.checks import Array, expect_floats, expect_if_given, expect_kind, expect_parameter, expect_shape
from lstm_ref.lengths import padding
from lstm_ref.variant import Variant


class Tape(NamedTuple):
    """What `lstm_ref.layer.forward` leaves for `backward`; x and the parameters are held, not copied."""

    x: Array  # (T, B, D)
    W: Array  # (KH, D)
    U: Array  # (KH, R)
    tails: Array  # (T, K, B, H)  a_g, and exp(-a) of the gates; before its step, a itself
    s: Array  # (T+1, B, H)  s[0] is s0
    m: Array  # (T, B, H)  c ⊙ o; h[1:] itself without projection
    h: Array  # (T+1, B, R)  h[0] is h0
    cell: Variant
    p: Array | None = None  # (K-1, H)
    V: Array | None = None  # (3H, 3H)
    P: Array | None = None  # (R, H)
    q: Array | None = None  # (T+1, B, 3H)  i, f, o side by side, with gate recurrence
    pad: Array | None = None  # (T, B, 1)  which steps are padded, if any may be
    q0_given: bool = False  # whether q[0] is an input, whose cotangent is asked for

    @property
    def q_T(self) -> Array | None:
        """The gates i, f, o of the last step, (B, 3H): q0 of what comes next; None without gate recurrence."""
        return None if self.q is None else self.q[-1].copy()


class Steps:
    """The steps of a tape as `step_vjp` wants them, with gates, c and slopes taken again from what the tape keeps.

    Some steps at a time: as many as stay in a cache.
    """

    def __init__(self, tape: Tape) -> None:
        """Memory for the steps that are at hand at the same time."""
        T, K, B, H = tape.tails.shape
        self._tape, self._n, self._known = tape, min(T, steps_at_once(16 * B * H)), range(0)
        shape, dtype = (self._n, B, H), tape.s.dtype
        self._gates, self._own = rows_for_gates(tape.cell, *shape, dtype=dtype)
        self._c, c_slope = np.empty((2, *shape), dtype=dtype)
        self._slopes = Slopes(np.empty((K, *shape), dtype=dtype), c_slope)
        self._ones = np.ones((K - 1, *shape), dtype=dtype)
        self._tapes: list[StepTape] = []

    def at(self, t: int) -> StepTape:
        """What belongs to step t, counted from 0."""
        if t not in self._known:
            first = t - t % self._n
            self._known = range(first, min(first + self._n, len(self._tape.tails)))
            self._tapes = self._taken(self._known.start, self._known.stop)
        return self._tapes[t - self._known.start]

    def _taken(self, first: int, end: int) -> list[StepTape]:
        """Each of these steps."""
        tape, cell, n = self._tape, self._tape.cell, end - first
        tails = np.ascontiguousarray(tape.tails[first:end].swapaxes(0, 1))  # (K, n, B, H)
        s_prev, s, m = tape.s[first:end], tape.s[first + 1 : end + 1], tape.m[first:end]
        gates, own = [gate[:n] for gate in self._gates], self._own[:, :n]
        g, i, f, _ = gates
        (tanh if cell.tanh_of_input else identity)(tails[0], out=g)
        open_by_tail(tails[1:], own[1:])
        complement(i, tails[1], out=f) if cell.coupled else None
        c = tanh(s, out=self._c[:n]) if cell.tanh_of_state else s
        out = Slopes(self._slopes.gates[:, :n], self._slopes.c[:n])
        take_slopes(tails, own[1:], s, cell, out, self._ones[:, :n])
        slopes = map(Slopes, np.ascontiguousarray(out.gates.swapaxes(0, 1)), out.c)
        opened = own[1:].swapaxes(0, 1)
        every = zip(*gates, strict=True), opened, s_prev, s, c, m, tape.tails[first:end]
        return list(map(StepTape, *every, repeat(cell), repeat(tape.p), slopes))


def steps_at_once(size: int) -> int:
    """How many steps of so many numbers stay in a cache of some MiB."""
    return max(1, (1 << 18) // size)


def new_tape(
    x: Array,
    h0: Array,
    s0: Array,
    W: Array,
    U: Array,
    cell: Variant,
    p: Array | None,
    V: Array | None,
    P: Array | None,
    lengths: Any,
    q0: Array | None = None,
) -> Tape:
    """Memory for every step, with h0, s0 and q0 in their places."""
    T, (B, H), R, K, dtype = len(x), s0.shape, h0.shape[1], len(cell.gates), x.dtype
    own_m = T * (P is not None)
    shapes = ((T, K, B, H), (T + 1, B, H), (T + 1, B, R), (own_m, B, H))
    tails, s, h, m = _parts_of_one_block(shapes, dtype)
    m = m if own_m else h[1:]
    q = _gates_from(q0, (T + 1, B, 3 * H), dtype) if cell.gate_recurrence else None
    pad = None if lengths is None else padding(lengths, T, B)
    s[0], h[0] = s0, h0
    return Tape(x, W, U, tails, s, m, h, cell, p, V, P, q, pad, q0 is not None)


def _gates_from(q0: Array | None, shape: tuple[int, ...], dtype: Any) -> Array:
    """Memory for the gates of every step, with those before the first one in their place."""
    q = np.zeros(shape, dtype=dtype)
    q[0] = 0.0 if q0 is None else q0
    return q


def writing(tape: Tape) -> Iterator[StepTape]:
    """The steps of a tape for the forward to fill; gates and c are in memory that all of them share."""
    cell, (B, H) = tape.cell, tape.s[0].shape
    gates, own = rows_for_gates(cell, B, H, dtype=tape.s.dtype)
    opened, c = own[1:], np.empty_like(tape.s[0])
    one = np.ones((), dtype=tape.s.dtype)
    units = one, -one
    for s_prev, s, m, tails in zip(tape.s[:-1], tape.s[1:], tape.m, tape.tails, strict=True):
        yield StepTape(gates, opened, s_prev, s, c if cell.tanh_of_state else s, m, tails, cell, tape.p, None, units)


def _parts_of_one_block(shapes: tuple[tuple[int, ...], ...], dtype: Any) -> list[Array]:
    """Arrays of these shapes, side by side in one block.

    Memory allocators keep a block that was freed for the next of its size, and hand several smaller ones back to the
    system, which has to clear them again in every call.
    """
    sizes = [math.prod(shape) for shape in shapes]
    block = np.empty(sum(sizes), dtype=dtype)
    ends = list(accumulate(sizes))
    return [block[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, shapes, strict=True)]


def check_inputs(
    x: Array,
    h0: Array,
    s0: Array,
    W: Array,
    U: Array,
    b: Array,
    cell: Variant,
    p: Array | None,
    V: Array | None,
    P: Array | None,
    q0: Array | None = None,
) -> None:
    """Raise unless the inputs of a layer's forward fit together."""
    expect_kind("cell", cell, Variant, "a Variant, such as SEED or STANDARD")
    sizes: dict[str, int] = {}
    K, R = len(cell.gates), "H" if P is None else "R"
    expect_floats("x", x)
    for name, array, letters in (
        ("x", x, "T B D"),
        ("h0", h0, f"B {R}"),
        ("s0", s0, "B H"),
        ("W", W, f"{K}H D"),
        ("U", U, f"{K}H {R}"),
        ("b", b, f"{K}H"),
    ):
        expect_floats(name, array, like=x)
        expect_shape(name, array, letters, sizes)
    expect_parameter("p", p, f"{K - 1} H", sizes, x, cell.name, cell.peepholes)
    expect_parameter("V", V, "3H 3H", sizes, x, cell.name, cell.gate_recurrence)
    expect_parameter("P", P, "R H", sizes, x, cell.name, P is not None)
    expect_if_given("q0", q0, "B 3H", sizes, x, cell.name, cell.gate_recurrence)


def check_cotangents(h_bar: Array, h_T_bar: Array, s_T_bar: Array, tape: Tape, q_T_bar: Array | None = None) -> None:
    """Raise unless the cotangents have the shapes and the dtype of the outputs."""
    (T, B, H), R = tape.m.shape, "H" if tape.P is None else "R"
    sizes = {"T": T, "B": B, "H": H, "R": tape.h.shape[2]}
    for name, array, letters in (
        ("h_bar", h_bar, f"T B {R}"),
        ("h_T_bar", h_T_bar, f"B {R}"),
        ("s_T_bar", s_T_bar, "B H"),
    ):
        expect_floats(name, array, like=tape.h)
        expect_shape(name, array, letters, sizes)
    expect_if_given("q_T_bar", q_T_bar, "B 3H", sizes, tape.h, tape.cell.name, tape.cell.gate_recurrence)
