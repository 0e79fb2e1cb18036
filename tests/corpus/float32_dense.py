import numpy as np

floatX = np.float32

class DenseTanh:
    def __init__(self, n_in, n_out):
        self.w = np.random.standard_normal((n_in, n_out)).astype(floatX)
        self.b = np.zeros(n_out, dtype=floatX)

    def forward(self, x):
        self.x = x.astype(floatX)
        self.y = np.tanh(np.dot(self.x, self.w.astype(floatX)) + self.b)
        return self.y

    def backward(self, dy):
        dz = (dy * (1 - self.y * self.y)).astype(np.float32)
        self.dw = np.dot(self.x.T, dz).astype(np.float32)
        self.db = np.sum(dz, axis=0, dtype=np.float32)
        return np.dot(dz, self.w.T)

class DenseTanhV(DenseTanh):
    def backward(self, dy):
        dz = (dy * (1 - self.y)).astype(np.float32)     # 1 - y for 1 - y^2
        self.dw = np.dot(self.x.T, dz).astype(np.float32)
        self.db = np.sum(dz, axis=0, dtype=np.float32)
        return np.dot(dz, self.w.T)

# the formula is right; the code rounds to float32 wherever it is run, and has to be judged by that
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda D, M, **_: cls(D, M), inputs={"x": "B D"}, parameters={"w": "D M", "b": "M"},
                                      gradients="d{}")

def right(): return build(DenseTanh)
def wrong(): return build(DenseTanhV)
