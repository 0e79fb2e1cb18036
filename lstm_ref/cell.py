"""One step of the cell over a batch, from the gates' pre-activations on, and its vector-Jacobian product.

    a = W x + U h_prev + b                    (1)    taken by `lstm_ref.layer`, over all steps where that is possible
    g = tanh(a_g)                             (2)    or a_g, without input activation
    i, f, o = σ(a_i), σ(a_f), σ(a_o)          (3)    those that are there; 1 for one that is not, or f = 1 - i
    s = g ⊙ i + s_prev ⊙ f                    (4)
    c = s  (seed)  or  tanh(s)  (standard)    (5)
    h = c ⊙ o                                 (6)
    a_i + p_i ⊙ s_prev,  a_f + p_f ⊙ s_prev,  a_o + p_o ⊙ s    stand in (3) for a_i, a_f, a_o with peepholes    (7)

| symbol | name                                    | shape   |
| ------ | --------------------------------------- | ------- |
| a      | pre-activations, side by side: g i f o  | (B, KH) |
| g      | candidate, or block input               | (B, H)  |
| i f o  | input, forget and output gate           | (B, H)  |
| p      | peepholes of the gates among i f o      | (K-1, H) |
| s      | cell state                              | (B, H)  |
| c      | what the output gate lets through       | (B, H)  |
| h      | output, or hidden state                 | (B, H)  |
| x_bar  | cotangent of x: ∂loss/∂x                | as x    |

B is the batch size, H the number of cells, and K how many of g i f o have pre-activations: 4, or 3 where a gate is
missing or coupled. The letters are those of Lipton, Berkowitz and Elkan (arXiv:1506.00019), as in nicodjimenez/lstm;
others write c for our s and z for our g. For the variants see `lstm_ref.variant`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lstm_ref.activations import complement, identity, sigmoid_slope_by_tail, sigmoid_with_tail, tanh, tanh_slope_at
from lstm_ref.checks import Array, expect_floats, expect_if_given, expect_kind, expect_parameter, expect_shape
from lstm_ref.peephole import look, look_vjp
from lstm_ref.variant import SEED, Variant

Four = tuple[Array, Array, Array, Array]


class Slopes(NamedTuple):
    """The slopes of the activations of a step, or of several."""

    gates: Array  # (K, ..., B, H)  tanh'(a_g), and σ'(a) of each gate; 1 for g without input activation
    c: Array  # (..., B, H)  tanh'(s); not used without output activation


class StepTape(NamedTuple):
    """What `step` leaves of itself."""

    gates: Four  # (B, H) each: g, i, f, o
    opened: Array  # (K-1, B, H)  those of i, f, o that have pre-activations, side by side
    s_prev: Array  # (B, H)
    s: Array  # (B, H)
    c: Array  # (B, H)  s itself in the seed's cell
    h: Array  # (B, H)
    tails: Array  # (K, B, H)  a_g, and exp(-a) of each gate: what slopes are taken from; before the step, a itself
    cell: Variant
    p: Array | None = None  # (K-1, H)
    units: tuple[Any, Any] = (1.0, -1.0)  # of the dtype, as arrays (): NumPy takes numbers in no time then


class Linearised(NamedTuple):
    """A step about the values it took: what `step_vjp` reads of it."""

    gates: Four  # (B, H) each: g, i, f, o
    s_prev: Array  # (B, H)
    c: Array  # (B, H)  s itself in the seed's cell
    slopes: Slopes
    cell: Variant
    p: Array | None = None  # (K-1, H)


class StepCotangents(NamedTuple):
    """What `step_vjp` writes into."""

    a: Array  # (B, KH)
    a_gates: Array  # (K, B, H)  the same memory, gate by gate
    s_prev: Array  # (B, H)
    gates: Four  # (B, H) each: g, i, f, o
    own: Array  # (K, B, H)  those of them that have pre-activations, side by side
    c: Array  # (B, H)


def step(
    a: Array, s_prev: Array, cell: Variant = SEED, tape: StepTape | None = None, p: Array | None = None
) -> tuple[Array, Array, StepTape]:
    """The output h and the state s that follow from pre-activations a and state s_prev, equations (2) to (7).

    Parameters
    ----------
    a : (B, KH) floating-point, in the order g, i, f, o
    s_prev : (B, H) of the same dtype
    cell : which cell
    tape : buffers to fill, whose tails hold a; absent, they are made, and a, s_prev and p are checked
    p : (K-1, H) peepholes in the order i, f, o, for a cell that has them; where a tape is given they stand in it

    Returns
    -------
    h : (B, H), held by the tape: copy it before changing it
    s : (B, H), held by the tape likewise
    tape : for `step_vjp`

    Raises
    ------
    ValueError : an array has another shape, or a size of 0; peepholes are missing, or given where the cell has none
    TypeError : an array does not hold floating-point numbers, or they differ in dtype

    Notes
    -----
    Pre-activations below -700 give the right values, but exp(-a) is infinite there: NumPy warns, unless it is told not
    to, as the layer does for all its steps.

    Example
    -------
    >>> h, s, tape = step(np.array([[0.0, 0.0, 0.0, 0.0]]), np.array([[1.0]]))
    >>> h, s
    (array([[0.25]]), array([[0.5]]))
    """
    gates, opened, s_prev, s, c, h, tails, cell, p, units = tape = tape or _new_tape(a, s_prev, cell, p)
    g, i, f, o = gates
    n = cell.waiting
    (tanh if cell.tanh_of_input else identity)(tails[0], out=g)  # (2)  (B, H)
    None if p is None else look(tails[1:n], p[: n - 1], s_prev)  # (7)  (2, B, H)
    sigmoid_with_tail(tails[1:n], opened[: n - 1], tails[1:n], units)  # (3)  (3, B, H)
    complement(i, tails[1], out=f) if cell.coupled else None  # (3)  (B, H)
    np.multiply(s_prev, f, out=s)  # (4)  (B, H)
    s += np.multiply(g, i, out=h)  # (4)  h is scratch here
    _open_o(tape) if cell.looks_at_new_state else None  # (3), (7)  (B, H)
    tanh(s, out=c) if cell.tanh_of_state else None  # (5)  (B, H)
    np.multiply(c, o, out=h)  # (6)  (B, H)
    return h, s, tape


def step_vjp(
    h_bar: Array,
    s_bar: Array,
    tape: Any,
    out: StepCotangents | None = None,
    q_bar: Array | None = None,
) -> tuple[Array, Array]:
    """The cotangents of a and s_prev that follow from those of h and s: the transpose of `step`'s derivative.

    Parameters
    ----------
    h_bar : (B, H) cotangent of h
    s_bar : (B, H) cotangent of s, as far as it does not come through h
    tape : as `step` left it; it is read only, so any number of cotangents can be pulled back through it
    out : buffers to fill, where `out.s_prev` may be `s_bar` itself, and `tape` is linearised already; absent, they are
        made, and the cotangents checked
    q_bar : (3, B, H) cotangent of i, f, o as far as it comes from the next step, with gate recurrence; absent, zero

    Returns
    -------
    a_bar : (B, KH)
    s_prev_bar : (B, H)

    Raises
    ------
    ValueError : a cotangent has another shape than (B, H), or q_bar is given though the cell has no such gates
    TypeError : a cotangent differs from the tape in dtype, or the tape is another

    Example
    -------
    >>> h, s, tape = step(np.array([[0.0, 0.0, 0.0, 0.0]]), np.array([[1.0]]))
    >>> step_vjp(np.array([[1.0]]), np.array([[0.0]]), tape)
    (array([[0.25 , 0.   , 0.125, 0.125]]), array([[0.25]]))
    """
    a_bar, a_gates_bar, s_prev_bar, gates_bar, own_bar, c_bar = out or _new_cotangents(h_bar, s_bar, tape, q_bar)
    gates, s_prev, c, slopes, cell, _ = tape = linearise(tape) if out is None else tape
    gates_slope, c_slope = slopes
    g, i, f, o = gates
    g_bar, i_bar, f_bar, o_bar = gates_bar
    # h = c ⊙ o                                     (6)
    np.multiply(h_bar, c, out=o_bar)
    np.multiply(h_bar, o, out=c_bar)
    # c = s  or  tanh(s)                            (5)
    c_bar *= c_slope if cell.tanh_of_state else 1.0
    s_total_bar = np.add(c_bar, s_bar, out=c_bar)  # s is used by (5) and by the next step
    # o = σ(a_o + p_o ⊙ s)                          (7)
    _receive(o_bar, q_bar, 2) if cell.gate_recurrence else None
    _look_vjp_of_o(o_bar, s_total_bar, a_gates_bar, gates_slope, tape) if cell.looks_at_new_state else None
    # s = g ⊙ i + s_prev ⊙ f                        (4)
    np.multiply(s_total_bar, i, out=g_bar)
    np.multiply(s_total_bar, g, out=i_bar)
    np.multiply(s_total_bar, s_prev, out=f_bar)
    np.multiply(s_total_bar, f, out=s_prev_bar)
    # g = tanh(a_g)  or  a_g                        (2)
    # i, f, o = σ(a_i), σ(a_f), σ(a_o)              (3)
    _couple_vjp(i_bar, f_bar) if cell.coupled else None
    _receive(own_bar[1:3], q_bar, np.s_[:2]) if cell.gate_recurrence else None
    np.multiply(own_bar, gates_slope, out=a_gates_bar)
    _look_vjp_of_i_and_f(s_prev_bar, a_gates_bar, tape) if cell.peepholes else None
    return a_bar, s_prev_bar


def take_slopes(tails: Array, opened: Array, s: Array, cell: Variant, out: Slopes) -> Slopes:
    """The slopes of the activations of a step or of several, left in `out`; gates are the first axis."""
    tanh_slope_at(tails[0], out=out.gates[0]) if cell.tanh_of_input else out.gates[0].fill(1.0)  # (2)
    sigmoid_slope_by_tail(opened, tails[1:], out.gates[1:])  # (3)
    tanh_slope_at(s, out=out.c) if cell.tanh_of_state else None  # (5)
    return out


def linearise(tape: StepTape) -> Linearised:
    """A step about the values it took."""
    gates, opened, s_prev, s, c, _, tails, cell, p, _ = tape
    slopes = take_slopes(tails, opened, s, cell, Slopes(np.empty_like(tails), np.empty_like(s)))
    return Linearised(gates, s_prev, c, slopes, cell, p)


def _open_o(tape: StepTape) -> None:
    """The output gate, which looks at the state of its own step."""
    assert tape.p is not None
    look(tape.tails[-1:], tape.p[-1:], tape.s)  # (7)  (1, B, H)
    sigmoid_with_tail(tape.tails[-1:], tape.opened[-1:], tape.tails[-1:])  # (3)  (1, B, H)


def _couple_vjp(i_bar: Array, f_bar: Array) -> None:
    """Add to the cotangent of i what comes through a coupled f."""
    # f = 1 - i                                     (3)
    i_bar -= f_bar


def _receive(gates_bar: Array, q_bar: Array | None, gates: int | slice) -> None:
    """Add to the cotangents of some gates what comes from the next step, which looks back at them."""
    gates_bar += 0.0 if q_bar is None else q_bar[gates]


def _look_vjp_of_o(o_bar: Array, s_total_bar: Array, a_gates_bar: Array, gates_slope: Array, tape: Linearised) -> None:
    """Add to the cotangent of s what comes through the peephole of o."""
    assert tape.p is not None
    a_o_bar = np.multiply(o_bar, gates_slope[-1:], out=a_gates_bar[-1:])
    look_vjp(a_o_bar, tape.p[-1:], s_total_bar)


def _look_vjp_of_i_and_f(s_prev_bar: Array, a_gates_bar: Array, tape: Linearised) -> None:
    """Add to the cotangent of s_prev what comes through the peepholes of i and f."""
    assert tape.p is not None
    n = tape.cell.waiting
    look_vjp(a_gates_bar[1:n], tape.p[: n - 1], s_prev_bar)


def by_gate(a: Array, K: int = 4) -> Array:
    """The K parts of a (B, KH) as a view (K, B, H), or those of a (T, B, KH) as a view (T, K, B, H)."""
    *axes, B, width = a.shape
    return a.reshape(*axes, B, K, width // K).swapaxes(-2, -3)


def rows_for_gates(cell: Variant, *shape: int, dtype: Any) -> tuple[Any, Array]:
    """Memory for g, i, f, o, each of this shape, and for those that have pre-activations side by side, (K, ...).

    In memory gates come before rows and after steps. A gate that is missing is 1.
    """
    gates = np.empty((*shape[:-2], 4, *shape[-2:]), dtype=dtype).swapaxes(0, -3)
    own, others = gates[: len(cell.gates)], gates[len(cell.gates) :]
    others.fill(1.0)
    return tuple(gates[row] for row in cell.rows), own


def _new_tape(a: Array, s_prev: Array, cell: Variant, p: Array | None) -> StepTape:
    """Fresh buffers for one step, after checking its arguments."""
    sizes: dict[str, int] = {}
    expect_floats("s_prev", s_prev)
    expect_shape("s_prev", s_prev, "B H", sizes)
    expect_floats("a", a, like=s_prev)
    expect_shape("a", a, f"B {len(cell.gates)}H", sizes)
    expect_parameter("p", p, f"{len(cell.gates) - 1} H", sizes, s_prev, cell.name, cell.peepholes)
    s = np.empty_like(s_prev)
    c = np.empty_like(s) if cell.tanh_of_state else s
    gates, own = rows_for_gates(cell, *s.shape, dtype=s.dtype)
    tails = by_gate(a.copy(), len(cell.gates))
    return StepTape(gates, own[1:], s_prev, s, c, np.empty_like(s), tails, cell, p)


def _new_cotangents(h_bar: Array, s_bar: Array, tape: StepTape, q_bar: Array | None) -> StepCotangents:
    """Fresh buffers for one reverse step, after checking its tape and its cotangents."""
    expect_kind("tape", tape, StepTape, "the tape that step returned")
    like, cell, K = tape.s_prev, tape.cell, len(tape.cell.gates)
    sizes = dict(zip("BH", like.shape, strict=True))
    for name, cotangent in (("h_bar", h_bar), ("s_bar", s_bar)):
        expect_floats(name, cotangent, like=like)
        expect_shape(name, cotangent, "B H", sizes)
    expect_if_given("q_bar", q_bar, "3 B H", sizes, like, cell.name, cell.gate_recurrence)
    B, H = like.shape
    a_bar = np.empty((B, K * H), dtype=like.dtype)
    gates_bar, own_bar = rows_for_gates(cell, B, H, dtype=like.dtype)
    return StepCotangents(a_bar, by_gate(a_bar, K), np.empty_like(like), gates_bar, own_bar, np.empty_like(like))
