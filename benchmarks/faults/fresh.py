"""A test set: faults written after the last change that the catalogue led to, and fitted to nothing."""

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
    VARIABLE,
    Fault,
    rows,
)

_STEP, _LAYER = "lstm_ref.cell:step_vjp", "lstm_ref.layer:backward"
_NODE, _NETWORK = "lstm_ref.classic:LstmNode.top_diff_is", "lstm_ref.classic:LstmNetwork.y_list_is"
_CARRY, _DIFFS = "np.multiply(s_total_bar, f, out=s_prev_bar)", "node.state.bottom_diff_h, node.state.bottom_diff_s"

FRESH: tuple[Fault, ...] = (
    *rows(
        "fresh",
        "lstm-standard",
        _STEP,
        ("o_bar halved", FACTOR, "np.multiply(h_bar, c, out=o_bar)", "np.multiply(0.5 * h_bar, c, out=o_bar)"),
        ("1 + tanh² for the slope", DERIVATIVE, "c_bar *= c_slope", "c_bar *= 1.0 + c * c"),
        ("state carry twice", FACTOR, "np.add(c_bar, s_bar, out=c_bar)", "np.add(c_bar, 2.0 * s_bar, out=c_bar)"),
        (
            "i_bar negative",
            ALGEBRA,
            "np.multiply(s_total_bar, g, out=i_bar)",
            "np.multiply(-s_total_bar, g, out=i_bar)",
        ),
        ("h_bar in g_bar", VARIABLE, "np.multiply(s_total_bar, i, out=g_bar)", "np.multiply(h_bar, i, out=g_bar)"),
        ("o for f in the carry", VARIABLE, _CARRY, "np.multiply(s_total_bar, o, out=s_prev_bar)"),
        (
            "f_bar times f",
            FACTOR,
            "np.multiply(s_total_bar, s_prev, out=f_bar)",
            "np.multiply(s_total_bar, s_prev * f, out=f_bar)",
        ),
    ),
    *rows(
        "fresh",
        "lstm-seed",
        _STEP,
        ("the last state's part alone carried", CARRY, _CARRY, "np.multiply(s_bar, f, out=s_prev_bar)"),
    ),
    *rows(
        "fresh",
        "lstm-standard",
        _LAYER,
        (
            "output carry divided by the batch",
            SCALE,
            "np.dot(a_bar[t], U, out=h_next_bar)",
            "np.dot(a_bar[t] / B, U, out=h_next_bar)",
        ),
        (
            "output carry clipped",
            CARRY,
            "np.dot(a_bar[t], U, out=h_next_bar)",
            "np.dot(np.clip(a_bar[t], -0.1, 0.1), U, out=h_next_bar)",
        ),
        (
            "inputs one step late in W_bar",
            BOUNDARY,
            "np.matmul(rows.T, x.reshape(T * B, D))",
            "np.matmul(rows.T, np.roll(x, 1, axis=0).reshape(T * B, D))",
        ),
        ("b_bar without the first step", BOUNDARY, "rows.sum(axis=0)", "rows[B:].sum(axis=0)"),
        ("x_bar negative", INPUT, "np.matmul(rows, W).reshape", "np.matmul(-rows, W).reshape"),
    ),
    *rows(
        "fresh",
        "lstm-standard",
        _LAYER,
        ("U_bar halved", SCALE, "s_bar, W_bar, U_bar, b_bar,", "s_bar, W_bar, U_bar / 2, b_bar,"),
        ("no cotangent of s0", CARRY, "x_bar, h_next_bar, s_bar, W", "x_bar, h_next_bar, np.zeros_like(s_bar), W"),
        ("last state's cotangent twice", FACTOR, "h_T_bar.copy(), s_T_bar.copy()", "h_T_bar.copy(), 2.0 * s_T_bar"),
    ),
    *rows(
        "fresh",
        "lstm-classic-node",
        _NODE,
        ("a_o_bar for a_f_bar in W_f", VARIABLE, "np.outer(a_f_bar, xc)", "np.outer(a_o_bar, xc)"),
        ("1 - o for the slope of o", DERIVATIVE, "sigmoid_slope(state.o) * o_bar", "(1 - state.o) * o_bar"),
        ("no path from o to z", PATH, "xc_bar = np.dot(param.wo.T, a_o_bar)", "xc_bar = np.zeros_like(xc)"),
    ),
    *rows(
        "fresh",
        "lstm-classic-network",
        _NETWORK,
        ("state carry halved", FACTOR, "h_bar + h_next_bar, s_next_bar", "h_bar + h_next_bar, s_next_bar / 2"),
        ("output carry times o", FACTOR, _DIFFS, _DIFFS.replace("diff_h,", "diff_h * node.state.o,")),
    ),
    *rows(
        "fresh",
        "lstm-classic-network",
        "lstm_ref.losses:squared_error_vjp",
        ("sum for difference", ALGEBRA, "2 * (h - y)", "2 * (h + y)"),
    ),
)
