"""Faults of the classic objects: one node's backward, and backpropagation through the network."""

from __future__ import annotations

from benchmarks.faults.fault import (
    ALGEBRA,
    BOUNDARY,
    CARRY,
    DERIVATIVE,
    FACTOR,
    INPUT,
    LEAK,
    PATH,
    SCALE,
    SHAPE,
    STAGE,
    VARIABLE,
    rows,
)

_NODE, _NETWORK = "lstm_ref.classic:LstmNode.top_diff_is", "lstm_ref.classic:LstmNetwork.y_list_is"
_LOSS = "lstm_ref.losses:squared_error_vjp"

NODE = rows(
    "node",
    "lstm-classic-node",
    _NODE,
    ("h for s in o_bar", VARIABLE, "o_bar = state.s * h_bar", "o_bar = state.h * h_bar"),
    ("o_bar without its factor", PATH, "o_bar = state.s * h_bar", "o_bar = h_bar"),
    ("tanh(s) for s in o_bar", DERIVATIVE, "o_bar = state.s * h_bar", "o_bar = np.tanh(state.s) * h_bar"),
    ("no state from above", CARRY, "state.o * h_bar + top_diff_s", "state.o * h_bar"),
    ("no path from h to s", PATH, "state.o * h_bar + top_diff_s", "top_diff_s"),
    ("state from above subtracted", CARRY, "state.o * h_bar + top_diff_s", "state.o * h_bar - top_diff_s"),
    ("o over both summands", PATH, "state.o * h_bar + top_diff_s", "state.o * (h_bar + top_diff_s)"),
    ("i for o in s_bar", VARIABLE, "state.o * h_bar + top_diff_s", "state.i * h_bar + top_diff_s"),
    (
        "slope of tanh(s), which the forward has not",
        DERIVATIVE,
        "state.o * h_bar + top_diff_s",
        "state.o * tanh_slope(np.tanh(state.s)) * h_bar + top_diff_s",
    ),
    ("g for i in g_bar", VARIABLE, "g_bar = state.i * s_bar", "g_bar = state.g * s_bar"),
    ("h_bar for s_bar in g_bar", VARIABLE, "g_bar = state.i * s_bar", "g_bar = state.i * h_bar"),
    ("i for g in i_bar", VARIABLE, "i_bar = state.g * s_bar", "i_bar = state.i * s_bar"),
    ("i_bar without the state from above", PATH, "i_bar = state.g * s_bar", "i_bar = state.g * (s_bar - top_diff_s)"),
    ("the new state in f_bar", BOUNDARY, "f_bar = self.s_prev * s_bar", "f_bar = state.s * s_bar"),
    ("top_diff_s for s_bar in f_bar", CARRY, "f_bar = self.s_prev * s_bar", "f_bar = self.s_prev * top_diff_s"),
    ("no forget factor", CARRY, "state.bottom_diff_s = state.f * s_bar", "state.bottom_diff_s = s_bar"),
    (
        "top_diff_s passed on for s_bar",
        CARRY,
        "state.bottom_diff_s = state.f * s_bar",
        "state.bottom_diff_s = state.f * top_diff_s",
    ),
    (
        "1 - i for f",
        VARIABLE,
        "state.bottom_diff_s = state.f * s_bar",
        "state.bottom_diff_s = (1 - state.i) * s_bar",
    ),
    ("slope of tanh at o", DERIVATIVE, "sigmoid_slope(state.o) * o_bar", "tanh_slope(state.o) * o_bar"),
    ("no slope at o", CARRY, "sigmoid_slope(state.o) * o_bar", "o_bar"),
    ("o itself for its slope", DERIVATIVE, "sigmoid_slope(state.o) * o_bar", "state.o * o_bar"),
    ("σ taken twice at f", STAGE, "sigmoid_slope(state.f) * f_bar", "sigmoid_slope(sigmoid(state.f)) * f_bar"),
    ("slope of i at f", VARIABLE, "sigmoid_slope(state.f) * f_bar", "sigmoid_slope(state.i) * f_bar"),
    ("i_bar for f_bar", VARIABLE, "sigmoid_slope(state.f) * f_bar", "sigmoid_slope(state.f) * i_bar"),
    ("1 - i for the slope of i", DERIVATIVE, "sigmoid_slope(state.i) * i_bar", "(1 - state.i) * i_bar"),
    ("σ's slope for tanh's at g", DERIVATIVE, "tanh_slope(state.g) * g_bar", "sigmoid_slope(state.g) * g_bar"),
    ("tanh taken twice at g", STAGE, "tanh_slope(state.g) * g_bar", "tanh_slope(tanh(state.g)) * g_bar"),
    ("o_bar for a_o_bar in W_o", STAGE, "np.outer(a_o_bar, xc)", "np.outer(o_bar, xc)"),
    ("a_f_bar for a_i_bar in W_i", VARIABLE, "np.outer(a_i_bar, xc)", "np.outer(a_f_bar, xc)"),
    ("σ(z) for z in W_g", STAGE, "np.outer(a_g_bar, xc)", "np.outer(a_g_bar, sigmoid(xc))"),
    ("W_f overwritten, not added to", PATH, "param.wf_diff += np.outer", "param.wf_diff = np.outer"),
    ("g_bar for a_g_bar in b_g", STAGE, "param.bg_diff += a_g_bar", "param.bg_diff += g_bar"),
    ("b_i twice", FACTOR, "param.bi_diff += a_i_bar", "param.bi_diff += 2 * a_i_bar"),
    ("b_o divided by H", SCALE, "param.bo_diff += a_o_bar", "param.bo_diff += a_o_bar / param.mem_cell_ct"),
    (
        "W_i only in its first eight columns",
        SHAPE,
        "np.outer(a_i_bar, xc)",
        "np.outer(a_i_bar, np.where(np.arange(len(xc)) < 8, xc, 0.0))",
    ),
    ("z's cotangent overwritten by f", PATH, "xc_bar += np.dot(param.wf.T", "xc_bar = np.dot(param.wf.T"),
    ("W_f for W_i below z", VARIABLE, "np.dot(param.wi.T, a_i_bar)", "np.dot(param.wf.T, a_i_bar)"),
    ("i_bar for a_i_bar below z", STAGE, "np.dot(param.wi.T, a_i_bar)", "np.dot(param.wi.T, i_bar)"),
    ("g's path to z subtracted", ALGEBRA, "xc_bar += np.dot(param.wg.T", "xc_bar -= np.dot(param.wg.T"),
    ("W for Wᵀ, row by row", ALGEBRA, "np.dot(param.wg.T, a_g_bar)", "np.resize(param.wg, param.wg.T.shape) @ a_g_bar"),
    ("x's cotangent doubled", INPUT, "= xc_bar[: param.x_dim]", "= 2 * xc_bar[: param.x_dim]"),
    ("x's cotangent from the end", INPUT, "= xc_bar[: param.x_dim]", "= xc_bar[-param.x_dim :]"),
    ("x's cotangent never propagated", INPUT, "= xc_bar[: param.x_dim]", "= np.zeros(param.x_dim)"),
    ("h's cotangent from the beginning", BOUNDARY, "= xc_bar[param.x_dim :]", "= xc_bar[: param.mem_cell_ct]"),
)

