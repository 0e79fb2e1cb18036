"""What a layer keeps of its forward for its backward, and the checks that come before it is made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate, repeat
from typing import Any, NamedTuple

import numpy as np

from lstm_ref.activations import complement, identity, open_by_tail, tanh
from lstm_ref.cell import Linearised, Slopes, StepTape, rows_for_gates, take_slopes
from lstm_ref.checks import (
    Array,
    expect_floats,
    expect_if_given,
    expect_kind,
    expect_parameter,
    expect_shape,
    expect_size,
)
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
    block: int = 1  # how many steps are taken at once

    @property
    def q_T(self) -> Array | None:
        """The gates i, f, o of the last step, (B, 3H): q0 of what comes next; None without gate recurrence."""
        return None if self.q is None else self.q[-1].copy()

    @property
    def blocks(self) -> list[slice]:
        """The steps, so many at a time; the last block may be shorter."""
        T = len(self.tails)
        return [slice(first, min(first + self.block, T)) for first in range(0, T, self.block)]

    def part(self, steps: slice) -> Tape:
        """The tape of these steps alone."""
        states = slice(steps.start, steps.stop + 1)
        of_steps = {name: getattr(self, name)[steps] for name in ("x", "tails", "m")}
        of_states = {name: getattr(self, name)[states] for name in ("s", "h")}
        q, pad = None if self.q is None else self.q[states], None if self.pad is None else self.pad[steps]
        return self._replace(**of_steps, **of_states, q=q, pad=pad)


def linearised(tape: Tape) -> list[Linearised]:
    """Each step of a tape about the values it took, with gates, c and slopes taken again from what the tape keeps.

    They take a few times the memory of the tape itself: ask for as many steps as stay in a cache.

    Example
    -------
    >>> from lstm_ref import layer
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> tape = layer.forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))[3]
    >>> [step.s_prev.item() for step in linearised(tape)]
    [1.0, 0.5]
    """
    cell, (n, K, B, H), s, dtype = tape.cell, tape.tails.shape, tape.s[1:], tape.s.dtype
    tails = tape.tails.swapaxes(0, 1)  # (K, n, B, H)
    gates, own = rows_for_gates(cell, n, B, H, dtype=dtype)
    g, i, f, _ = gates
    slopes = Slopes(np.empty((n, K, B, H), dtype=dtype), np.empty((n, B, H), dtype=dtype))
    (tanh if cell.tanh_of_input else identity)(tails[0], out=g)  # (2)
    open_by_tail(tails[1:], own[1:])  # (3)
    complement(i, tails[1], out=f) if cell.coupled else None  # (3)
    c = tanh(s) if cell.tanh_of_state else s  # (5)
    take_slopes(tails, own[1:], s, cell, Slopes(slopes.gates.swapaxes(0, 1), slopes.c))
    each = zip(*gates, strict=True), tape.s[:-1], c, map(Slopes, *slopes), repeat(cell), repeat(tape.p)
    return list(map(Linearised, *each))


def steps_at_once(T: int, B: int, H: int) -> int:
    """How many steps make a block: as many as stay in a cache of some MiB, and enough for products of 256 rows."""
    return min(T, max((1 << 14) // (B * H), -(-256 // B), 1))


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
    q0: Array | None,
    block: int | None,
    out: Tape | None,
) -> Tape:
    """Memory for every step, or that of `out`, with h0, s0 and q0 in their places."""
    T, (B, H), R, K, dtype = len(x), s0.shape, h0.shape[1], len(cell.gates), x.dtype
    shapes = ((T, K, B, H), (T + 1, B, H), (T + 1, B, R), (T * (P is not None), B, H))
    tails, s, h, m = _parts_of_one_block(shapes, dtype) if out is None else _parts_of(out, shapes, dtype)
    m = h[1:] if P is None else m
    q = _gates_from(q0, (T + 1, B, 3 * H), dtype) if cell.gate_recurrence else None
    pad = None if lengths is None else padding(lengths, T, B)
    s[0], h[0] = s0, h0
    return Tape(x, W, U, tails, s, m, h, cell, p, V, P, q, pad, q0 is not None, block or steps_at_once(T, B, H))


def _parts_of(tape: Tape, shapes: tuple[tuple[int, ...], ...], dtype: Any) -> list[Array]:
    """The arrays of a tape that is no longer needed; raise unless they have these shapes."""
    parts = [tape.tails, tape.s, tape.h, tape.m[: len(tape.m) * (tape.P is not None)]]
    given = tuple(part.shape for part in parts)
    if (given, tape.s.dtype) != (shapes, dtype):
        raise ValueError(
            f"out is a tape with arrays of {tape.s.dtype} and shapes {given}, expected {dtype} and {shapes}: "
            "leave it out where sizes, cell, projection or dtype are others than before"
        )
    return parts


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
        yield StepTape(gates, opened, s_prev, s, c if cell.tanh_of_state else s, m, tails, cell, tape.p, units)


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
    block: int | None = None,
    out: Tape | None = None,
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
    None if block is None else expect_size("block", block)
    None if out is None else expect_kind("out", out, Tape, "a tape that forward returned")


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
