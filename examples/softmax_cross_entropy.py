"""Softmax and cross-entropy with integer targets, averaged over the batch, and an epsilon in the logarithm.

    p_n  = softmax(x_n)
    loss = −1/N Σ_n log(p_n[y_n] + ε)             ε = 1e-9, "so that the log never sees a zero"

x is (N, C), y holds N class numbers below C. Everybody knows the gradient by heart, (p − onehot(y)) / N. It is
the gradient of the loss *without* ε. With ε in the logarithm there is one factor more:

    dx_n = p_n[y_n] / (p_n[y_n] + ε) · (p_n − onehot(y_n)) / N

The mistake: `loss_backward_textbook` leaves that factor out. Where p[y] is not small it is 1 − 1e-9, and no
finite difference in float64 will ever find it. Where p[y] is 1e-9 itself, on the examples the network gets most
wrong, the textbook gradient is twice too large. Whether that matters is for its author to decide; that the two
functions are not each other's derivative is a fact, and the report names the constant.

    oracle verify examples/softmax_cross_entropy.py:subject examples/softmax_cross_entropy.py:wrong
"""

import numpy as np

import oracle

EPS = 1e-9


def loss_forward(x, y):
    N = x.shape[0]
    shifted = x - np.max(x, axis=1, keepdims=True)
    p = np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(N), y] + EPS))
    return loss, (p, y)


def loss_backward(dloss, cache):
    p, y = cache
    N = p.shape[0]
    rows = np.arange(N)
    dx = p.copy()
    dx[rows, y] -= 1
    dx *= (p[rows, y] / (p[rows, y] + EPS))[:, np.newaxis]
    return dloss * dx / N


def loss_backward_textbook(dloss, cache):
    p, y = cache
    N = p.shape[0]
    dx = p.copy()
    dx[np.arange(N), y] -= 1
    return dloss * dx / N  # wrong: the derivative of log(p), but the forward says log(p + EPS)


SHAPES = {"x": "N C", "y": oracle.integers("N", below="C")}

subject = oracle.Subject.from_functions(loss_forward, loss_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(loss_forward, loss_backward_textbook, inputs=SHAPES)
