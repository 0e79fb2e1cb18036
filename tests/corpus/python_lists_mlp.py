# neural net without numpy (almost): lists of floats and math. 2 layers, sigmoid, squared error
import math
import numpy as np


def squash(z):
    if z < -60:
        return 0.0
    return 1.0 / (1.0 + math.exp(-z))


class Neuron:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias

    def output(self, inputs):
        self.inputs = inputs
        total = 0
        for w, x in zip(self.weights, inputs):
            total += w * x
        self.out = squash(total + self.bias)
        return self.out

    def delta_from(self, error):
        return error * self.out * (1 - self.out)


def as_neurons(W, b):
    return [Neuron([float(v) for v in row], float(bias)) for row, bias in zip(W, b)]


def forward(x, W1, b1, W2, b2):
    hidden, out = as_neurons(W1, b1), as_neurons(W2, b2)
    h = [n.output([float(v) for v in x]) for n in hidden]
    y = [n.output(h) for n in out]
    return np.array(y), (hidden, out)


def backward(errors, net, through=lambda n, e: n.delta_from(e)):
    hidden, out = net
    d2 = [n.delta_from(e) for n, e in zip(out, errors)]
    d1 = []
    for j, n in enumerate(hidden):
        e = sum(d * o.weights[j] for d, o in zip(d2, out))
        d1.append(through(n, e))
    dx = [sum(d * n.weights[k] for d, n in zip(d1, hidden)) for k in range(len(hidden[0].inputs))]
    grad = lambda ds, layer: np.array([[d * v for v in n.inputs] for d, n in zip(ds, layer)])
    return np.array(dx), grad(d1, hidden), np.array(d1), grad(d2, out), np.array(d2)


def backward_linear(errors, net):
    return backward(errors, net, through=lambda n, e: e)       # hidden sigmoid not differentiated


SHAPES = {"x": "D", "W1": "H D", "b1": "H", "W2": "K H", "b2": "K"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def right():
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs=SHAPES)


def wrong():
    import oracle
    return oracle.Subject.from_functions(forward, backward_linear, inputs=SHAPES)
