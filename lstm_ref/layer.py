"""A layer: the cell run over a sequence, and backpropagation through time.

    a_t = W x_t + U h_{t-1} + b               (1)
    h_t, s_t = step(a_t, s_{t-1})             (2) to (7), see `lstm_ref.cell`
    a_t + V q_{t-1}                           (8)    for i, f and o of a cell with gate recurrence
    h_t = P m_t                               (9)    with projection, where m_t is what the step calls h
    h_t, s_t = h_{t-1}, s_{t-1}               (10)   on padded steps, see `lstm_ref.lengths`

| symbol | name                                    | shape     |
| ------ | --------------------------------------- | --------- |
| x      | input sequence                          | (T, B, D) |
| h0 s0  | output and state before the first step  | (B, R), (B, H) |
| W      | input weights, rows in the order g i f o | (KH, D)  |
| U      | recurrent weights, in the same order    | (KH, R)   |
| b      | biases, in the same order               | (KH,)     |
| p      | peepholes, in the order i f o           | (K-1, H)  |
| V      | from the gates i f o to the next step's | (3H, 3H)  |
| P      | recurrent projection                    | (R, H)    |
| a      | pre-activations                         | (T, B, KH) |
| h s    | outputs and states                      | (T, B, R), (T, B, H) |
| q      | gates i f o, side by side               | (T, B, 3H) |
| q0     | those before the first step; 0 unless given | (B, 3H) |
| x_bar  | cotangent of x: ∂loss/∂x                | as x      |

T is the number of steps, B the batch size, D the width of the input, H the number of cells, R that of the output:
H without projection. K is 4, or 3 where a gate is missing or coupled; its rows are then missing as well.

The products with x are one product for each block of steps, of as many as stay in a cache, and so are, in the reverse
loop, those that give the gradients of x and of the weights. What must stay in the loop is the product with U.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lstm_ref.cell import StepCotangents, by_gate, rows_for_gates, step, step_vjp
from lstm_ref.checks import Array, expect_kind
from lstm_ref.lengths import hold, put_back, set_aside, without_padding
from lstm_ref.named import Gradients as Gradients
from lstm_ref.named import gradients
from lstm_ref.peephole import peepholes_vjp
from lstm_ref.tape import Tape as Tape
from lstm_ref.tape import check_cotangents, check_inputs, linearised, new_tape, writing
from lstm_ref.variant import SEED, Variant

NOTHING: Any = None  # a sum that has no part yet


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
    block: int | None = None,
    out: Tape | None = None,
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of all steps, and the output and state of the last, equations (1) to (10).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0 : (B, R) output and s0 : (B, H) state before the first step
    W : (KH, D), U : (KH, R), b : (KH,) in the order g, i, f, o, without the gates that the cell has not
    cell : such as SEED (h = s ⊙ o), STANDARD (h = tanh(s) ⊙ o) or VANILLA (with peepholes); see `lstm_ref.variant`
    p : (K-1, H) peepholes in the order i, f, o, for a cell that has them
    V : (3H, 3H) for a cell with gate recurrence: rows for i, f, o of a step, columns for i, f, o of the step before
    P : (R, H) projects the output to R numbers, as `proj_size` does in torch; absent, R = H
    lengths : (B,) whole numbers from 0 to T, or a mask (T, B) of booleans, True where a step is there; absent, all are
    q0 : (B, 3H) gates i, f, o before the first step, for a cell with gate recurrence: `tape.q_T` of the steps before,
        where a sequence is carried on; absent, zeros
    block : how many steps are taken at once where that is possible; absent, as many as stay in a cache
    out : a tape of the same sizes that is not needed any more, whose memory is written again; absent, memory is fresh

    Returns
    -------
    h : (T, B, R) the outputs, zero on padded steps
    h_T : (B, R) the last of them that is not padded; both are outputs, so their cotangents add up
    s_T : (B, H) the last state
    tape : for `backward`; it holds x and the parameters themselves, so do not change these before it has run;
        `tape.q_T` are the gates of the last step

    Raises
    ------
    ValueError : a shape does not fit the others, a size is 0, a length is outside 0…T, or a parameter is missing that
        the cell has, or it or q0 is given though the cell has none
    TypeError : an array does not hold floating-point numbers, or not those of x's dtype; cell is no Variant; a length
        is no whole number

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> h.ravel(), h_T, s_T
    (array([0.25 , 0.125]), array([[0.125]]), array([[0.25]]))
    """
    check_inputs(x, h0, s0, W, U, b, cell, p, V, P, q0, block, out)
    tape = new_tape(x, h0, s0, W, U, cell, p, V, P, lengths, q0, block, out)
    U_T = np.ascontiguousarray(U.T) if len(U) < len(x) * len(h0) else U.T  # BLAS takes it up to 1.6 times as fast
    Uh = np.empty((len(h0), len(U)), dtype=x.dtype)
    Uh_gates = by_gate(Uh, len(cell.gates))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for t, (driven, now) in enumerate(zip(_drive(tape, b), writing(tape), strict=True)):
            np.dot(tape.h[t], U_T, out=Uh)  # (1)  (B, KH)
            np.add(driven, Uh_gates, out=now.tails)  # (1)  (K, B, H)
            _recur(now.tails, tape, t) if cell.gate_recurrence else None  # (8)  (3, B, H)
            step(now.tails, now.s_prev, cell, now)  # (2) to (7)
            _keep_gates(now.opened, tape, t) if cell.gate_recurrence else None
            None if P is None else np.dot(now.h, P.T, out=tape.h[t + 1])  # (9)  (B, R)
            None if tape.pad is None else _hold(tape, t)  # (10)
    h = tape.h[1:].copy() if tape.pad is None else without_padding(tape.h[1:], tape.pad)
    return h, tape.h[-1].copy(), tape.s[-1].copy(), tape


