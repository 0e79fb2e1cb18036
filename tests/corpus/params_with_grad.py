# the gradient lives on the parameter: layer.params[i].grad
import numpy as np


class Param:
    __slots__ = ("value", "grad", "name")

    def __init__(self, value, name=""):
        self.value, self.grad, self.name = value, None, name

    def accumulate(self, g):
        self.grad = g if self.grad is None else self.grad + g


class TwoLayer:
    """the same square matrix used twice"""

    def __init__(self, n):
        self.params = [Param(np.random.randn(n, n), "shared"), Param(np.zeros(n), "bias")]

    def forward(self, x):
        W, b = self.params
        self.x = x
        self.h = np.tanh(x @ W.value + b.value)
        return np.tanh(self.h @ W.value + b.value)

    def backward(self, dy):
        W, b = self.params
        for p in self.params:
            p.grad = None
        y = np.tanh(self.h @ W.value + b.value)
        d2 = dy * (1 - y ** 2)
        W.accumulate(self.h.T @ d2)
        b.accumulate(d2.sum(0))
        d1 = d2 @ W.value.T * (1 - self.h ** 2)
        self.first_use(W, self.x.T @ d1)
        b.accumulate(d1.sum(0))
        return d1 @ W.value.T

    def first_use(self, W, g):
        W.accumulate(g)


class TwoLayerOnce(TwoLayer):
    def first_use(self, W, g):
        W.grad = g          # a second use of the same matrix overwrites the first


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda D, **_: cls(D), inputs={"x": "B D"}, parameters={"params.0.value": "D D", "params.1.value": "D"},
        gradients={"params.0.value": "params.0.grad", "params.1.value": "params.1.grad"})


def right():
    return build(TwoLayer)


def wrong():
    return build(TwoLayerOnce)
