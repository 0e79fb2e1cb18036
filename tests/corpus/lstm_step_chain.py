"""
LSTM in the (N, T, D) course layout: a step, its backward, and the loop around both.
"""
import numpy as np


def sigmoid(x):
    """numerically stable version of the logistic sigmoid"""
    pos_mask = x >= 0
    neg_mask = x < 0
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return top / (1 + z)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    A = x.dot(Wx) + prev_h.dot(Wh) + b
    i = sigmoid(A[:, 0:H])
    f = sigmoid(A[:, H:2*H])
    o = sigmoid(A[:, 2*H:3*H])
    g = np.tanh(A[:, 3*H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    dc = dnext_c + dnext_h * o * (1 - np.tanh(next_c)**2)
    do = dnext_h * np.tanh(next_c)
    dA = np.concatenate(((dc * g) * i * (1 - i), (dc * prev_c) * f * (1 - f), do * o * (1 - o), (dc * i) * (1 - g**2)), axis=1)
    return dA.dot(Wx.T), dA.dot(Wh.T), dc * f, x.T.dot(dA), prev_h.T.dot(dA), dA.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    cache = []
    next_h, next_c = h0, np.zeros((N, H))
    for t in range(T):
        next_h, next_c, cache_t = lstm_step_forward(x[:, t, :], next_h, next_c, Wx, Wh, b)
        h[:, t, :] = next_h
        cache.append(cache_t)
    return h, cache


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    x, prev_h, prev_c, Wx, Wh = cache[0][:5]
    dx = np.zeros((N, T, x.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4*H)
    dprev_h, dprev_c = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(dh[:, t, :] + dprev_h, dprev_c, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


def lstm_backward_no_cell(dh, cache):
    N, T, H = dh.shape
    x, prev_h, prev_c, Wx, Wh = cache[0][:5]
    dx = np.zeros((N, T, x.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4*H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dnext_c = np.zeros((N, H))  # fresh at every step, so nothing comes back through the cell
        dx[:, t, :], dprev_h, _, dWx_t, dWh_t, db_t = lstm_step_backward(dh[:, t, :] + dprev_h, dnext_c, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


SHAPES = {"x": "N T D", "h0": "N H", "Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def right():
    import oracle
    return oracle.Subject.from_functions(lstm_forward, lstm_backward, inputs=SHAPES)


def wrong():
    import oracle
    return oracle.Subject.from_functions(lstm_forward, lstm_backward_no_cell, inputs=SHAPES)
