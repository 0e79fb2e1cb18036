"""What a layer keeps of its forward for its backward, and the checks that come before it is made."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from lstm_ref.cell import StepTape, absent_gates
from lstm_ref.checks import Array, expect_floats, expect_kind, expect_parameter, expect_shape
from lstm_ref.lengths import padding
from lstm_ref.variant import Variant


class Tape(NamedTuple):
    """What `lstm_ref.layer.forward` leaves for `backward`; x and the parameters are held, not copied."""

    x: Array  # (T, B, D)
    W: Array  # (KH, D)
    U: Array  # (KH, R)
    gates: Array  # (T, 4, B, H)  g, i, f, o
    tails: Array  # (T, K, B, H)  a_g, and exp(-a) of the gates; before its step, a itself
    s: Array  # (T+1, B, H)  s[0] is s0
    c: Array  # (T, B, H)  s[1:] itself in the seed's cell
    m: Array  # (T, B, H)  c ⊙ o; h[1:] itself without projection
    h: Array  # (T+1, B, R)  h[0] is h0
    cell: Variant
    p: Array | None = None  # (K-1, H)
    V: Array | None = None  # (3H, 3H)
    P: Array | None = None  # (R, H)
    q: Array | None = None  # (T+1, B, 3H)  i, f, o side by side, with gate recurrence
    pad: Array | None = None  # (T, B, 1)  which steps are padded, if any may be

    def at(self, t: int) -> StepTape:
        """The views that belong to step t, counted from 0."""
        return StepTape(self.gates[t], self.s[t], self.s[t + 1], self.c[t], self.m[t], self.tails[t], self.cell, self.p)


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
) -> tuple[Array, Tape]:
    """Memory for the pre-activations (T, B, KH), and buffers for every step, with h0 and s0 in their places."""
    T, (B, H), R, K, dtype = len(x), s0.shape, h0.shape[1], len(cell.gates), x.dtype
    own_c, own_m = T * cell.tanh_of_state, T * (P is not None)
    shapes = ((T, B, K, H), (T, 4, B, H), (T + 1, B, H), (T + 1, B, R), (own_c, B, H), (own_m, B, H))
    a, gates, s, h, c, m = _parts_of_one_block(shapes, dtype)
    c, m = c if own_c else s[1:], m if own_m else h[1:]
    q = np.zeros((T + 1, B, 3 * H), dtype=dtype) if cell.gate_recurrence else None
    pad = None if lengths is None else padding(lengths, T, B)
    s[0], h[0] = s0, h0
    tape = Tape(x, W, U, absent_gates(gates, cell), a.transpose(0, 2, 1, 3), s, c, m, h, cell, p, V, P, q, pad)
    return a.reshape(T, B, K * H), tape


def _parts_of_one_block(shapes: tuple[tuple[int, ...], ...], dtype: Any) -> list[Array]:
    """Arrays of these shapes, side by side in one block.

    Memory allocators keep a block that was freed for the next of its size, and hand several smaller ones back to the
    system, which has to clear them again in every call.
    """
    sizes = [math.prod(shape) for shape in shapes]
    block = np.empty(sum(sizes), dtype=dtype)
    ends = list(itertools.accumulate(sizes))
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


def check_cotangents(h_bar: Array, h_T_bar: Array, s_T_bar: Array, tape: Tape) -> None:
    """Raise unless the cotangents have the shapes and the dtype of the outputs."""
    (T, B, H), R = tape.c.shape, "H" if tape.P is None else "R"
    sizes = {"T": T, "B": B, "H": H, "R": tape.h.shape[2]}
    for name, array, letters in (
        ("h_bar", h_bar, f"T B {R}"),
        ("h_T_bar", h_T_bar, f"B {R}"),
        ("s_T_bar", s_T_bar, "B H"),
    ):
        expect_floats(name, array, like=tape.h)
        expect_shape(name, array, letters, sizes)
