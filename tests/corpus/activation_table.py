import numpy as np

# name -> (f, derivative in terms of the output)
act = {
    "tanh": (np.tanh, lambda y: 1 - y**2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda y: y * (1 - y)),
    "linear": (lambda z: z, lambda y: np.ones_like(y)),
    "sin": (np.sin, lambda y: np.cos(y)),   # this one wants the input...
}


class Net:
    def __init__(self, sizes, acts):
        self.acts = acts
        self.W = [np.random.randn(n, m) for m, n in zip(sizes[:-1], sizes[1:])]
        self.b = [np.random.randn(n, 1) for n in sizes[1:]]

    def forward(self, x):
        self.a = [x.T]
        for W, b, name in zip(self.W, self.b, self.acts):
            self.a.append(act[name][0](W @ self.a[-1] + b))
        return self.a[-1].T

    def backward(self, delta):
        delta = delta.T
        self.nabla_W = [None] * len(self.W)
        self.nabla_b = [None] * len(self.b)
        for l in range(1, len(self.W) + 1):
            delta = delta * act[self.acts[-l]][1](self.a[-l])
            self.nabla_W[-l] = delta @ self.a[-l - 1].T
            self.nabla_b[-l] = delta.sum(axis=1, keepdims=True)
            delta = self.W[-l].T @ delta
        return delta.T


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(*acts):
    import oracle
    params = {"W.0": "H D", "b.0": "H 1", "W.1": "K H", "b.1": "K 1", "W.2": "M K", "b.2": "M 1"}
    return oracle.Subject.from_object(
        lambda D, H, K, M, **_: Net([D, H, K, M], acts), inputs={"x": "B D"}, parameters=params,
        gradients={p: "nabla_" + p for p in params})


def right():
    return build("tanh", "sigmoid", "linear")


def wrong():
    # derivative fed the activated value where the pre-activation is expected
    return build("sin", "tanh", "linear")
