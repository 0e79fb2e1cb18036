"""Time-major RNN layer with keras-like `stateful`: h survives until reset_state()."""
import numpy as np


class TimeRNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.h, self.dh = None, None

    def reset_state(self):
        self.h = None

    def forward(self, xs):
        Wx, Wh, b = self.params
        T, N, D = xs.shape
        if self.h is None:
            self.h = np.zeros((N, Wh.shape[0]), dtype='f8')
        self.layers = []
        hs = np.empty((T, N, Wh.shape[0]), dtype='d')
        for t in range(T):
            h_prev = self.h
            self.h = np.tanh(np.dot(h_prev, Wh) + np.dot(xs[t], Wx) + b)
            self.layers.append((xs[t], h_prev, self.h))
            hs[t, :, :] = self.h
        return hs

    def backward(self, dhs):
        Wx, Wh, b = self.params
        dxs = np.empty(dhs.shape[:2] + (Wx.shape[0],))
        dh = 0
        grads = [0, 0, 0]
        for t in reversed(range(len(self.layers))):
            x, h_prev, h = self.layers[t]
            dt = (dhs[t] + dh) * (1 - h ** 2)
            grad = (np.dot(x.T, dt), np.dot(h_prev.T, dt), np.sum(dt, axis=0))
            dxs[t], dh = np.dot(dt, Wx.T), self.carry(dt, Wh)
            for i, g in enumerate(grad):
                grads[i] += g
        for i, grad in enumerate(grads):
            self.grads[i][...] = grad
        self.dh = dh
        return dxs

    def carry(self, dt, Wh):
        return np.dot(dt, Wh.T)


class TimeRNN_(TimeRNN):
    def carry(self, dt, Wh):
        return dt * np.diag(Wh)    # elementwise where a matrix product belongs


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    make = lambda D, H, **_: cls(np.random.randn(D, H), np.random.randn(H, H), np.zeros(H))
    return oracle.Subject.from_object(
        make, inputs={"xs": "T N D"}, parameters={"params.0": "D H", "params.1": "H H", "params.2": "H"},
        gradients={"params.0": "grads.0", "params.1": "grads.1", "params.2": "grads.2"}, reset="reset_state")


def right():
    return build(TimeRNN)


def wrong():
    return build(TimeRNN_)