NETWORK = (
    rows(
        "network",
        "lstm-classic-network",
        _NETWORK,
        ("no output carry", CARRY, "h_bar + h_next_bar, s_next_bar", "h_bar, s_next_bar"),
        ("no state carry", CARRY, "h_bar + h_next_bar, s_next_bar", "h_bar + h_next_bar, 0.0 * s_next_bar"),
        ("loss only at the last step", BOUNDARY, "h_bar + h_next_bar, s_next_bar", "h_next_bar, s_next_bar"),
        ("output carry for state carry", VARIABLE, "h_bar + h_next_bar, s_next_bar", "h_bar + h_next_bar, h_next_bar"),
        (
            "state carry for output carry",
            VARIABLE,
            "node.state.bottom_diff_h, node.state.bottom_diff_s",
            "node.state.bottom_diff_s, node.state.bottom_diff_s",
        ),
        (
            "carry kept from the call before",
            LEAK,
            "np.zeros_like(self.lstm_param.bg)",
            "self.lstm_param.bg_diff.copy()",
        ),
        (
            "labels one step off",
            BOUNDARY,
            "zip(steps, h_bars, strict=True)",
            "zip(steps, h_bars[1:] + h_bars[:1], strict=True)",
        ),
        ("first step skipped", BOUNDARY, "zip(steps, h_bars, strict=True)", "list(zip(steps, h_bars))[:-1]"),
        ("steps forwards in time", BOUNDARY, "zip(steps, h_bars, strict=True)", "list(zip(steps, h_bars))[::-1]"),
        ("mean over steps for their sum", SCALE, "node.top_diff_is(h_bar + h", "node.top_diff_is(h_bar / inputs + h"),
        (
            "h_bar of the label's order",
            BOUNDARY,
            "for node, label in steps]\n        for h_bar",
            "for node, label in steps[::-1]]\n        for h_bar",
        ),
    )
    + rows(
        "network",
        "lstm-classic-network",
        _LOSS,
        ("half the derivative of the square", SCALE, "2 * (h - y)", "(h - y)"),
        ("label minus prediction", ALGEBRA, "2 * (h - y)", "2 * (y - h)"),
    )
    + rows(
        "network",
        "lstm-classic-network",
        _NODE,
        ("no forget factor", CARRY, "state.bottom_diff_s = state.f * s_bar", "state.bottom_diff_s = s_bar"),
        ("W_o overwritten, not added to", PATH, "param.wo_diff += np.outer", "param.wo_diff = np.outer"),
        ("o_bar passed into the state", VARIABLE, "f_bar = self.s_prev * s_bar", "f_bar = self.s_prev * o_bar"),
    )
)
