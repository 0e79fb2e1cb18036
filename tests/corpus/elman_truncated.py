"""Elman network, every output is pushed back through at most 3 steps (bptt_truncate)."""
import numpy as np

bptt_truncate = 3


class RNN:
    def __init__(self, word_dim, hidden_dim):
        self.U = np.random.uniform(-1, 1, (hidden_dim, word_dim))
        self.V = np.random.uniform(-1, 1, (word_dim, hidden_dim))
        self.W = np.random.uniform(-1, 1, (hidden_dim, hidden_dim))

    def forward_propagation(self, x):
        T = len(x)
        s = np.zeros((T + 1, self.U.shape[0]))   # row -1 is the zero state
        o = np.zeros((T, self.V.shape[0]))
        for t in np.arange(T):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            z = self.V.dot(s[t])
            o[t] = np.exp(z) / np.exp(z).sum()
        return o, s

    def loss_and_gradient(self, x, y, truncate=bptt_truncate):
        T = len(y)
        o, s = self.forward_propagation(x)
        loss = -1 * np.sum(np.log(o[np.arange(T), y]))
        dLdU, dLdV, dLdW = np.zeros(self.U.shape), np.zeros(self.V.shape), np.zeros(self.W.shape)
        delta_o = o
        delta_o[np.arange(len(y)), y] -= 1.
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t].T)
            delta_t = self.V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
            # at most `truncate` steps: t, t-1, ...
            for k in np.arange(max(0, t - truncate + 1), t + 1)[::-1]:
                dLdW += np.outer(delta_t, s[k - 1])
                dLdU[:, x[k]] += delta_t
                delta_t = self.W.T.dot(delta_t) * (1 - s[k - 1] ** 2)
        return loss, dLdU, dLdV, dLdW


EXPECTED = {"right": "CERTIFIED", "undeclared": "REFUTED", "wrong": "REFUTED"}


def with_weights(steps):
    def loss_and_gradient(x, y, U, V, W):
        net = RNN.__new__(RNN)   # no fresh weights, no draws
        net.U, net.V, net.W = U, V, W
        return net.loss_and_gradient(x, y, steps)
    return loss_and_gradient


def build(steps=bptt_truncate, **declared):
    import oracle
    words = oracle.integers("T", below="C")
    return oracle.Subject.from_loss(
        with_weights(steps), inputs={"x": words, "y": words, "U": "H C", "V": "C H", "W": "H H"},
        gradients=("U", "V", "W"), sizes={"T": (1, 9)}, **declared)


def right():
    return build(truncate=3)


def undeclared():
    return build()


def wrong():
    # says 3, does 2
    return build(steps=2, truncate=3)
