import numpy as np

class Add:
    def forward(self, a, b):
        return a + b
    def backward(self, dout):
        return dout, dout          # one array, three owners

class AddCopy(Add):
    def backward(self, dout):
        return 1 * dout, 1 * dout

class AddBroadcast:
    """a: (N, D), b: (D)"""
    def forward(self, a, b):
        return a + b
    def backward(self, dout):
        return 1 * dout, np.sum(dout, axis=0, keepdims=True)      # (1, D) for (D)

class AddSub(Add):
    def backward(self, dout):
        return 1 * dout, -dout

EXPECTED = {"right": "CERTIFIED", "aliased": "BROKEN_CONTRACT", "shape": "BROKEN_CONTRACT", "wrong": "REFUTED"}

def build(cls, b="N D"):
    import oracle
    return oracle.Subject.from_object(lambda **_: cls(), inputs={"a": "N D", "b": b}, parameters={}, gradients="{}")

def right(): return build(AddCopy)
def aliased(): return build(Add)
def shape(): return build(AddBroadcast, b="D")
def wrong(): return build(AddSub)
