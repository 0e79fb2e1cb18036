"""A recurrent layer whose certificate was made once, and is kept: every machine must get the same digits."""

import numpy as np

import oracle


def forward(x, h0, W, U, b):
    """All states of h_t = tanh(x_t W + h_{t-1} U + b)."""
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ W + h[-1] @ U + b))
    return np.stack(h[1:]), (x, np.stack(h), W, U)


def backward(h_bar, cache):
    """Its gradients, backwards in time."""
    x, h, W, U = cache
    x_bar = np.zeros_like(x)
    W_bar, U_bar, b_bar = np.zeros_like(W), np.zeros_like(U), np.zeros(U.shape[0])
    carry = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        a_bar = (h_bar[t] + carry) * (1 - h[t + 1] ** 2)
        x_bar[t] = a_bar @ W.T
        W_bar += x[t].T @ a_bar
        U_bar += h[t].T @ a_bar
        b_bar += a_bar.sum(axis=0)
        carry = a_bar @ U.T
    return x_bar, carry, W_bar, U_bar, b_bar


subject = oracle.Subject.from_functions(
    forward, backward, inputs={"x": "T B D", "h0": "B H", "W": "D H", "U": "H H", "b": "H"}
)
