import numpy as np

class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.weight = np.ones(dim)
        self.eps = eps

    def __call__(self, x):
        self.x = x
        self.inv = 1 / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + self.eps)
        return x * self.inv * self.weight

    def backward(self, dy):
        d = self.x.shape[-1]
        self.dweight = np.sum(dy * self.x * self.inv, axis=tuple(range(dy.ndim - 1)))
        g = dy * self.weight
        return self.inv * g - self.x * self.inv ** 3 * np.sum(g * self.x, axis=-1, keepdims=True) / d

class RMSNormBug(RMSNorm):
    def backward(self, dy):
        self.dweight = np.sum(dy * self.x * self.inv, axis=tuple(range(dy.ndim - 1)))
        g = dy * self.weight
        # forgot to divide by d
        return self.inv * g - self.x * self.inv ** 3 * np.sum(g * self.x, axis=-1, keepdims=True)

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda C, **_: cls(C), forward="__call__", inputs={"x": "B T C"},
                                      parameters={"weight": "C"}, gradients="d{}")

def right(): return build(RMSNorm)
def wrong(): return build(RMSNormBug)
