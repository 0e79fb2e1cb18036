"""A sequence run in chunks, where each starts from what the one before it left.

    h^j, h_j, s_j = layer(x^j, h_{j-1}, s_{j-1})      (1)   for the chunks j = 1, 2, …; h_0 and s_0 are given
    h = [h^1, h^2, …]                                 (2)

| symbol  | name                                      | shape         |
| ------- | ----------------------------------------- | ------------- |
| x^j h^j | inputs and outputs of chunk j             | (steps, B, ·) |
| h_j s_j | output and state after the last step of it | (B, H)       |

Two backwards belong to this one forward. `backward` lets the cotangents of h_j and s_j pass from chunk to chunk, and
gives what `lstm_ref.layer` gives for the whole sequence. `backward_truncated` stops them at every border: truncated
backpropagation through time, where no cotangent travels further than to the beginning of its own chunk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lstm_ref import layer
from lstm_ref.checks import Array, expect_floats, expect_shape, expect_size
from lstm_ref.cotangents import or_zeros
from lstm_ref.layer import Gradients
from lstm_ref.variant import SEED, Variant


class Tape(NamedTuple):
    """What `forward` leaves for the backwards."""

    x: Array  # (T, B, D)
    chunks: tuple[slice, ...]  # the steps of each chunk
    tapes: tuple[layer.Tape, ...]  # of each chunk


def forward(
    x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, cell: Variant = SEED, *, steps: int
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of all steps, and the output and state of the last, equations (1) and (2).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0, s0 : (B, H) output and state before the first step
    W : (4H, D), U : (4H, H), b : (4H,) as for `lstm_ref.layer.forward`
    cell : which cell
    steps : the length of a chunk, at least 1; the last one may be shorter

    Returns
    -------
    h : (T, B, H), h_T : (B, H), s_T : (B, H) as of the layer
    tape : for `backward` or `backward_truncated`

    Raises
    ------
    ValueError : `steps` is less than 1, a shape does not fit the others, or a size is 0
    TypeError : `steps` is no whole number, or an array does not hold floating-point numbers of x's dtype

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> h.ravel(), h_T, s_T
    (array([0.25 , 0.125]), array([[0.125]]), array([[0.25]]))
    """
    parts = chunks_of(x, steps)
    h_j, s_j = h0, s0
    outputs, tapes = [], []
    for j in parts:
        h, h_j, s_j, tape = layer.forward(x[j], h_j, s_j, W, U, b, cell)  # (1)
        outputs.append(h)
        tapes.append(tape)
    return np.concatenate(outputs), h_j, s_j, Tape(x, parts, tuple(tapes))  # (2)


def backward(h_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, tape: Tape) -> Gradients:
    """The cotangents of all inputs: what backpropagation through the whole sequence gives.

    Parameters
    ----------
    h_bar : (T, B, H), h_T_bar : (B, H), s_T_bar : (B, H) cotangents of the outputs; None where they are zero
    tape : as `forward` left it; it is read only

    Returns
    -------
    gradients : named by input and in their order; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> *_, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> backward(None, np.ones((1, 1)), None, tape).s0
    array([[0.125]])
    """
    first = tape.tapes[0]
    h_bar, h_j_bar, s_j_bar = checked_cotangents(h_bar, h_T_bar, s_T_bar, tape.x, first.h[0])
    total = no_gradients(tape.x, first.h[0], first.W, first.U)
    for j, tape_j in reversed(list(zip(tape.chunks, tape.tapes, strict=True))):
        # h^j, h_j, s_j = layer(x^j, h_{j-1}, s_{j-1})      (1)
        part = layer.backward(h_bar[j], h_j_bar, s_j_bar, tape_j)
        add_chunk(total, j, part)
        h_j_bar, s_j_bar = part.h0, part.s0
    return total._replace(h0=h_j_bar, s0=s_j_bar)


def backward_truncated(h_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, tape: Tape) -> Gradients:
    """The cotangents of all inputs where those of h_j and s_j count as zero at every border between chunks.

    Equivalently, the derivative where what a chunk starts from counts as a constant, but for the first. Up to `steps`
    steps that is the derivative; beyond, it is not.

    Parameters
    ----------
    h_bar : (T, B, H), h_T_bar : (B, H), s_T_bar : (B, H) cotangents of the outputs; None where they are zero
    tape : as `forward` left it; it is read only

    Returns
    -------
    gradients : named by input and in their order; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> *_, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> backward_truncated(None, np.ones((1, 1)), None, tape).s0
    array([[0.]])
    """
    first = tape.tapes[0]
    h_bar, h_j_bar, s_j_bar = checked_cotangents(h_bar, h_T_bar, s_T_bar, tape.x, first.h[0])
    total = no_gradients(tape.x, first.h[0], first.W, first.U)
    for j, tape_j in reversed(list(zip(tape.chunks, tape.tapes, strict=True))):
        # h^j, h_j, s_j = layer(x^j, h_{j-1}, s_{j-1})      (1)
        part = layer.backward(h_bar[j], h_j_bar, s_j_bar, tape_j)
        add_chunk(total, j, part)
        h_j_bar, s_j_bar = np.zeros_like(part.h0), np.zeros_like(part.s0)  # nothing passes the border
    return total._replace(h0=part.h0, s0=part.s0)


def chunks_of(x: Array, steps: int) -> tuple[slice, ...]:
    """The steps of x, so many at a time; the last chunk may be shorter."""
    expect_size("steps", steps)
    expect_floats("x", x)
    expect_shape("x", x, "T B D", {})
    return tuple(slice(start, min(start + steps, len(x))) for start in range(0, len(x), steps))


def checked_cotangents(
    h_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, x: Array, h0: Array
) -> tuple[Array, Array, Array]:
    """The three cotangents, zeros for those that are None, after checking them against the sizes of x and h0."""
    sizes = {"T": len(x), "B": len(h0), "H": len(h0[0])}
    return (
        or_zeros("h_bar", h_bar, "T B H", sizes, x),
        or_zeros("h_T_bar", h_T_bar, "B H", sizes, x),
        or_zeros("s_T_bar", s_T_bar, "B H", sizes, x),
    )


def no_gradients(x: Array, h0: Array, W: Array, U: Array) -> Gradients:
    """Fresh gradients before any chunk has added its part."""
    b_bar = np.zeros(len(W), dtype=W.dtype)
    return Gradients(np.zeros_like(x), np.zeros_like(h0), np.zeros_like(h0), np.zeros_like(W), np.zeros_like(U), b_bar)


def add_chunk(total: Gradients, j: slice, part: Gradients) -> None:
    """Add the gradients of chunk j: its inputs are its own, the parameters are used by every chunk."""
    total.x[j] = part.x
    total.W[:] += part.W
    total.U[:] += part.U
    total.b[:] += part.b
