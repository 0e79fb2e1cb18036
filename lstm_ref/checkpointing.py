"""Backpropagation through a long sequence in little memory: keep what each chunk starts from, run it again later.

    h^j, h_j, s_j, q_j = layer(x^j, h_{j-1}, s_{j-1}, q_{j-1})    (1)   for the chunks j = 1, 2, …, as in
    h = [h^1, h^2, …]                                             (2)   `lstm_ref.chunks`

The forward keeps h_{j-1}, s_{j-1} and q_{j-1} alone, and the backward runs (1) again, chunk by chunk from the last,
each time with the tape of that one chunk. With chunks of √T steps memory beside inputs, outputs and gradients grows as
√T, and the time is that of two forwards and one backward. The gradients have the very bits of those of
`lstm_ref.chunks.backward`.

Source: Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost" (arXiv:1604.06174).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from lstm_ref import layer
from lstm_ref.checks import Array, expect_kind
from lstm_ref.chunks import checked_cotangents, chunk_by_chunk, chunks_of, masks_of, present
from lstm_ref.layer import Gradients
from lstm_ref.tape import check_inputs
from lstm_ref.variant import SEED, Variant


class Tape(NamedTuple):
    """What `forward` leaves for `backward`: the inputs themselves, and what each chunk starts from."""

    x: Array  # (T, B, D)
    W: Array  # (KH, D)
    U: Array  # (KH, R)
    b: Array  # (KH,)
    cell: Variant
    p: Array | None  # (K-1, H)
    V: Array | None  # (3H, 3H)
    P: Array | None  # (R, H)
    chunks: tuple[slice, ...]  # the steps of each chunk
    masks: list[Array | None]  # (steps, B) which of them are there
    h: list[Array]  # (B, R) before each chunk
    s: list[Array]  # (B, H) before each chunk
    q: list[Array | None]  # (B, 3H) before each chunk, with gate recurrence; None before the first where not given
    q_T: Array | None  # (B, 3H) after the last: q0 of what comes next


def forward(
    x: Array,
    h0: Array,
    s0: Array,
    W: Array,
    U: Array,
    b: Array,
    cell: Variant = SEED,
    p: Array | None = None,
    V: Array | None = None,
    P: Array | None = None,
    lengths: Any = None,
    q0: Array | None = None,
    *,
    steps: int | None = None,
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of all steps, and the output and state of the last, equations (1) and (2).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0 : (B, R) output and s0 : (B, H) state before the first step
    W, U, b, cell, p, V, P, lengths, q0 : as for `lstm_ref.layer.forward`
    steps : the length of a chunk, at least 1; absent, √T rounded up

    Returns
    -------
    h : (T, B, R), h_T : (B, R), s_T : (B, H) as of the layer
    tape : for `backward`; it holds x and the parameters themselves, so do not change these before `backward` has run;
        `tape.q_T` are the gates of the last step

    Raises
    ------
    ValueError : `steps` is less than 1, a shape does not fit the others, a size is 0, or what the cell needs is missing
    TypeError : `steps` is no whole number, or an array does not hold floating-point numbers of x's dtype

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> h.ravel(), h_T, s_T
    (array([0.25 , 0.125]), array([[0.125]]), array([[0.25]]))
    """
    parts = chunks_of(x, root_of(x) if steps is None else steps)
    check_inputs(x, h0, s0, W, U, b, cell, p, V, P, q0)
    masks, h = masks_of(lengths, x, parts), np.empty((len(x), *h0.shape), dtype=x.dtype)
    h_j, s_j, q_j = h0.copy(), s0.copy(), None if q0 is None else q0.copy()
    h_starts, s_starts, q_starts = [], [], []
    for j, there in zip(parts, masks, strict=True):
        h_starts.append(h_j)
        s_starts.append(s_j)
        q_starts.append(q_j)
        h[j], h_j, s_j, q_j = _left(*layer.forward(x[j], h_j, s_j, W, U, b, cell, p, V, P, there, q_j))  # (1), (2)
    return h, h_j, s_j, Tape(x, W, U, b, cell, p, V, P, parts, masks, h_starts, s_starts, q_starts, q_j)


def backward(
    h_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, tape: Tape, q_T_bar: Array | None = None
) -> Gradients:
    """The cotangents of all inputs: what backpropagation through the whole sequence gives.

    Parameters
    ----------
    h_bar : (T, B, R), h_T_bar : (B, R), s_T_bar : (B, H) cotangents of the outputs; None where they are zero
    tape : as `forward` left it; it is read only
    q_T_bar : (B, 3H) cotangent of `tape.q_T`, for a cell with gate recurrence; absent, zero

    Returns
    -------
    gradients : named by input and in their order, q0 where it was given; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output, or the tape is another

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> *_, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> backward(None, np.ones((1, 1)), None, tape).s0
    array([[0.125]])
    """
    expect_kind("tape", tape, Tape, "the tape that forward returned")
    x, W, U, b, cell, p, V, P, chunks, masks, h, s, q, _ = tape

    def tape_of(n: int) -> layer.Tape:
        return layer.forward(x[chunks[n]], h[n], s[n], W, U, b, cell, p, V, P, masks[n], q[n])[3]  # (1) again

    bars = checked_cotangents(h_bar, h_T_bar, s_T_bar, q_T_bar, x, h[0], s[0], cell)
    return chunk_by_chunk(*bars, x, present(W, U, b, p, V, P), chunks, tape_of)


def _left(h: Array, h_j: Array, s_j: Array, tape: layer.Tape) -> tuple[Array, Array, Array, Array | None]:
    """What is kept of a chunk, without its tape."""
    return h, h_j, s_j, tape.q_T


def root_of(x: Array) -> int:
    """√T for a sequence of T steps, rounded up; at least 1."""
    T = np.shape(x)[0] if np.ndim(x) else 0
    return math.isqrt(max(T - 1, 0)) + 1
