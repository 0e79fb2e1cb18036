"""A GRU over a whole sequence, as a pair of functions that hand a cache from one to the other.

Cho et al. (2014), with the reset gate applied before the recurrent product:

    r_t = σ(x_t W_r + h_{t-1} U_r + b_r)                 reset gate
    z_t = σ(x_t W_z + h_{t-1} U_z + b_z)                 update gate
    n_t = tanh(x_t W_n + (r_t ∘ h_{t-1}) U_n + b_n)      candidate
    h_t = z_t ∘ h_{t-1} + (1 − z_t) ∘ n_t

x is (T, B, D), every h is (B, H), and all hidden states come back as one (T, B, H) array. Reset, update and
candidate weights lie side by side in W (D, 3H), U (H, 3H) and b (3H).

The mistake: h_{t-1} reaches the loss on four ways: through r, through z, through the candidate and straight
through. On the third of them stands the reset gate, r ∘ h. `gru_backward_without_reset` walks that way back
without multiplying by r. At the usual initialisation r is about a half everywhere, the training loss still
falls, and nobody looks again. With T = 1 and h_0 = 0 the weights' gradients are right, too.

    oracle verify examples/gru.py:subject examples/gru.py:wrong
"""

import numpy as np

import oracle


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def gru_forward(x, h0, W, U, b):
    T, H = x.shape[0], h0.shape[1]
    h, hs, steps = h0, [], []
    for t in range(T):
        a = x[t].dot(W) + b
        rz = sigmoid(a[:, : 2 * H] + h.dot(U[:, : 2 * H]))
        r, z = rz[:, :H], rz[:, H:]
        n = np.tanh(a[:, 2 * H :] + (r * h).dot(U[:, 2 * H :]))
        steps.append((x[t], h, r, z, n))
        h = z * h + (1 - z) * n
        hs.append(h)
    return np.stack(hs), (steps, W, U)


def gru_backward(dhs, cache):
    steps, W, U = cache
    H = U.shape[0]
    dx = np.zeros(dhs.shape[:2] + (W.shape[0],))
    dW, dU, db = np.zeros(W.shape), np.zeros(U.shape), np.zeros(3 * H)
    dh = np.zeros(dhs.shape[1:])
    for t in reversed(range(len(steps))):
        x, h_prev, r, z, n = steps[t]
        dh = dh + dhs[t]

        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h_prev - n) * z * (1 - z)
        drh = dn.dot(U[:, 2 * H :].T)
        dr = drh * h_prev * r * (1 - r)
        da = np.hstack((dr, dz, dn))

        dW += x.T.dot(da)
        dU[:, : 2 * H] += h_prev.T.dot(da[:, : 2 * H])
        dU[:, 2 * H :] += (r * h_prev).T.dot(dn)
        db += da.sum(axis=0)
        dx[t] = da.dot(W.T)
        dh = dh * z + drh * r + da[:, : 2 * H].dot(U[:, : 2 * H].T)
    return dx, dh, dW, dU, db


def gru_backward_without_reset(dhs, cache):
    steps, W, U = cache
    H = U.shape[0]
    dx = np.zeros(dhs.shape[:2] + (W.shape[0],))
    dW, dU, db = np.zeros(W.shape), np.zeros(U.shape), np.zeros(3 * H)
    dh = np.zeros(dhs.shape[1:])
    for t in reversed(range(len(steps))):
        x, h_prev, r, z, n = steps[t]
        dh = dh + dhs[t]

        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h_prev - n) * z * (1 - z)
        drh = dn.dot(U[:, 2 * H :].T)
        dr = drh * h_prev * r * (1 - r)
        da = np.hstack((dr, dz, dn))

        dW += x.T.dot(da)
        dU[:, : 2 * H] += h_prev.T.dot(da[:, : 2 * H])
        dU[:, 2 * H :] += (r * h_prev).T.dot(dn)
        db += da.sum(axis=0)
        dx[t] = da.dot(W.T)
        dh = dh * z + da.dot(U.T)  # neat, short, and wrong: the candidate saw r * h_prev, not h_prev
    return dx, dh, dW, dU, db


SHAPES = {"x": "T B D", "h0": "B H", "W": "D 3*H", "U": "H 3*H", "b": "3*H"}

subject = oracle.Subject.from_functions(gru_forward, gru_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(gru_forward, gru_backward_without_reset, inputs=SHAPES)
