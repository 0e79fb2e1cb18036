"""Batched GRU with padding: where mask is False the state is carried over unchanged."""
import numpy as np


def gru_masked(x, mask, h, W, U):
    outs, tape = [], []
    H = h.shape[-1]
    for t in range(x.shape[1]):
        z = 1 / (1 + np.exp(-(np.einsum('bd,dh->bh', x[:, t], W[0]) + np.einsum('bk,kh->bh', h, U[0]))))
        r = 1 / (1 + np.exp(-(np.einsum('bd,dh->bh', x[:, t], W[1]) + np.einsum('bk,kh->bh', h, U[1]))))
        c = np.tanh(np.einsum('bd,dh->bh', x[:, t], W[2]) + np.einsum('bk,kh->bh', r * h, U[2]))
        m = mask[:, t, None]
        tape.append((h, z, r, c, m))
        h = np.where(m, z * h + (1 - z) * c, h)
        outs.append(h)
    return np.stack(outs, axis=1), (x, tape, W, U)


def gru_masked_backward(douts, cache):
    x, tape, W, U = cache
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    dh = np.zeros_like(tape[0][0])
    for t in range(len(tape) - 1, -1, -1):
        h, z, r, c, m = tape[t]
        dh = dh + douts[:, t]
        dnew = dh * m
        dc = dnew * (1 - z) * (1 - c * c)
        dz = dnew * (h - c) * z * (1 - z)
        drh = np.einsum('bh,kh->bk', dc, U[2])
        dr = drh * h * r * (1 - r)
        da = np.stack([dz, dr, dc])
        dx[:, t] = np.einsum('gbh,gdh->bd', da, W)
        dW += np.einsum('bd,gbh->gdh', x[:, t], da)
        dU += np.einsum('gbk,gbh->gkh', np.stack([h, h, r * h]), da)
        dh = dh * ~m + dnew * z + drh * r + dz @ U[0].T + dr @ U[1].T
    return dx, dh, dW, dU


def gru_masked_backward_2(douts, cache):
    x, tape, W, U = cache
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    dh = np.zeros_like(tape[0][0])
    for t in range(len(tape) - 1, -1, -1):
        h, z, r, c, m = tape[t]
        dh = (dh + douts[:, t]) * m     # zeroes the carry of padded rows, too
        dc = dh * (1 - z) * (1 - c * c)
        dz = dh * (h - c) * z * (1 - z)
        drh = np.einsum('bh,kh->bk', dc, U[2])
        dr = drh * h * r * (1 - r)
        da = np.stack([dz, dr, dc])
        dx[:, t] = np.einsum('gbh,gdh->bd', da, W)
        dW += np.einsum('bd,gbh->gdh', x[:, t], da)
        dU += np.einsum('gbk,gbh->gkh', np.stack([h, h, r * h]), da)
        dh = dh * z + drh * r + dz @ U[0].T + dr @ U[1].T
    return dx, dh, dW, dU


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(back):
    import oracle
    shapes = {"x": "B T D", "mask": oracle.booleans("B T"), "h": "B H", "W": "3 D H", "U": "3 H H"}
    return oracle.Subject.from_functions(gru_masked, back, inputs=shapes)


def right():
    return build(gru_masked_backward)


def wrong():
    return build(gru_masked_backward_2)
