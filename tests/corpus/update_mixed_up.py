# perceptron style network, gradients only inside the update
import numpy as np


class XorNet:
    learning_rate = 0.5

    def __init__(self, n, m, k):
        self.V, self.U, self.c, self.b = np.random.rand(m, n), np.random.rand(k, m), np.random.rand(m), np.random.rand(k)

    def loss(self, x, t):
        self.x, self.t = x, t
        self.z = np.tanh(self.V @ x + self.c)
        self.y = self.U @ self.z + self.b
        loss = 0.5 * np.sum((self.y - t) ** 2)
        print(f"loss {loss:.4f}", 'y:', self.y)
        return float(loss)

    def step(self):
        dy = self.y - self.t
        dz = self.U.T @ dy * (1 - self.z ** 2)
        self.U = self.U - self.learning_rate * np.outer(dy, self.z)
        self.b = self.b - self.learning_rate * dy
        self.V = self.V - self.learning_rate * np.outer(dz, self.x)
        self.move_c(dz, dy)

    def move_c(self, dz, dy):
        self.c = self.c - self.learning_rate * dz


class XorNetTwice(XorNet):
    def move_c(self, dz, dy):
        self.b = self.b - self.learning_rate * dy       # meant c, and dz


class XorNetNoRate(XorNet):
    def move_c(self, dz, dy):
        self.c = self.c - 0.1 * dz                      # learning rate ignored


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED", "wrong_rate": "REFUTED"}


def make(cls):
    def fresh(D, H, K, **_):
        net = cls(D, H, K)
        net.learning_rate = 1.0
        return net
    return fresh


def build(cls):
    import oracle
    data = {"x": oracle.reals("D", differentiated=False), "t": oracle.reals("K", differentiated=False)}
    return oracle.Subject.from_object(make(cls), forward="loss", backward="step", inputs=data, gradients="update",
                                      parameters={"V": "H D", "U": "K H", "c": "H", "b": "K"})


def right():
    return build(XorNet)


def wrong():
    return build(XorNetTwice)


def wrong_rate():
    return build(XorNetNoRate)
