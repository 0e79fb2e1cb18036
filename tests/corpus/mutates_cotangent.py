import numpy as np

class Relu:
    def __init__(self):
        self.mask = None

    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0     # in place, saves memory
        dx = dout
        return dx

class ScaledRelu(Relu):
    gain = 1.5

    def forward(self, x):
        return super().forward(x) * self.gain

    def backward(self, dout):
        dout[self.mask] = 0
        dout *= self.gain
        return dout + 0

class ReluInPlace(Relu):
    def forward(self, x):
        self.mask = (x <= 0)
        x[self.mask] = 0        # same idea, but now x is gone
        return np.array(x)

    def backward(self, dout):
        return np.where(self.mask, 0, dout)

# values are right in each; what is not said aloud is a broken contract
EXPECTED = {"undeclared": "BROKEN_CONTRACT", "declared": "CERTIFIED",
            "undeclared_input": "BROKEN_CONTRACT", "declared_input": "CERTIFIED"}

def build(cls, **kw):
    import oracle
    return oracle.Subject.from_object(lambda **_: cls(), inputs={"x": "B D"}, parameters={}, gradients="{}", **kw)

def undeclared(): return build(Relu)
def declared(): return build(ScaledRelu, mutates=("cotangents",))
def undeclared_input(): return build(ReluInPlace)
def declared_input(): return build(ReluInPlace, mutates=("x",))