def backward(h_bar: Array, h_T_bar: Array, s_T_bar: Array, tape: Tape, q_T_bar: Array | None = None) -> Gradients:
    """The cotangents of all inputs that follow from those of all outputs: backpropagation through time.

    Parameters
    ----------
    h_bar : (T, B, R) cotangent of h; what stands on padded steps counts as zero
    h_T_bar : (B, R) cotangent of h_T, which adds to that of the last output that is not padded
    s_T_bar : (B, H) cotangent of s_T
    tape : as `forward` left it; it is read only, so `backward` can be called again, with the same bits
    q_T_bar : (B, 3H) cotangent of `tape.q_T`, for a cell with gate recurrence: q0 of what follows from the steps after,
        where a sequence is carried on; absent, zeros

    Returns
    -------
    gradients : named by input and in their order, q0 where it was given; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output, or q_T_bar is given though the cell has no such gates
    TypeError : a cotangent has not the dtype of its output

    Example
    -------
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, h_T, s_T, tape = forward(x, h0, s0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> backward(np.zeros((2, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)), tape).s0
    array([[0.125]])
    """
    expect_kind("tape", tape, Tape, "the tape that forward returned")
    check_cotangents(h_bar, h_T_bar, s_T_bar, tape, q_T_bar)
    W, U, cell, K = tape.W, tape.U, tape.cell, len(tape.cell.gates)
    h_t_bar, c_bar = map(np.empty_like, (h_T_bar, s_T_bar))
    gates_bar, own_bar = rows_for_gates(cell, *c_bar.shape, dtype=c_bar.dtype)
    h_next_bar, s_bar = h_T_bar.copy(), s_T_bar.copy()
    q_bar = _last_gates_bar(q_T_bar, tape) if cell.gate_recurrence else None
    x_bar, P_bar = np.empty_like(tape.x), None if tape.P is None else np.zeros_like(tape.P)
    W_bar = U_bar = b_bar = p_bar = V_bar = NOTHING
    all_h_bar = h_bar if tape.pad is None else without_padding(h_bar, tape.pad)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for block in reversed(tape.blocks):
            part, h_bar = tape.part(block), all_h_bar[block]
            x, h, pad, (T, B, D) = part.x, part.h, part.pad, part.x.shape
            a_bar = np.empty((T, B, len(W)), dtype=x.dtype)
            a_gates_bar = by_gate(a_bar, K)
            steps = linearised(part)
            for t in reversed(range(T)):
                # h_t, s_t = h_{t-1}, s_{t-1}  where padded (10)
                aside = [] if pad is None else set_aside(pad[t], _present(h_next_bar, s_bar, q_bar))
                np.add(h_bar[t], h_next_bar, out=h_t_bar)  # h_t is used by the loss and by the next step
                # h_t = P m_t                               (9)
                m_bar = h_t_bar if P_bar is None else _project_vjp(h_t_bar, P_bar, part, t)
                # h_t, s_t = step(a_t, s_{t-1})             (2) to (7)
                out = StepCotangents(a_bar[t], a_gates_bar[t], s_bar, gates_bar, own_bar, c_bar)
                step_vjp(m_bar, s_bar, steps[t], out, q_bar)
                # a_t = W x_t + U h_{t-1} + b               (1)
                np.dot(a_bar[t], U, out=h_next_bar)
                # a_t + V q_{t-1}                           (8)
                q_bar = None if q_bar is None else _recur_vjp(a_bar[t], part)
                put_back(aside, _present(h_next_bar, s_bar, q_bar)) if aside else None
            # a_t = W x_t + U h_{t-1} + b                   (1), the sum over the steps of the block
            rows = a_bar.reshape(T * B, len(W))
            x_bar[block] = np.matmul(rows, W).reshape(T, B, D)
            W_bar = _plus(W_bar, np.matmul(rows.T, x.reshape(T * B, D)))
            U_bar = _plus(U_bar, np.matmul(rows.T, h[:T].reshape(T * B, len(U[0]))))
            b_bar = _plus(b_bar, rows.sum(axis=0))
            p_bar = _plus(p_bar, _peepholes_vjp(a_bar, part)) if cell.peepholes else None
            V_bar = _plus(V_bar, _recurrence_vjp(a_bar, part)) if cell.gate_recurrence else None
    q0_bar = _side_by_side(q_bar) if tape.q0_given else None
    return gradients(x_bar, h_next_bar, s_bar, W_bar, U_bar, b_bar, p=p_bar, V=V_bar, P=P_bar, q0=q0_bar)


