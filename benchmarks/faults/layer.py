"""Faults of the layer: the step's backward in `lstm_ref.cell`, and backpropagation through time in `lstm_ref.layer`."""

from __future__ import annotations

from benchmarks.faults.fault import (
    ALGEBRA,
    BOUNDARY,
    CARRY,
    DERIVATIVE,
    FACTOR,
    INPUT,
    PATH,
    SCALE,
    SHAPE,
    STAGE,
    VARIABLE,
    rows,
)

_STEP, _LAYER = "lstm_ref.cell:step_vjp", "lstm_ref.layer:backward"
_SLOPES = "np.multiply(own_bar, gates_slope"
_STATE = "c_bar *= c_slope"


def _at_gates(slopes: str) -> str:
    """The product with other slopes at i, f and o."""
    return f"np.multiply(own_bar, np.concatenate((gates_slope[:1], {slopes}))"


def _at_g(slope: str) -> str:
    """The product with another slope at g."""
    return f"np.multiply(own_bar, np.concatenate(({slope}[np.newaxis], gates_slope[1:]))"


STEP = rows(
    "step",
    "lstm-standard",
    _STEP,
    ("o for c in o_bar", VARIABLE, "np.multiply(h_bar, c, out=o_bar)", "np.multiply(h_bar, o, out=o_bar)"),
    (
        "s for tanh(s) in o_bar",
        DERIVATIVE,
        "np.multiply(h_bar, c, out=o_bar)",
        "np.multiply(h_bar, g * i + s_prev * f, out=o_bar)",
    ),
    ("s_bar for h_bar in o_bar", VARIABLE, "np.multiply(h_bar, c, out=o_bar)", "np.multiply(s_bar, c, out=o_bar)"),
    ("c for o in c_bar", VARIABLE, "np.multiply(h_bar, o, out=c_bar)", "np.multiply(h_bar, c, out=c_bar)"),
    ("f for o in c_bar", VARIABLE, "np.multiply(h_bar, o, out=c_bar)", "np.multiply(h_bar, f, out=c_bar)"),
    ("no slope of tanh(s)", CARRY, _STATE, "c_bar *= 1.0"),
    ("tanh's slope fed its output", STAGE, _STATE, "c_bar *= tanh_slope_at(c)"),
    ("σ's slope for tanh's at s", DERIVATIVE, _STATE, "c_bar *= c * (1.0 - c)"),
    ("tanh(s) for its slope", DERIVATIVE, _STATE, "c_bar *= c"),
    ("no state carry", CARRY, "np.add(c_bar, s_bar, out=c_bar)", "np.add(c_bar, 0.0, out=c_bar)"),
    ("state carry subtracted", CARRY, "np.add(c_bar, s_bar, out=c_bar)", "np.subtract(c_bar, s_bar, out=c_bar)"),
    ("no path from h to s", PATH, "np.add(c_bar, s_bar, out=c_bar)", "np.add(0.0, s_bar, out=c_bar)"),
    ("h_bar for c_bar", STAGE, "np.add(c_bar, s_bar, out=c_bar)", "np.add(h_bar, s_bar, out=c_bar)"),
    ("g for i in g_bar", VARIABLE, "np.multiply(s_total_bar, i, out=g_bar)", "np.multiply(s_total_bar, g, out=g_bar)"),
    (
        "s_bar for the total in g_bar",
        PATH,
        "np.multiply(s_total_bar, i, out=g_bar)",
        "np.multiply(s_bar, i, out=g_bar)",
    ),
    ("i for g in i_bar", VARIABLE, "np.multiply(s_total_bar, g, out=i_bar)", "np.multiply(s_total_bar, i, out=i_bar)"),
    (
        "f_bar for i_bar",
        VARIABLE,
        "np.multiply(s_total_bar, g, out=i_bar)",
        "np.multiply(s_total_bar, s_prev, out=i_bar)",
    ),
    (
        "the new state in f_bar",
        BOUNDARY,
        "np.multiply(s_total_bar, s_prev, out=f_bar)",
        "np.multiply(s_total_bar, g * i + s_prev * f, out=f_bar)",
    ),
    (
        "s_bar for the total in f_bar",
        PATH,
        "np.multiply(s_total_bar, s_prev, out=f_bar)",
        "np.multiply(s_bar, s_prev, out=f_bar)",
    ),
    (
        "no forget factor",
        CARRY,
        "np.multiply(s_total_bar, f, out=s_prev_bar)",
        "np.multiply(s_total_bar, 1.0, out=s_prev_bar)",
    ),
    (
        "i for f in the carry",
        VARIABLE,
        "np.multiply(s_total_bar, f, out=s_prev_bar)",
        "np.multiply(s_total_bar, i, out=s_prev_bar)",
    ),
    (
        "coupled gates in the carry",
        VARIABLE,
        "np.multiply(s_total_bar, f, out=s_prev_bar)",
        "np.multiply(s_total_bar, 1.0 - i, out=s_prev_bar)",
    ),
    ("slope of tanh at i, f and o", DERIVATIVE, _SLOPES, _at_gates("tanh_slope_at(np.stack([i, f, o]))")),
    (
        "σ taken twice at i, f and o",
        STAGE,
        _SLOPES,
        _at_gates("sigmoid_slope_by_tail(1.0 / (1.0 + np.exp(-np.stack([i, f, o]))), np.exp(-np.stack([i, f, o])))"),
    ),
    ("gates for their slopes", DERIVATIVE, _SLOPES, _at_gates("np.stack([i, f, o])")),
    ("no slope at i, f and o", CARRY, _SLOPES, _at_gates("np.ones((3, *i.shape))")),
    ("cotangents of the gates reversed", BOUNDARY, _SLOPES, "np.multiply(own_bar[[0, 3, 2, 1]], gates_slope"),
    ("σ's slope for tanh's at g", DERIVATIVE, _SLOPES, _at_g("(g * (1.0 - g))")),
    ("tanh taken twice at g", STAGE, _SLOPES, _at_g("tanh_slope_at(g)")),
    ("no slope at g", CARRY, _SLOPES, _at_g("np.ones_like(g)")),
    ("slope at i for that at g", VARIABLE, _SLOPES, _at_g("gates_slope[1]")),
)

