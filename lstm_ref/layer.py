"""A layer: the cell run over a sequence, and backpropagation through time.

    a_t = W x_t + U h_{t-1} + b               (1)
    h_t, s_t = step(a_t, s_{t-1})             (2) to (6), see `lstm_ref.cell`

| symbol | name                                    | shape     |
| ------ | --------------------------------------- | --------- |
| x      | input sequence                          | (T, B, D) |
| h0 s0  | output and state before the first step  | (B, H)    |
| W      | input weights, rows in the order g i f o | (4H, D)   |
| U      | recurrent weights, in the same order    | (4H, H)   |
| b      | biases, in the same order               | (4H,)     |
| a      | pre-activations                         | (T, B, 4H) |
| h s    | outputs and states                      | (T, B, H) |
| x_bar  | cotangent of x: ∂loss/∂x                | as x      |

T is the number of steps, B the batch size, D the width of the input, H the number of cells.

The products with x are one product over all steps, before the loop; the gradients of the weights are one product
each, after the reverse loop. What must stay in the loop is the product with U.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lstm_ref.cell import StepCotangents, StepTape, step, step_vjp
from lstm_ref.checks import Array, expect_floats, expect_kind, expect_shape
from lstm_ref.variant import SEED, Variant


class Tape(NamedTuple):
    """What `forward` leaves for `backward`; x, W and U are held, not copied."""

    x: Array  # (T, B, D)
    W: Array  # (4H, D)
    U: Array  # (4H, H)
    gates: Array  # (T, 4, B, H)  g, i, f, o
    s: Array  # (T+1, B, H)  s[0] is s0
    c: Array  # (T, B, H)  s[1:] itself in the seed's cell
    h: Array  # (T+1, B, H)  h[0] is h0
    cell: Variant

    def at(self, t: int) -> StepTape:
        """The views that belong to step t, counted from 0."""
        return StepTape(self.gates[t], self.s[t], self.s[t + 1], self.c[t], self.h[t + 1], self.cell)


class Gradients(NamedTuple):
    """The cotangents of the inputs of `forward`, in their order."""

    x: Array  # (T, B, D)
    h0: Array  # (B, H)
    s0: Array  # (B, H)
    W: Array  # (4H, D)
    U: Array  # (4H, H)
    b: Array  # (4H,)


def forward(
    x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, cell: Variant = SEED
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of all steps, and the output and state of the last, equations (1) to (6).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0, s0 : (B, H) output and state before the first step
    W : (4H, D), U : (4H, H), b : (4H,) in the order g, i, f, o
    cell : SEED (h = s ⊙ o) or STANDARD (h = tanh(s) ⊙ o)

    Returns
    -------
    h : (T, B, H) the outputs
    h_T : (B, H) the last of them; both are outputs, so their cotangents add up
    s_T : (B, H) the last state
    tape : for `backward`; it holds x, W and U themselves, so do not change these before `backward` has run

    Raises
    ------
    ValueError : a shape does not fit the others, or a size is 0
    TypeError : an array does not hold floating-point numbers, or not those of x's dtype; cell is no Variant

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> h.ravel(), h_T, s_T
    (array([0.25 , 0.125]), array([[0.125]]), array([[0.25]]))
    """
    expect_kind("cell", cell, Variant, "a Variant, such as SEED or STANDARD")
    _check_inputs(x, h0, s0, W, U, b)
    tape = _new_tape(x, h0, s0, W, U, cell)
    T, B, D = x.shape
    Wx = tape.gates.reshape(T, B, len(W))  # in the gates' memory: each step takes its part, then leaves its gates
    np.matmul(x.reshape(T * B, D), W.T, out=Wx.reshape(T * B, len(W)))  # (1)  (T, B, 4H)
    a = np.empty((B, len(W)), dtype=x.dtype)
    for t in range(T):
        np.matmul(tape.h[t], U.T, out=a)  # (1)  (B, 4H)
        a += Wx[t]
        a += b
        step(a, tape.s[t], cell, tape.at(t))  # (2) to (6)
    return tape.h[1:].copy(), tape.h[T].copy(), tape.s[T].copy(), tape


