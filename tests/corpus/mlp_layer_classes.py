import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2. / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, delta):
        self.grad_W = np.dot(self.x.T, delta)
        self.grad_b = delta.sum(axis=0)
        return np.dot(delta, self.W.T)


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, delta):
        delta = np.array(delta, copy=True)
        delta[self.x <= 0] = 0
        return delta


class LeakyReLU:
    def __init__(self, alpha=0.01):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, delta):
        return delta * np.where(self.x > 0, 1, self.alpha)


class ELU:
    alpha = 1.0

    def forward(self, x):
        self.y = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.y

    def backward(self, delta):
        return delta * ((self.y > 0) + (self.y <= 0) * (self.y + self.alpha))


class ReLUWrong(ReLU):
    def backward(self, delta):
        return np.maximum(delta, 0)     # looks at delta, should look at x


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, delta):
        for layer in self.layers[::-1]:
            delta = layer.backward(delta)
        return delta


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(relu):
    import oracle

    def make(D, H, K, M, **_):
        return Sequential(Dense(D, H), relu(), Dense(H, K), LeakyReLU(), Dense(K, M), ELU())

    shapes = {"layers.0.W": "D H", "layers.0.b": "H", "layers.2.W": "H K", "layers.2.b": "K", "layers.4.W": "K M", "layers.4.b": "M"}
    return oracle.Subject.from_object(make, inputs={"x": "B D"}, parameters=shapes, gradients="grad_{}")


def right():
    return build(ReLU)


def wrong():
    return build(ReLUWrong)
