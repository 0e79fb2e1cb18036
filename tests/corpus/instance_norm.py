import numpy as np

class InstanceNorm2d:
    def __init__(self, channels, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones((channels, 1, 1)), np.zeros((channels, 1, 1)), eps

    def forward(self, x):
        n = x.shape[2] * x.shape[3]
        self.mu = x.sum(axis=(2, 3), keepdims=True) / n
        self.xc = x - self.mu
        self.var = (self.xc * self.xc).sum(axis=(2, 3), keepdims=True) / n
        self.std = np.sqrt(self.var + self.eps)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        n = dout.shape[2] * dout.shape[3]
        self.gamma_grad = (dout * self.xn).sum(axis=(0, 2, 3)).reshape(-1, 1, 1)
        self.beta_grad = dout.sum(axis=(0, 2, 3)).reshape(-1, 1, 1)
        dxn = dout * self.gamma
        dvar = self.dvar(dxn)
        dmu = -dxn.sum(axis=(2, 3), keepdims=True) / self.std
        return dxn / self.std + dvar * 2 * self.xc / n + dmu / n

    def dvar(self, dxn):
        return (dxn * self.xc).sum(axis=(2, 3), keepdims=True) * -0.5 * self.std ** -3

class InstanceNorm2dSquared(InstanceNorm2d):
    def dvar(self, dxn):
        # (var + eps)^(-3/2) became std^(-3/2)
        return (dxn * self.xc).sum(axis=(2, 3), keepdims=True) * -0.5 * self.std ** -1.5

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda C, **_: cls(C), inputs={"x": "N C H W"}, gradients="{}_grad",
                                      parameters={"gamma": "C 1 1", "beta": "C 1 1"})

def right(): return build(InstanceNorm2d)
def wrong(): return build(InstanceNorm2dSquared)
