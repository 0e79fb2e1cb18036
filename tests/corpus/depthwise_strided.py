# depthwise separable convolution on as_strided windows, channels last
import numpy as np
from numpy.lib.stride_tricks import as_strided


def windows(x, k):
    n, h, w, c = x.shape
    s = x.strides
    return as_strided(x, (n, h - k + 1, w - k + 1, k, k, c), (s[0], s[1], s[2], s[1], s[2], s[3]))


class SeparableConv:
    def __init__(self, k, c, m):
        self.depth = np.random.randn(k, k, c)
        self.point = np.random.randn(c, m)

    def forward(self, x):
        self.shape = x.shape
        self.win = windows(x, len(self.depth))
        self.mid = np.einsum("nhwijc,ijc->nhwc", self.win, self.depth)
        return self.mid @ self.point

    def backward(self, dy):
        self.d_point = np.tensordot(self.mid, dy, axes=([0, 1, 2], [0, 1, 2]))
        dmid = dy @ self.point.T
        self.d_depth = np.einsum("nhwijc,nhwc->ijc", self.win, dmid)
        return self.spread(dmid)

    def spread(self, dmid):
        dx = np.zeros(self.shape)
        k = len(self.depth)
        h, w = dmid.shape[1:3]
        for i in range(k):
            for j in range(k):
                dx[:, i:i + h, j:j + w] += dmid * self.depth[i, j]
        return dx


class SeparableConvT(SeparableConv):
    def spread(self, dmid):
        dx = np.zeros(self.shape)
        k = len(self.depth)
        h, w = dmid.shape[1:3]
        for i in range(k):
            for j in range(k):
                dx[:, i:i + h, j:j + w] += dmid * self.depth[j, i]
        return dx


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda C, M, **_: cls(2, C, M), inputs={"x": "N P+1 Q+1 C"}, parameters={"depth": "2 2 C", "point": "C M"},
        gradients="d_{}")


def right():
    return build(SeparableConv)


def wrong():
    return build(SeparableConvT)
