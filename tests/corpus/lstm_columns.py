"""Column vectors, (features, batch). Gradients in self.grads."""
import numpy as np


class LSTM(object):
    def __init__(self, n_in, n_out):
        self.params, self.grads = {}, {}
        for k in ("f", "i", "g", "o"):
            self.params["W" + k] = np.random.normal(0, 0.1, (n_out, n_out + n_in))
            self.params["b" + k] = np.zeros((n_out, 1))

    sig = staticmethod(lambda z: 1.0 / (1.0 + np.exp(-z)))

    def _gate(self, k, z):
        return np.matmul(self.params["W" + k], z) + self.params["b" + k]

    def forward(self, X, h, c):
        """X: (time, features, batch)"""
        self.hist = []
        out = np.empty((X.shape[0],) + h.shape)
        for t, x in enumerate(X):
            z = np.vstack([h, x])
            f, i, o = (self.sig(self._gate(k, z)) for k in "fio")
            g = np.tanh(self._gate("g", z))
            c_new = np.multiply(f, c) + np.multiply(i, g)
            self.hist.append((z, f, i, g, o, c, c_new))
            c = c_new
            h = np.multiply(o, np.tanh(c))
            out[t] = h
        return out

    def candidate_derivative(self, g, c):
        return 1 - g ** 2

    def backward(self, dout):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}
        n = dout.shape[1]
        dX, dh, dc = [], np.zeros(dout.shape[1:]), np.zeros(dout.shape[1:])
        for t in range(len(self.hist))[::-1]:
            z, f, i, g, o, c_old, c = self.hist[t]
            dh = dh + dout[t]
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            d = dict(f=dc * c_old * f * (1 - f), i=dc * g * i * (1 - i),
                     g=dc * i * self.candidate_derivative(g, c), o=dh * np.tanh(c) * o * (1 - o))
            dz = sum(self.params["W" + k].T.dot(d[k]) for k in d)
            for k, v in d.items():
                self.grads["W" + k] += v.dot(z.T)
                self.grads["b" + k] += v.sum(1).reshape(-1, 1)
            dX.append(dz[n:, :])
            dh, dc = dz[:n, :], dc * f
        return np.array(dX[::-1]), dh, dc


class LSTMc(LSTM):
    def candidate_derivative(self, g, c):
        return 1 - c ** 2     # c for c-tilde


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    params = {f"params.W{k}": "H H+D" for k in "figo"} | {f"params.b{k}": "H 1" for k in "figo"}
    return oracle.Subject.from_object(
        lambda D, H, **_: cls(D, H), inputs={"X": "T D B", "h": "H B", "c": "H B"}, parameters=params,
        gradients={p: p.replace("params", "grads") for p in params})


def right(): return build(LSTM)
def wrong(): return build(LSTMc)
