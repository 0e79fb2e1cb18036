"""One step of the cell over a batch, from the gates' pre-activations on, and its vector-Jacobian product.

    a = W x + U h_prev + b                    (1)    taken by `lstm_ref.layer`, over all steps where that is possible
    g = tanh(a_g)                             (2)
    i, f, o = σ(a_i), σ(a_f), σ(a_o)          (3)
    s = g ⊙ i + s_prev ⊙ f                    (4)
    c = s  (seed)  or  tanh(s)  (standard)    (5)
    h = c ⊙ o                                 (6)

| symbol | name                                    | shape   |
| ------ | --------------------------------------- | ------- |
| a      | pre-activations, side by side: g i f o  | (B, 4H) |
| g      | candidate, or block input               | (B, H)  |
| i f o  | input, forget and output gate           | (B, H)  |
| s      | cell state                              | (B, H)  |
| c      | what the output gate lets through       | (B, H)  |
| h      | output, or hidden state                 | (B, H)  |
| x_bar  | cotangent of x: ∂loss/∂x                | as x    |

B is the batch size and H the number of cells. The letters are those of Lipton, Berkowitz and Elkan
(arXiv:1506.00019), as in nicodjimenez/lstm; others write c for our s and z for our g.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lstm_ref.activations import sigmoid, sigmoid_slope, tanh, tanh_slope
from lstm_ref.checks import Array, expect_floats, expect_shape
from lstm_ref.variant import SEED, Variant


class StepTape(NamedTuple):
    """What `step` leaves for `step_vjp`."""

    gates: Array  # (4, B, H)  g, i, f, o
    s_prev: Array  # (B, H)
    s: Array  # (B, H)
    c: Array  # (B, H)  s itself in the seed's cell
    h: Array  # (B, H)
    cell: Variant


class StepCotangents(NamedTuple):
    """What `step_vjp` writes into."""

    a: Array  # (B, 4H)
    s_prev: Array  # (B, H)
    gates: Array  # (4, B, H)
    c: Array  # (B, H)
    slopes: Array  # (4, B, H)  scratch


def step(a: Array, s_prev: Array, cell: Variant = SEED, tape: StepTape | None = None) -> tuple[Array, Array, StepTape]:
    """The output h and the state s that follow from pre-activations a and state s_prev, equations (2) to (6).

    Parameters
    ----------
    a : (B, 4H) floating-point, in the order g, i, f, o
    s_prev : (B, H) of the same dtype
    cell : which cell
    tape : buffers to fill, apart from `a`; absent, they are made, and a and s_prev are checked

    Returns
    -------
    h : (B, H), held by the tape: copy it before changing it
    s : (B, H), held by the tape likewise
    tape : for `step_vjp`

    Raises
    ------
    ValueError : a or s_prev has another shape, or a size of 0
    TypeError : a or s_prev does not hold floating-point numbers, or they differ in dtype

    Example
    -------
    >>> h, s, tape = step(np.array([[0.0, 0.0, 0.0, 0.0]]), np.array([[1.0]]))
    >>> h, s
    (array([[0.25]]), array([[0.5]]))
    """
    gates, _, s, c, h, _ = tape = tape or _new_tape(a, s_prev, cell)
    g, i, f, o = gates
    a = by_gate(a)  # (4, B, H)
    tanh(a[0], out=g)  # (2)  (B, H)
    sigmoid(a[1:], out=gates[1:])  # (3)  (3, B, H)
    np.multiply(s_prev, f, out=s)  # (4)  (B, H)
    s += np.multiply(g, i, out=h)  # (4)  h is scratch here
    if cell.tanh_of_state:
        tanh(s, out=c)  # (5)  (B, H)
    np.multiply(c, o, out=h)  # (6)  (B, H)
    return h, s, tape


def step_vjp(h_bar: Array, s_bar: Array, tape: StepTape, out: StepCotangents | None = None) -> tuple[Array, Array]:
    """The cotangents of a and s_prev that follow from those of h and s: the transpose of `step`'s derivative.

    Parameters
    ----------
    h_bar : (B, H) cotangent of h
    s_bar : (B, H) cotangent of s, as far as it does not come through h
    tape : as `step` left it; it is read only, so any number of cotangents can be pulled back through it
    out : buffers to fill, where `out.s_prev` may be `s_bar` itself; absent, they are made, and the cotangents checked

    Returns
    -------
    a_bar : (B, 4H)
    s_prev_bar : (B, H)

    Raises
    ------
    ValueError : a cotangent has another shape than (B, H)
    TypeError : a cotangent differs from the tape in dtype

    Example
    -------
    >>> h, s, tape = step(np.array([[0.0, 0.0, 0.0, 0.0]]), np.array([[1.0]]))
    >>> step_vjp(np.array([[1.0]]), np.array([[0.0]]), tape)
    (array([[0.25 , 0.   , 0.125, 0.125]]), array([[0.25]]))
    """
    gates, s_prev, _, c, _, cell = tape
    a_bar, s_prev_bar, gates_bar, c_bar, slopes = out or _new_cotangents(h_bar, s_bar, tape)
    g, i, f, o = gates
    g_bar, i_bar, f_bar, o_bar = gates_bar
    a_gates_bar = by_gate(a_bar)  # (4, B, H)
    # h = c ⊙ o                                     (6)
    np.multiply(h_bar, c, out=o_bar)
    np.multiply(h_bar, o, out=c_bar)
    # c = s  or  tanh(s)                            (5)
    c_bar *= tanh_slope(c, out=slopes[0]) if cell.tanh_of_state else 1.0
    s_total_bar = np.add(c_bar, s_bar, out=c_bar)  # s is used by (5) and by the next step
    # s = g ⊙ i + s_prev ⊙ f                        (4)
    np.multiply(s_total_bar, i, out=g_bar)
    np.multiply(s_total_bar, g, out=i_bar)
    np.multiply(s_total_bar, s_prev, out=f_bar)
    np.multiply(s_total_bar, f, out=s_prev_bar)
    # i, f, o = σ(a_i), σ(a_f), σ(a_o)              (3)
    np.multiply(gates_bar[1:], sigmoid_slope(gates[1:], out=slopes[1:]), out=a_gates_bar[1:])
    # g = tanh(a_g)                                 (2)
    np.multiply(g_bar, tanh_slope(g, out=slopes[0]), out=a_gates_bar[0])
    return a_bar, s_prev_bar


def by_gate(a: Array) -> Array:
    """The four parts of a (B, 4H) as a view (4, B, H)."""
    B, width = a.shape
    return a.reshape(B, 4, width // 4).transpose(1, 0, 2)


def _new_tape(a: Array, s_prev: Array, cell: Variant) -> StepTape:
    """Fresh buffers for one step, after checking its arguments."""
    sizes: dict[str, int] = {}
    expect_floats("s_prev", s_prev)
    expect_shape("s_prev", s_prev, "B H", sizes)
    expect_floats("a", a, like=s_prev)
    expect_shape("a", a, "B 4H", sizes)
    s = np.empty_like(s_prev)
    c = np.empty_like(s) if cell.tanh_of_state else s
    gates = np.empty((4, *s.shape), dtype=s.dtype)
    return StepTape(gates, s_prev, s, c, np.empty_like(s), cell)


def _new_cotangents(h_bar: Array, s_bar: Array, tape: StepTape) -> StepCotangents:
    """Fresh buffers for one reverse step, after checking its cotangents."""
    B, H = tape.s.shape
    for name, cotangent in (("h_bar", h_bar), ("s_bar", s_bar)):
        expect_floats(name, cotangent, like=tape.s)
        expect_shape(name, cotangent, "B H", {"B": B, "H": H})
    a_bar = np.empty((B, 4 * H), dtype=tape.s.dtype)
    s_prev_bar, c_bar = np.empty_like(tape.s), np.empty_like(tape.s)
    return StepCotangents(a_bar, s_prev_bar, np.empty_like(tape.gates), c_bar, np.empty_like(tape.gates))