SEED_STEP = rows(
    "seed's step",
    "lstm-seed",
    _STEP,
    (
        "tanh's slope where the seed has none",
        DERIVATIVE,
        "c_slope if cell.tanh_of_state else 1.0",
        "tanh_slope_at(g * i + s_prev * f)",
    ),
    ("no forget factor", CARRY, "np.multiply(s_total_bar, f, out=s_prev_bar)", "np.copyto(s_prev_bar, s_total_bar)"),
    (
        "tanh(s) for s in o_bar",
        DERIVATIVE,
        "np.multiply(h_bar, c, out=o_bar)",
        "np.multiply(h_bar, np.tanh(c), out=o_bar)",
    ),
)

LAYER = rows(
    "layer",
    "lstm-standard",
    _LAYER,
    ("no output carry", CARRY, "np.add(h_bar[t], h_next_bar, out=h_t_bar)", "np.copyto(h_t_bar, h_bar[t])"),
    (
        "output carry subtracted",
        CARRY,
        "np.add(h_bar[t], h_next_bar, out=h_t_bar)",
        "np.subtract(h_bar[t], h_next_bar, out=h_t_bar)",
    ),
    (
        "loss only at the last step",
        BOUNDARY,
        "np.add(h_bar[t], h_next_bar, out=h_t_bar)",
        "np.copyto(h_t_bar, h_next_bar)",
    ),
    ("h_bar of the step before", BOUNDARY, "np.add(h_bar[t], h_next_bar", "np.add(h_bar[t - 1], h_next_bar"),
    ("h_bar counted from the end", BOUNDARY, "np.add(h_bar[t], h_next_bar", "np.add(h_bar[T - 1 - t], h_next_bar"),
    ("h_bar[t] for the total", VARIABLE, "step_vjp(m_bar, s_bar", "step_vjp(h_bar[t], s_bar"),
    ("the tape of the first step", BOUNDARY, "s_bar, steps[t], out", "s_bar, steps[0], out"),
    ("the tape of the step before", BOUNDARY, "s_bar, steps[t], out", "s_bar, steps[t - 1], out"),
    ("h_t_bar for s_bar", VARIABLE, "step_vjp(m_bar, s_bar", "step_vjp(m_bar, m_bar"),
    (
        "only the candidate's path to h",
        PATH,
        "np.dot(a_bar[t], U, out=h_next_bar)",
        "np.dot(a_bar[t, :, : len(U[0])], U[: len(U[0])], out=h_next_bar)",
    ),
    (
        "no U in the carry",
        CARRY,
        "np.dot(a_bar[t], U, out=h_next_bar)",
        "np.copyto(h_next_bar, a_bar[t, :, : len(U[0])])",
    ),
    ("U doubled", FACTOR, "np.dot(a_bar[t], U, out=h_next_bar)", "np.dot(a_bar[t], 2.0 * U, out=h_next_bar)"),
    ("Uᵀ in the shape of U", ALGEBRA, "np.dot(a_bar[t], U, out", "np.dot(a_bar[t], U.T.reshape(U.shape), out"),
    (
        "gates of U in the order of o",
        ALGEBRA,
        "np.dot(a_bar[t], U, out",
        "np.dot(a_bar[t], np.roll(U, len(U[0]), axis=0), out",
    ),
    ("rows batch by batch", SHAPE, "rows = a_bar.reshape(", "rows = a_bar.transpose(1, 0, 2).reshape("),
    (
        "x_bar folded batch by batch",
        SHAPE,
        "np.matmul(rows, W).reshape(T, B, D)",
        "np.matmul(rows, W).reshape(B, T, D).transpose(1, 0, 2)",
    ),
    ("x_bar never propagated", INPUT, "np.matmul(rows, W).reshape", "np.zeros_like(x).reshape"),
    (
        "x_bar through the candidate alone",
        INPUT,
        "np.matmul(rows, W).reshape",
        "np.matmul(rows[:, : len(U[0])], W[: len(U[0])]).reshape",
    ),
    ("x_bar one step off", INPUT, "np.matmul(rows, W).reshape", "np.matmul(np.roll(rows, B, axis=0), W).reshape"),
    (
        "W_bar divided by the batch",
        SCALE,
        "np.matmul(rows.T, x.reshape(T * B, D))",
        "np.matmul(rows.T, x.reshape(T * B, D)) / B",
    ),
    ("W_bar of steps in reverse", BOUNDARY, "np.matmul(rows.T, x.reshape", "np.matmul(rows.T, x[::-1].reshape"),
    ("outputs one step late in U_bar", BOUNDARY, "h[:T].reshape", "h[1:].reshape"),
    ("states for outputs in U_bar", VARIABLE, "h[:T].reshape", "tape.s[:T].reshape"),
    (
        "tanh of the outputs in U_bar",
        STAGE,
        "np.matmul(rows.T, h[:T].reshape",
        "np.matmul(rows.T, np.tanh(h[:T]).reshape",
    ),
    ("U_bar divided by the steps", SCALE, "h[:T].reshape(T * B, len(U[0])))", "h[:T].reshape(T * B, len(U[0]))) / T"),
    ("mean for sum in b_bar", SCALE, "rows.sum(axis=0)", "rows.mean(axis=0)"),
    ("b_bar of the first step only", BOUNDARY, "rows.sum(axis=0)", "rows[:B].sum(axis=0)"),
    ("b_bar of the first row of each batch", SHAPE, "rows.sum(axis=0)", "rows[::B].sum(axis=0)"),
)

WHOLE = rows(
    "layer",
    "lstm-standard",
    _LAYER,
    (
        "cotangent of the last output dropped",
        BOUNDARY,
        "h_T_bar.copy(), s_T_bar.copy()",
        "np.zeros_like(h_T_bar), s_T_bar.copy()",
    ),
    (
        "cotangent of the last state dropped",
        BOUNDARY,
        "h_T_bar.copy(), s_T_bar.copy()",
        "h_T_bar.copy(), np.zeros_like(s_T_bar)",
    ),
    ("last cotangents exchanged", VARIABLE, "h_T_bar.copy(), s_T_bar.copy()", "s_T_bar.copy(), h_T_bar.copy()"),
    ("b_bar doubled", FACTOR, "s_bar, W_bar, U_bar, b_bar,", "s_bar, W_bar, U_bar, 2.0 * b_bar,"),
    ("cotangents of h0 and s0 exchanged", VARIABLE, "x_bar, h_next_bar, s_bar, W", "x_bar, s_bar, h_next_bar, W"),
    ("h0's cotangent of the last step", BOUNDARY, "x_bar, h_next_bar, s_bar, W", "x_bar, h_T_bar, s_bar, W"),
)
