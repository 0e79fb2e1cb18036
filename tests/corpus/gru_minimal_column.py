# minimal gated unit, everything a column, (n,1) arrays in python lists
import numpy as np
from math import sqrt

class MGU:
    def __init__(self, nIn, nHid):
        s = 1.0 / sqrt(nHid)
        self.Wf = np.random.uniform(-s, s, (nHid, nIn))
        self.Uf = np.random.uniform(-s, s, (nHid, nHid))
        self.bf = np.zeros((nHid, 1))
        self.Wh = np.random.uniform(-s, s, (nHid, nIn))
        self.Uh = np.random.uniform(-s, s, (nHid, nHid))
        self.bh = np.zeros((nHid, 1))

    def feed(self, X):
        self.X = [np.atleast_2d(x).T for x in X]
        self.H = [np.zeros(self.bf.shape)]
        self.F, self.C = [], []
        for x in self.X:
            h = self.H[-1]
            f = 1.0 / (1.0 + np.exp(-(self.Wf.dot(x) + self.Uf.dot(h) + self.bf)))
            c = np.tanh(self.Wh.dot(x) + self.Uh.dot(f * h) + self.bh)
            self.F.append(f)
            self.C.append(c)
            self.H.append((1.0 - f) * h + f * c)
        return np.hstack(self.H[1:]).T

    def bprop(self, dY):
        self.zero_grads()
        dX = []
        dh = np.zeros(self.bf.shape)
        for k in range(len(self.X) - 1, -1, -1):
            h, f, c, x = self.H[k], self.F[k], self.C[k], self.X[k]
            dh = dh + dY[k].reshape(-1, 1)
            ac = dh * f * (1.0 - c * c)
            dfh = self.back(self.Uh, ac)
            af = (dh * (c - h) + dfh * h) * f * (1.0 - f)
            self.gWf += af.dot(x.T); self.gUf += af.dot(h.T); self.gbf += af
            self.gWh += ac.dot(x.T); self.gUh += ac.dot((f * h).T); self.gbh += ac
            dX.append((self.Wf.T.dot(af) + self.Wh.T.dot(ac)).ravel())
            dh = dh * (1.0 - f) + dfh * f + self.back(self.Uf, af)
        return np.array(dX)[::-1]

    def back(self, U, a):
        return U.T.dot(a)

    def zero_grads(self):
        for name in ('Wf', 'Uf', 'bf', 'Wh', 'Uh', 'bh'):
            setattr(self, 'g' + name, np.zeros_like(getattr(self, name)))

class MGU_old(MGU):
    def back(self, U, a):
        return U.dot(a)        # no transpose. square matrix, nobody complains

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda D, H, **_: cls(D, H), forward="feed", backward="bprop", inputs={"X": "T D"}, gradients="g{}",
        parameters={"Wf": "H D", "Uf": "H H", "bf": "H 1", "Wh": "H D", "Uh": "H H", "bh": "H 1"})

def right():
    return build(MGU)

def wrong():
    return build(MGU_old)
