# one-state gated cell, gradients scaled down when their joint norm is above 1
import numpy as np

def σ(x): return 1.0 / (1.0 + np.exp(-x))

class Cell:
    max_norm = None

    def __init__(self, d, h):
        self.Wx, self.Wh, self.b = np.random.randn(d, 3 * h), np.random.randn(h, 3 * h), np.zeros(3 * h)

    def forward(self, x, h):
        a = x @ self.Wx + h @ self.Wh + self.b
        i, f, g = np.split(a, 3, axis=-1)
        i, f, g = σ(i), σ(f), np.tanh(g)
        self.cache = x, h, i, f, g
        return f * h + i * g

    def backward(self, dy):
        x, h, i, f, g = self.cache
        da = np.concatenate([dy * g * i * (1 - i), dy * h * f * (1 - f), dy * i * (1 - g ** 2)], axis=-1)
        self.dWx, self.dWh, self.db = x.T @ da, h.T @ da, da.sum(axis=0)
        self.clip()
        return da @ self.Wx.T, da @ self.Wh.T + dy * f

    def clip(self):
        pass

class ClippedCell(Cell):
    def clip(self):
        norm = np.sqrt(sum((g ** 2).sum() for g in (self.dWx, self.dWh, self.db)))
        scale = min(1.0, 1.0 / norm)
        self.dWx, self.dWh, self.db = self.dWx * scale, self.dWh * scale, self.db * scale

# one factor on all three parameters, and none on x and h
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda D, H, **_: cls(D, H), inputs={"x": "B D", "h": "B H"}, gradients="d{}",
                                      parameters={"Wx": "D 3*H", "Wh": "H 3*H", "b": "3*H"})

def right(): return build(Cell)
def wrong(): return build(ClippedCell)
