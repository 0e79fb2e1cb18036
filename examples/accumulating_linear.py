"""A linear layer in the manner of the big frameworks: parameters carry .data and .grad, and .grad accumulates.

    y = x W + b
    x̄ = ȳ Wᵀ,   W.grad += xᵀ ȳ,   b.grad += Σ ȳ

x is (B, D), W is (D, M), b is (M). Accumulation is the point of the design: a layer used twice, or a batch
split in two, gives the sum of the gradients, until somebody calls `zero_grad`.

That contract is declared with `accumulates=True` and then verified: the slots are filled with known numbers
before `backward` runs, and must have grown by exactly the gradient.

The mistake: `OverwritingLinear` writes W.grad = xᵀ ȳ, and adds to b.grad as it should. One call on a fresh layer
gives the right answer, and so every ordinary gradient check is content. Weight sharing and gradient accumulation
over small batches then lose all but the last part, without a word.

    oracle verify examples/accumulating_linear.py:subject examples/accumulating_linear.py:wrong
"""

import numpy as np

import oracle


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)

    def zero_grad(self):
        self.grad = np.zeros_like(self.data)


class Linear:
    def __init__(self, in_features, out_features):
        bound = 1 / np.sqrt(in_features)
        self.weight = Parameter(np.random.uniform(-bound, bound, (in_features, out_features)))
        self.bias = Parameter(np.random.uniform(-bound, bound, out_features))

    def parameters(self):
        yield self.weight
        yield self.bias

    def forward(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data

    def backward(self, grad_output):
        self.weight.grad += self.x.T @ grad_output
        self.bias.grad += grad_output.sum(axis=0)
        return grad_output @ self.weight.data.T


class OverwritingLinear(Linear):
    def backward(self, grad_output):
        self.weight.grad = self.x.T @ grad_output  # wrong: what was there before is lost
        self.bias.grad += grad_output.sum(axis=0)
        return grad_output @ self.weight.data.T


HOW = dict(
    inputs={"x": "B D"}, parameters={"weight.data": "D M", "bias.data": "M"},
    gradients={"weight.data": "weight.grad", "bias.data": "bias.grad"}, accumulates=True,
)  # fmt: skip

subject = oracle.Subject.from_object(lambda D, M, **_: Linear(D, M), **HOW)
wrong = oracle.Subject.from_object(lambda D, M, **_: OverwritingLinear(D, M), **HOW)
