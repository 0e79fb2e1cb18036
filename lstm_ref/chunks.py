"""A sequence run in chunks, where each starts from what the one before it left.

    h^j, h_j, s_j, q_j = layer(x^j, h_{j-1}, s_{j-1}, q_{j-1})    (1)   for the chunks j = 1, 2, …
    h = [h^1, h^2, …]                                             (2)

| symbol  | name                                      | shape         |
| ------- | ----------------------------------------- | ------------- |
| x^j h^j | inputs and outputs of chunk j             | (steps, B, ·) |
| h_j     | output after the last step of it          | (B, R)        |
| s_j     | state after the last step of it           | (B, H)        |
| q_j     | gates i f o of that step, for a cell with gate recurrence alone | (B, 3H) |

h_0, s_0 and q_0 are given; q_0 is zero if it is not.

Two backwards belong to this one forward. `backward` lets the cotangents of h_j, s_j and q_j pass from chunk to chunk,
and gives what `lstm_ref.layer` gives for the whole sequence. `backward_truncated` stops them at every border: truncated
backpropagation through time, where no cotangent travels further than to the beginning of its own chunk.

Whoever has the chunks one at a time carries on alike: forwards h_T, s_T and `tape.q_T` into h0, s0 and q0 of the next,
backwards their cotangents. Here the second of two calls starts where the first one ended.

    >>> from lstm_ref import FGR, initial_parameters, layer
    >>> W, U, b, p, V = initial_parameters(2, 3, cell=FGR)
    >>> x, h0, s0 = np.ones((5, 1, 3)), np.zeros((1, 2)), np.zeros((1, 2))
    >>> h_bar, bar = np.ones((5, 1, 2)), np.ones((1, 2))
    >>> _, h_3, s_3, early = layer.forward(x[:3], h0, s0, W, U, b, FGR, p, V)
    >>> *_, late = layer.forward(x[3:], h_3, s_3, W, U, b, FGR, p, V, q0=early.q_T)
    >>> late_bars = layer.backward(h_bar[3:], bar, bar, late)
    >>> early_bars = layer.backward(h_bar[:3], late_bars.h0, late_bars.s0, early, late_bars.q0)
    >>> *_, tape = layer.forward(x, h0, s0, W, U, b, FGR, p, V)
    >>> np.allclose(early_bars.V + late_bars.V, layer.backward(h_bar, bar, bar, tape).V, rtol=1e-12)
    True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm_ref import layer
from lstm_ref.checks import Array, expect_floats, expect_if_given, expect_kind, expect_shape, expect_size
from lstm_ref.cotangents import or_zeros
from lstm_ref.layer import Gradients
from lstm_ref.lengths import padding
from lstm_ref.tape import check_inputs
from lstm_ref.variant import SEED, Variant


class Tape(NamedTuple):
    """What `forward` leaves for the backwards."""

    x: Array  # (T, B, D)
    parameters: list[Array]  # W, U, b, and p, V and P where they are there
    chunks: tuple[slice, ...]  # the steps of each chunk
    tapes: list[layer.Tape]  # of each chunk

    @property
    def q_T(self) -> Array | None:
        """The gates i, f, o of the last step, (B, 3H): q0 of what comes next; None without gate recurrence."""
        return self.tapes[-1].q_T


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
    steps: int,
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of all steps, and the output and state of the last, equations (1) and (2).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0 : (B, R) output and s0 : (B, H) state before the first step
    W, U, b, cell, p, V, P, lengths, q0 : as for `lstm_ref.layer.forward`
    steps : the length of a chunk, at least 1; the last one may be shorter

    Returns
    -------
    h : (T, B, R), h_T : (B, R), s_T : (B, H) as of the layer
    tape : for `backward` or `backward_truncated`; `tape.q_T` are the gates of the last step

    Raises
    ------
    ValueError : `steps` is less than 1, a shape does not fit the others, a size is 0, or what the cell needs is missing
    TypeError : `steps` is no whole number, or an array does not hold floating-point numbers of x's dtype

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> h.ravel(), h_T, s_T
    (array([0.25 , 0.125]), array([[0.125]]), array([[0.25]]))
    """
    parts = chunks_of(x, steps)
    check_inputs(x, h0, s0, W, U, b, cell, p, V, P, q0)
    h_j, s_j, q_j = h0, s0, q0
    outputs, tapes = [], []
    for j, there in zip(parts, masks_of(lengths, x, parts), strict=True):
        h, h_j, s_j, tape = layer.forward(x[j], h_j, s_j, W, U, b, cell, p, V, P, there, q_j)  # (1)
        q_j = tape.q_T
        outputs.append(h)
        tapes.append(tape)
    return np.concatenate(outputs), h_j, s_j, Tape(x, present(W, U, b, p, V, P), parts, tapes)  # (2)


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
    >>> *_, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> backward(None, np.ones((1, 1)), None, tape).s0
    array([[0.125]])
    """
    return _backward(h_bar, h_T_bar, s_T_bar, q_T_bar, tape, truncated=False)


def backward_truncated(
    h_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, tape: Tape, q_T_bar: Array | None = None
) -> Gradients:
    """The cotangents of all inputs where those of h_j, s_j and q_j count as zero at every border between chunks.

    Equivalently, the derivative where what a chunk starts from counts as a constant, but for the first. Up to `steps`
    steps that is the derivative; beyond, it is not.

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
    >>> *_, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), steps=1)
    >>> backward_truncated(None, np.ones((1, 1)), None, tape).s0
    array([[0.]])
    """
    return _backward(h_bar, h_T_bar, s_T_bar, q_T_bar, tape, truncated=True)


def _backward(
    h_bar: Array | None,
    h_T_bar: Array | None,
    s_T_bar: Array | None,
    q_T_bar: Array | None,
    tape: Tape,
    *,
    truncated: bool,
) -> Gradients:
    """The cotangents of all inputs, from tapes that were kept."""

    expect_kind("tape", tape, Tape, "the tape that forward returned")

    def tape_of(n: int) -> layer.Tape:
        return tape.tapes[n]

    first = tape.tapes[0]
    bars = checked_cotangents(h_bar, h_T_bar, s_T_bar, q_T_bar, tape.x, first.h[0], first.s[0], first.cell)
    return chunk_by_chunk(*bars, tape.x, tape.parameters, tape.chunks, tape_of, truncated)


def chunk_by_chunk(
    h_bar: Array,
    h_j_bar: Array,
    s_j_bar: Array,
    q_j_bar: Array | None,
    x: Array,
    parameters: Sequence[Array],
    chunks: Sequence[slice],
    tape_of: Callable[[int], layer.Tape],
    truncated: bool = False,
) -> Gradients:
    """The cotangents of all inputs, from the last chunk to the first; no tape is asked for before its turn, or kept."""
    x_bar, parameters_bar = np.empty_like(x), list(map(np.zeros_like, parameters))
    for n, j in reversed(list(enumerate(chunks))):
        # h^j, h_j, s_j, q_j = layer(x^j, h_{j-1}, s_{j-1}, q_{j-1})    (1)
        part = layer.backward(h_bar[j], h_j_bar, s_j_bar, tape_of(n), q_j_bar)
        x_bar[j] = part.x
        add(parameters_bar, part[3 : 3 + len(parameters)])  # the parameters are used by every chunk
        h_j_bar = np.zeros_like(part.h0) if truncated and n else part.h0  # nothing passes a border if truncated
        s_j_bar = np.zeros_like(part.s0) if truncated and n else part.s0
        q_j_bar = (np.zeros_like(part.q0) if truncated and n else part.q0) if "q0" in part._fields else None
    return type(part)(x_bar, h_j_bar, s_j_bar, *parameters_bar, *present(q_j_bar))


def chunks_of(x: Array, steps: int) -> tuple[slice, ...]:
    """The steps of x, so many at a time; the last chunk may be shorter."""
    expect_size("steps", steps)
    expect_floats("x", x)
    expect_shape("x", x, "T B D", {})
    return tuple(slice(start, min(start + steps, len(x))) for start in range(0, len(x), steps))


def masks_of(lengths: Any, x: Array, parts: Sequence[slice]) -> list[Array | None]:
    """Which steps of each chunk are there, (steps, B), from lengths or a mask of the whole; None where all are."""
    if lengths is None:
        return [None] * len(parts)
    there = ~padding(lengths, *x.shape[:2])[..., 0]
    return [there[j] for j in parts]


def checked_cotangents(
    h_bar: Array | None,
    h_T_bar: Array | None,
    s_T_bar: Array | None,
    q_T_bar: Array | None,
    x: Array,
    h0: Array,
    s0: Array,
    cell: Variant,
) -> tuple[Array, Array, Array, Array | None]:
    """The cotangents, zeros for those of h, h_T and s_T that are None, after checking them against x, h0 and s0."""
    sizes = {"T": len(x), "B": len(h0), "R": h0.shape[1], "H": s0.shape[1]}
    expect_if_given("q_T_bar", q_T_bar, "B 3H", sizes, x, cell.name, cell.gate_recurrence)
    return (
        or_zeros("h_bar", h_bar, "T B R", sizes, x),
        or_zeros("h_T_bar", h_T_bar, "B R", sizes, x),
        or_zeros("s_T_bar", s_T_bar, "B H", sizes, x),
        q_T_bar,
    )


def present(*parameters: Array | None) -> list[Array]:
    """Those that are there."""
    return [one for one in parameters if one is not None]


def add(totals: Sequence[Array], parts: Sequence[Array]) -> None:
    """Add to every total its part, in place."""
    for total, part in zip(totals, parts, strict=True):
        np.add(total, part, out=total)
