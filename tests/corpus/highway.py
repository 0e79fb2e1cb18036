import numpy as np

class Highway(object):
    """y = t * h + (1 - t) * x"""
    def __init__(self, n):
        self.WH, self.bH = np.random.randn(n, n), np.zeros(n)
        self.WT, self.bT = np.random.randn(n, n), -np.ones(n)

    def fprop(self, x):
        h = np.tanh(x.dot(self.WH) + self.bH)
        t = 1 / (1 + np.exp(-(x.dot(self.WT) + self.bT)))
        self.saved = x, h, t
        return t * h + (1 - t) * x

    def bprop(self, dy):
        x, h, t = self.saved
        dh = dy * t * (1 - h * h)
        dt = self.dt(dy) * t * (1 - t)
        self.dWH, self.dbH = x.T.dot(dh), dh.sum(0)
        self.dWT, self.dbT = x.T.dot(dt), dt.sum(0)
        return dy * (1 - t) + dh.dot(self.WH.T) + dt.dot(self.WT.T)

    def dt(self, dy):
        x, h, t = self.saved
        return dy * (h - x)

class HighwayOneLane(Highway):
    def dt(self, dy):
        x, h, t = self.saved
        return dy * h

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda D, **_: cls(D), forward="fprop", backward="bprop", inputs={"x": "B D"},
                                      parameters={"WH": "D D", "bH": "D", "WT": "D D", "bT": "D"}, gradients="d{}")

def right(): return build(Highway)
def wrong(): return build(HighwayOneLane)