def backward(h_bar: Array, h_T_bar: Array, s_T_bar: Array, tape: Tape) -> Gradients:
    """The cotangents of all inputs that follow from those of all outputs: backpropagation through time.

    Parameters
    ----------
    h_bar : (T, B, H) cotangent of h
    h_T_bar : (B, H) cotangent of h_T, which adds to that of h[T-1]
    s_T_bar : (B, H) cotangent of s_T
    tape : as `forward` left it; it is read only, so `backward` can be called again, with the same bits

    Returns
    -------
    gradients : named by input and in their order; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output; tape is none

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> backward(np.zeros((2, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)), tape).s0
    array([[0.125]])
    """
    expect_kind("tape", tape, Tape, "the tape that forward returned")
    _check_cotangents(h_bar, h_T_bar, s_T_bar, tape)
    x, W, U, gates, s, _, h, _ = tape
    T, B, D = x.shape
    a_bar = np.empty((T, B, len(W)), dtype=x.dtype)
    h_t_bar, c_bar, gates_bar, slopes = map(np.empty_like, (h[0], s[0], gates[0], gates[0]))
    h_next_bar, s_bar = h_T_bar.copy(), s_T_bar.copy()
    for t in reversed(range(T)):
        np.add(h_bar[t], h_next_bar, out=h_t_bar)  # h_t is used by the loss and by the next step
        # h_t, s_t = step(a_t, s_{t-1})             (2) to (6)
        step_vjp(h_t_bar, s_bar, tape.at(t), StepCotangents(a_bar[t], s_bar, gates_bar, c_bar, slopes))
        # a_t = W x_t + U h_{t-1} + b               (1)
        np.matmul(a_bar[t], U, out=h_next_bar)
    # a_t = W x_t + U h_{t-1} + b                   (1), the sum over all t
    rows = a_bar.reshape(T * B, len(W))
    x_bar = np.matmul(rows, W).reshape(T, B, D)
    W_bar = np.matmul(rows.T, x.reshape(T * B, D))
    U_bar = np.matmul(rows.T, h[:T].reshape(T * B, len(U[0])))
    b_bar = rows.sum(axis=0)
    return Gradients(x_bar, h_next_bar, s_bar, W_bar, U_bar, b_bar)


def _new_tape(x: Array, h0: Array, s0: Array, W: Array, U: Array, cell: Variant) -> Tape:
    """Buffers for every step, with h0 and s0 in their places."""
    T, (B, H), dtype = len(x), h0.shape, x.dtype
    gates = np.empty((T, 4, B, H), dtype=dtype)
    s, h = np.empty((T + 1, B, H), dtype=dtype), np.empty((T + 1, B, H), dtype=dtype)
    c = np.empty((T, B, H), dtype=dtype) if cell.tanh_of_state else s[1:]
    s[0], h[0] = s0, h0
    return Tape(x, W, U, gates, s, c, h, cell)


def _check_inputs(x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array) -> None:
    """Raise unless the inputs of `forward` fit together."""
    sizes: dict[str, int] = {}
    expect_floats("x", x)
    for name, array, letters in (
        ("x", x, "T B D"),
        ("h0", h0, "B H"),
        ("s0", s0, "B H"),
        ("W", W, "4H D"),
        ("U", U, "4H H"),
        ("b", b, "4H"),
    ):
        expect_floats(name, array, like=x)
        expect_shape(name, array, letters, sizes)


def _check_cotangents(h_bar: Array, h_T_bar: Array, s_T_bar: Array, tape: Tape) -> None:
    """Raise unless the cotangents have the shapes and the dtype of the outputs."""
    T, B, H = tape.c.shape
    sizes = {"T": T, "B": B, "H": H}
    for name, array, letters in (("h_bar", h_bar, "T B H"), ("h_T_bar", h_T_bar, "B H"), ("s_T_bar", s_T_bar, "B H")):
        expect_floats(name, array, like=tape.h)
        expect_shape(name, array, letters, sizes)
