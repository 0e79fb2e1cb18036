# softmax as a layer of its own, with its whole Jacobian, then cross entropy on one-hot targets
import numpy as np
from helpers import one_hot

class Softmax:
    def forward(self, inputs):
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)
        return self.output

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for index, (single_output, single_dvalues) in enumerate(zip(self.output, dvalues)):
            single_output = single_output.reshape(-1, 1)
            jacobian = np.diagflat(single_output) - np.dot(single_output, single_output.T)
            self.dinputs[index] = np.dot(jacobian, single_dvalues)
        return self.dinputs

class SoftmaxDiagonal(Softmax):
    def backward(self, dvalues):
        self.dinputs = dvalues * self.output * (1 - self.output)
        return self.dinputs

def cross_entropy(p, t):
    return -np.mean(np.sum(t * np.log(p), axis=1)), -t / p / len(t)

def loss(layer, x, labels):
    t = one_hot(labels, x.shape[1])
    value, dp = cross_entropy(layer.forward(x), t)
    return value, layer.backward(dp)

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_loss(lambda x, labels: loss(cls(), x, labels), gradients=("x",),
                                    inputs={"x": "N C", "labels": oracle.integers("N", below="C")})

def right():
    return build(Softmax)

def wrong():
    return build(SoftmaxDiagonal)
