"""Faults of networks and of sequences in pieces: directions, dropout, layers, chunks, checkpoints, truncation."""

from __future__ import annotations

from benchmarks.faults.fault import ALGEBRA, BOUNDARY, CARRY, FACTOR, PATH, SCALE, STAGE, VARIABLE, rows

_NETWORK, _DROP = "lstm_ref.network:backward", "lstm_ref.dropout:drop_vjp"
_CHUNKS = "lstm_ref.chunks:chunk_by_chunk"
_CHECKPOINTS = "lstm_ref.checkpointing:backward"
_H_BAR = "np.split(y_bar, N, axis=-1)[n][::d]"
_TURN = "z_bar = z_bar + zd_bar[::d]"
_LAYER = "unrolling.backward(hd_bar, h_T_bar[k], s_T_bar[k], tapes[k], *carried)"
_DROPPED = "drop_vjp(z_bar, kept, rate)"
_INVERTED = "z_bar * mask / (1 - rate)"
_AGAIN = "x[chunks[n]], h[n], s[n], W"

DIRECTIONS = rows(
    "directions",
    "lstm-bidirectional",
    _NETWORK,
    ("input cotangents not turned back", BOUNDARY, _TURN, "z_bar = z_bar + zd_bar"),
    ("the other half of the outputs", BOUNDARY, _H_BAR, _H_BAR.replace("[n]", "[N - 1 - n]")),
    ("both directions get the first half", BOUNDARY, _H_BAR, _H_BAR.replace("[n]", "[0]")),
    ("the last direction alone", PATH, _TURN, "z_bar = 0 * z_bar + zd_bar[::d]"),
    ("cotangents of directions subtracted", FACTOR, _TURN, "z_bar = zd_bar[::d] - z_bar"),
    ("tape of the other direction", VARIABLE, _LAYER, _LAYER.replace("tapes[k]", "tapes[l * N + N - 1 - n]")),
    ("last output of another layer", VARIABLE, _LAYER, _LAYER.replace("h_T_bar[k]", "h_T_bar[n]")),
    ("last state dropped", CARRY, _LAYER, _LAYER.replace("s_T_bar[k]", "0 * s_T_bar[k]")),
    ("one direction to the layer below", STAGE, _DROPPED, "drop_vjp(zd_bar, kept, rate)"),
)
REVERSED = rows(
    "reversed",
    "lstm-reversed",
    _NETWORK,
    ("output cotangents not turned", BOUNDARY, _H_BAR, _H_BAR.replace("[::d]", "")),
    ("input cotangents not turned back", BOUNDARY, _TURN, "z_bar = z_bar + zd_bar"),
)
STACKED = rows(
    "stacked",
    "lstm-stacked",
    _NETWORK,
    ("the mask is forgotten", PATH, _DROPPED, "drop_vjp(z_bar, True, rate)"),
    ("the mask does not scale", SCALE, _DROPPED, "drop_vjp(z_bar, kept, 0.0)"),
    ("mask of the next gap", BOUNDARY, _DROPPED, "drop_vjp(z_bar, *gaps[max(l - 1, 0)])"),
    ("cotangent not doubled but halved", SCALE, _DROPPED, "drop_vjp(z_bar, kept, rate) / 2"),
    ("h0 and s0 exchanged", VARIABLE, "zd_bar, h0_bar[k], s0_bar[k]", "zd_bar, s0_bar[k], h0_bar[k]"),
) + rows(
    "dropout",
    "lstm-stacked",
    _DROP,
    ("no scale", SCALE, _INVERTED, "z_bar * mask"),
    ("no mask", PATH, _INVERTED, "z_bar / (1 - rate)"),
    ("scaled down", SCALE, _INVERTED, "z_bar * mask * (1 - rate)"),
)
CHUNKED = rows(
    "chunks",
    "lstm-chunked",
    _CHUNKS,
    ("no cotangent of the output", CARRY, "else part.h0", "else 0 * part.h0"),
    ("no cotangent of the state", CARRY, "else part.s0", "else 0 * part.s0"),
    ("the state's carry for the output's", VARIABLE, "else part.h0", "else part.s0"),
    ("last cotangents in every chunk", CARRY, "else part.h0", "else part.h0 + h_j_bar"),
    ("outputs counted from the end", BOUNDARY, "layer.backward(h_bar[j]", "layer.backward(h_bar[::-1][j]"),
)
TRUNCATED = rows(
    "truncated",
    "lstm-truncated",
    _CHUNKS,
    ("the output passes", CARRY, "np.zeros_like(part.h0)", "part.h0"),
    ("the state passes", CARRY, "np.zeros_like(part.s0)", "part.s0"),
    ("one border too few", BOUNDARY, "if truncated and n else part.h0", "if truncated and n > 1 else part.h0"),
    ("one border too many", BOUNDARY, "if truncated and n else part.s0", "if truncated else part.s0"),
)
CHECKPOINTED = rows(
    "checkpoints",
    "lstm-checkpointed",
    _CHECKPOINTS,
    ("run again from the first output", STAGE, _AGAIN, "x[chunks[n]], h[0], s[n], W"),
    ("run again from the first state", STAGE, _AGAIN, "x[chunks[n]], h[n], s[0], W"),
    ("run again with the next chunk", BOUNDARY, "h[n], s[n], W", "h[n], s[n - 1], W"),
    ("other inputs", BOUNDARY, _AGAIN, "x[::-1][chunks[n]], h[n], s[n], W"),
)
GATES_CHUNKED = rows(
    "gates in chunks",
    "lstm-fgr-chunked",
    _CHUNKS,
    ("no cotangent of the gates", CARRY, "else part.q0)", "else 0 * part.q0)"),
    ("o before i and f", ALGEBRA, "else part.q0)", "else np.roll(part.q0, part.s0.shape[1], axis=1))"),
) + rows(
    "gates in chunks",
    "lstm-fgr-chunked",
    "lstm_ref.layer:_last_gates_bar",
    ("last gates dropped", CARRY, "else q_T_bar.copy()", "else 0 * q_T_bar"),
)
GATES_TRUNCATED = rows(
    "truncated gates",
    "lstm-fgr-truncated",
    _CHUNKS,
    ("the gates pass", CARRY, "np.zeros_like(part.q0)", "part.q0"),
    ("one border too few", BOUNDARY, "if truncated and n else part.q0", "if truncated and n > 1 else part.q0"),
)
GATES_CHECKPOINTED = rows(
    "checkpointed gates",
    "lstm-fgr-checkpointed",
    _CHECKPOINTS,
    ("run again without gates", STAGE, "masks[n], q[n])", "masks[n], q[n] if n == 0 else 0 * q[n])"),
    (
        "run again from the gates of other rows",
        BOUNDARY,
        "masks[n], q[n])",
        "masks[n], q[n] if n == 0 else q[n][::-1])",
    ),
)
GATES_CARRIED = rows(
    "gates of directions",
    "lstm-fgr-bidirectional",
    _NETWORK,
    ("last gates of the other direction", VARIABLE, "_part(q_T_bar, k)", "_part(q_T_bar, l * N + N - 1 - n)"),
) + rows(
    "gates of directions",
    "lstm-fgr-bidirectional",
    "lstm_ref.network:_part",
    ("last gates dropped", CARRY, "(q_T_bar[k],)", "(0 * q_T_bar[k],)"),
)
GATES = (*GATES_CHUNKED, *GATES_TRUNCATED, *GATES_CHECKPOINTED, *GATES_CARRIED)
NETWORKS = (*DIRECTIONS, *REVERSED, *STACKED, *CHUNKED, *TRUNCATED, *CHECKPOINTED, *GATES)
