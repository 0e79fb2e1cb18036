# an LSTM unit that is called once per time step, forward and backward
import numpy as np


class LSTMCell:
    def __init__(self, d, h):
        self.d, self.h = d, h
        self.weights = {"x": np.random.rand(d, 4 * h), "h": np.random.rand(h, 4 * h), "b": np.random.rand(4 * h)}
        self.grads = {k: np.zeros_like(v) for k, v in self.weights.items()}
        self.stack = []

    def begin(self, batch):
        self.state = (np.zeros((batch, self.h)), np.zeros((batch, self.h)))
        self.dstate = (np.zeros((batch, self.h)), np.zeros((batch, self.h)))
        self.stack = []
        for k in self.grads:
            self.grads[k] = np.zeros_like(self.weights[k])

    def forward(self, x):
        h, c = self.state
        z = x @ self.weights["x"] + h @ self.weights["h"] + self.weights["b"]
        z = z.reshape(len(x), 4, self.h)
        s = 1 / (1 + np.exp(-z[:, :3]))
        i, f, o = s[:, 0], s[:, 1], s[:, 2]
        g = np.tanh(z[:, 3])
        new_c = f * c + i * g
        new_h = o * np.tanh(new_c)
        self.stack.append((x, h, c, i, f, o, g, new_c))
        self.state = (new_h, new_c)
        return new_h

    def backward(self, dh):
        x, h, c, i, f, o, g, new_c = self.stack.pop()
        dh = dh + self.dstate[0]
        t = np.tanh(new_c)
        dc = self.dstate[1] + dh * o * (1 - t ** 2)
        dz = np.stack((dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g ** 2)), axis=1)
        dz = dz.reshape(len(x), -1)
        self.grads["x"] += x.T @ dz
        self.grads["h"] += h.T @ dz
        self.grads["b"] += dz.sum(0)
        self.dstate = (dz @ self.weights["h"].T, dc * f)
        return dz @ self.weights["x"].T


class LeakyCell(LSTMCell):
    def __init__(self, d, h):
        super().__init__(d, h)
        self.dstate = None

    def begin(self, batch):
        # dstate of the last backward is still there when the next sequence comes
        old = self.dstate
        super().begin(batch)
        if old is not None and old[0].shape == (batch, self.h):
            self.dstate = old


def unroll(cell, xs):
    cell.begin(xs.shape[1])
    return np.array([cell.forward(x) for x in xs])


def unroll_back(cell, dhs):
    return np.array([cell.backward(dh) for dh in dhs[::-1]])[::-1]


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda D, H, **_: cls(D, H), forward=unroll, backward=unroll_back, inputs={"xs": "T B D"},
        parameters={"weights.x": "D 4*H", "weights.h": "H 4*H", "weights.b": "4*H"},
        gradients={"weights.x": "grads.x", "weights.h": "grads.h", "weights.b": "grads.b"},
        accumulates=True)     # backward adds to what begin() has zeroed


def right():
    return build(LSTMCell)


def wrong():
    # right on a fresh object, wrong from the second sequence on
    return build(LeakyCell)
