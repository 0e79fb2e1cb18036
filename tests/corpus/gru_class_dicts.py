import numpy as np
from helpers import sigmoid, dtanh, xavier


class GRU:
    """z: update, r: reset, h: candidate; h_new = (1-z)*h_old + z*h~ (the other convention)"""

    def __init__(self, nx, nh):
        self.p = {}
        for g in 'zrh':
            self.p['W' + g] = xavier(nh, nx)
            self.p['U' + g] = xavier(nh, nh)
            self.p['b' + g] = np.zeros(nh)

    def forward(self, xs):
        p = self.p
        self.xs = xs
        self.h = {-1: np.zeros_like(p['bz'])}
        self.z, self.r, self.hh = {}, {}, {}
        for t, x in enumerate(xs):
            h = self.h[t - 1]
            self.z[t] = sigmoid(p['Wz'] @ x + p['Uz'] @ h + p['bz'])
            self.r[t] = sigmoid(p['Wr'] @ x + p['Ur'] @ h + p['br'])
            self.hh[t] = np.tanh(p['Wh'] @ x + p['Uh'] @ (self.r[t] * h) + p['bh'])
            self.h[t] = (1 - self.z[t]) * h + self.z[t] * self.hh[t]
        return np.array([self.h[t] for t in range(len(xs))])

    steps = staticmethod(lambda n: range(n - 1, -1, -1))

    def backward(self, dy):
        p = self.p
        self.dp = {k: np.zeros_like(v) for k, v in p.items()}
        dxs = np.zeros_like(self.xs)
        carry = np.zeros(dy.shape[1])
        for t in self.steps(len(dy)):
            x, h_old = self.xs[t], self.h[t - 1]
            dh = dy[t] + carry
            dhh = dh * self.z[t] * dtanh(self.hh[t])
            dz = dh * (self.hh[t] - h_old) * sigmoid(self.z[t], deriv=True)
            drh = p['Uh'].T @ dhh
            dr = drh * h_old * sigmoid(self.r[t], deriv=True)
            for g, d, s in (('z', dz, h_old), ('r', dr, h_old), ('h', dhh, self.r[t] * h_old)):
                self.dp['W' + g] += np.outer(d, x)
                self.dp['U' + g] += np.outer(d, s)
                self.dp['b' + g] += d
                dxs[t] += d @ p['W' + g]
            carry = dh * (1 - self.z[t]) + drh * self.r[t] + p['Uz'].T @ dz + p['Ur'].T @ dr
        return dxs


class GRUFromOne(GRU):
    steps = staticmethod(lambda n: range(n - 1, 0, -1))  # stops before step 0


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    params = {f"p.{k}{g}": v for g in "zrh" for k, v in (("W", "H D"), ("U", "H H"), ("b", "H"))}
    return oracle.Subject.from_object(lambda D, H, **_: cls(D, H), inputs={"xs": "T D"}, parameters=params,
                                      gradients={k: "d" + k for k in params})


def right():
    return build(GRU)


def wrong():
    return build(GRUFromOne)