def _plus(total: Any, part: Array) -> Any:
    """The sum of all parts so far, in the memory of the first."""
    return part if total is None else np.add(total, part, out=total)


def _drive(tape: Tape, b: Array) -> Iterator[Array]:
    """What the input of each step adds to its pre-activations, (K, B, H), equation (1): a block in one product."""
    x, W, (_, B, D) = tape.x, tape.W, tape.x.shape
    a = np.empty((min(tape.block, len(x)), B, len(W)), dtype=x.dtype)
    a_gates = by_gate(a, len(tape.cell.gates))
    for steps in tape.blocks:
        now = x[steps].reshape(-1, D)
        rows = a.reshape(-1, len(W))[: len(now)]
        np.dot(now, W.T, out=rows)  # (1)  (n · B, KH)
        rows += b  # (1)
        yield from a_gates[: len(now) // B]


def _present(*cotangents: Array | None) -> list[Array]:
    """Those that are there."""
    return [one for one in cotangents if one is not None]


def _hold(tape: Tape, t: int) -> None:
    """Carry output, state and the gates that the next step sees over the padded rows of step t, equation (10)."""
    assert tape.pad is not None
    for carried in _present(tape.h, tape.s, tape.q):
        hold(carried[t + 1], carried[t], tape.pad[t])


def _project_vjp(h_t_bar: Array, P_bar: Array, tape: Tape, t: int) -> Array:
    """The cotangent (B, H) of m_t; that of P is added to P_bar."""
    assert tape.P is not None
    # h_t = P m_t                                   (9)
    P_bar += np.matmul(h_t_bar.T, tape.m[t])
    m_bar: Array = np.matmul(h_t_bar, tape.P)
    return m_bar


def _keep_gates(opened: Array, tape: Tape, t: int) -> None:
    """Put i, f and o of step t side by side, for the next one."""
    assert tape.q is not None
    by_gate(tape.q[t + 1], 3)[:] = opened


def _recur(a: Array, tape: Tape, t: int) -> None:
    """Add what the gates i, f and o see of the gates of the step before, equation (8)."""
    assert tape.V is not None
    assert tape.q is not None
    a[1:] += by_gate(np.matmul(tape.q[t], tape.V.T), 3)  # (8)  (3, B, H)


def _last_gates_bar(q_T_bar: Array | None, tape: Tape) -> Array:
    """The cotangent (3, B, H) of the gates of the last step, in memory of its own; zero where none is given."""
    assert tape.q is not None
    return by_gate(np.zeros_like(tape.q[0]) if q_T_bar is None else q_T_bar.copy(), 3)


def _side_by_side(q_bar: Array | None) -> Array:
    """The cotangent (B, 3H) of gates, from that of i, f and o one after the other, (3, B, H)."""
    assert q_bar is not None
    _, B, H = q_bar.shape
    return q_bar.swapaxes(0, 1).reshape(B, 3 * H)


def _recur_vjp(a_t_bar: Array, tape: Tape) -> Array:
    """The cotangent (3, B, H) of the gates before step t."""
    assert tape.V is not None
    # a_t + V q_{t-1}                               (8)
    return by_gate(np.matmul(a_t_bar[:, len(tape.V) // 3 :], tape.V), 3)


def _recurrence_vjp(a_bar: Array, tape: Tape) -> Array:
    """The cotangent of V, over all steps and rows."""
    assert tape.q is not None
    T, B, width = tape.q[1:].shape
    # a_t + V q_{t-1}                               (8), the sum over all t
    V_bar: Array = np.matmul(a_bar[..., -width:].reshape(T * B, width).T, tape.q[:T].reshape(T * B, width))
    return V_bar


def _peepholes_vjp(a_bar: Array, tape: Tape) -> Array:
    """The cotangent of p, over all steps and rows: o looks at the new state, i and f at the old one."""
    T, H = len(a_bar), tape.s.shape[2]
    looked_at = {"i": tape.s[:T], "f": tape.s[:T], "o": tape.s[1:]}
    gates = enumerate(tape.cell.gates[1:], start=1)
    return np.stack([peepholes_vjp(a_bar[..., k * H : (k + 1) * H], looked_at[gate]) for k, gate in gates])
